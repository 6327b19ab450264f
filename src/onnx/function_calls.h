#pragma once

#include <polygraph/onnx/model.h>

#include <cstddef>
#include <functional>

namespace polygraph::onnx {

/// What writing out calls of a model's own functions comes to.
struct CallExpansion {
  std::size_t calls = 0;  ///< calls replaced, those inside of replaced ones counted each time
  std::size_t nodes = 0;  ///< nodes of the graph afterwards, sub-graphs included
};

/// More nodes than this are no graph to work with: functions that call each other can multiply without end.
inline constexpr std::size_t most_expanded_nodes = 50'000'000;

/// Counts what would become of the main graph if calls of the chosen functions were replaced by their bodies;
/// at most about `most_expanded_nodes` is counted. Throws InputError if functions call each other in a circle
/// or more than 100 deep (more than the ONNX library takes).
CallExpansion count_expansion(const Model& model, const std::function<bool(const Function&)>& chosen);

}  // namespace polygraph::onnx
