#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace polygraph::onnx {

/// A size that may depend on named dimensions: a polynomial with coefficients of 0 and more, such as
/// `2*batch*4096 + 64*batch^2`. What would pass the largest int64 stays at it.
/// @code
///   SymbolicSize flops = SymbolicSize(2) * SymbolicSize::named("batch") * SymbolicSize(4096);
///   flops.str();    // "8192*batch"
///   flops.value();  // nullopt
/// @endcode
class SymbolicSize {
 public:
  SymbolicSize() = default;
  /// A known size; a negative one is taken as 0.
  SymbolicSize(std::int64_t value);  // NOLINT
  static SymbolicSize named(std::string_view name);

  /// The number, if it depends on no name.
  std::optional<std::int64_t> value() const;
  /// The terms by falling degree, then by name. Past `most_terms` the rest is counted: `n + m + (5 more
  /// terms)`.
  std::string str(std::size_t most_terms = 8) const;

  SymbolicSize& operator+=(const SymbolicSize& other);
  friend SymbolicSize operator+(SymbolicSize a, const SymbolicSize& b) { return a += b; }
  friend SymbolicSize operator*(const SymbolicSize& a, const SymbolicSize& b);
  /// Each coefficient divided, rounded up.
  SymbolicSize divided_by(std::int64_t divisor) const;
  /// The least polynomial that is not below either, whatever the names stand for: the larger coefficient of
  /// each term.
  static SymbolicSize upper_bound(const SymbolicSize& a, const SymbolicSize& b);

  friend bool operator==(const SymbolicSize&, const SymbolicSize&) = default;

 private:
  /// Names of a product, sorted, repeated for powers; with its coefficient, never 0.
  std::map<std::vector<std::string>, std::int64_t> terms_;
};

}  // namespace polygraph::onnx
