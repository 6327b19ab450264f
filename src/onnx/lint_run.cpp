#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/lint.h>

#include <algorithm>
#include <optional>
#include <unordered_set>

#include "onnx/captures.h"
#include "onnx/diff_body.h"

namespace polygraph::onnx {
namespace {

using Kind = NodeOutcome::Kind;

/// Operators whose inputs or outputs are sequences, optional values or maps, which an Evaluator has no form
/// for.
bool has_other_values(const Node& node) {
  static const std::unordered_set<std::string_view> operators = {
      "SequenceAt",         "SequenceConstruct",  "SequenceEmpty",   "SequenceErase",      "SequenceInsert",
      "SequenceLength",     "SequenceMap",        "SplitToSequence", "ConcatFromSequence", "Optional",
      "OptionalGetElement", "OptionalHasElement", "ZipMap",          "DictVectorizer",     "CastMap"};
  return operators.contains(node.op_type);
}

bool is_tensor(const ValueInfo& info) {
  return !info.type || info.type->kind == Type::Kind::tensor || info.type->kind == Type::Kind::none;
}

/// The engine's words for an operator that it does not have.
bool is_unknown_operator(std::string_view message) {
  return message.find("is not a registered function/op") != std::string_view::npos ||
         message.find("No opset import for domain") != std::string_view::npos;
}

/// The engine's words for an operator that it has, but not for these types.
bool is_missing_kernel(std::string_view message) {
  return message.find("Could not find an implementation for") != std::string_view::npos;
}

/// What the engine says, in one line, without what says nothing.
std::string engine_text(const Error& error) {
  std::string text;
  for (const std::string& line : error.engine_messages()) {
    if (!text.empty()) text += ' ';
    text += line;
  }
  if (text.empty()) text = error.problem();
  std::ranges::replace(text, '\n', ' ');
  for (const std::string_view noise :
       {"This is an invalid model. ", "Error: ", "Failed to load model with error: ", "Exception caught: ",
        "Exception during initialization: "})
    for (std::size_t at = text.find(noise); at != std::string::npos; at = text.find(noise))
      text.erase(at, noise.size());
  // What stands before it names the node as it was called for the run.
  constexpr std::string_view mark = "[ShapeInferenceError] ";
  if (const std::size_t at = text.find(mark); at != std::string::npos) text.erase(0, at + mark.size());
  return text;
}

class NodeRun {
 public:
  NodeRun(const Model& model, const Evaluator& evaluator, const std::vector<bool>& skip,
          const std::function<void(const NodeOutcome&)>& report)
      : model_(model),
        evaluator_(evaluator),
        skip_(skip),
        report_(report),
        body_(model.graph),
        values_(body_.values().size()),
        is_other_(body_.values().size(), false),
        users_left_(body_.values().size()) {
    for (std::uint32_t value = 0; value < values_.size(); ++value)
      users_left_[value] = static_cast<std::uint32_t>(body_.uses(value).size());
    for (const auto* list : {&model.graph.inputs, &model.graph.outputs, &model.graph.value_info}) {
      for (const ValueInfo& info : *list) {
        const std::uint32_t value = body_.names().find(info.name);
        if (value != NameTable::none && !is_tensor(info)) is_other_[value] = true;
      }
    }
  }

  void run(const TensorMap& inputs) {
    for (const auto& [name, tensor] : inputs) {
      const std::uint32_t value = body_.names().find(name);
      if (value != NameTable::none) values_[value] = tensor;
    }
    for (const std::uint32_t node : order()) {
      NodeOutcome outcome{.node = node, .kind = skip_[node] ? Kind::failed : run(node)};
      outcome.message = std::move(message_);
      message_.clear();
      if (!skip_[node]) report_(outcome);
      for (const std::uint32_t value : body_.operands(node))
        if (value != no_index && --users_left_[value] == 0) values_[value].reset();
    }
  }

 private:
  /// Nodes in an order in which they can run; those in and behind a cycle last.
  std::vector<std::uint32_t> order() const {
    const auto count = static_cast<std::uint32_t>(body_.nodes().size());
    std::vector<std::uint32_t> waiting_for(count, 0), result;
    for (std::uint32_t node = 0; node < count; ++node)
      for (const std::uint32_t value : body_.operands(node))
        if (value != no_index && body_.values()[value].node != no_index) ++waiting_for[node];
    // A file in order stays as it is: each sweep takes what has become ready behind it.
    std::vector<bool> placed(count, false);
    std::vector<std::uint32_t> ready;
    const auto place = [&](std::uint32_t node) {
      ready.push_back(node);
      while (!ready.empty()) {
        const std::uint32_t next = ready.back();
        ready.pop_back();
        placed[next] = true;
        result.push_back(next);
        for (const std::uint32_t value : body_.results(next)) {
          if (value == no_index || body_.values()[value].node != next) continue;
          // Those that stand further on are met there.
          for (const Body::Use& use : body_.uses(value))
            if (--waiting_for[use.node] == 0 && use.node < node) ready.push_back(use.node);
        }
      }
    };
    for (std::uint32_t node = 0; node < count; ++node)
      if (waiting_for[node] == 0 && !placed[node]) place(node);
    for (std::uint32_t node = 0; node < count; ++node)
      if (!placed[node]) result.push_back(node);
    return result;
  }

