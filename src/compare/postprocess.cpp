#include <fmt/format.h>
#include <polygraph/compare/postprocess.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "compare/wide_elements.h"

namespace polygraph::compare {
namespace {

/// Larger ones first, NaN last.
template <class Wide>
bool is_before(Wide a, Wide b) {
  if constexpr (std::is_floating_point_v<Wide>)
    if (std::isnan(a) || std::isnan(b)) return !std::isnan(a);
  return a > b;
}

template <class Wide>
bool are_same(Wide a, Wide b) {
  if constexpr (std::is_floating_point_v<Wide>)
    if (std::isnan(a) && std::isnan(b)) return true;
  return a == b;
}

}  // namespace

Tensor top_k_indices(const Tensor& tensor, const TopK& how) {
  if (tensor.dtype() == DataType::string || tensor.dtype() == DataType::complex64 ||
      tensor.dtype() == DataType::complex128)
    throw InputError(fmt::format("The largest elements of a {} tensor cannot be found: they have no order.",
                                 to_string(tensor.dtype())));
  if (how.k < 0)
    throw UsageError(fmt::format("The {} largest elements cannot be kept: k has to be 0 or more.", how.k));
  std::vector<std::int64_t> dims(tensor.shape().begin(), tensor.shape().end());
  if (dims.empty()) dims.push_back(1);
  const auto rank = static_cast<std::int64_t>(dims.size());
  const std::int64_t from_front = how.axis < 0 ? how.axis + rank : how.axis;
  if (from_front < 0 || from_front >= rank)
    throw InputError(
        fmt::format("The largest elements along axis {} cannot be found: a tensor of shape {} has {} axes.",
                    how.axis, tensor.shape().str(), tensor.shape().rank()));
  const auto axis = static_cast<std::size_t>(from_front);
  const auto length = static_cast<std::size_t>(dims[axis]);
  const std::size_t k = std::min(static_cast<std::size_t>(how.k), length);
  std::size_t inner = 1;
  for (std::size_t after = axis + 1; after < dims.size(); ++after)
    inner *= static_cast<std::size_t>(dims[after]);

  dims[axis] = static_cast<std::int64_t>(k);
  Tensor result(DataType::int64, Shape(dims));
  const std::span<std::int64_t> out = result.mutable_values<std::int64_t>();
  if (out.empty()) return result;
  detail::with_elements(tensor, [&](const auto& values) {
    std::vector<std::size_t> order(length);
    const std::size_t outer = values.size() / (length * inner);
    for (std::size_t row = 0; row < outer * inner; ++row) {
      const std::size_t base = row / inner * length * inner + row % inner;
      const auto at = [&](std::size_t i) { return values[base + i * inner]; };
      std::iota(order.begin(), order.end(), std::size_t{0});
      const auto comes_before = [&](std::size_t a, std::size_t b) {
        return are_same(at(a), at(b)) ? a < b : is_before(at(a), at(b));
      };
      std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(k), order.end(),
                        comes_before);
      const std::size_t target = row / inner * k * inner + row % inner;
      for (std::size_t i = 0; i < k; ++i) out[target + i * inner] = static_cast<std::int64_t>(order[i]);
    }
  });
  return result;
}

std::string cpp_literal(const TopK& how) {
  return how.axis == TopK().axis ? fmt::format("TopK{{{}}}", how.k)
                                 : fmt::format("TopK{{{}, {}}}", how.k, how.axis);
}

std::string TopKPostprocessFunc::str() const {
  return fmt::format("TopKPostprocessFunc({})", cpp_literal(k_));
}

IterationResult TopKPostprocessFunc::operator()(IterationResult result) const {
  for (auto& [name, tensor] : result.outputs) {
    const TopK* const how = k_.find(name);
    if (how == nullptr || how->k == 0) continue;
    try {
      result.outputs[name] = top_k_indices(tensor, *how);
    } catch (const InputError& error) {
      throw InputError(fmt::format("Output '{}': {}", name, error.problem()), error.remedy());
    }
  }
  return result;
}

}  // namespace polygraph::compare
