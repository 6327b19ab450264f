#include "compare/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "core/utf8.h"

namespace polygraph::compare::detail {
namespace {

constexpr std::size_t indent = 4;

void append_unit(std::string& out, std::uint32_t unit) {
  fmt::format_to(std::back_inserter(out), "\\u{:04x}", unit);
}

std::uint32_t code_point(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  std::uint32_t c = character.size() == 1 ? first : first & (0x7Fu >> character.size());
  for (const char next : character.substr(1)) c = c << 6 | (static_cast<unsigned char>(next) & 0x3Fu);
  return c;
}

}  // namespace

std::string python_json_number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  char buffer[32];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  std::string_view text(buffer, static_cast<std::size_t>(result.ptr - buffer));
  const std::string sign = text.starts_with('-') ? "-" : "";
  text.remove_prefix(sign.size());
  const std::size_t e = text.find('e');
  std::string digits(text.substr(0, 1));
  if (e > 2) digits += text.substr(2, e - 2);
  int exponent = 0;
  const std::string_view after = text.substr(text[e + 1] == '+' ? e + 2 : e + 1);
  std::from_chars(after.data(), after.data() + after.size(), exponent);

  // Python's limits for the notation with an exponent.
  if (exponent < -4 || exponent >= 16) {
    return sign + digits.substr(0, 1) + (digits.size() > 1 ? "." + digits.substr(1) : "") +
           fmt::format("e{:+03d}", exponent);
  }
  if (exponent < 0) return sign + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  const std::size_t whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= whole) return sign + digits + std::string(whole - digits.size(), '0') + ".0";
  return sign + digits.substr(0, whole) + "." + digits.substr(whole);
}

void append_python_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const char c = text.front();
    const std::size_t length = utf8_length(text);
    constexpr std::string_view special = "\"\\\b\f\n\r\t";
    constexpr std::string_view codes = "\"\\bfnrt";
    if (length == 0) {
      append_unit(out, 0xDC00u + static_cast<unsigned char>(c));
    } else if (const std::size_t i = special.find(c); i != std::string_view::npos) {
      out += '\\';
      out += codes[i];
    } else if (length == 1 && c >= 0x20 && c != 0x7f) {
      out += c;
    } else if (length == 1) {
      append_unit(out, static_cast<unsigned char>(c));
    } else if (const std::uint32_t code = code_point(text.substr(0, length)); code >= 0x10000) {
      append_unit(out, 0xD800u + ((code - 0x10000) >> 10));
      append_unit(out, 0xDC00u + ((code - 0x10000) & 0x3ff));
    } else {
      append_unit(out, code);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  out += '"';
}

void JsonWriter::break_line() {
  scratch_.assign(is_empty_ ? "\n" : ",\n");
  scratch_.append(depth_ * indent, ' ');
  is_empty_ = false;
}

void JsonWriter::begin(char bracket) {
  sink_(std::string_view(&bracket, 1));
  ++depth_;
  is_empty_ = true;
}

void JsonWriter::end(char bracket) {
  --depth_;
  scratch_.clear();
  if (!is_empty_) {
    scratch_ = "\n";
    scratch_.append(depth_ * indent, ' ');
  }
  scratch_ += bracket;
  sink_(scratch_);
  is_empty_ = false;  // the bracket around has this in it
}

void JsonWriter::key(std::string_view name) {
  break_line();
  append_python_json_string(scratch_, name);
  scratch_ += ": ";
  sink_(scratch_);
}

void JsonWriter::element() {
  break_line();
  sink_(scratch_);
}

void JsonWriter::string(std::string_view text) {
  scratch_.clear();
  append_python_json_string(scratch_, text);
  sink_(scratch_);
}

}  // namespace polygraph::compare::detail
