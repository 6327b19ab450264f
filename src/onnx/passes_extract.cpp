#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/passes.h>

#include <algorithm>

#include "onnx/name_table.h"
#include "onnx/passes_common.h"
#include "onnx/passes_shapes.h"

namespace polygraph::onnx::passes {
namespace {

constexpr std::string_view attempt = "Extracting a sub-graph";

std::vector<Boundary> present(const std::vector<ValueInfo>& infos) {
  std::vector<Boundary> boundaries;
  for (const ValueInfo& info : infos)
    boundaries.push_back({std::string(info.name), std::nullopt, std::nullopt});
  return boundaries;
}

std::vector<std::string_view> names_of(const std::vector<Boundary>& boundaries) {
  std::vector<std::string_view> names;
  for (const Boundary& boundary : boundaries) names.push_back(boundary.name);
  return names;
}

void check_names(const GraphEditor& editor, const std::vector<Boundary>& boundaries, std::string_view kind) {
  NameTable seen;
  for (const Boundary& boundary : boundaries) {
    if (!editor.is_defined(boundary.name)) {
      const std::vector<std::string> names = value_names(editor);
      throw InputError(fmt::format("{}: there is no value '{}' that could be an {} of it.{}", attempt,
                                   boundary.name, kind, suggest(boundary.name, names)),
                       "'polygraph inspect model FILE --show layers' lists all names.");
    }
    if (seen.contains(boundary.name))
      throw InputError(fmt::format("{}: the {} '{}' is named twice.", attempt, kind, boundary.name),
                       "Name each once.");
    seen.add(boundary.name);
  }
}

ValueInfo info_of(GraphEditor& editor, const Boundary& boundary) {
  ValueInfo info;
  if (const ValueInfo* known = editor.value_info(boundary.name)) info = *known;
  info.name = editor.intern(boundary.name);
  const TensorData* tensor = editor.initializer(boundary.name);
  if (!info.type && tensor) {
    Type& type = info.type.make();
    type.kind = Type::Kind::tensor;
    type.element_type = tensor->data_type;
    set_shape(type, Shape(tensor->dims), editor.model().storage);
  }
  if (boundary.dtype) {
    Type& type = info.type.make();
    if (type.kind == Type::Kind::none) type.kind = Type::Kind::tensor;
    type.element_type = element_type_of(*boundary.dtype);
  }
  if (boundary.shape) {
    Type& type = info.type.make();
    if (type.kind == Type::Kind::none) type.kind = Type::Kind::tensor;
    set_shape(type, *boundary.shape, editor.model().storage);
  }
  return info;
}

void check_dependencies(const GraphEditor& editor, const std::vector<std::string_view>& outputs,
                        const std::vector<std::string_view>& inputs) {
  const GraphEditor::State& state = editor.state();
  std::vector<bool> is_input(state.values.size());
  for (const std::uint32_t number : value_numbers(editor, inputs)) is_input[number] = true;
  std::vector<bool> seen = is_input;
  std::vector<std::string_view> missing;
  nodes_behind(editor, value_numbers(editor, outputs), is_input, [&](std::uint32_t number) {
    if (seen[number]) return;
    seen[number] = true;
    // An initializer that is an input has its value all the same.
    const GraphEditor::State::ValueState& value = state.values[number];
    if (value.producer == NameTable::none && value.initializer == NameTable::none &&
        value.sparse_initializer == NameTable::none)
      missing.push_back(state.names[number]);
  });
  if (missing.empty()) return;
  throw InputError(
      fmt::format("{}: its outputs depend on {}, which would be made by nothing.", attempt, listed(missing)),
      "Name these, or values between them and the outputs, as inputs, too.");
}

}  // namespace

void extract_subgraph(Model& model, const std::optional<std::vector<Boundary>>& wanted_inputs,
                      const std::optional<std::vector<Boundary>>& wanted_outputs) {
  GraphEditor editor(model);
  const std::vector<ValueInfo> old_inputs = model.graph.inputs;
  const std::vector<ValueInfo> old_outputs = model.graph.outputs;
  const std::vector<Boundary> inputs = wanted_inputs.value_or(present(old_inputs));
  const std::vector<Boundary> outputs = wanted_outputs.value_or(present(old_outputs));
  if (outputs.empty())
    throw InputError(fmt::format("{}: it has no outputs.", attempt), "Name at least one output.");
  check_names(editor, inputs, "input");
  check_names(editor, outputs, "output");
  check_dependencies(editor, names_of(outputs), names_of(inputs));

  std::vector<ValueInfo> input_infos;
  std::vector<ValueInfo> output_infos;
  for (const Boundary& input : inputs) input_infos.push_back(info_of(editor, input));
  for (const Boundary& output : outputs) output_infos.push_back(info_of(editor, output));
  for (const Boundary& input : wanted_inputs.value_or(std::vector<Boundary>())) {
    if (const auto maker = editor.producer(input.name)) {
      const std::vector<std::string_view>& made = editor.node(*maker).outputs;
      editor.set_output(*maker, static_cast<std::size_t>(std::ranges::find(made, input.name) - made.begin()),
                        "");
    }
    editor.remove_initializer(input.name);
  }
  // Before IR version 4 every initializer has to be an input as well.
  if (wanted_inputs && model.ir_version.value_or(0) < 4) {
    NameTable named;
    for (const Boundary& input : inputs) named.add(input.name);
    for (const ValueInfo& old : old_inputs)
      if (!named.contains(old.name) && editor.initializer(old.name)) input_infos.push_back(old);
  }
  editor.set_graph_inputs(std::move(input_infos));
  editor.set_graph_outputs(std::move(output_infos));
  for (const std::vector<ValueInfo>* before : {&model.graph.inputs, &model.graph.outputs})
    for (const ValueInfo& info : *before) editor.remove_value_info(info.name);
  remove_unused(editor);
  for (const ValueInfo& old : old_outputs)  // what was known of them is still true
    if (old.type && editor.producer(old.name) && !editor.value_info(old.name)) editor.set_value_info(old);
}

}  // namespace polygraph::onnx::passes
