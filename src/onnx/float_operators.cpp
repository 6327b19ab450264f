#include "onnx/float_operators.h"

#include <algorithm>
#include <array>
#include <tuple>

namespace polygraph::onnx {
namespace {

// Sorted by name and version. tests/conformance/float_operators.py writes it, and holds it against ONNX.
constexpr FloatOperator operators[] = {
#include "onnx/float_operators.inc"
};

constexpr bool is_before(const FloatOperator& a, const FloatOperator& b) {
  return std::tie(a.name, a.since) < std::tie(b.name, b.since);
}
static_assert(std::is_sorted(std::begin(operators), std::end(operators), is_before));

}  // namespace

const FloatOperator* find_float_operator(std::string_view name, std::int64_t opset) {
  const FloatOperator wanted{name, opset, {}, {}, {}};
  const auto* after = std::upper_bound(std::begin(operators), std::end(operators), wanted, is_before);
  if (after == std::begin(operators) || std::prev(after)->name != name) return nullptr;
  return std::prev(after);
}

}  // namespace polygraph::onnx
