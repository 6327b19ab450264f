#pragma once

#include <polygraph/compare/iteration_result.h>
#include <polygraph/compare/per_output.h>
#include <polygraph/core/tensor.h>

#include <cstdint>
#include <functional>
#include <string>

/// What is done to results before they are compared.
namespace polygraph::compare {

/// Changes a result in place, or replaces it.
using PostprocessFunction = std::function<IterationResult(IterationResult)>;

/// How many elements to keep, and along which axis; negative axes count from the back.
struct TopK {
  std::int64_t k = 10;
  std::int64_t axis = -1;
  friend bool operator==(const TopK&, const TopK&) = default;
};
std::string cpp_literal(const TopK& how);

/// The indices of the k largest elements along an axis, the largest first, as int64; equal elements in the
/// order of their indices, NaN last. k is clamped to the length of the axis. A scalar is taken for one
/// element of one axis. Throws InputError for strings, complex numbers and an axis that the tensor lacks;
/// UsageError if k is negative.
Tensor top_k_indices(const Tensor& tensor, const TopK& how);

/// Replaces each output by the indices of its largest elements; outputs for which nothing is given, or a k of
/// 0, stay as they are.
/// @code
///   TopKPostprocessFunc top_5(TopK{5});
///   TopKPostprocessFunc of_one_output({{"scores", {5, 1}}});
///   result = top_5(std::move(result));
/// @endcode
class TopKPostprocessFunc {
 public:
  explicit TopKPostprocessFunc(PerOutput<TopK> k = TopK{}) : k_(std::move(k)) {}
  IterationResult operator()(IterationResult result) const;
  std::string str() const;

 private:
  PerOutput<TopK> k_;
};

}  // namespace polygraph::compare
