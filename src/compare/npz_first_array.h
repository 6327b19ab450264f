#pragma once

#include <polygraph/core/tensor.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace polygraph::compare::detail {

/// The first array of a .npz file in memory. Throws InputError if there is none.
Tensor npz_first_array(std::span<const std::byte> bytes, std::shared_ptr<const void> keep_alive,
                       std::optional<DataType> raw_type, std::string_view source);

}  // namespace polygraph::compare::detail
