#include "onnxrt/translate.h"

#include <fmt/format.h>
#include <polygraph/onnx/types.h>

namespace polygraph::onnxrt {

namespace {

// Indexed by ONNXTensorElementDataType, from 1 on.
constexpr DataType data_types[] = {
    DataType::float32,      DataType::uint8,          DataType::int8,       DataType::uint16,
    DataType::int16,        DataType::int32,          DataType::int64,      DataType::string,
    DataType::boolean,      DataType::float16,        DataType::float64,    DataType::uint32,
    DataType::uint64,       DataType::complex64,      DataType::complex128, DataType::bfloat16,
    DataType::float8e4m3fn, DataType::float8e4m3fnuz, DataType::float8e5m2, DataType::float8e5m2fnuz,
    DataType::uint4,        DataType::int4,           DataType::float4,     DataType::uint2,
    DataType::int2,         DataType::float8e8m0,
};

// The lines of a message that has some.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end != 0) lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

}  // namespace

ONNXTensorElementDataType to_element_type(DataType dtype) {
  for (std::size_t i = 0; i < std::size(data_types); ++i)
    if (data_types[i] == dtype) return static_cast<ONNXTensorElementDataType>(i + 1);
  throw InputError(fmt::format("ONNX Runtime has no tensors of type {}.", to_string(dtype)),
                   "Convert the tensor to a type that ONNX Runtime has.");
}

DataType to_data_type(ONNXTensorElementDataType type) {
  const auto number = static_cast<std::size_t>(type);
  if (number == 0 || number > std::size(data_types))
    throw BackendError(
        fmt::format("ONNX Runtime's element type {} is unknown to this version of Polygraph.", number),
        "Convert the tensor to a type of ONNX in the model.");
  return data_types[number - 1];
}

void check_status(const OrtApi& api, OrtStatus* status, std::string_view attempt, std::string_view remedy) {
  if (status == nullptr) [[likely]]
    return;
  const Handle<OrtStatus> owner(status, api.ReleaseStatus);
  const OrtErrorCode code = api.GetErrorCode(status);
  const std::string problem = fmt::format("{} failed.", attempt);
  std::vector<std::string> lines = lines_of(api.GetErrorMessage(status));
  if (code == ORT_NO_SUCHFILE || code == ORT_INVALID_PROTOBUF)
    throw InputError(problem, std::string(remedy), std::move(lines));
  throw BackendError(problem, std::string(remedy), std::move(lines));
}

void read_type_and_shape(const OrtApi& api, const OrtTensorTypeAndShapeInfo* info, TypeAndShape& out) {
  constexpr std::string_view attempt = "Asking ONNX Runtime for the shape of a tensor";
  std::size_t rank = 0;
  check_status(api, api.GetTensorElementType(info, &out.type), attempt);
  check_status(api, api.GetDimensionsCount(info, &rank), attempt);
  out.dims.resize(rank);
  check_status(api, api.GetDimensions(info, out.dims.data(), rank), attempt);
}

void read_type_and_shape(const OrtApi& api, const OrtValue* value, TypeAndShape& out) {
  const auto info =
      make<OrtTensorTypeAndShapeInfo>(api, "Asking ONNX Runtime for the shape of a tensor",
                                      api.ReleaseTensorTypeAndShapeInfo, api.GetTensorTypeAndShape, value);
  read_type_and_shape(api, info.get(), out);
}

namespace {

Handle<OrtValue> view(const OrtApi& api, const OrtMemoryInfo* cpu, const Tensor& tensor,
                      ONNXTensorElementDataType type) {
  const auto dims = tensor.shape().dims();
  OrtValue* value = nullptr;
  OrtStatus* const status = api.CreateTensorWithDataAsOrtValue(
      cpu, const_cast<void*>(tensor.data()), tensor.nbytes(), dims.data(), dims.size(), type, &value);
  if (status != nullptr) [[unlikely]]
    check_status(api, status,
                 fmt::format("Giving ONNX Runtime a tensor of type {}", to_string(tensor.dtype())),
                 "Convert the tensor to another type, or use a version of ONNX Runtime that has this one.");
  return {value, api.ReleaseValue};
}

// ONNX numbers these in another order than ONNX Runtime, of which some versions take the one number and tell
// the other (1.28 does).
bool has_two_numbers(DataType dtype) {
  return dtype == DataType::uint2 || dtype == DataType::int2 || dtype == DataType::float8e8m0;
}

Handle<OrtValue> view_by_either_number(const OrtApi& api, const OrtMemoryInfo* cpu, const Tensor& tensor) {
  const auto type = to_element_type(tensor.dtype());
  const auto type_of_onnx = static_cast<ONNXTensorElementDataType>(onnx::element_type_of(tensor.dtype()));
  const auto is_right = [&](const OrtValue* value) {
    TypeAndShape told;
    read_type_and_shape(api, value, told);
    return told.type == type;
  };
  try {
    if (auto value = view(api, cpu, tensor, type); is_right(value.get())) return value;
  } catch (const BackendError&) {
    auto value = view(api, cpu, tensor, type_of_onnx);
    if (!is_right(value.get())) throw;
    return value;
  }
  auto value = view(api, cpu, tensor, type_of_onnx);
  if (is_right(value.get())) return value;
  throw BackendError(fmt::format("Giving ONNX Runtime a tensor of type {} failed: it takes the values for "
                                 "those of another type.",
                                 to_string(tensor.dtype())),
                     "Convert the tensor to another type, or use another version of ONNX Runtime.");
}

}  // namespace

Handle<OrtValue> make_value(const OrtApi& api, const OrtMemoryInfo* cpu, const Tensor& tensor) {
  if (has_two_numbers(tensor.dtype())) return view_by_either_number(api, cpu, tensor);
  const auto type = to_element_type(tensor.dtype());
  if (tensor.dtype() != DataType::string) return view(api, cpu, tensor, type);
  constexpr std::string_view attempt = "Giving ONNX Runtime a tensor of texts";
  const auto dims = tensor.shape().dims();
  OrtAllocator* allocator = nullptr;
  check_status(api, api.GetAllocatorWithDefaultOptions(&allocator), attempt);
  auto value = make<OrtValue>(api, attempt, api.ReleaseValue, api.CreateTensorAsOrtValue, allocator,
                              dims.data(), dims.size(), type);
  std::vector<const char*> texts;
  for (const std::string& text : tensor.strings()) texts.push_back(text.c_str());
  check_status(api, api.FillStringTensor(value.get(), texts.data(), texts.size()), attempt);
  return value;
}

Tensor read_strings(const OrtApi& api, const OrtValue* value, const std::vector<std::int64_t>& dims) {
  constexpr std::string_view attempt = "Reading a tensor of strings from ONNX Runtime";
  Tensor tensor(DataType::string, Shape(dims));
  const auto strings = tensor.mutable_strings();
  if (strings.empty()) return tensor;
  std::size_t length = 0;
  check_status(api, api.GetStringTensorDataLength(value, &length), attempt);
  std::string text(length, '\0');
  std::vector<std::size_t> offsets(strings.size() + 1, length);
  check_status(api, api.GetStringTensorContent(value, text.data(), length, offsets.data(), strings.size()),
               attempt);
  for (std::size_t i = 0; i < strings.size(); ++i)
    strings[i].assign(text, offsets[i], offsets[i + 1] - offsets[i]);
  return tensor;
}

}  // namespace polygraph::onnxrt
