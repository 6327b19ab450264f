#pragma once

#include <polygraph/core/tensor.h>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>

namespace polygraph {

/// Reads a NumPy `.npy` file (format versions 1.0 to 3.0, little- or big-endian, C or Fortran order).
///
/// The data stays in the mapped file where it can (little-endian, C order, aligned): the result is then a
/// read-only view that keeps the mapping alive. Unicode (`<U5`, as UTF-8) and byte strings (`|S5`) become
/// `string` tensors. Bytes past the last element are ignored, as NumPy does. Format: numpy.lib.format, "NEP
/// 1".
/// @param as  The element type of data whose header has only a size (`<V1`, `|V2`): NumPy itself has no
///            bfloat16, fp8 or 4-bit types, and the package `ml_dtypes` writes those as raw bytes (2- and
///            4-bit: one element a byte, in its low bits). `<f1`, its name for float8e5m2, needs no `as`. For
///            other data it must be what the header says.
/// Throws InputError if the file is missing, not a `.npy` file, truncated, holds Python objects or structured
/// data, has no elements of a type that ONNX has, has more than 64 dimensions, or if `as` contradicts the
/// header or is needed and missing.
/// @code
///   Tensor image = load_npy("image.npy");
///   Tensor weights = load_npy("weights.npy", DataType::bfloat16);
/// @endcode
Tensor load_npy(const std::filesystem::path& path, std::optional<DataType> as = {});

/// The same for bytes in memory; the result is a copy.
Tensor load_npy(std::span<const std::byte> bytes, std::optional<DataType> as = {});

/// Writes a `.npy` file in C order, byte for byte as `numpy.save` does for an array in C order, atomically.
///
/// Types without a NumPy equivalent are written as `ml_dtypes` arrays are (see `load_npy`), except that
/// float8e5m2 is written as `<V1` like its siblings, since NumPy cannot read `<f1` back. Strings must be
/// UTF-8. Throws InputError if the file cannot be written.
void save_npy(const std::filesystem::path& path, const Tensor& tensor);

}  // namespace polygraph
