#pragma once

#include <polygraph/onnx/model.h>

#include <cstdint>
#include <string_view>
#include <vector>

namespace polygraph::onnx {

/// A value that decides how large another one gets, computed by the model from its data and not held under
/// any bound. Pointers and texts are those of the model that was searched.
struct UnboundedShape {
  std::string_view value;
  const Graph* graph = nullptr;    ///< the graph that makes it
  const Node* producer = nullptr;  ///< the node that makes it
  const Node* consumer = nullptr;  ///< the first node whose output it sizes
  std::uint32_t input = 0;         ///< the place among that node's inputs
};

/// The data-dependent sizes of a model that have no upper bound, as Polygraphy finds them: the limit of
/// Range, the pads of Pad, the sizes of Resize, the repeats of Tile and the shape of Expand, if a node other
/// than `Min` or `Constant` makes them, and if the shape of the node's output is not known or has a dimension
/// with no name, or with a name that is not met before (names of the graph's inputs, and of nodes before it).
/// Sub-graphs are searched, too, functions are not. Each value is there once, in the order of the nodes.
///
/// What it finds depends on the shapes in the model: fold constants and infer shapes first. Linear in the
/// size of the model's structure; no weight is read.
/// @code
///   for (const onnx::UnboundedShape& size : onnx::unbounded_shapes(model))
///     std::cout << size.value << " sizes the output of " << size.consumer->name << "\n";
/// @endcode
std::vector<UnboundedShape> unbounded_shapes(const Model& model);

}  // namespace polygraph::onnx
