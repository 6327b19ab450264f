#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/save.h>
#include <polygraph/onnxrt/evaluator.h>
#include <polygraph/onnxrt/loaders.h>

#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

#include "onnx/node_questions.h"

namespace polygraph::onnxrt {

namespace {

constexpr std::size_t cache_size = 64;
// A larger node, with a constant in it, is not kept.
constexpr std::size_t largest_key = 1 << 16;

// The sessions used last, by what they were made of.
class SessionCache {
 public:
  std::optional<Session> find(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return std::nullopt;
    entries_.splice(entries_.begin(), entries_, found->second);
    return entries_.front().session;
  }

  void add(std::string key, Session session) {
    const std::lock_guard lock(mutex_);
    if (by_key_.contains(key)) return;  // another thread was faster
    entries_.push_front({std::move(key), std::move(session)});
    by_key_.emplace(entries_.front().key, entries_.begin());
    if (entries_.size() <= cache_size) return;
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }

 private:
  struct Entry {
    std::string key;
    Session session;
  };
  std::mutex mutex_;
  std::list<Entry> entries_;  // the last used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key_;
};

// A node under names that do not depend on where in a model it stands, so that equal nodes are equal.
struct AnonymousNode {
  explicit AnonymousNode(const onnx::Node& original) : node(original) {
    node.name = {};
    node.doc_string = {};
    node.metadata_props.clear();
    // No reallocation from here on: the node refers to these texts.
    texts.reserve(node.inputs.size() + node.outputs.size());
    std::unordered_map<std::string_view, std::string_view> renamed;
    for (std::string_view& input : node.inputs) {
      if (input.empty()) continue;
      const auto [entry, is_new] = renamed.try_emplace(input);
      if (is_new) entry->second = texts.emplace_back(fmt::format("node_input_{}", texts.size()));
      input = entry->second;
    }
    for (std::string_view& output : node.outputs)
      if (!output.empty()) output = texts.emplace_back(fmt::format("node_output_{}", texts.size()));
  }
  AnonymousNode(const AnonymousNode&) = delete;
  AnonymousNode& operator=(const AnonymousNode&) = delete;

  onnx::Node node;
  std::vector<std::string> texts;
};

class NodeEvaluator final : public onnx::Evaluator {
 public:
  explicit NodeEvaluator(Library library)
      : library_(std::move(library)), name_("ONNX Runtime " + library_.version()) {}

  std::string_view name() const override { return name_; }

  std::vector<std::optional<Tensor>> evaluate(const onnx::NodeCall& call) const override {
    if (is_computed_otherwise(call))
      throw BackendError(fmt::format("{} does not compute the {} node '{}' as ONNX defines it.", name_,
                                     call.node.op_type, call.node.name));
    const AnonymousNode anonymous(call.node);
    const onnx::Node& node = anonymous.node;
    FeedDict feed;
    for (std::size_t i = 0; i < node.inputs.size() && i < call.inputs.size(); ++i)
      if (!node.inputs[i].empty() && call.inputs[i] && !feed.contains(node.inputs[i]))
        feed.set(std::string(node.inputs[i]), *call.inputs[i]);
    try {
      TensorMap results = run({node, call.model, call.inputs}, feed);
      std::vector<std::optional<Tensor>> outputs;
      for (const std::string_view output : node.outputs)
        if (output.empty())
          outputs.emplace_back();
        else
          outputs.emplace_back(std::move(*results.find(output)));
      return outputs;
    } catch (const Error& error) {
      throw BackendError(
          fmt::format("{} cannot compute the {} node '{}'.", name_, call.node.op_type, call.node.name), "",
          details(error));
    }
  }

 private:
  // What the node tests of ONNX show.
  bool is_computed_otherwise(const onnx::NodeCall& call) const {
    if (!onnx::is_standard_domain(call.node.domain)) return false;
    return onnx::aligns_corners_by_scales(call) ||
           (call.node.op_type == "Attention" && library_.minor_version() < 28);
  }

  static std::vector<std::string> details(const Error& error) {
    return error.engine_messages().empty() ? std::vector{error.problem()} : error.engine_messages();
  }

  TensorMap run(const onnx::NodeCall& call, const FeedDict& feed) const {
    // With values as inputs one session serves all nodes of this kind; some operators, though, want some of
    // them as constants.
    try {
      return session_of(onnx::model_of_node(call, 0)).run(feed);
    } catch (const BackendError&) {
      return session_of(onnx::model_of_node(call)).run(feed);
    }
  }

  Session session_of(const onnx::Model& model) const {
    const auto make = [&] {
      return session_from_onnx(model,
                               SessionOptions{.graph_optimization_level = GraphOptimizationLevel::disabled,
                                              .intra_op_threads = 1,
                                              .log_severity = LogSeverity::fatal},
                               library_);
    };
    if (onnx::encoded_size(model) > largest_key) return make();
    const Bytes bytes = onnx::encode_model(model);
    // External data of attributes is relative to the folder.
    std::string key = model.storage.folder().native() + '\0';
    key.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (std::optional<Session> known = cache_.find(key)) return *known;
    Session session = make();
    cache_.add(std::move(key), session);
    return session;
  }

  Library library_;
  std::string name_;
  mutable SessionCache cache_;
};

}  // namespace

std::shared_ptr<const onnx::Evaluator> node_evaluator(Library library) {
  return std::make_shared<const NodeEvaluator>(std::move(library));
}

}  // namespace polygraph::onnxrt
