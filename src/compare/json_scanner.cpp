#include "compare/json_scanner.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <limits>

#include "core/python_repr.h"
#include "core/utf8.h"

namespace polygraph::compare::detail {
namespace {

constexpr int max_depth = 64;
constexpr std::size_t max_number_size = 1000;
constexpr std::size_t step = 16 << 20;  // how often progress is reported

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

bool is_of_number(char c) {
  return (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.' || c == 'e' || c == 'E';
}

/// JSON's own grammar: from_chars accepts more.
bool is_number(std::string_view text) {
  const auto digits = [&] {
    const std::size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(count);
    return count;
  };
  if (text.starts_with('-')) text.remove_prefix(1);
  if (text.starts_with('0'))
    text.remove_prefix(1);
  else if (digits() == 0)
    return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  return text.empty();
}

}  // namespace

void JsonScanner::fail_at(std::size_t position, const std::string& problem) const {
  throw InputError(fmt::format("Cannot read {}: at byte {}, {}.", source_, position, problem),
                   "Save the data again; `polygraph inspect data` shows what a file holds.");
}

void JsonScanner::report_progress() {
  if (position_ - std::min(reported_, position_) < step) return;
  reported_ = position_;
  if (passed_) passed_(position_);
}

char JsonScanner::peek() {
  while (position_ < text_.size() && is_space(text_[position_])) ++position_;
  return position_ < text_.size() ? text_[position_] : '\0';
}

bool JsonScanner::accept(char c) {
  if (peek() != c || position_ == text_.size()) return false;
  ++position_;
  return true;
}

void JsonScanner::expect(char c, const char* what) {
  if (accept(c)) return;
  if (position_ == text_.size()) fail(fmt::format("the file ends where {} is expected", what));
  fail(fmt::format("{} is expected, not {}", what, python_repr(text_.substr(position_, 1))));
}

void JsonScanner::expect_end() {
  peek();
  if (position_ != text_.size()) fail("more text follows what is a whole JSON value");
}

unsigned JsonScanner::hex4() {
  unsigned value = 0;
  if (rest().size() < 4) fail("the file ends within an escaped character");
  const char* const begin = text_.data() + position_;
  const auto [end, error] = std::from_chars(begin, begin + 4, value, 16);
  if (error != std::errc() || end != begin + 4 || *begin == '-')
    fail("\\u is not followed by four hexadecimal digits");
  position_ += 4;
  return value;
}

void JsonScanner::append_escape(std::string& out) {
  if (position_ == text_.size()) fail("the file ends within a string");
  constexpr std::string_view codes = "\"\\/bfnrt";
  constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
  const char code = text_[position_++];
  if (const std::size_t i = codes.find(code); i != std::string_view::npos) {
    out += meanings[i];
    return;
  }
  if (code != 'u')
    fail_at(position_ - 1,
            fmt::format("a string has the unknown escape {}", python_repr(text_.substr(position_ - 2, 2))));
  const std::size_t at = position_ - 2;
  std::uint32_t c = hex4();
  if (c >= 0xD800 && c < 0xDC00 && rest().starts_with("\\u")) {
    const std::size_t before = position_;
    position_ += 2;
    const unsigned low = hex4();
    if (low >= 0xDC00 && low < 0xE000)
      c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    else
      position_ = before;
  }
  if (c >= 0xDC80 && c < 0xDD00)
    out += static_cast<char>(c - 0xDC00);
  else if (c >= 0xD800 && c < 0xE000)
    fail_at(at, "a string has half a surrogate pair");
  else
    append_utf8(out, c);
}

std::string JsonScanner::string() {
  expect('"', "a string");
  std::string out;
  while (true) {
    const std::size_t plain = text_.find_first_of("\"\\", position_);
    if (plain == std::string_view::npos) fail("a string does not end");
    const std::string_view piece = text_.substr(position_, plain - position_);
    if (const auto bad =
            std::ranges::find_if(piece, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
        bad != piece.end())
      fail_at(position_ + static_cast<std::size_t>(bad - piece.begin()), "a string has a control character");
    out += piece;
    position_ = plain + 1;
    if (text_[plain] == '"') return out;
    append_escape(out);
  }
}

void JsonScanner::skip_string() {
  expect('"', "a string");
  const std::size_t begin = position_;
  while (true) {
    // In pieces, so that the memory of long strings can be given back while they are skipped.
    const std::size_t count = std::min(step, text_.size() - position_);
    const void* const quote = count == 0 ? nullptr : std::memchr(text_.data() + position_, '"', count);
    if (!quote) {
      position_ += count;
      report_progress();
      if (position_ == text_.size()) fail_at(begin - 1, "a string does not end");
      continue;
    }
    position_ = static_cast<std::size_t>(static_cast<const char*>(quote) - text_.data()) + 1;
    std::size_t backslashes = 0;
    while (position_ - 2 - backslashes >= begin && text_[position_ - 2 - backslashes] == '\\') ++backslashes;
    if (backslashes % 2 == 0) break;
  }
  report_progress();
}

double JsonScanner::number() {
  peek();
  for (const std::string_view word : {"NaN", "Infinity", "-Infinity"}) {
    if (!rest().starts_with(word)) continue;
    position_ += word.size();
    if (word == "NaN") return std::numeric_limits<double>::quiet_NaN();
    return word == "Infinity" ? std::numeric_limits<double>::infinity()
                              : -std::numeric_limits<double>::infinity();
  }
  std::size_t size = 0;
  while (size < rest().size() && is_of_number(rest()[size]) && size <= max_number_size) ++size;
  const std::string_view text = rest().substr(0, size);
  if (size > max_number_size) fail(fmt::format("a number has more than {} digits", max_number_size));
  if (!is_number(text)) fail("a number is expected");
  double value = 0;
  const auto result = std::from_chars(text.data(), text.data() + size, value);
  // As Python: too large is infinity, too small is zero.
  if (result.ec == std::errc::result_out_of_range) {
    const std::size_t exponent = text.find_first_of("eE");
    const bool is_small = exponent != std::string_view::npos && text.substr(exponent + 1).starts_with('-');
    value = is_small ? 0.0 : std::numeric_limits<double>::infinity();
    if (text.starts_with('-')) value = -value;
  }
  position_ += size;
  return value;
}

void JsonScanner::null() {
  if (peek() != 'n' || !rest().starts_with("null")) fail("null is expected");
  position_ += 4;
}

void JsonScanner::skip_scalar() {
  for (const std::string_view word : {"null", "true", "false"}) {
    if (!rest().starts_with(word)) continue;
    position_ += word.size();
    return;
  }
  if (position_ == text_.size()) fail("the file ends where a value is expected");
  if (!is_of_number(text_[position_]) && text_[position_] != 'N' && text_[position_] != 'I')
    fail("a value is expected");
  number();
}

void JsonScanner::skip_value() {
  // A loop instead of recursion; bit i of `objects` says whether the i-th open bracket is an object's.
  std::uint64_t objects = 0;
  int depth = 0;
  while (true) {
    const char c = peek();
    const bool opens = c == '{' || c == '[';
    if (opens) {
      if (depth == max_depth) fail(fmt::format("values are nested deeper than {} levels", max_depth));
      ++position_;
      objects = objects << 1 | (c == '{' ? 1u : 0u);
      ++depth;
      if (!accept(c == '{' ? '}' : ']')) {
        if (c == '{') {
          skip_string();
          expect(':', "':'");
        }
        continue;
      }
      objects >>= 1;
      --depth;
    } else if (c == '"') {
      skip_string();
    } else {
      skip_scalar();
    }
    // Behind a value: the ends of what it is the last of, or a neighbour.
    while (true) {
      if (depth == 0) return;
      const bool in_object = (objects & 1) != 0;
      if (accept(',')) {
        if (in_object) {
          skip_string();
          expect(':', "':'");
        }
        break;
      }
      expect(in_object ? '}' : ']', in_object ? "',' or '}'" : "',' or ']'");
      objects >>= 1;
      --depth;
    }
  }
}

}  // namespace polygraph::compare::detail
