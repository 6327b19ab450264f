#pragma once

#include <vector>

#include "onnx_official/messages.h"

namespace polygraph::onnx_official {

/// Every complaint of the checker: it stops at the first one, so it is given the parts of the model one by
/// one. The model may be changed while it is checked, and is as before in the end.
std::vector<OfficialModule::Complaint> check(::onnx::ModelProto& model);

}  // namespace polygraph::onnx_official
