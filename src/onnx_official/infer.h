#pragma once

#include <vector>

#include "onnx_official/messages.h"

namespace polygraph::onnx_official {

/// Infers types and shapes and returns the model with them. With `check_types`, inputs and outputs are held
/// against the operators' type constraints, too. Complaints about nodes come in the order of the nodes; the
/// model then holds what could be inferred in spite of them.
::onnx::ModelProto infer_shapes(OfficialModule::Encoded bytes, bool check_types, bool data_propagation,
                                std::vector<OfficialModule::Complaint>& complaints);

}  // namespace polygraph::onnx_official
