#pragma once

#include <polygraph/onnx/graph.h>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

// Reading a node: whose operator it is, and its attributes.

namespace polygraph::onnx {

/// The domain, the standard one by its empty name: for comparing.
inline std::string_view plain_domain(std::string_view domain) {
  return is_standard_domain(domain) ? std::string_view() : domain;
}

/// Whether the node is the standard operator of this name.
inline bool is_standard(const Node& node, std::string_view op_type) {
  return node.op_type == op_type && is_standard_domain(node.domain);
}

/// The attribute of that name, or null.
inline const Attribute* find_attribute(const Node& node, std::string_view name) {
  const auto found = std::ranges::find(node.attributes, name, &Attribute::name);
  return found == node.attributes.end() ? nullptr : &*found;
}

inline Attribute* find_attribute(Node& node, std::string_view name) {
  return const_cast<Attribute*>(find_attribute(std::as_const(node), name));
}

/// The value of an attribute if it is there and of this type.
template <class T>
const T* attribute_value(const Node& node, std::string_view name) {
  const Attribute* attribute = find_attribute(node, name);
  return attribute ? std::get_if<T>(&attribute->value) : nullptr;
}

inline std::int64_t int_attribute(const Node& node, std::string_view name, std::int64_t otherwise) {
  const auto* value = attribute_value<std::int64_t>(node, name);
  return value ? *value : otherwise;
}

/// Whether an attribute takes its value from the call of the function that the node is in.
inline bool has_attribute_references(const Node& node) {
  return std::ranges::any_of(node.attributes,
                             [](const Attribute& attribute) { return !attribute.ref_attr_name.empty(); });
}

}  // namespace polygraph::onnx
