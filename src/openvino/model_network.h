#pragma once

#include <polygraph/onnx/model.h>
#include <polygraph/openvino/objects.h>

namespace polygraph::openvino {

/// Reads an ONNX model as it is in memory, its external data included. Throws as NetworkFromOnnxPath.
Network network_from_model(const onnx::Model& model, const Runtime& runtime = Runtime());

}  // namespace polygraph::openvino
