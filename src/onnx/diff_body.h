#pragma once

#include <polygraph/onnx/graph.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "onnx/name_table.h"

namespace polygraph::onnx {

inline constexpr std::uint32_t no_index = 0xffff'ffff;

/// A graph, or the body of a function, for comparing: its values numbered, who makes and who takes them, and
/// a hash of the structure before and after each node, in which names play no part.
class Body {
 public:
  explicit Body(const Graph& graph);
  explicit Body(const Function& function);

  struct Use {
    std::uint32_t node;
    std::uint32_t position;  ///< among the node's operands
  };
  struct Value {
    std::uint32_t node = no_index;         ///< which makes it
    std::uint32_t output = 0;              ///< its position among the node's outputs
    std::uint32_t input = no_index;        ///< the position among the inputs of the graph
    std::uint32_t initializer = no_index;  ///< the index in Graph::initializers
    bool sparse = false;                   ///< a sparse initializer
    bool is_output = false;                ///< of the graph

    /// Nothing in this graph defines it.
    bool is_outer() const {
      return node == no_index && input == no_index && initializer == no_index && !sparse;
    }
  };

  const std::vector<Node>& nodes() const { return *nodes_; }
  /// Null for a function.
  const Graph* graph() const { return graph_; }
  const NameTable& names() const { return names_; }
  const std::vector<Value>& values() const { return values_; }
  const std::vector<std::uint32_t>& inputs() const { return inputs_; }
  const std::vector<std::uint32_t>& outputs() const { return outputs_; }
  /// The values a node takes, by number or `no_index`: its inputs, then what its sub-graphs take from here.
  std::span<const std::uint32_t> operands(std::uint32_t node) const {
    return {operands_.data() + operand_begin_[node], operand_begin_[node + 1] - operand_begin_[node]};
  }
  std::span<const std::uint32_t> results(std::uint32_t node) const {
    return {results_.data() + result_begin_[node], result_begin_[node + 1] - result_begin_[node]};
  }
  /// Who takes a value, in the order of nodes.
  std::span<const Use> uses(std::uint32_t value) const {
    return {uses_.data() + use_begin_[value], use_begin_[value + 1] - use_begin_[value]};
  }

  /// Of the node alone: its operator and attributes.
  std::uint64_t own(std::uint32_t node) const { return own_[node]; }
  /// Of the node and all that it depends on.
  std::uint64_t before(std::uint32_t node) const { return before_[node]; }
  /// Of the node and all that depends on it.
  std::uint64_t after(std::uint32_t node) const { return after_[node]; }
  /// Of the whole.
  std::uint64_t hash() const { return hash_; }

 private:
  void number_values(std::size_t expected);
  void number_uses();
  std::vector<std::uint32_t> topological_order() const;
  void hash_structure();

  const std::vector<Node>* nodes_;
  const Graph* graph_ = nullptr;
  NameTable names_;
  std::vector<Value> values_;
  std::vector<std::uint32_t> inputs_;
  std::vector<std::uint32_t> outputs_;
  std::vector<std::uint32_t> operands_, operand_begin_;
  std::vector<std::uint32_t> results_, result_begin_;
  std::vector<Use> uses_;
  std::vector<std::uint32_t> use_begin_;
  std::vector<std::uint64_t> own_, before_, after_;
  std::uint64_t hash_ = 0;
};

/// Whether two nodes call the same operator.
bool same_operator(const Node& a, const Node& b);

/// The sub-graphs in an attribute: none, one or several.
std::span<const Graph> subgraphs_of(const Attribute& attribute);

}  // namespace polygraph::onnx
