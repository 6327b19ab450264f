#pragma once

#include <polygraph/core/tensor.h>
#include <polygraph/onnx/tensor_data.h>

#include <cstddef>
#include <cstdint>
#include <memory>

// Arrays of float32 as float16 or bfloat16. Rounding is to nearest, ties to even, on every processor the
// same.

namespace polygraph::onnx {

enum class NarrowType : std::uint8_t { float16, bfloat16 };

constexpr DataType data_type_of(NarrowType type) {
  return type == NarrowType::float16 ? DataType::float16 : DataType::bfloat16;
}

/// What becomes of the values of an array in a narrower type. NaN and infinities stay what they are.
struct NarrowingCensus {
  std::uint64_t values = 0;
  std::uint64_t zeros = 0;
  std::uint64_t overflowing = 0;  ///< finite, and infinite afterwards
  std::uint64_t vanishing = 0;    ///< not zero, and zero afterwards
  std::uint64_t subnormal = 0;    ///< so small that less than the type's full precision is left

  NarrowingCensus& operator+=(const NarrowingCensus& other);
};

/// Converts `count` floats, which may lie anywhere: `source` needs no alignment.
void narrow(NarrowType type, const std::byte* source, std::uint16_t* target, std::size_t count);
/// Counts what the conversion does.
NarrowingCensus narrowing_census(NarrowType type, const std::byte* source, std::size_t count);

/// The values of a contiguous float32 tensor in the narrower type, converted when they are read.
/// @param clamp  What would overflow becomes the largest finite number, what would vanish the smallest one.
std::shared_ptr<const DeferredData> narrowed_data(NarrowType type, Tensor values, bool clamp = false);

namespace portable {
void narrow(NarrowType type, const std::byte* source, std::uint16_t* target, std::size_t count);
NarrowingCensus narrowing_census(NarrowType type, const std::byte* source, std::size_t count);
}  // namespace portable

}  // namespace polygraph::onnx
