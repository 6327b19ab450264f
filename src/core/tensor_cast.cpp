#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/tensor.h>

#include <array>
#include <charconv>
#include <optional>

#include "core/elements.h"

namespace polygraph {
namespace {

constexpr std::int64_t block_size = 1024;

template <class Number>
std::optional<Number> parse(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  return std::nullopt;
}

// Integers first, since not all of them are doubles; what is too large or small for a double is no number
// here.
void store_parsed(const std::string& text, Tensor& target, std::int64_t index) {
  const auto store = [&]<class Wide>(Wide value) {
    detail::store_elements<Wide>(target.dtype(), static_cast<std::byte*>(target.mutable_data()), index,
                                 std::span<const Wide>(&value, 1));
  };
  if (const auto integer = parse<std::int64_t>(text)) return store(*integer);
  if (const auto integer = parse<std::uint64_t>(text)) return store(*integer);
  if (const auto number = parse<double>(text)) return store(*number);
  throw InputError(fmt::format("Cannot cast element {} of a string tensor to {}: '{}' is not a number.",
                               index, to_string(target.dtype()), text),
                   "Allowed are decimal numbers such as 3, -1.5 or 1e-5, and inf and nan.");
}

}  // namespace

Tensor Tensor::cast(DataType dtype) const {
  if (dtype == dtype_) return clone();
  if (!is_contiguous()) return contiguous().cast(dtype);

  Tensor result(dtype, shape_);
  if (dtype_ == DataType::string) {
    const std::span<const std::string> texts = strings();
    for (std::int64_t i = 0; i < element_count_; ++i) store_parsed(texts[i], result, i);
  } else if (dtype == DataType::string) {
    const std::span<std::string> texts = result.mutable_strings();
    for (std::int64_t i = 0; i < element_count_; ++i) texts[i] = element_as_text(i);
  } else {
    const auto* source = static_cast<const std::byte*>(data_);
    auto* target = static_cast<std::byte*>(result.data_);
    detail::with_wide_type(dtype_, [&]<class Wide>() {
      std::array<Wide, block_size> buffer;
      for (std::int64_t begin = 0; begin < element_count_; begin += block_size) {
        const std::span<Wide> block =
            std::span(buffer).first(static_cast<std::size_t>(std::min(block_size, element_count_ - begin)));
        detail::load_elements<Wide>(dtype_, source, begin, block);
        detail::store_elements<Wide>(dtype, target, begin, block);
      }
    });
  }
  return result;
}

}  // namespace polygraph
