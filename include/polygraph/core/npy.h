#pragma once

#include <filesystem>
#include <optional>

#include <polygraph/core/tensor.h>

namespace polygraph {

/// Reads a NumPy `.npy` file (format versions 1.0 to 3.0, little- or big-endian, C or Fortran order).
///
/// The data stays in the mapped file where it can (little-endian, C order, aligned): the result is then a
/// read-only view that keeps the mapping alive. Format: numpy.lib.format, "NEP 1".
/// @param as  The element type of data whose header has only a size (`|V1`, `|V2`): NumPy itself has no
///            bfloat16, fp8 or 4-bit types, and the package `ml_dtypes` writes those as raw bytes (4-bit: one
///            element a byte). Ignored for other data if equal to what the header says.
/// Throws InputError if the file is missing, not a `.npy` file, truncated, holds Python objects or structured
/// data, or if `as` contradicts the header or is needed and missing.
Tensor load_npy(const std::filesystem::path& path, std::optional<DataType> as = {});

/// The same for bytes in memory; the result is a copy.
Tensor load_npy(std::span<const std::byte> bytes, std::optional<DataType> as = {});

/// Writes a `.npy` file of format version 1.0, byte for byte as `numpy.save` does, atomically.
/// Types without a NumPy equivalent are written as `ml_dtypes` arrays are (see `load_npy`).
/// Throws InputError if the file cannot be written.
void save_npy(const std::filesystem::path& path, const Tensor& tensor);

}  // namespace polygraph
