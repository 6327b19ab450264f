#pragma once

#include <polygraph/core/capability.h>
#include <polygraph/onnx/model.h>
#include <polygraph/trt/objects.h>

namespace polygraph::trt {

/// Asks the parser how much of an ONNX model it takes.
///
/// As a whole, the parser says all that it finds. With `partition`, what it says of the whole is a beginning:
/// it stops at the first node that it can neither refuse by its operator nor make layers of, and leaves open
/// what the others are worth. So each group of nodes that is left open is cut out and asked about again,
/// until all is known. A part that is cut out may be refused for what the cut took from it, e.g. a constant
/// that became an input.
///
/// The parser is given the structure and the places of the weights in the model's file, not the weights.
/// Throws InputError if external data is missing.
Capability capability_of(onnx::Model model, const NetworkOptions& options, const Library& library,
                         bool partition);

}  // namespace polygraph::trt
