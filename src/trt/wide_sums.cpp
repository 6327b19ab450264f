#include "trt/wide_sums.h"

#include "trt/layers.h"

namespace polygraph::trt {

using nvinfer1::ILayer;
using nvinfer1::ITensor;
using nvinfer1::LayerType;

namespace {

bool is_power(const ILayer& layer) {
  if (layer.getType() != LayerType::kELEMENTWISE) return false;
  const auto operation = static_cast<const nvinfer1::IElementWiseLayer&>(layer).getOperation();
  return operation == nvinfer1::ElementWiseOperation::kPOW ||
         (operation == nvinfer1::ElementWiseOperation::kPROD && layer.getInput(0) == layer.getInput(1));
}

bool is_element_by_element(LayerType type) {
  return type == LayerType::kELEMENTWISE || type == LayerType::kUNARY || type == LayerType::kACTIVATION ||
         type == LayerType::kSCALE || type == LayerType::kSHUFFLE || type == LayerType::kSLICE ||
         type == LayerType::kIDENTITY;
}

bool moves_one(LayerType type) {
  return type == LayerType::kSHUFFLE || type == LayerType::kSLICE || type == LayerType::kIDENTITY;
}

}  // namespace

WideSums::WideSums(const std::vector<ILayer*>& layers) {
  for (const ILayer* layer : layers)
    if (is_power(*layer)) powers_.insert(layer->getOutput(0));
  for (const ILayer* layer : layers)
    if (is_sum(*layer)) summed_.insert(layer->getInput(0));
  for (const ILayer* layer : layers) {
    const bool is_fixed = layer->getType() == LayerType::kCONSTANT ||
                          (moves_one(layer->getType()) && fixed_.contains(layer->getInput(0)));
    const bool is_wide = is_sum(*layer) || (is_power(*layer) && is_summed(*layer)) || is_of_sums(*layer);
    if (is_wide) layers_.insert(layer);
    for (int i = 0; i < layer->getNbOutputs(); ++i) {
      if (is_fixed) fixed_.insert(layer->getOutput(i));
      if (is_wide) sums_.insert(layer->getOutput(i));
    }
  }
}

bool WideSums::is_sum(const ILayer& layer) const {
  if (layer.getType() != LayerType::kREDUCE) return false;
  switch (static_cast<const nvinfer1::IReduceLayer&>(layer).getOperation()) {
    case nvinfer1::ReduceOperation::kSUM:
    case nvinfer1::ReduceOperation::kPROD:
      return true;
    case nvinfer1::ReduceOperation::kAVG:
      return powers_.contains(layer.getInput(0));
    default:
      return false;
  }
}

bool WideSums::is_summed(const ILayer& layer) const {
  return summed_.contains(layer.getOutput(0));
}

bool WideSums::is_of_sums(const ILayer& layer) const {
  if (!is_element_by_element(layer.getType())) return false;
  // Further inputs of layers that move are places and sizes.
  const int inputs = moves_one(layer.getType()) ? 1 : layer.getNbInputs();
  bool any = false;
  for (int i = 0; i < inputs; ++i) {
    const ITensor* const input = layer.getInput(i);
    if (input == nullptr || fixed_.contains(input)) continue;
    if (!sums_.contains(input)) return false;
    any = true;
  }
  return any;
}

}  // namespace polygraph::trt
