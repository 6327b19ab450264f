#include "trt/layers.h"

#include <fmt/format.h>

#include "trt/versions/names.h"

namespace polygraph::trt {

using nvinfer1::LayerType;

std::vector<nvinfer1::ILayer*> layers_of(const nvinfer1::INetworkDefinition& network) {
  std::vector<nvinfer1::ILayer*> layers;
  for (int i = 0; i < network.getNbLayers(); ++i) layers.push_back(network.getLayer(i));
  return layers;
}

std::vector<nvinfer1::ITensor*> inputs_of(const nvinfer1::INetworkDefinition& network) {
  std::vector<nvinfer1::ITensor*> inputs;
  for (int i = 0; i < network.getNbInputs(); ++i) inputs.push_back(network.getInput(i));
  return inputs;
}

std::vector<nvinfer1::ITensor*> outputs_of(const nvinfer1::INetworkDefinition& network) {
  std::vector<nvinfer1::ITensor*> outputs;
  for (int i = 0; i < network.getNbOutputs(); ++i) outputs.push_back(network.getOutput(i));
  return outputs;
}

std::string layer_type_name(LayerType type) {
  for (const Named<LayerType>& known : layer_types())
    if (known.value == type) return std::string(known.name);
  return fmt::format("LAYER_{}", static_cast<int>(type));
}

bool begins_loop(LayerType type) {
  return type == LayerType::kTRIP_LIMIT || type == LayerType::kITERATOR || type == LayerType::kRECURRENCE;
}

bool ends_loop(LayerType type) {
  return type == LayerType::kLOOP_OUTPUT;
}

}  // namespace polygraph::trt
