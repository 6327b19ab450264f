#pragma once

#include <polygraph/onnx/graph.h>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

#include "onnx/scopes.h"

// Reading attributes of nodes.

namespace polygraph::onnx {

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
