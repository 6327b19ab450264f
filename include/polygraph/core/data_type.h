#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace polygraph {

/// The type of one element of a tensor: every type that ONNX has.
///
/// `to_string` gives the lower-case names that Polygraphy prints (`float32`, `float8e4m3fn`, `bool`, ...).
enum class DataType : std::uint8_t {
  float32,
  float64,
  float16,
  bfloat16,
  float8e4m3fn,
  float8e4m3fnuz,
  float8e5m2,
  float8e5m2fnuz,
  float8e8m0,
  float4,  ///< E2M1; ONNX calls it FLOAT4E2M1
  int64,
  int32,
  int16,
  int8,
  int4,
  int2,
  uint64,
  uint32,
  uint16,
  uint8,
  uint4,
  uint2,
  boolean,
  string,
  complex64,
  complex128,
};

/// All data types, in the order of the enumeration.
std::span<const DataType> all_data_types();

/// The printed name, e.g. `float32` or `bool`.
std::string_view to_string(DataType dtype);

/// The data type of a name: the printed names, Polygraphy's (`FLOAT32`), NumPy's (`float16`), ONNX's
/// (`FLOAT4E2M1`) and the short forms `fp16`, `bf16`, `fp8`, ... in any case; nullopt if there is none.
std::optional<DataType> parse_data_type(std::string_view name);

/// Bits of one element: 2 to 128; 0 for `string`, whose elements have no fixed size.
int bit_width(DataType dtype);

/// Bytes that `count` elements take when packed (4-bit and 2-bit elements share bytes, the first element in
/// the low bits, as in ONNX). Throws InputError on overflow and for `string`.
std::size_t packed_size(DataType dtype, std::int64_t count);

/// Whether the type is one of the floating-point types (complex types are not).
bool is_floating(DataType dtype);

/// Whether the type is a signed or unsigned integer (`boolean` is not).
bool is_integral(DataType dtype);

/// Narrow floating-point types as values. Each holds the bits and converts to and from float, rounding to
/// the nearest even, exactly as ONNX defines the Cast operator with its default attributes: fp16 and bf16
/// overflow to infinity, the fp8 types saturate (also infinity), float8e8m0 rounds up to a power of two and
/// saturates (zero gives the smallest, a negative number NaN). Every bit pattern survives the way to float
/// and back.
/// @code
///   float16 h(0.1f);           // bits 0x2e66
///   float f = float(h);        // 0.0999755859375
/// @endcode
template <DataType dtype, class Bits>
struct NarrowFloat {
  Bits bits = 0;

  NarrowFloat() = default;
  explicit NarrowFloat(float value);
  explicit operator float() const;
  static NarrowFloat from_bits(Bits bits) {
    NarrowFloat f;
    f.bits = bits;
    return f;
  }
  friend bool operator==(NarrowFloat a, NarrowFloat b) { return float(a) == float(b); }
};

using float16 = NarrowFloat<DataType::float16, std::uint16_t>;
using bfloat16 = NarrowFloat<DataType::bfloat16, std::uint16_t>;
using float8e4m3fn = NarrowFloat<DataType::float8e4m3fn, std::uint8_t>;
using float8e4m3fnuz = NarrowFloat<DataType::float8e4m3fnuz, std::uint8_t>;
using float8e5m2 = NarrowFloat<DataType::float8e5m2, std::uint8_t>;
using float8e5m2fnuz = NarrowFloat<DataType::float8e5m2fnuz, std::uint8_t>;
using float8e8m0 = NarrowFloat<DataType::float8e8m0, std::uint8_t>;

extern template struct NarrowFloat<DataType::float16, std::uint16_t>;
extern template struct NarrowFloat<DataType::bfloat16, std::uint16_t>;
extern template struct NarrowFloat<DataType::float8e4m3fn, std::uint8_t>;
extern template struct NarrowFloat<DataType::float8e4m3fnuz, std::uint8_t>;
extern template struct NarrowFloat<DataType::float8e5m2, std::uint8_t>;
extern template struct NarrowFloat<DataType::float8e5m2fnuz, std::uint8_t>;
extern template struct NarrowFloat<DataType::float8e8m0, std::uint8_t>;

/// The DataType of a C++ element type; not defined for types that tensors cannot hold. The 2-bit and 4-bit
/// types have no C++ type of their own: read them with `Tensor::element_as_double`.
template <class T>
struct DataTypeOf;

#define POLYGRAPH_DATA_TYPE_OF(type, name)            \
  template <>                                         \
  struct DataTypeOf<type> {                           \
    static constexpr DataType value = DataType::name; \
  };
POLYGRAPH_DATA_TYPE_OF(float, float32)
POLYGRAPH_DATA_TYPE_OF(double, float64)
POLYGRAPH_DATA_TYPE_OF(float16, float16)
POLYGRAPH_DATA_TYPE_OF(bfloat16, bfloat16)
POLYGRAPH_DATA_TYPE_OF(float8e4m3fn, float8e4m3fn)
POLYGRAPH_DATA_TYPE_OF(float8e4m3fnuz, float8e4m3fnuz)
POLYGRAPH_DATA_TYPE_OF(float8e5m2, float8e5m2)
POLYGRAPH_DATA_TYPE_OF(float8e5m2fnuz, float8e5m2fnuz)
POLYGRAPH_DATA_TYPE_OF(float8e8m0, float8e8m0)
POLYGRAPH_DATA_TYPE_OF(std::int64_t, int64)
POLYGRAPH_DATA_TYPE_OF(std::int32_t, int32)
POLYGRAPH_DATA_TYPE_OF(std::int16_t, int16)
POLYGRAPH_DATA_TYPE_OF(std::int8_t, int8)
POLYGRAPH_DATA_TYPE_OF(std::uint64_t, uint64)
POLYGRAPH_DATA_TYPE_OF(std::uint32_t, uint32)
POLYGRAPH_DATA_TYPE_OF(std::uint16_t, uint16)
POLYGRAPH_DATA_TYPE_OF(std::uint8_t, uint8)
POLYGRAPH_DATA_TYPE_OF(bool, boolean)
POLYGRAPH_DATA_TYPE_OF(std::string, string)
POLYGRAPH_DATA_TYPE_OF(std::complex<float>, complex64)
POLYGRAPH_DATA_TYPE_OF(std::complex<double>, complex128)
#undef POLYGRAPH_DATA_TYPE_OF

template <class T>
inline constexpr DataType data_type_of = DataTypeOf<T>::value;

}  // namespace polygraph
