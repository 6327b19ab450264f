#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/trt/loaders.h>

#include <algorithm>

#include "core/names.h"
#include "trt/layers.h"
#include "trt/network.h"
#include "trt/versions/network.h"
#include "trt/versions/types.h"

namespace polygraph::trt {

namespace {

nvinfer1::DataType native_type(DataType dtype, std::string_view attempt, const std::string& name) {
  const auto type = to_native_type(dtype);
  if (!type)
    throw BackendError(
        fmt::format("{}: {} {}.{} has no type {}, which '{}' is to have.", attempt, flavour_name,
                    NV_TENSORRT_MAJOR, NV_TENSORRT_MINOR, to_string(dtype), name),
        "Use float32, float16 or int32; bfloat16 needs TensorRT 10 or later.");
  return *type;
}

std::vector<nvinfer1::ITensor*> inputs_and_outputs(const nvinfer1::INetworkDefinition& network) {
  std::vector<nvinfer1::ITensor*> tensors = inputs_of(network);
  for (nvinfer1::ITensor* output : outputs_of(network)) tensors.push_back(output);
  return tensors;
}

template <class V>
std::string map_text(const std::map<std::string, V>& map, auto&& value_text) {
  std::vector<std::string> entries;
  for (const auto& [name, value] : map)
    entries.push_back(fmt::format("{{{}, {}}}", cpp_literal(name), value_text(value)));
  return fmt::format("{{{}}}", fmt::join(entries, ", "));
}

std::string type_text(DataType dtype) {
  return fmt::format("DataType::{}", dtype == DataType::boolean ? "boolean" : to_string(dtype));
}

}  // namespace

// SetLayerPrecisions

SetLayerPrecisions::SetLayerPrecisions(Source<Network> network,
                                       std::map<std::string, DataType> layer_precisions)
    : network_(std::move(network)), layer_precisions_(std::move(layer_precisions)) {}

Network SetLayerPrecisions::operator()() const {
  constexpr std::string_view attempt = "Setting precisions of layers";
  Network network = network_.get();
  const std::vector<nvinfer1::ILayer*> layers = layers_of(*network);
  const std::vector<std::string> names = names_of(layers);
  for (const auto& [pattern, dtype] : layer_precisions_) {
    const nvinfer1::DataType type = native_type(dtype, attempt, pattern);
    if (network.state().strongly_typed && dtype != DataType::float32 && dtype != DataType::float16 &&
        dtype != DataType::bfloat16)
      throw BackendError(
          fmt::format("{}: '{}' is to compute in {}, and the types of a strongly typed network are its own.",
                      attempt, pattern, to_string(dtype)),
          "There, layers can be float32, float16 or bfloat16; INT8 and FP8 need a model with Q/DQ nodes.");
    for (const std::size_t i : select_names(names, {pattern}, attempt, "layer")) {
      if (network.state().strongly_typed)
        network.state().layer_precisions[names[i]] = type;
      else
        set_layer_precision(*layers[i], type);
    }
  }
  return network;
}

std::string SetLayerPrecisions::str() const {
  return fmt::format("SetLayerPrecisions({}, {})", network_.str(), map_text(layer_precisions_, type_text));
}

// SetTensorDatatypes

SetTensorDatatypes::SetTensorDatatypes(Source<Network> network,
                                       std::map<std::string, DataType> tensor_datatypes)
    : network_(std::move(network)), tensor_datatypes_(std::move(tensor_datatypes)) {}

Network SetTensorDatatypes::operator()() const {
  constexpr std::string_view attempt = "Setting types of inputs and outputs";
  Network network = network_.get();
  const std::vector<nvinfer1::ITensor*> tensors = inputs_and_outputs(*network);
  for (const auto& [pattern, dtype] : tensor_datatypes_) {
    const nvinfer1::DataType type = native_type(dtype, attempt, pattern);
    for (const std::size_t i : select_names(names_of(tensors), {pattern}, attempt, "input or output")) {
      if (network.state().strongly_typed || !set_tensor_type(*tensors[i], type))
        throw BackendError(
            fmt::format("{}: '{}' is to be {}, and the types of a strongly typed network are its own.",
                        attempt, tensors[i]->getName(), to_string(dtype)),
            "Change the ONNX model instead (`polygraph convert --fp-to-fp16`), or use TensorRT 8.5 to 10 "
            "without strong types.");
    }
  }
  return network;
}

std::string SetTensorDatatypes::str() const {
  return fmt::format("SetTensorDatatypes({}, {})", network_.str(), map_text(tensor_datatypes_, type_text));
}

// SetTensorFormats

SetTensorFormats::SetTensorFormats(Source<Network> network,
                                   std::map<std::string, std::vector<nvinfer1::TensorFormat>> tensor_formats)
    : network_(std::move(network)), tensor_formats_(std::move(tensor_formats)) {}

Network SetTensorFormats::operator()() const {
  constexpr std::string_view attempt = "Setting formats of inputs and outputs";
  Network network = network_.get();
  const std::vector<nvinfer1::ITensor*> tensors = inputs_and_outputs(*network);
  for (const auto& [pattern, formats] : tensor_formats_) {
    if (formats.empty())
      throw UsageError(fmt::format("{}: there is none for '{}'.", attempt, pattern),
                       "Name at least one, e.g. nvinfer1::TensorFormat::kLINEAR.");
    nvinfer1::TensorFormats mask = 0;
    for (const nvinfer1::TensorFormat format : formats) mask |= 1U << static_cast<unsigned>(format);
    for (const std::size_t i : select_names(names_of(tensors), {pattern}, attempt, "input or output"))
      tensors[i]->setAllowedFormats(mask);
  }
  return network;
}

std::string SetTensorFormats::str() const {
  return fmt::format("SetTensorFormats({}, {})", network_.str(),
                     map_text(tensor_formats_, [](const auto& all) {
                       std::vector<std::string> names;
                       for (const nvinfer1::TensorFormat format : all)
                         names.push_back(fmt::format("nvinfer1::TensorFormat({})", static_cast<int>(format)));
                       return fmt::format("{{{}}}", fmt::join(names, ", "));
                     }));
}

// SetDecomposableAttentions

Network SetDecomposableAttentions::operator()() const {
  constexpr std::string_view attempt = "Making attentions decomposable";
  Network network = network_.get();
  if (!has_attention)
    throw BackendError(fmt::format("{}: the networks of {} {} have no attentions.", attempt, flavour_name,
                                   network.library().version()),
                       "Leave it out, or use TensorRT 10.14 or later, or TensorRT-RTX.");
  for (nvinfer1::ILayer* layer : layers_of(*network))
    if (!set_decomposable(*layer))
      throw BackendError(fmt::format("{}: {} {} refuses it for '{}'.", attempt, flavour_name,
                                     network.library().version(), layer->getName()),
                         "Leave it out.");
  return network;
}

std::string SetDecomposableAttentions::str() const {
  return cpp_expression<1>("SetDecomposableAttentions", network_);
}

// MarkDebug

MarkDebug::MarkDebug(Source<Network> network, std::vector<std::string> tensors)
    : network_(std::move(network)), mark_debug_(std::move(tensors)) {}

Network MarkDebug::operator()() const {
  constexpr std::string_view attempt = "Marking debug tensors";
  Network network = network_.get();
  std::vector<nvinfer1::ITensor*> tensors = inputs_of(*network);
  for (const nvinfer1::ILayer* layer : layers_of(*network))
    for (int i = 0; i < layer->getNbOutputs(); ++i) tensors.push_back(layer->getOutput(i));
  for (const std::size_t i : select_names(names_of(tensors), mark_debug_, attempt, "tensor"))
    if (!mark_debug_tensor(*network, *tensors[i]))
      throw BackendError(fmt::format("{}: {} {} cannot mark '{}'.", attempt, flavour_name,
                                     network.library().version(), tensors[i]->getName()),
                         "Debug tensors need TensorRT 10 or later, or TensorRT-RTX.");
  return network;
}

std::string MarkDebug::str() const {
  return cpp_expression<2>("MarkDebug", network_, mark_debug_);
}

}  // namespace polygraph::trt
