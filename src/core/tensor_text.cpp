#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/tensor.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <functional>

#include "core/elements.h"
#include "core/python_repr.h"

// The layout of NumPy 2's array printing with its default options.

namespace polygraph {
namespace {

constexpr int max_fraction_digits = 8;

/// digits[0].digits[1...] * 10^exponent, without zeros at the end.
struct Decimal {
  bool negative = false;
  std::string digits = "0";
  int exponent = 0;
};

/// Reads what to_chars writes in its scientific form.
Decimal parse_scientific(std::string_view text) {
  Decimal result;
  result.negative = text.starts_with('-');
  if (result.negative) text.remove_prefix(1);
  const std::size_t e = text.find('e');
  std::string_view exponent = text.substr(e + 1);
  if (exponent.starts_with('+')) exponent.remove_prefix(1);
  std::from_chars(exponent.data(), exponent.data() + exponent.size(), result.exponent);
  result.digits = text.substr(0, 1);
  if (e > 2) result.digits += text.substr(2, e - 2);
  while (result.digits.size() > 1 && result.digits.back() == '0') result.digits.pop_back();
  return result;
}

template <class... Precision, class Number>
Decimal to_decimal(Number value, Precision... precision) {
  char buffer[64];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific, precision...);
  return parse_scientific({buffer, static_cast<std::size_t>(end.ptr - buffer)});
}

/// Exactly rounded to so many digits after the decimal point.
Decimal round_positional(double value, int fraction_digits) {
  const std::string text = fmt::format("{:.{}f}", value, fraction_digits);
  Decimal result;
  result.negative = text.starts_with('-');
  const std::size_t point = text.find('.');
  std::string digits = text.substr(result.negative, point - result.negative) + text.substr(point + 1);
  const auto int_digits = static_cast<int>(point) - result.negative;
  const std::size_t first = digits.find_first_not_of('0');
  if (first == std::string::npos) return result;
  result.digits = digits.substr(first, digits.find_last_not_of('0') - first + 1);
  result.exponent = int_digits - 1 - static_cast<int>(first);
  return result;
}

/// The shortest decimal that converts to no other value of the narrow format.
template <class Format>
Decimal shortest_narrow(float value) {
  const double exact = value;
  for (int precision = 0; precision <= max_fraction_digits; ++precision) {
    // The second way decides ties away from zero: below a power of two its neighbours are nearer than above.
    for (const double number : {exact, exact * (1 + 0x1p-50)}) {
      char buffer[64];
      const auto end =
          std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::scientific, precision);
      double read = 0;
      std::from_chars(buffer, end.ptr, read);
      if (Format::encode(detail::round_to_odd(read)) == Format::encode(value))
        return parse_scientific({buffer, static_cast<std::size_t>(end.ptr - buffer)});
    }
  }
  return to_decimal(value);
}

/// The shortest decimal that identifies a finite value among those of its type.
Decimal shortest(double value, DataType dtype) {
  const auto narrow = static_cast<float>(value);
  switch (dtype) {
    case DataType::float64:
    case DataType::complex128:
      return to_decimal(value);
    case DataType::float16:
      return shortest_narrow<detail::Float16Format>(narrow);
    case DataType::bfloat16:
      return shortest_narrow<detail::BFloat16Format>(narrow);
    case DataType::float8e4m3fn:
      return shortest_narrow<detail::Float8E4M3FNFormat>(narrow);
    case DataType::float8e4m3fnuz:
      return shortest_narrow<detail::Float8E4M3FNUZFormat>(narrow);
    case DataType::float8e5m2:
      return shortest_narrow<detail::Float8E5M2Format>(narrow);
    case DataType::float8e5m2fnuz:
      return shortest_narrow<detail::Float8E5M2FNUZFormat>(narrow);
    default:
      return to_decimal(narrow);
  }
}

std::string sign_text(bool negative, bool plus_sign) {
  return negative ? "-" : plus_sign ? "+" : "";
}

/// What stands before and after the decimal point, and the exponent's digits with its sign (if scientific).
struct Parts {
  std::string integer;
  std::string fraction;
  std::string exponent;
};

