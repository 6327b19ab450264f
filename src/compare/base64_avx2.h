#pragma once

#include <cstddef>

// Compiled for AVX2: call these only after __builtin_cpu_supports("avx2"). Each does as much as it can in
// whole vectors and leaves the rest.
namespace polygraph::compare::avx2 {

/// Encodes a multiple of 3 of the bytes at `in`; returns how many. Reads nothing behind `in + size`.
std::size_t encode_base64(const unsigned char* in, std::size_t size, char* out);

/// Decodes a multiple of 4 of the characters at `in`, up to one that is not of the alphabet; returns how
/// many. Writes nothing behind `out + size / 4 * 3`.
std::size_t decode_base64(const char* in, std::size_t size, unsigned char* out);

}  // namespace polygraph::compare::avx2
