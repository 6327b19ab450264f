#pragma once

#include <polygraph/onnx/model.h>

namespace polygraph::onnx {

/// Reads the encoded model in `model.storage` into `model`; returns whether there was a graph in it.
/// Throws InputError where the encoding is broken.
bool read_model(Model& model);

/// Reads a TensorProto that is all of `storage`'s bytes. Throws as `read_model`.
void read_tensor(TensorData& tensor, Storage& storage);

}  // namespace polygraph::onnx
