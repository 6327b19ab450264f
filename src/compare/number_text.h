#pragma once

#include <fmt/format.h>

#include <cmath>
#include <string>

namespace polygraph::compare::detail {

/// As Python's `{:.5g}`: `0.25`, `1e-05`, `inf`, `nan`.
inline std::string general(double value, int digits = 5) {
  return std::isnan(value) ? "nan" : fmt::format("{:.{}g}", value, digits);
}

}  // namespace polygraph::compare::detail
