#pragma once

#include <NvInfer.h>

#include <string>
#include <string_view>
#include <vector>

// What a network is made of, as lists.
namespace polygraph::trt {

std::vector<nvinfer1::ILayer*> layers_of(const nvinfer1::INetworkDefinition& network);
std::vector<nvinfer1::ITensor*> inputs_of(const nvinfer1::INetworkDefinition& network);
std::vector<nvinfer1::ITensor*> outputs_of(const nvinfer1::INetworkDefinition& network);

template <class T>
std::vector<std::string> names_of(const std::vector<T*>& items) {
  std::vector<std::string> names;
  for (const T* item : items) names.emplace_back(item->getName() ? item->getName() : "");
  return names;
}

/// What users call a kind of layer: `CONVOLUTION`, `MATRIX_MULTIPLY`; `LAYER_99` for one without a name here.
std::string layer_type_name(nvinfer1::LayerType type);

/// Whether the layer is a part of a loop's frame, or an end of it.
bool begins_loop(nvinfer1::LayerType type);
bool ends_loop(nvinfer1::LayerType type);

}  // namespace polygraph::trt
