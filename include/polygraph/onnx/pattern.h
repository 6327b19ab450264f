#pragma once

#include <polygraph/onnx/editor.h>
#include <polygraph/onnx/model.h>

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace polygraph::onnx {

/// A place in a graph that looks like a pattern.
struct Match {
  std::vector<NodeId> nodes;              ///< one per node of the pattern but its Constants, in its order
  std::vector<std::string_view> inputs;   ///< the values that stand for the pattern's inputs, in their order
  std::vector<std::string_view> outputs;  ///< likewise its outputs
  /// What matched nodes have for the attributes that the pattern leaves open, by the name that the pattern
  /// gives them. One that a node does not have is missing here. Valid until the node is removed.
  std::map<std::string, const Attribute*, std::less<>> attributes;
};

/// A small graph to look for, written as an ONNX model.
///
/// - Its inputs stand for any value; the same input twice for the same value twice. Two inputs may stand for
///   one value.
/// - A node stands for one with the same operator and domain, with as many inputs, the same ones left out,
///   and with at least the attributes that the pattern states, with equal values. It may have more outputs if
///   nothing uses them. The operator `Any` of the domain `polygraph` stands for every operator.
/// - The two operands of a commutative operator (Add, Mul, And, Equal, Max, ...) match in both orders.
/// - Initializers and Constants stand for constants of the same type, shape and values, wherever those are
///   kept.
/// - An attribute is left open by a string value that begins with `@`, or by a reference to an attribute
///   (`<axis: int = @axis>` in the text form): any value matches, of any type, and the lack of one. What
///   follows the `@` is its name in `Match::attributes`; without that it is the attribute's own.
/// - Values inside that are no outputs of the pattern must not be used outside of it.
///
/// @code
///   Pattern swish(parse_text("agraph (x) => (y) { s = Sigmoid (x)  y = Mul (x, s) }"));
///   for (const Match& match : swish.find_all(editor)) ...
/// @endcode
class Pattern {
 public:
  /// Throws InputError if the pattern has no nodes or outputs, has sub-graphs, values that nothing makes or
  /// outputs that no node makes, or if its nodes are not connected.
  explicit Pattern(Model pattern);

  /// Matches that do not overlap, in the order of their last node. n log n in the size of the graph for a
  /// pattern of fixed size: where the search goes from a value to what takes it, it tries the first 256
  /// consumers, and it gives a place up after 4096 attempts to fit a node.
  ///
  /// An input of a match may depend on an output of it by way of nodes outside, where a pattern has several
  /// outputs: who replaces a match by one node should sort the graph afterwards (`sort_topologically` finds
  /// circles).
  std::vector<Match> find_all(const GraphEditor& editor) const;

  const Model& model() const { return pattern_; }

 private:
  Model pattern_;
};

}  // namespace polygraph::onnx
