#pragma once

#include <NvInfer.h>

#include <unordered_set>
#include <vector>

namespace polygraph::trt {

/// The layers that stay in float32 where a network is to compute in float16, because sums do not fit: float16
/// ends at 65504, which the squares of 512 numbers of 12 exceed when they are added up, as in a layer
/// normalization that is written as single layers. These are:
/// - sums and products over axes (IReduceLayer), and means of squares and powers;
/// - the squares and powers that they sum up;
/// - what is computed, element by element, of such sums and constants alone: the variance and its root.
/// Such tensors are small but for the squares. Other means are not among them: their kernels add up in
/// float32, and the mean fits; nor are softmax, pooling, convolutions and products of matrices.
class WideSums {
 public:
  explicit WideSums(const std::vector<nvinfer1::ILayer*>& layers);

  bool contains(const nvinfer1::ILayer& layer) const { return layers_.contains(&layer); }

 private:
  bool is_sum(const nvinfer1::ILayer& layer) const;
  bool is_summed(const nvinfer1::ILayer& layer) const;
  bool is_of_sums(const nvinfer1::ILayer& layer) const;

  std::unordered_set<const nvinfer1::ITensor*> powers_;
  std::unordered_set<const nvinfer1::ITensor*> summed_;  ///< what reductions sum up
  std::unordered_set<const nvinfer1::ITensor*> fixed_;   ///< constants, reshaped perhaps
  std::unordered_set<const nvinfer1::ITensor*> sums_;    ///< computed by `layers_`
  std::unordered_set<const nvinfer1::ILayer*> layers_;
};

}  // namespace polygraph::trt
