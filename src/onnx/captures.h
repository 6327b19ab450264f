#pragma once

#include <polygraph/onnx/graph.h>

#include <string_view>
#include <vector>

/// What sub-graphs take from the graphs around them: names that they use and do not define themselves.
namespace polygraph::onnx {

/// Names that the graph and those nested in it take from outside, each once, in the order of their first use.
std::vector<std::string_view> captures_of(const Graph& graph);
/// The same for all sub-graphs of a node.
std::vector<std::string_view> captures_of(const Node& node);

/// Whether a graph that takes `from` from outside, or one between it and the outside, has a value `to` of its
/// own, so that renaming the outer value would make it take another one.
bool would_be_hidden(const Graph& graph, std::string_view from, std::string_view to);
bool would_be_hidden(const Node& node, std::string_view from, std::string_view to);

/// Lets everything in the graph, or in the sub-graphs of the node, that takes `from` from outside take `to`.
void rename_captures(Graph& graph, std::string_view from, std::string_view to);
void rename_captures(Node& node, std::string_view from, std::string_view to);

}  // namespace polygraph::onnx
