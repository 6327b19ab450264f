#pragma once

#include <polygraph/onnx/model.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Models made in a few lines, and graphs as one line of text, for tests of what edits them. Texts must be
/// literals.
namespace polygraph::onnx::build {

using Names = std::vector<std::string_view>;

inline Node node(std::string_view op_type, Names inputs, Names outputs, std::string_view name = {}) {
  Node made;
  made.name = name;
  made.op_type = op_type;
  made.inputs = std::move(inputs);
  made.outputs = std::move(outputs);
  return made;
}

inline Attribute attribute(std::string_view name, Attribute::Value value) {
  Attribute made;
  made.name = name;
  made.declared_type = static_cast<std::int32_t>(value.index());
  made.value = std::move(value);
  return made;
}

inline Node with(Node node, std::string_view name, Attribute::Value value) {
  node.attributes.push_back(attribute(name, std::move(value)));
  return node;
}

/// A value of type float; of unknown rank unless a shape is given.
inline ValueInfo value(std::string_view name, std::optional<std::vector<std::int64_t>> dims = {},
                       std::int32_t element_type = 1) {
  ValueInfo info;
  info.name = name;
  Type type;
  type.kind = Type::Kind::tensor;
  type.element_type = element_type;
  if (dims) {
    ShapeInfo shape;
    for (const std::int64_t dim : *dims) shape.dims.emplace_back().value = dim;
    type.shape = shape;
  }
  info.type = type;
  return info;
}

/// A float tensor with one element.
inline TensorData scalar(std::string_view name) {
  static constexpr float one = 1.0f;
  TensorData tensor;
  tensor.name = name;
  tensor.data_type = 1;
  tensor.raw_data = std::as_bytes(std::span(&one, 1));
  return tensor;
}

inline Graph graph(const Names& inputs, std::vector<Node> nodes, const Names& outputs,
                   const Names& initializers = {}) {
  Graph made;
  made.name = "g";
  for (const std::string_view name : inputs) made.inputs.push_back(value(name));
  made.nodes = std::move(nodes);
  for (const std::string_view name : outputs) made.outputs.push_back(value(name));
  for (const std::string_view name : initializers) made.initializers.push_back(scalar(name));
  return made;
}

inline Model model(Graph graph) {
  Model made;
  made.ir_version = 10;
  OpsetImport& standard = made.opset_imports.emplace_back();
  standard.domain = "";
  standard.version = 21;
  made.graph = std::move(graph);
  return made;
}

/// `Node` lines joined: `y = Relu(x); z, _ = Split(y)`, and sub-graphs in braces: `y = If(c){a -> ...}`.
inline std::string text(const Graph& graph);

inline std::string text(const Names& names) {
  std::string joined;
  for (const std::string_view name : names)
    joined += (joined.empty() ? "" : ", ") + std::string(name.empty() ? "_" : name);
  return joined;
}

inline std::string text(const Node& node) {
  std::string line = text(node.outputs) + " = " + std::string(node.op_type) + "(" + text(node.inputs) + ")";
  for (const Attribute& attribute : node.attributes)
    if (const auto* inner = std::get_if<Box<Graph>>(&attribute.value)) line += "{" + text(**inner) + "}";
  return line;
}

inline std::string text(const std::vector<Node>& nodes) {
  std::string lines;
  for (const Node& node : nodes) lines += (lines.empty() ? "" : "; ") + text(node);
  return lines;
}

template <class T>
Names names_of(const std::vector<T>& list) {
  Names names;
  for (const T& each : list) names.push_back(each.name);
  return names;
}

/// `x -> y = Relu(x) -> y`: inputs, nodes, outputs, and initializers in brackets in front if there are any.
inline std::string text(const Graph& graph) {
  std::string line = text(names_of(graph.inputs));
  if (!graph.initializers.empty()) line += " [" + text(names_of(graph.initializers)) + "]";
  return line + " -> " + text(graph.nodes) + " -> " + text(names_of(graph.outputs));
}

}  // namespace polygraph::onnx::build