Parts positional_parts(const Decimal& d) {
  Parts parts;
  if (d.exponent < 0) {
    parts.integer = "0";
    if (d.digits != "0")
      parts.fraction = std::string(static_cast<std::size_t>(-d.exponent - 1), '0') + d.digits;
  } else {
    const auto int_digits = static_cast<std::size_t>(d.exponent) + 1;
    parts.integer = d.digits.substr(0, int_digits);
    parts.integer.append(int_digits - parts.integer.size(), '0');
    if (d.digits.size() > int_digits) parts.fraction = d.digits.substr(int_digits);
  }
  return parts;
}

Parts scientific_parts(const Decimal& d) {
  return {d.digits.substr(0, 1), d.digits.substr(1), fmt::format("{:+03d}", d.exponent)};
}

/// A number by itself, as repr prints it: Python's, or NumPy's where `scientific_from` is its type's limit.
std::string number_text(double value, DataType dtype, std::string_view whole_suffix = ".0",
                        int scientific_from = 16) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  const Decimal d = shortest(value, dtype);
  const std::string sign = sign_text(d.negative, false);
  if (d.exponent < -4 || d.exponent >= scientific_from) {
    const Parts p = scientific_parts(d);
    return sign + p.integer + (p.fraction.empty() ? "" : "." + p.fraction) + "e" + p.exponent;
  }
  const Parts p = positional_parts(d);
  return sign + p.integer + (p.fraction.empty() ? std::string(whole_suffix) : "." + p.fraction);
}

std::string complex_text(std::complex<double> value, DataType dtype) {
  std::string imaginary = number_text(value.imag(), dtype, "") + "j";
  if (value.real() == 0 && !std::signbit(value.real())) return imaginary;
  const bool needs_plus = !imaginary.starts_with('-');
  return "(" + number_text(value.real(), dtype, "") + (needs_plus ? "+" : "") + imaginary + ")";
}

/// Prints the numbers of an array so that they line up at the decimal point.
class FloatColumn {
 public:
  FloatColumn(std::span<const double> values, DataType dtype, bool plus_sign)
      : dtype_(dtype), plus_sign_(plus_sign) {
    choose_notation(values);
    bool any_special = false;
    bool any_negative_infinity = false;
    for (const double value : values) {
      if (!std::isfinite(value)) {
        any_special = true;
        any_negative_infinity = any_negative_infinity || (std::isinf(value) && value < 0);
        continue;
      }
      const Parts parts = split(value);
      left_ = std::max(left_, parts.integer.size());
      fraction_ = std::max(fraction_, parts.fraction.size());
      exponent_ = std::max(exponent_, parts.exponent.size());
    }
    if (any_special) {
      const std::size_t longest = 3 + (plus_sign_ || any_negative_infinity);
      if (const std::size_t taken = right() + 1; longest > taken) left_ = std::max(left_, longest - taken);
    }
  }

  std::string operator()(double value) const {
    if (!std::isfinite(value)) {
      const std::string text =
          std::isnan(value) ? sign_text(false, plus_sign_) + "nan" : sign_text(value < 0, plus_sign_) + "inf";
      return fmt::format("{:>{}}", text, left_ + 1 + right());
    }
    Parts parts = split(value);
    if (!scientific_) return fmt::format("{:>{}}.{:<{}}", parts.integer, left_, parts.fraction, fraction_);
    // All have as many digits as the longest: not zeros where the shortest form ends, but the number's own
    // digits.
    if (parts.fraction.size() < fraction_) {
      parts = scientific_parts(to_decimal(value, static_cast<int>(fraction_)));
      parts.integer.insert(0, sign_text(std::signbit(value), plus_sign_));
    }
    parts.exponent.insert(1, exponent_ - parts.exponent.size(), '0');
    return fmt::format("{:>{}}.{:0<{}}e{}", parts.integer, left_, parts.fraction, fraction_, parts.exponent);
  }

 private:
  void choose_notation(std::span<const double> values) {
    double max = 0;
    double min = HUGE_VAL;
    for (const double value : values) {
      if (!std::isfinite(value) || value == 0) continue;
      max = std::max(max, std::fabs(value));
      min = std::min(min, std::fabs(value));
    }
    if (max == 0) return;
    // From 10^8 on, or where the type's own decimal digits end.
    const bool is_double = dtype_ == DataType::float64 || dtype_ == DataType::complex128;
    const double too_large = is_double ? 1e8 : dtype_ == DataType::float16 ? 1e3 : 1e6;
    // The ratio is rounded to the type, which matters next to 1000.
    double ratio = max / min;
    if (!is_double) ratio = static_cast<float>(max) / static_cast<float>(min);
    if (dtype_ == DataType::float16)
      ratio = detail::Float16Format::decode(detail::Float16Format::encode(static_cast<float>(ratio)));
    scientific_ = max >= too_large || min < 0.0001 || ratio > 1000;
  }

