#pragma once

#include <polygraph/core/tensor.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "core/npy_header.h"

// The `.npy` format inside other files. What it holds and which errors there are: polygraph/core/npy.h.

namespace polygraph::detail {

/// @param keep_alive  Held by the result if that views `bytes`; null: the result is a copy.
/// @param source      What messages call the bytes.
Tensor read_npy(std::span<const std::byte> bytes, const std::shared_ptr<const void>& keep_alive,
                std::optional<DataType> as, std::string_view source);

/// The element type, if the elements behind the header are byte for byte those of a tensor of that type.
/// Throws InputError for types that no tensor has.
std::optional<DataType> directly_readable(const NpyHeader& header, std::optional<DataType> as,
                                          std::string_view source);

/// Takes the next bytes.
using NpySink = std::function<void(std::span<const std::byte>)>;

/// What `save_npy` writes, in pieces; large data in one.
void write_npy(const Tensor& tensor, const NpySink& sink);

}  // namespace polygraph::detail
