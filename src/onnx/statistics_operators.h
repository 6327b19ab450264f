#pragma once

#include <polygraph/onnx/graph.h>
#include <polygraph/onnx/symbolic_size.h>

#include <optional>
#include <string_view>
#include <vector>

namespace polygraph::onnx {

/// What is known of a value without computing it.
struct OperandFacts {
  std::optional<std::vector<SymbolicSize>> dims;
  std::optional<int> bits;  ///< of an element
  bool is_constant = false;

  std::optional<SymbolicSize> elements() const;
  std::optional<SymbolicSize> bytes() const;
};

/// A node with what is known of its operands; an operand left out has a null pointer.
struct NodeFacts {
  const Node& node;
  std::vector<const OperandFacts*> inputs;
  std::vector<const OperandFacts*> outputs;
};

/// Whether `operations_of` knows the standard operator at all.
bool is_counted(std::string_view op_type);

/// The operations of a standard operator; nullopt if it is not known or a shape is missing.
std::optional<SymbolicSize> operations_of(const NodeFacts& facts);

/// The bytes that it reads and writes; nullopt if a shape or type is missing.
std::optional<SymbolicSize> bytes_of(const NodeFacts& facts);

}  // namespace polygraph::onnx