  Parts split(double value) const {
    Decimal d = shortest(value, dtype_);
    const int fraction_digits = static_cast<int>(d.digits.size()) - 1 - (scientific_ ? 0 : d.exponent);
    if (fraction_digits > max_fraction_digits) {
      const bool negative = d.negative;
      d = scientific_ ? to_decimal(value, max_fraction_digits) : round_positional(value, max_fraction_digits);
      d.negative = negative;
    }
    Parts parts = scientific_ ? scientific_parts(d) : positional_parts(d);
    parts.integer.insert(0, sign_text(d.negative, plus_sign_));
    return parts;
  }

  /// Characters after the decimal point.
  std::size_t right() const { return fraction_ + (scientific_ ? exponent_ + 1 : 0); }

  DataType dtype_;
  bool plus_sign_;
  bool scientific_ = false;
  std::size_t left_ = 0;
  std::size_t fraction_ = 0;
  std::size_t exponent_ = 0;  // with its sign
};

std::vector<std::string> format_floats(const std::vector<double>& values, DataType dtype) {
  const FloatColumn column(values, dtype, false);
  std::vector<std::string> words;
  for (const double value : values) words.push_back(column(value));
  return words;
}

std::vector<std::string> format_complex(const std::vector<std::complex<double>>& values, DataType dtype) {
  std::vector<double> reals;
  std::vector<double> imaginaries;
  for (const std::complex<double> value : values) {
    reals.push_back(value.real());
    imaginaries.push_back(value.imag());
  }
  const FloatColumn real(reals, dtype, false);
  const FloatColumn imaginary(imaginaries, dtype, true);
  std::vector<std::string> words;
  for (const std::complex<double> value : values) {
    std::string text = imaginary(value.imag());
    text.insert(text.find_last_not_of(' ') + 1, 1, 'j');
    words.push_back(real(value.real()) + text);
  }
  return words;
}

template <class Integer>
std::vector<std::string> format_integers(const std::vector<Integer>& values, bool is_bool) {
  std::vector<std::string> words;
  std::size_t width = 0;
  for (const Integer value : values) {
    words.push_back(!is_bool ? fmt::to_string(value) : value != 0 ? "True" : "False");
    width = std::max(width, words.back().size());
  }
  if (is_bool) width = 5;
  for (std::string& word : words) word.insert(0, width - word.size(), ' ');
  return words;
}

