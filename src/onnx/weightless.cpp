#include "onnx/weightless.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/tensor_data.h>

#include <charconv>
#include <optional>
#include <variant>

#include "onnx/graphs.h"

namespace polygraph::onnx {
namespace {

constexpr std::int32_t int32_type = 6;
constexpr std::int32_t int64_type = 7;

/// Whether the tensor may be a shape, which shape inference looks into.
bool is_list_of_integers(const TensorData& tensor) {
  return (tensor.data_type == int32_type || tensor.data_type == int64_type) && tensor.dims.size() <= 1;
}

/// The elements of such a list; more than a shape has if it is long or its dimensions make no sense.
std::uint64_t length_of(const TensorData& list) {
  return list.dims.empty() ? 1 : static_cast<std::uint64_t>(list.dims[0]);
}

std::optional<std::size_t> number_behind(std::string_view marker, std::string_view text) {
  if (!text.starts_with(marker)) return std::nullopt;
  text.remove_prefix(marker.size());
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Calls `visit(tensor)` for the tensors and sparse tensors of a graph and of those in it, in their order.
template <class Visitor>
class TensorWalk {
 public:
  explicit TensorWalk(Visitor visitor) : visit_(std::move(visitor)) {}

  void model(Model& model) {
    graph(model.graph);
    for (Function& function : model.functions) {
      for (Attribute& value : function.default_attributes) attribute(value);
      for (Node& node : function.nodes) this->node(node);
    }
    for (TrainingInfo& training : model.training_info) {
      if (training.initialization) graph(*training.initialization);
      if (training.algorithm) graph(*training.algorithm);
    }
  }
  void graph(Graph& graph) {
    for (TensorData& tensor : graph.initializers) visit_(tensor);
    for (SparseTensor& tensor : graph.sparse_initializers) visit_(tensor);
    for (Node& node : graph.nodes) this->node(node);
  }

 private:
  void node(Node& node) {
    for (Attribute& value : node.attributes) attribute(value);
  }
  void attribute(Attribute& attribute) {
    std::visit([this](auto& value) { this->value(value); }, attribute.value);
  }
  template <class T>
  void value(T&) {}
  void value(Box<TensorData>& tensor) { visit_(*tensor); }
  void value(Box<SparseTensor>& tensor) { visit_(*tensor); }
  void value(Box<Graph>& nested) { graph(*nested); }
  void value(std::vector<TensorData>& tensors) {
    for (TensorData& tensor : tensors) visit_(tensor);
  }
  void value(std::vector<SparseTensor>& tensors) {
    for (SparseTensor& tensor : tensors) visit_(tensor);
  }
  void value(std::vector<Graph>& graphs) {
    for (Graph& each : graphs) graph(each);
  }

  Visitor visit_;
};

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

[[noreturn]] void fail_unknown(std::string_view text) {
  throw Error(fmt::format("A tensor came back from the ONNX library as '{}', which it was not given.", text),
              "Report this with the model.");
}

}  // namespace

Weightless::Weightless(const Model& model, const Options& options) : options_(options), copy_(model) {
  TensorWalk walk(Overloaded{[this](TensorData& tensor) { hold_back(tensor); },
                             [this](SparseTensor& tensor) { hold_back(tensor); }});
  walk.model(copy_);
  if (options_.sparse_as_dense) show_sparse_as_dense(copy_.graph);
}

void Weightless::put_marker(TensorData& tensor, std::string_view text) {
  clear_data(tensor);
  tensor.data_location = TensorData::external_location;
  tensor.external_data = {{.key = "location", .value = copy_.storage.intern(text), .unknown = {}}};
}

void Weightless::hold_back(TensorData& tensor) {
  if (is_list_of_integers(tensor)) {
    const bool is_short =
        length_of(tensor) <= options_.longest_list && stored_size(tensor) <= 8 * options_.longest_list;
    if (is_short && !tensor.is_external() && !tensor.deferred) return;
    if (is_short && (options_.external || tensor.deferred)) {
      try {
        set_data(tensor, tensor_of(tensor, copy_), copy_.storage);
        return;
      } catch (const InputError&) {  // it is held back, and found to be wrong by whoever checks payloads
      }
    }
  }
  const bool is_held = tensor.is_external() ? options_.external : stored_size(tensor) > options_.limit;
  if (!is_held) return;
  tensors_.push_back(tensor);
  put_marker(tensor, fmt::format("{}{}", marker, tensors_.size() - 1));
}

void Weightless::hold_back(SparseTensor& tensor) {
  const bool is_external = tensor.values.is_external() || tensor.indices.is_external();
  const bool is_large = stored_size(tensor.values) + stored_size(tensor.indices) > options_.limit;
  if (!(is_external && options_.external) && !is_large) return;
  sparse_tensors_.push_back(tensor);
  // Without elements it needs no indices. Its own dimensions stay.
  clear_data(tensor.values);
  clear_data(tensor.indices);
  tensor.values.dims = {0};
  tensor.indices.dims = {0};
  tensor.values.doc_string =
      copy_.storage.intern(fmt::format("{}{}", sparse_marker, sparse_tensors_.size() - 1));
}

void Weightless::show_sparse_as_dense(Graph& graph) {
  for (const SparseTensor& sparse : graph.sparse_initializers) {
    TensorData dense;
    dense.name = sparse.values.name;
    dense.data_type = sparse.values.data_type;
    dense.dims = sparse.dims;
    put_marker(dense, sparse_marker);
    graph.initializers.push_back(std::move(dense));
  }
  graph.sparse_initializers.clear();
  for (Node& node : graph.nodes)
    for_each_subgraph(node, [this](Graph& nested) { show_sparse_as_dense(nested); });
}

void Weightless::restore(TensorData& tensor) const {
  if (!tensor.is_external()) return;
  const std::string_view* location = find_entry(tensor.external_data, "location");
  const auto number = location ? number_behind(marker, *location) : std::nullopt;
  if (!number) return;
  if (*number >= tensors_.size()) fail_unknown(*location);
  const std::string_view name = tensor.name;
  tensor = tensors_[*number];
  tensor.name = name;
}

void Weightless::restore(SparseTensor& tensor) const {
  const auto number = number_behind(sparse_marker, tensor.values.doc_string);
  if (!number) return;
  if (*number >= sparse_tensors_.size()) fail_unknown(tensor.values.doc_string);
  const std::string_view name = tensor.values.name;
  tensor = sparse_tensors_[*number];
  tensor.values.name = name;
}

void Weightless::restore(Model& model) const {
  TensorWalk(Overloaded{[this](TensorData& tensor) { restore(tensor); },
                        [this](SparseTensor& tensor) { restore(tensor); }})
      .model(model);
}

bool Weightless::stands_for_sparse(const TensorData& tensor) {
  const std::string_view* location = find_entry(tensor.external_data, "location");
  return tensor.is_external() && location && *location == sparse_marker;
}

}  // namespace polygraph::onnx