  Kind run(std::uint32_t index) {
    const Node& node = body_.nodes()[index];
    const auto operands = body_.operands(index);
    const auto results = body_.results(index);
    const auto is_other = [&](std::uint32_t value) { return value != no_index && is_other_[value]; };
    if (has_other_values(node) || std::ranges::any_of(operands, is_other) ||
        std::ranges::any_of(results, is_other)) {
      for (const std::uint32_t value : results)
        if (value != no_index) is_other_[value] = true;
      return Kind::not_run;
    }
    try {
      std::vector<std::optional<Tensor>> inputs;
      for (const std::uint32_t value : operands.first(node.inputs.size())) {
        inputs.push_back(value == no_index ? std::nullopt : tensor(value));
        if (value != no_index && !inputs.back()) return Kind::unreachable;
      }
      Node call = node;
      std::vector<Tensor> captured;  // `call` refers to their memory
      for (const std::uint32_t value : operands.subspan(node.inputs.size())) {
        std::optional<Tensor> found = tensor(value);
        if (!found) return Kind::unreachable;
        give_to_subgraphs(call, body_.names()[value], captured.emplace_back(std::move(*found)));
      }
      report_({.node = index, .kind = Kind::begins});
      std::vector<std::optional<Tensor>> outputs = evaluator_.evaluate({call, model_, inputs});
      for (std::size_t i = 0; i < std::min(results.size(), outputs.size()); ++i)
        if (results[i] != no_index && outputs[i] && users_left_[results[i]] != 0)
          values_[results[i]] = std::move(outputs[i]);
      return Kind::passed;
    } catch (const Error& error) {
      message_ = engine_text(error);
      if (is_missing_kernel(message_)) return Kind::no_kernel;
      return is_unknown_operator(message_) ? Kind::custom : Kind::failed;
    }
  }

  /// The value, if it is there: computed, given, or an initializer.
  std::optional<Tensor> tensor(std::uint32_t value) const {
    if (values_[value]) return values_[value];
    const std::uint32_t initializer = body_.values()[value].initializer;
    if (initializer == no_index) return std::nullopt;
    return tensor_of(model_.graph.initializers[initializer], model_);
  }

  /// A one-node model has no values around it: what sub-graphs take from there becomes a constant of theirs.
  static void give_to_subgraphs(Node& node, std::string_view name, const Tensor& captured) {
    TensorData data;
    data.name = name;
    data.data_type = element_type_of(captured.dtype());
    data.dims.assign(captured.shape().begin(), captured.shape().end());
    if (captured.dtype() == DataType::string)
      data.string_data.assign(captured.strings().begin(), captured.strings().end());
    else
      data.raw_data = ByteSpan(static_cast<const std::byte*>(captured.data()), captured.nbytes());
    const auto give = [&](Graph& graph) {
      const std::vector<std::string_view> captures = captures_of(graph);
      if (std::ranges::find(captures, name) != captures.end()) graph.initializers.push_back(data);
    };
    for (Attribute& attribute : node.attributes) {
      if (auto* graph = std::get_if<Box<Graph>>(&attribute.value); graph != nullptr && *graph) give(**graph);
      if (auto* graphs = std::get_if<std::vector<Graph>>(&attribute.value))
        for (Graph& graph : *graphs) give(graph);
    }
  }

  const Model& model_;
  const Evaluator& evaluator_;
  const std::vector<bool>& skip_;
  const std::function<void(const NodeOutcome&)>& report_;
  Body body_;
  std::vector<std::optional<Tensor>> values_;
  std::vector<bool> is_other_;
  std::vector<std::uint32_t> users_left_;
  std::string message_;
};

}  // namespace

void run_nodes(const Model& model, const Evaluator& evaluator, const TensorMap& inputs,
               const std::vector<bool>& skip, const std::function<void(const NodeOutcome&)>& report) {
  NodeRun(model, evaluator, skip, report).run(inputs);
}

}  // namespace polygraph::onnx