/// Code points of UTF-8.
std::size_t display_length(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

/// Arranges elements in brackets and lines.
class Layout {
 public:
  /// @param edge_items  How many to show at the ends of each axis; 0 for all.
  Layout(const Shape& shape, std::int64_t edge_items) : shape_(shape), edge_items_(edge_items) {}

  /// The row-major indices of the elements to show, in order.
  std::vector<std::int64_t> shown() const {
    std::vector<std::int64_t> indices;
    collect(0, 0, indices);
    return indices;
  }

  /// @param words  The text of each element of `shown()`.
  std::string print(const std::vector<std::string>& words, std::size_t line_width) {
    next_ = words.begin();
    out_.clear();
    append(0, 1, line_width);
    return std::move(out_);
  }

 private:
  /// Calls item(i) for each position of the axis that is shown, and gap() where some are left out.
  template <class Item, class Gap>
  void walk(std::size_t axis, Item item, Gap gap) const {
    const std::int64_t length = shape_[axis];
    const bool shortened = edge_items_ != 0 && (length - 1) / 2 >= edge_items_;
    for (std::int64_t i = 0; i < length; ++i) {
      if (shortened && i == edge_items_) {
        gap();
        i = length - edge_items_;
      }
      item(i);
    }
  }

  void collect(std::size_t axis, std::int64_t index, std::vector<std::int64_t>& indices) const {
    if (axis == shape_.rank()) {
      indices.push_back(index);
      return;
    }
    walk(
        axis, [&](std::int64_t i) { collect(axis + 1, index * shape_[axis] + i, indices); }, [] {});
  }

  void append(std::size_t axis, std::size_t indent, std::size_t width) {
    out_ += '[';
    if (axis + 1 == shape_.rank())
      append_row(axis, indent, width - 1);
    else
      append_blocks(axis, indent, width);
    out_ += ']';
  }

  void append_row(std::size_t axis, std::size_t indent, std::size_t width) {
    std::size_t column = indent;
    const auto append_word = [&](std::string_view word) {
      if (column > indent) {
        out_ += ' ';
        ++column;
      }
      const std::size_t length = display_length(word);
      if (column + length > width && column > indent) {
        out_.erase(out_.find_last_not_of(' ') + 1);
        out_ += '\n';
        out_.append(indent, ' ');
        column = indent;
      }
      out_ += word;
      column += length;
    };
    walk(
        axis, [&](std::int64_t) { append_word(*next_++); }, [&] { append_word("..."); });
  }

  void append_blocks(std::size_t axis, std::size_t indent, std::size_t width) {
    bool first = true;
    const auto new_block = [&] {
      if (!first) {
        out_.append(shape_.rank() - axis - 1, '\n');
        out_.append(indent, ' ');
      }
      first = false;
    };
    walk(
        axis,
        [&](std::int64_t) {
          new_block();
          append(axis + 1, indent + 1, width - 1);
        },
        [&] {
          new_block();
          out_ += "...";
        });
  }

  const Shape& shape_;
  std::int64_t edge_items_;
  std::vector<std::string>::const_iterator next_;
  std::string out_;
};

}  // namespace

template <class Wide>
Wide Tensor::load(std::int64_t index) const {
  const int bits = bit_width(dtype_);
  Wide value{};
  detail::load_elements<Wide>(dtype_, element_address(index), bits < 8 ? index % (8 / bits) : 0, {&value, 1});
  return value;
}

double Tensor::element_as_double(std::int64_t index) const {
  if (dtype_ == DataType::string) {
    throw InputError("Cannot read an element of a string tensor as a number.",
                     "Read it with Tensor::strings() or convert the tensor with Tensor::cast().");
  }
  check_index(index);
  return load<double>(index);
}

std::string Tensor::element_as_text(std::int64_t index) const {
  check_index(index);
  if (dtype_ == DataType::string) return strings()[static_cast<std::size_t>(index)];
  if (dtype_ == DataType::boolean) return load<std::int64_t>(index) != 0 ? "True" : "False";
  return detail::with_wide_type(dtype_, [&]<class Wide>() -> std::string {
    const Wide value = load<Wide>(index);
    if constexpr (std::is_integral_v<Wide>)
      return fmt::to_string(value);
    else if constexpr (std::is_floating_point_v<Wide>)
      return number_text(value, dtype_);
    else
      return complex_text(value, dtype_);
  });
}

std::string Tensor::str(std::int64_t threshold, std::int64_t edge_items, std::int64_t line_width) const {
  if (element_count_ == 0) return "[]";
  if (shape_.rank() == 0) {
    if (!is_floating(dtype_) || dtype_ == DataType::float64) return element_as_text(0);
    return number_text(load<double>(0), dtype_, ".0", dtype_ == DataType::float16 ? 3 : 6);
  }

  Layout layout(shape_, element_count_ > threshold ? std::max<std::int64_t>(edge_items, 1) : 0);
  const std::vector<std::int64_t> shown = layout.shown();
  std::vector<std::string> words;
  if (dtype_ == DataType::string) {
    for (const std::int64_t index : shown)
      words.push_back(python_repr(strings()[static_cast<std::size_t>(index)]));
  } else {
    words = detail::with_wide_type(dtype_, [&]<class Wide>() {
      using Value = std::conditional_t<std::is_same_v<Wide, float>, double, Wide>;
      std::vector<Value> values;
      for (const std::int64_t index : shown) values.push_back(load<Value>(index));
      if constexpr (std::is_integral_v<Value>)
        return format_integers(values, dtype_ == DataType::boolean);
      else if constexpr (std::is_floating_point_v<Value>)
        return format_floats(values, dtype_);
      else
        return format_complex(values, dtype_);
    });
  }
  return layout.print(words, static_cast<std::size_t>(std::max<std::int64_t>(line_width, 1)));
}

}  // namespace polygraph
