#pragma once

#include <polygraph/core/error.h>
#include <polygraph/core/tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "onnxrt/c_api.h"

// Between ONNX Runtime's types, objects and errors and those of core.
namespace polygraph::onnxrt {

/// Throws InputError for a type that ONNX Runtime's API has not.
ONNXTensorElementDataType to_element_type(DataType dtype);
/// Throws BackendError for a number that no type has.
DataType to_data_type(ONNXTensorElementDataType type);

/// Takes over a status. Throws, if it is one of failure, InputError if the model is not readable, else
/// BackendError: `attempt` + " failed.", with ONNX Runtime's text attached.
void check_status(const OrtApi& api, OrtStatus* status, std::string_view attempt,
                  std::string_view remedy = {});

/// An object of ONNX Runtime that goes with its owner.
template <class T>
using Handle = std::unique_ptr<T, void (*)(T*)>;

/// Calls a function of the API that puts a new object where its last argument points.
template <class T, class F, class... Args>
Handle<T> make(const OrtApi& api, std::string_view attempt, void (*release)(T*), F function, Args... args) {
  T* made = nullptr;
  check_status(api, function(args..., &made), attempt);
  return {made, release};
}

/// The type and shape of a value.
struct TypeAndShape {
  ONNXTensorElementDataType type{};
  std::vector<std::int64_t> dims;  ///< -1 for what is open in a model
};
/// Allocates only if the rank has grown.
void read_type_and_shape(const OrtApi& api, const OrtTensorTypeAndShapeInfo* info, TypeAndShape& out);
void read_type_and_shape(const OrtApi& api, const OrtValue* value, TypeAndShape& out);

/// A value of ONNX Runtime over the memory of `tensor`, which is only read; of strings it is a copy. Throws
/// BackendError, naming the type, if this version of ONNX Runtime does not have it.
Handle<OrtValue> make_value(const OrtApi& api, const OrtMemoryInfo* cpu, const Tensor& tensor);
/// The texts of a string tensor of ONNX Runtime.
Tensor read_strings(const OrtApi& api, const OrtValue* value, const std::vector<std::int64_t>& dims);

}  // namespace polygraph::onnxrt
