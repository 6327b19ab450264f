#include "cli/surgeon_fallback.h"

#include <polygraph/core/error.h>
#include <polygraph/core/runner.h>
#include <polygraph/onnx/passes.h>
#include <polygraph/onnx/types.h>

#include <algorithm>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "cli/input_options.h"
#include "cli/surgeon_engines.h"

namespace polygraph::cli {
namespace {

TensorInfo info_of(const std::string& name, const Tensor& tensor) {
  TensorInfo info;
  info.name = name;
  info.dtype = tensor.dtype();
  info.shape = tensor.shape();
  return info;
}

onnx::Type type_of(const TensorInfo& info) {
  onnx::Type type;
  type.kind = onnx::Type::Kind::tensor;
  type.element_type = onnx::element_type_of(*info.dtype);
  for (const Dimension& dim : info.shape.dims())
    type.shape.make().dims.push_back({.value = dim.min, .denotation = {}, .unknown = {}});
  type.shape.make();
  return type;
}

}  // namespace

TensorMetadata observed_types(const onnx::Model& model, const std::vector<std::string>& values,
                              const DataLoading& data) {
  onnx::Model observed = model;
  const bool all = std::ranges::find(values, "*") != values.end();
  // Inputs and initializers cannot be outputs in every engine, and what they are is known without running.
  onnx::passes::OutputSelection selection;
  std::unordered_set<std::string_view> made;
  for (const onnx::Node& node : model.graph.nodes)
    for (const std::string_view output : node.outputs) made.insert(output);
  if (all) selection.outputs = {"*"};
  for (const std::string& value : values)
    if (!all && made.contains(value)) selection.outputs.push_back(value);
  if (!selection.outputs.empty()) onnx::passes::modify_outputs(observed, selection);
  const std::unique_ptr<Runner> runner = reference_runner(observed);
  const Activation active = runner->activate();
  const FeedDict feed = inputs_for(runner->input_metadata(), data);
  TensorMetadata types;
  for (const auto& [name, tensor] : feed) types.add(info_of(name, tensor));
  for (const auto& [name, tensor] : runner->infer(feed))
    if (!feed.contains(name)) types.add(info_of(name, tensor));
  return types;
}

void set_types(onnx::Model& model, const TensorMetadata& types) {
  std::unordered_map<std::string_view, const TensorInfo*> left;
  for (const TensorInfo& info : types)
    if (info.dtype) left.emplace(info.name, &info);
  onnx::Graph& graph = model.graph;
  for (auto* list : {&graph.inputs, &graph.outputs, &graph.value_info})
    for (onnx::ValueInfo& value : *list) {
      const auto known = left.find(value.name);
      if (known == left.end()) continue;
      value.type = type_of(*known->second);
      left.erase(known);
    }
  for (const TensorInfo& info : types) {
    if (!left.contains(info.name)) continue;
    onnx::ValueInfo value;
    value.name = model.storage.intern(info.name);
    value.type = type_of(info);
    graph.value_info.push_back(std::move(value));
  }
}

}  // namespace polygraph::cli
