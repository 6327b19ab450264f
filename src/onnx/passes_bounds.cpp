#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/passes.h>
#include <polygraph/onnx/unbounded.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <set>

#include "core/log_format.h"
#include "onnx/passes_common.h"

namespace polygraph::onnx::passes {
namespace {

constexpr std::string_view attempt = "Setting upper bounds";

struct Bound {
  const Graph* graph;
  std::string value;
  std::int64_t bound;
};

/// The type of a size: what the model says, or int64, which all but Range demand.
std::int32_t element_type(const GraphEditor& editor, std::string_view value) {
  const ValueInfo* info = editor.value_info(value);
  if (info && info->type && info->type->element_type) return *info->type->element_type;
  for (const Use& use : editor.consumers(value)) {
    if (use.input == Use::captured || editor.node(use.node).op_type != "Range") continue;
    for (const std::string_view other : editor.node(use.node).inputs)
      if (const TensorData* tensor = editor.constant(other)) return tensor->data_type;
  }
  return element_type_of(DataType::int64);
}

template <class T>
ByteSpan bytes_of(T number, Storage& storage) {
  return storage.intern(std::as_bytes(std::span(&number, 1)));
}

TensorData bound_tensor(GraphEditor& editor, std::string_view value, std::int64_t bound) {
  TensorData tensor;
  tensor.data_type = element_type(editor, value);
  Storage& storage = editor.model().storage;
  const std::optional<DataType> dtype = data_type_of(tensor.data_type);
  const auto check_range = [&](std::int64_t low, std::int64_t high) {
    if (bound < low || bound > high)
      throw InputError(fmt::format("{}: the bound {} of '{}' does not fit its type {}.", attempt, bound,
                                   value, element_type_name(tensor.data_type)),
                       fmt::format("Take a bound from {} to {}.", low, high));
  };
  if (dtype == DataType::int64) {
    tensor.raw_data = bytes_of(bound, storage);
  } else if (dtype == DataType::int32) {
    check_range(std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max());
    tensor.raw_data = bytes_of(static_cast<std::int32_t>(bound), storage);
  } else if (dtype == DataType::int16) {
    check_range(std::numeric_limits<std::int16_t>::min(), std::numeric_limits<std::int16_t>::max());
    tensor.raw_data = bytes_of(static_cast<std::int16_t>(bound), storage);
  } else if (dtype == DataType::float32) {
    tensor.raw_data = bytes_of(static_cast<float>(bound), storage);
  } else if (dtype == DataType::float64) {
    tensor.raw_data = bytes_of(static_cast<double>(bound), storage);
  } else {
    throw InputError(
        fmt::format("{}: '{}' is {}, which no size is.", attempt, value, element_type_name(tensor.data_type)),
        "Sizes are int64, int32, int16, float32 or float64.");
  }
  return tensor;
}

void set_bound(GraphEditor& editor, const std::string& value, std::int64_t bound) {
  const NodeId maker = *editor.producer(value);
  TensorData tensor = bound_tensor(editor, value, bound);
  tensor.name = editor.unique_name(value + "_upper_bound");
  const std::string_view bound_name = tensor.name;
  editor.add_initializer(std::move(tensor));
  const std::string_view copy = editor.unique_name(value + "_copy");
  if (const ValueInfo* known = editor.value_info(value)) {
    ValueInfo info = *known;
    info.name = copy;
    editor.set_value_info(std::move(info));
  }
  const std::vector<std::string_view>& made = editor.node(maker).outputs;
  editor.set_output(maker, static_cast<std::size_t>(std::ranges::find(made, value) - made.begin()), copy);
  Node min;
  min.name = editor.unique_name(value + "_Min");
  min.op_type = "Min";
  min.inputs = {copy, bound_name};
  min.outputs = {value};
  editor.insert_after(maker, std::move(min));
}

/// What to bound: the sizes found, and values that were named although they are none.
std::vector<Bound> choose(const Model& model, const std::map<std::string, std::int64_t>& bounds) {
  const auto otherwise = bounds.find("");
  std::vector<Bound> chosen;
  std::set<std::string, std::less<>> found;
  for (const UnboundedShape& size : unbounded_shapes(model)) {
    const auto named = bounds.find(std::string(size.value));
    const auto& bound = named != bounds.end() ? named : otherwise;
    found.emplace(size.value);
    if (bound != bounds.end()) chosen.push_back({size.graph, std::string(size.value), bound->second});
  }
  for (const auto& [name, bound] : bounds) {
    if (name.empty() || found.contains(name)) continue;
    const Graph* maker = nullptr;
    std::vector<std::string> names;
    for_each_graph(model, [&](const Graph& graph) {
      for (const Node& node : graph.nodes) {
        for (const std::string_view output : node.outputs) {
          if (output.empty()) continue;
          names.emplace_back(output);
          if (!maker && output == name) maker = &graph;
        }
      }
    });
    if (!maker)
      throw InputError(fmt::format("{}: no node makes a value '{}'.{}", attempt, name, suggest(name, names)),
                       "'polygraph inspect model FILE --list-unbounded-dds' lists the sizes without bounds.");
    log_warning("{}: '{}' is no data-dependent size without a bound; it gets the bound {} all the same",
                attempt, name, bound);
    chosen.push_back({maker, name, bound});
  }
  return chosen;
}

}  // namespace

std::vector<std::string> set_upper_bounds(Model& model, const std::map<std::string, std::int64_t>& bounds) {
  const std::vector<Bound> chosen = choose(model, bounds);
  if (!chosen.empty() && model.opset().value_or(0) < 12)
    throw InputError(
        fmt::format("{}: Min of whole numbers came with version 12 of the standard operators; the "
                    "model has version {}.",
                    attempt, model.opset().value_or(0)),
        "Convert the model to a newer opset first.");
  std::set<const Graph*> graphs;
  for (const Bound& bound : chosen) graphs.insert(bound.graph);
  for_each_graph(model, [&](Graph& graph) {
    if (!graphs.contains(&graph)) return;
    GraphEditor editor(model, graph);
    for (const Bound& bound : chosen)
      if (bound.graph == &graph) set_bound(editor, bound.value, bound.bound);
  });
  std::vector<std::string> names;
  for (const Bound& bound : chosen) names.push_back(bound.value);
  return names;
}

}  // namespace polygraph::onnx::passes
