#pragma once

#include <polygraph/core/error.h>
#include <polygraph/core/tensor.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/elements.h"

namespace polygraph::compare::detail {

/// Calls f with all elements as a vector of int64, uint64 or double, whichever holds them exactly. Not for
/// strings; complex numbers lose their imaginary part.
template <class F>
decltype(auto) with_elements(const Tensor& tensor, F f) {
  const Tensor contiguous = tensor.contiguous();
  const auto load = [&]<class Wide>(std::vector<Wide> values) {
    values.resize(static_cast<std::size_t>(contiguous.element_count()));
    polygraph::detail::load_elements<Wide>(
        contiguous.dtype(), static_cast<const std::byte*>(contiguous.data()), 0, std::span(values));
    return values;
  };
  if (tensor.dtype() == DataType::uint64) return f(load(std::vector<std::uint64_t>()));
  if (is_integral(tensor.dtype()) || tensor.dtype() == DataType::boolean)
    return f(load(std::vector<std::int64_t>()));
  return f(load(std::vector<double>()));
}

}  // namespace polygraph::compare::detail
