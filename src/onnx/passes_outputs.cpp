#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/passes.h>

#include <algorithm>

#include "core/names.h"
#include "onnx/name_table.h"
#include "onnx/passes_common.h"

namespace polygraph::onnx::passes {
namespace {

constexpr std::string_view attempt = "Modifying the outputs of the model";

[[noreturn]] void fail_unmatched(std::string_view kind, const std::string& pattern,
                                 const std::vector<std::string>& names) {
  throw InputError(is_wildcard(pattern) ? fmt::format("{}: no {} matches '{}'.", attempt, kind, pattern)
                                        : fmt::format("{}: there is no {} '{}'.{}", attempt, kind, pattern,
                                                      suggest(pattern, names)),
                   "'polygraph inspect model FILE --show layers' lists all names.");
}

/// Values in the order in which they were chosen, each once.
class Choice {
 public:
  explicit Choice(const GraphEditor& editor) : editor_(editor) {
    for (const NodeId node : editor.nodes())
      if (editor.node(node).op_type != "Constant") candidates_.push_back(node);
  }

  void choose(const std::string& pattern) {
    if (pattern != "*" && editor_.is_defined(pattern)) return choose_value(pattern);
    choose_outputs("value", pattern, [](const Node&, std::string_view output) { return output; });
  }

  void choose_type(const std::string& pattern) {
    choose_outputs("node with the operator", pattern,
                   [](const Node& node, std::string_view) { return node.op_type; });
  }

  const NameTable& chosen() const { return chosen_; }

 private:
  void choose_value(std::string_view name) { chosen_.add(name); }

  /// Every output whose text matches the pattern.
  template <class Text>
  void choose_outputs(std::string_view kind, const std::string& pattern, const Text& text_of) {
    bool any = false;
    std::vector<std::string> texts;
    for (const bool literal : {true, false}) {
      if (any || (!literal && !is_wildcard(pattern))) continue;
      for (const NodeId id : candidates_) {
        const Node& node = editor_.node(id);
        for (const std::string_view output : node.outputs) {
          if (output.empty()) continue;
          const std::string_view text = text_of(node, output);
          if (!(literal ? text == pattern : matches(text, pattern))) continue;
          choose_value(output);
          any = true;
        }
      }
    }
    if (any) return;
    NameTable distinct;
    for (const NodeId id : candidates_)
      for (const std::string_view output : editor_.node(id).outputs)
        if (!output.empty()) distinct.add(text_of(editor_.node(id), output));
    for (std::uint32_t i = 0; i < distinct.size(); ++i) texts.emplace_back(distinct[i]);
    fail_unmatched(kind, pattern, texts);
  }

  const GraphEditor& editor_;
  std::vector<NodeId> candidates_;
  NameTable chosen_;
};

/// What the model says of a value.
ValueInfo info_of(const GraphEditor& editor, std::string_view name) {
  if (const ValueInfo* known = editor.value_info(name)) return *known;
  ValueInfo info;
  info.name = name;
  if (const TensorData* tensor = editor.initializer(name)) {
    Type type;
    type.kind = Type::Kind::tensor;
    type.element_type = tensor->data_type;
    for (const std::int64_t dim : tensor->dims) type.shape.make().dims.emplace_back().value = dim;
    type.shape.make();
    info.type = std::move(type);
  }
  return info;
}

void exclude(std::vector<std::string_view>& outputs, const std::vector<std::string>& patterns) {
  const std::vector<std::string> names(outputs.begin(), outputs.end());
  std::vector<bool> gone(names.size());
  for (const std::string& pattern : patterns) {
    const bool literal = std::ranges::find(names, pattern) != names.end();
    bool any = false;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (!(literal ? names[i] == pattern : is_wildcard(pattern) && matches(names[i], pattern))) continue;
      gone[i] = any = true;
    }
    if (!any) fail_unmatched("output", pattern, names);
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (!gone[i]) outputs[kept++] = outputs[i];
  outputs.resize(kept);
}

}  // namespace

std::vector<std::string> modify_outputs(Model& model, const OutputSelection& selection) {
  GraphEditor editor(model);
  std::vector<std::string_view> outputs;
  if (selection.outputs.empty() && selection.op_types.empty()) {
    for (const ValueInfo& output : model.graph.outputs) outputs.push_back(output.name);
  } else {
    Choice choice(editor);
    for (const std::string& pattern : selection.outputs) choice.choose(pattern);
    for (const std::string& pattern : selection.op_types) choice.choose_type(pattern);
    for (std::uint32_t i = 0; i < choice.chosen().size(); ++i) outputs.push_back(choice.chosen()[i]);
  }
  exclude(outputs, selection.exclude);
  if (outputs.empty())
    throw InputError(fmt::format("{}: no output would be left.", attempt),
                     "Name at least one value that stays or becomes an output.");

  std::vector<ValueInfo> infos;
  for (const std::string_view name : outputs) infos.push_back(info_of(editor, name));
  const std::vector<ValueInfo> before = model.graph.outputs;
  editor.set_graph_outputs(std::move(infos));
  for (const std::string_view name : outputs) editor.remove_value_info(name);
  for (const ValueInfo& info : before)  // what was known of them is still true
    if (info.type && !editor.is_graph_output(info.name) && !editor.value_info(info.name))
      editor.set_value_info(info);
  return {outputs.begin(), outputs.end()};
}

}  // namespace polygraph::onnx::passes
