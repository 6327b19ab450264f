#pragma once

#include <polygraph/core/tensor.h>

#include <complex>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>

// From the type that elements are held in to the C++ type.
namespace polygraph::reference {

/// Calls f<T>() for integers, and for float64.
template <class F>
decltype(auto) with_number(DataType held, F&& f) {
  switch (held) {
    case DataType::int64:
      return f.template operator()<std::int64_t>();
    case DataType::int32:
      return f.template operator()<std::int32_t>();
    case DataType::int16:
      return f.template operator()<std::int16_t>();
    case DataType::int8:
      return f.template operator()<std::int8_t>();
    case DataType::uint64:
      return f.template operator()<std::uint64_t>();
    case DataType::uint32:
      return f.template operator()<std::uint32_t>();
    case DataType::uint16:
      return f.template operator()<std::uint16_t>();
    case DataType::uint8:
      return f.template operator()<std::uint8_t>();
    default:
      return f.template operator()<double>();
  }
}

/// Calls f<T>() for every type that is held.
template <class F>
decltype(auto) with_element(DataType held, F&& f) {
  switch (held) {
    case DataType::boolean:
      return f.template operator()<bool>();
    case DataType::string:
      return f.template operator()<std::string>();
    case DataType::complex128:
      return f.template operator()<std::complex<double>>();
    default:
      return with_number(held, f);
  }
}

template <class T>
const T* elements(const Tensor& tensor) {
  if constexpr (std::is_same_v<T, std::string>)
    return tensor.strings().data();
  else
    return tensor.values<T>().data();
}

template <class T>
T* mutable_elements(Tensor& tensor) {
  if constexpr (std::is_same_v<T, std::string>)
    return tensor.mutable_strings().data();
  else
    return tensor.mutable_values<T>().data();
}

}  // namespace polygraph::reference
