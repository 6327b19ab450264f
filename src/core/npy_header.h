#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace polygraph::detail {

/// What the header of a `.npy` file says. Format: numpy.lib.format, versions 1.0 to 3.0.
struct NpyHeader {
  std::string descr;               ///< the element type in NumPy's short form, e.g. `<f4`
  bool fortran_order = false;      ///< the first axis varies fastest
  std::vector<std::int64_t> dims;  ///< each 0 or more
  std::size_t data_offset = 0;     ///< where the elements begin
};

/// Reads the header at the start of `bytes`. Throws InputError, naming `source`, if it is truncated,
/// malformed, or describes structured data.
NpyHeader parse_npy_header(std::span<const std::byte> bytes, std::string_view source);

/// The header of version 1.0 that numpy.save writes for an array in C order (2.0 if it is too long for 1.0),
/// up to where the elements begin.
std::string make_npy_header(std::string_view descr, std::span<const std::int64_t> dims);

}  // namespace polygraph::detail
