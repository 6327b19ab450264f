#include <polygraph/onnx/plugin.h>

#include <algorithm>
#include <optional>

namespace polygraph::onnx {
namespace {

Attribute::Value value_of(const PluginValue& value, GraphEditor& editor) {
  struct Convert {
    GraphEditor& editor;
    Attribute::Value operator()(std::int64_t number) const { return number; }
    Attribute::Value operator()(double number) const { return static_cast<float>(number); }
    Attribute::Value operator()(const std::string& text) const { return editor.intern(text); }
    Attribute::Value operator()(const std::vector<std::int64_t>& list) const { return list; }
    Attribute::Value operator()(const std::vector<double>& list) const {
      std::vector<float> floats;
      for (const double number : list) floats.push_back(static_cast<float>(number));
      return floats;
    }
    Attribute::Value operator()(const std::vector<std::string>& list) const {
      std::vector<std::string_view> texts;
      for (const std::string& text : list) texts.push_back(editor.intern(text));
      return texts;
    }
  };
  return std::visit(Convert{editor}, value);
}

bool exists(const GraphEditor& editor, std::string_view value) {
  return editor.producer(value) || editor.is_graph_input(value) || editor.initializer(value) != nullptr;
}

}  // namespace

bool Plugin::replace(GraphEditor& editor, const PluginInstance& instance) const {
  return replace_by_node(editor, instance, op(), domain());
}

bool replace_by_node(GraphEditor& editor, const PluginInstance& instance, std::string_view op,
                     std::string_view domain) {
  const auto is_known = [&](const std::string& name) { return name.empty() || exists(editor, name); };
  const auto is_made = [&](const std::string& name) { return editor.producer(name).has_value(); };
  if (instance.outputs.empty() || !std::ranges::all_of(instance.inputs, is_known) ||
      !std::ranges::all_of(instance.outputs, is_made))
    return false;

  std::vector<NodeId> makers;
  for (const std::string& output : instance.outputs) {
    const NodeId maker = *editor.producer(output);
    if (std::ranges::find(makers, maker) == makers.end()) makers.push_back(maker);
  }
  // The new node stands where the last of them stood.
  std::optional<NodeId> place = makers.back();
  while (place && std::ranges::find(makers, *place) != makers.end()) place = editor.next(*place);

  for (const NodeId maker : makers) {
    const std::vector<std::string_view> made = editor.node(maker).outputs;
    const auto stays = [&](std::string_view value) {
      return !value.empty() && std::ranges::find(instance.outputs, value) == instance.outputs.end();
    };
    if (std::ranges::none_of(made, stays)) {
      editor.remove(maker);
      continue;
    }
    for (std::size_t i = 0; i < made.size(); ++i)
      if (!stays(made[i])) editor.set_output(maker, i, "");
  }

  Node node;
  node.op_type = editor.intern(op);
  node.domain = domain.empty() ? std::string_view() : editor.intern(domain);
  std::string wish(op);
  wish += "_" + instance.outputs.front();
  node.name = editor.unique_name(wish);
  for (const std::string& input : instance.inputs) node.inputs.push_back(editor.intern(input));
  for (const std::string& output : instance.outputs) node.outputs.push_back(editor.intern(output));
  for (const auto& [name, value] : instance.attributes) {
    Attribute& attribute = node.attributes.emplace_back();
    attribute.name = editor.intern(name);
    attribute.value = value_of(value, editor);
    attribute.declared_type = static_cast<std::int32_t>(attribute.type());
  }
  if (place)
    editor.insert_before(*place, std::move(node));
  else
    editor.append(std::move(node));

  std::vector<OpsetImport>& imports = editor.model().opset_imports;
  const bool is_imported = std::ranges::any_of(imports, [&](const OpsetImport& import) {
    return import.domain == domain || (domain.empty() && import.is_standard());
  });
  if (!is_imported) {
    OpsetImport& import = imports.emplace_back();
    import.domain = editor.intern(domain);
    import.version = 1;
  }
  return true;
}

}  // namespace polygraph::onnx
