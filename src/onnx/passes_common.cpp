#include "onnx/passes_common.h"

#include <fmt/format.h>

#include <algorithm>

namespace polygraph::onnx::passes {

std::vector<std::string> value_names(const GraphEditor& editor) {
  std::vector<std::string> names;
  for (const ValueInfo& input : editor.graph().inputs) names.emplace_back(input.name);
  for (const std::string_view name : editor.initializers())
    if (!editor.is_graph_input(name)) names.emplace_back(name);
  for (const NodeId node : editor.nodes())
    for (const std::string_view output : editor.node(node).outputs)
      if (!output.empty()) names.emplace_back(output);
  return names;
}

std::vector<std::uint32_t> value_numbers(const GraphEditor& editor,
                                         const std::vector<std::string_view>& names) {
  std::vector<std::uint32_t> numbers;
  for (const std::string_view name : names)
    if (const std::uint32_t number = editor.state().find(name); number != NameTable::none)
      numbers.push_back(number);
  return numbers;
}

FunctionBody::FunctionBody(Function& function) : function_(function) {
  graph_.name = function.name;
  graph_.nodes = std::move(function.nodes);
  graph_.value_info = std::move(function.value_info);
  for (const std::string_view name : function.inputs) graph_.inputs.emplace_back().name = name;
  for (const std::string_view name : function.outputs) graph_.outputs.emplace_back().name = name;
}

FunctionBody::~FunctionBody() {
  function_.nodes = std::move(graph_.nodes);
  function_.value_info = std::move(graph_.value_info);
}

std::string listed(const std::vector<std::string_view>& names) {
  constexpr std::size_t most = 8;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), most); ++i)
    text += fmt::format("{}'{}'", i == 0 ? "" : ", ", names[i]);
  if (names.size() > most) text += fmt::format(" and {} more", names.size() - most);
  return text;
}

}  // namespace polygraph::onnx::passes
