#include "onnx/passes_shapes.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/editor.h>
#include <polygraph/onnx/passes.h>

#include <algorithm>

#include "core/names.h"
#include "onnx/name_table.h"

namespace polygraph::onnx::passes {
namespace {

constexpr std::string_view attempt = "Overriding the shapes of inputs";

void forget_shape(Type& type) {
  for (Type* at = &type; at != nullptr; at = at->element ? &*at->element : nullptr) at->shape.reset();
}

void forget_shapes(std::vector<ValueInfo>& infos) {
  for (ValueInfo& info : infos)
    if (info.type) forget_shape(*info.type);
}

}  // namespace

void set_shape(Type& type, const PartialShape& shape, Storage& storage) {
  type.shape.reset();
  if (!shape.has_rank()) return;
  ShapeInfo& info = type.shape.make();
  for (const Dimension& dim : shape.dims()) {
    DimensionInfo& made = info.dims.emplace_back();
    if (dim.is_static())
      made.value = dim.min;
    else if (!dim.name.empty())
      made.value = storage.intern(std::string_view(dim.name));
  }
}

void override_input_shapes(Model& model, const std::map<std::string, PartialShape>& shapes) {
  NameTable initializers(model.graph.initializers.size());
  for (const TensorData& tensor : model.graph.initializers) initializers.add(tensor.name);
  std::vector<ValueInfo*> inputs;
  std::vector<std::string> names;
  for (ValueInfo& input : model.graph.inputs) {
    if (initializers.contains(input.name)) continue;
    inputs.push_back(&input);
    names.emplace_back(input.name);
  }

  // A literal name goes before a pattern; of two patterns the later one counts.
  std::vector<const PartialShape*> chosen(inputs.size());
  std::vector<bool> is_literal(inputs.size());
  for (const auto& [pattern, shape] : shapes) {
    const bool literal = std::ranges::find(names, pattern) != names.end();
    bool any = false;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (literal ? names[i] != pattern : !is_wildcard(pattern) || !matches(names[i], pattern)) continue;
      any = true;
      if (is_literal[i] && !literal) continue;
      chosen[i] = &shape;
      is_literal[i] = literal;
    }
    if (!any)
      throw InputError(
          fmt::format("{}: the model has no input '{}'.{}", attempt, pattern, suggest(pattern, names)),
          "'polygraph inspect model FILE' lists the inputs.");
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const bool has_shape = !inputs[i]->type || inputs[i]->type->kind == Type::Kind::none ||
                           inputs[i]->type->kind == Type::Kind::tensor ||
                           inputs[i]->type->kind == Type::Kind::sparse_tensor;
    if (chosen[i] && !has_shape)
      throw InputError(fmt::format("{}: the input '{}' is a {}, which has no shape.", attempt, names[i],
                                   to_string(*inputs[i]->type)),
                       "Leave this input out.");
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!chosen[i]) continue;
    Type& type = inputs[i]->type.make();
    if (type.kind == Type::Kind::none) type.kind = Type::Kind::tensor;
    set_shape(type, *chosen[i], model.storage);
  }

  const Graph* const main = &model.graph;
  for_each_graph(model, [main](Graph& graph) {
    if (&graph != main) forget_shapes(graph.inputs);
    forget_shapes(graph.value_info);
    forget_shapes(graph.outputs);
  });
  for (Function& function : model.functions) forget_shapes(function.value_info);
}

}  // namespace polygraph::onnx::passes
