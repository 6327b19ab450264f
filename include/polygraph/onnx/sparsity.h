#pragma once

#include <polygraph/core/data_type.h>
#include <polygraph/core/loader.h>
#include <polygraph/core/shape.h>
#include <polygraph/onnx/model.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// 2:4 structured sparsity: of each four neighbours along the axis over which a convolution or matrix product
/// sums, at most two are not zero. GPUs since NVIDIA's Ampere multiply such weights at up to twice the speed
/// (TensorRT: `--sparse-weights`).
namespace polygraph::onnx {

/// A constant that a Conv, MatMul or Gemm multiplies by, reached directly or through Cast, Transpose,
/// QuantizeLinear and DequantizeLinear (TensorRT's FP8 pair, too).
struct PrunableWeight {
  const TensorData* tensor = nullptr;
  /// The axis of the constant itself that is summed over.
  std::size_t axis = 0;
  /// The node that multiplies by it; of several, the first.
  std::string_view user;
};

/// A constant that is multiplied by, but cannot be pruned, and why.
struct UnprunableWeight {
  const TensorData* tensor = nullptr;
  std::string reason;
};

struct PrunableWeights {
  /// In the order of their first use. float32, float16 or bfloat16; the axis is a multiple of four long.
  std::vector<PrunableWeight> weights;
  std::vector<UnprunableWeight> skipped;
};

/// The weights that can have 2:4 sparsity, those in sub-graphs included. Constants that are summed over along
/// different axes by different nodes are among the skipped ones. Pointers refer to `model`. No weight is
/// read.
PrunableWeights prunable_weights(const Model& model);

/// How sparse a weight is.
struct Sparsity {
  std::uint64_t groups = 0;        ///< of four elements
  std::uint64_t dense_groups = 0;  ///< with more than two that are not zero
  std::uint64_t zeros = 0;         ///< elements that are zero

  bool is_2_4() const { return dense_groups == 0; }
};

/// Reads the weight once.
Sparsity measure_sparsity(const PrunableWeight& weight, const Model& model);
/// The same question, but reads only as far as the first group that is not sparse.
bool is_2_4_sparse(const PrunableWeight& weight, const Model& model);

namespace passes {

/// Makes every prunable weight 2:4 sparse: in each group of four the two of smallest magnitude become zero,
/// of equal ones the first. Returns the weights pruned; `skipped` as above. The new values are computed
/// while the model is saved: the memory does not grow with the weights.
PrunableWeights prune_weights(Model& model);

}  // namespace passes

/// The loader of `prune_weights`, on a copy.
class PruneWeights {
 public:
  using Parameters = ParameterList<1, Source<Model>>;
  explicit PruneWeights(Source<Model> model) : model_(std::move(model)) {}
  Model operator()() const;
  std::string str() const { return cpp_expression<1>("PruneWeights", model_); }

 private:
  Source<Model> model_;
};

/// @code
///   onnx::Model pruned = onnx::prune_weights(onnx::load_model("model.onnx"));
/// @endcode
inline constexpr Immediately<PruneWeights> prune_weights;

}  // namespace polygraph::onnx
