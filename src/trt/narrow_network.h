#pragma once

#include <NvInfer.h>
#include <polygraph/trt/objects.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace polygraph::trt {

/// A strongly typed network that computes in a narrower type as long as this object lives: layers that
/// compute in float32 get their inputs through casts, so that TensorRT infers the narrower type for their
/// outputs. Inputs and outputs of the network keep their types.
///
/// In float32 stay:
/// - layers that SetLayerPrecisions names with float32;
/// - kinds of layers that make, count, sort or quantize numbers, plugins, and frames of loops and branches;
/// - what belongs to shapes: float16 has no exact numbers above 2048;
/// - sums and what is computed of them, if the type is float16 (WideSums), unless SetLayerPrecisions names
/// them;
/// - layers with a constant that does not survive: a finite value that would be infinite, or more than a
/// tenth
///   of the values that would be zero.
/// The destructor restores the network, but for casts that nothing uses any more.
class NarrowNetwork {
 public:
  /// @param type  For all layers that can; nullopt: only for those that SetLayerPrecisions names.
  /// Throws BackendError if a layer that SetLayerPrecisions names with a narrower type cannot have it, if
  /// `type` is given and no layer can have it although some compute in float32, and if TensorRT infers
  /// another type.
  NarrowNetwork(const Network& network, std::optional<nvinfer1::DataType> type);
  NarrowNetwork(const NarrowNetwork&) = delete;
  NarrowNetwork& operator=(const NarrowNetwork&) = delete;
  ~NarrowNetwork();

  std::size_t narrowed() const { return narrowed_; }  ///< layers
  std::size_t kept() const { return kept_; }          ///< layers that compute in float32 still

 private:
  struct Plan;
  void rewrite(const Plan& plan);
  void narrow_weights(nvinfer1::ILayer& layer, nvinfer1::DataType type);
  void restore_output_types(const Plan& plan);
  void undo();
  nvinfer1::ITensor& cast(nvinfer1::ITensor& tensor, nvinfer1::DataType type);

  Network network_;
  std::size_t narrowed_ = 0;
  std::size_t kept_ = 0;
  std::vector<std::shared_ptr<const std::vector<std::uint16_t>>> weights_;
  std::vector<std::function<void()>> undo_;  ///< from the last to the first
  std::unordered_map<nvinfer1::ITensor*, std::vector<std::pair<nvinfer1::DataType, nvinfer1::ITensor*>>>
      casts_;
};

}  // namespace polygraph::trt
