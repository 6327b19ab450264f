#pragma once

#include <NvInfer.h>

#include <cstdint>

#include "trt/versions/version.h"

// What only some versions have for networks.

namespace polygraph::trt {

inline nvinfer1::INetworkDefinition* create_native_network(nvinfer1::IBuilder& builder, bool strongly_typed) {
  nvinfer1::NetworkDefinitionCreationFlags flags = 0;
#if POLYGRAPH_TENSORRT < 1000
  flags |= 1U << static_cast<unsigned>(nvinfer1::NetworkDefinitionCreationFlag::kEXPLICIT_BATCH);
#endif
#if POLYGRAPH_TENSORRT >= 1000 && POLYGRAPH_TENSORRT < 1100
  if (strongly_typed)
    flags |= 1U << static_cast<unsigned>(nvinfer1::NetworkDefinitionCreationFlag::kSTRONGLY_TYPED);
#else
  static_cast<void>(strongly_typed);
#endif
  return builder.createNetworkV2(flags);
}

inline bool mark_debug_tensor([[maybe_unused]] nvinfer1::INetworkDefinition& network,
                              [[maybe_unused]] nvinfer1::ITensor& tensor) {
#if POLYGRAPH_TENSORRT >= 1000
  return network.markDebug(tensor);
#else
  return false;
#endif
}

/// Marks every tensor that no kernel keeps to itself; false if this version cannot.
inline bool mark_unfused_tensors([[maybe_unused]] nvinfer1::INetworkDefinition& network) {
#if POLYGRAPH_TENSORRT >= 1012
  return network.markUnfusedTensorsAsDebugTensors();
#else
  return false;
#endif
}

/// Sets a type that TensorRT is to choose for a layer or a tensor; false where types are part of the network.
inline bool set_layer_precision([[maybe_unused]] nvinfer1::ILayer& layer,
                                [[maybe_unused]] nvinfer1::DataType type) {
#if POLYGRAPH_TENSORRT < 1100
  layer.setPrecision(type);
  return true;
#else
  return false;
#endif
}

inline bool set_tensor_type([[maybe_unused]] nvinfer1::ITensor& tensor,
                            [[maybe_unused]] nvinfer1::DataType type) {
#if POLYGRAPH_TENSORRT < 1100
  tensor.setType(type);
  return true;
#else
  return false;
#endif
}

/// A layer that converts to a type.
inline nvinfer1::ILayer* add_cast(nvinfer1::INetworkDefinition& network, nvinfer1::ITensor& tensor,
                                  nvinfer1::DataType type) {
#if POLYGRAPH_TENSORRT >= 1000
  return network.addCast(tensor, type);
#else
  nvinfer1::ILayer* const layer = network.addIdentity(tensor);
  if (layer != nullptr) layer->setOutputType(0, type);
  return layer;
#endif
}

/// Adds the attributes of a layer of a kind that only newer versions have, to something with `add(name,
/// value)` and `add_axes(name, mask)`.
template <class Attributes>
void add_newer_attributes([[maybe_unused]] Attributes& to, [[maybe_unused]] nvinfer1::ILayer& any) {
#if POLYGRAPH_TENSORRT >= 1000
  using namespace nvinfer1;
  if (any.getType() == LayerType::kCAST) to.add("to_type", static_cast<ICastLayer&>(any).getToType());
  if (any.getType() == LayerType::kREVERSE_SEQUENCE) {
    const auto& layer = static_cast<IReverseSequenceLayer&>(any);
    to.add("batch_axis", std::int64_t{layer.getBatchAxis()});
    to.add("sequence_axis", std::int64_t{layer.getSequenceAxis()});
  }
  if (any.getType() == LayerType::kNORMALIZATION) {
    const auto& layer = static_cast<INormalizationLayer&>(any);
    to.add("epsilon", layer.getEpsilon());
    to.add_axes("axes", layer.getAxes());
    to.add("num_groups", std::int64_t{layer.getNbGroups()});
  }
#endif
#if POLYGRAPH_TENSORRT >= 1014
  if (any.getType() == LayerType::kATTENTION_INPUT)
    to.add("decomposable",
           std::int64_t{static_cast<IAttentionInputLayer&>(any).getAttention()->getDecomposable()});
#endif
}

/// Whether this version has layers of attention (IAttention).
inline constexpr bool has_attention = POLYGRAPH_TENSORRT >= 1014;

/// If the layer begins an attention, allows TensorRT to compute it by several kernels.
/// Returns false if TensorRT refuses.
inline bool set_decomposable([[maybe_unused]] nvinfer1::ILayer& layer) {
#if POLYGRAPH_TENSORRT >= 1014
  if (layer.getType() != nvinfer1::LayerType::kATTENTION_INPUT) return true;
  return static_cast<nvinfer1::IAttentionInputLayer&>(layer).getAttention()->setDecomposable(true);
#else
  return true;
#endif
}

}  // namespace polygraph::trt
