#include "core/npy_header.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/shape.h>

#include <algorithm>
#include <charconv>

namespace polygraph::detail {
namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::size_t alignment = 64;
constexpr std::size_t max_rank = 64;  // NumPy's own limit
constexpr std::size_t growth_digits = 21;

[[noreturn]] void fail(std::string_view source, const std::string& problem) {
  throw InputError(fmt::format("Cannot read {} as a .npy file: {}", source, problem),
                   "Write the array again with numpy.save().");
}

/// Reads the one Python literal that a header is: a dict of a string, a bool and a tuple of integers.
class Parser {
 public:
  Parser(std::string_view text, std::string_view source) : text_(text), source_(source) {}

  void parse(NpyHeader& header) {
    bool has_descr = false;
    bool has_order = false;
    bool has_shape = false;
    expect('{');
    while (!accept('}')) {
      const std::string key = parse_string();
      expect(':');
      bool* seen = key == "descr"           ? &has_descr
                   : key == "fortran_order" ? &has_order
                   : key == "shape"         ? &has_shape
                                            : nullptr;
      if (seen == nullptr) fail(source_, fmt::format("its header has the unknown key '{}'.", printable(key)));
      if (*seen) fail(source_, fmt::format("its header has the key '{}' twice.", key));
      *seen = true;
      if (seen == &has_descr)
        header.descr = parse_descr();
      else if (seen == &has_order)
        header.fortran_order = parse_bool();
      else
        header.dims = parse_dims();
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (!text_.empty()) fail_here("the end of the header");
    if (!has_descr || !has_order || !has_shape)
      fail(source_, "its header must have the keys 'descr', 'fortran_order' and 'shape'.");
  }

 private:
  static std::string printable(std::string_view text) {
    std::string result(text.substr(0, 40));
    std::ranges::replace_if(
        result, [](char c) { return c < 0x20 || c > 0x7e; }, '?');
    return result;
  }

  [[noreturn]] void fail_here(std::string_view expected) const {
    fail(source_, text_.empty()
                      ? fmt::format("its header ends where {} should be.", expected)
                      : fmt::format("its header has '{}' where {} should be.", printable(text_), expected));
  }

  void skip_space() {
    const std::size_t end = text_.find_first_not_of(" \t\r\n\f");
    text_.remove_prefix(std::min(end, text_.size()));
  }

  bool accept(char c) {
    skip_space();
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }

  void expect(char c) {
    if (!accept(c)) fail_here(fmt::format("'{}'", c));
  }

  std::string parse_string() {
    skip_space();
    // Python 2 wrote some strings as u'...' or b'...'.
    if (text_.size() > 1 && (text_[0] == 'u' || text_[0] == 'b') && (text_[1] == '\'' || text_[1] == '"'))
      text_.remove_prefix(1);
    if (!text_.starts_with('\'') && !text_.starts_with('"')) fail_here("a string");
    const std::size_t end = text_.find(text_[0], 1);
    const std::string_view content = text_.substr(1, end == std::string_view::npos ? 0 : end - 1);
    if (end == std::string_view::npos || content.find_first_of("\\\n") != std::string_view::npos)
      fail_here("a plain string");
    text_.remove_prefix(end + 1);
    return std::string(content);
  }

  std::string parse_descr() {
    skip_space();
    if (text_.starts_with('[') || text_.starts_with('('))
      fail(source_, "it holds structured data (records with fields), which tensors cannot.");
    return parse_string();
  }

  bool parse_bool() {
    skip_space();
    for (const std::string_view word : {"True", "False"}) {
      if (!text_.starts_with(word)) continue;
      text_.remove_prefix(word.size());
      return word == "True";
    }
    fail_here("True or False");
  }

  std::vector<std::int64_t> parse_dims() {
    std::vector<std::int64_t> dims;
    expect('(');
    while (!accept(')')) {
      if (dims.size() == max_rank)
        fail(source_, fmt::format("its shape has more than {} dimensions.", max_rank));
      dims.push_back(parse_dim());
      if (accept(',')) continue;
      // A number in parentheses alone is no tuple.
      if (dims.size() == 1) fail_here("','");
      expect(')');
      break;
    }
    return dims;
  }

  std::int64_t parse_dim() {
    skip_space();
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    if (error == std::errc::result_out_of_range) fail_here("a dimension that fits into 64 bits");
    if (error != std::errc() || value < 0) fail_here("a dimension, an integer from 0 on,");
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    if (text_.starts_with('L')) text_.remove_prefix(1);  // a long integer of Python 2
    return value;
  }

  std::string_view text_;
  std::string_view source_;
};

}  // namespace

NpyHeader parse_npy_header(std::span<const std::byte> bytes, std::string_view source) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!text.starts_with(magic)) fail(source, "it does not begin with the bytes 93 'NUMPY'.");
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(bytes[i]); };
  if (bytes.size() < 8) fail(source, "it ends within the version number.");
  const std::size_t version = byte(6);
  if (version < 1 || version > 3 || byte(7) != 0)
    fail(source, fmt::format("its format version is {}.{}; known are 1.0, 2.0 and 3.0.", byte(6), byte(7)));
  const std::size_t length_size = version == 1 ? 2 : 4;
  if (bytes.size() < 8 + length_size) fail(source, "it ends within the length of the header.");
  std::size_t length = 0;
  for (std::size_t i = 0; i < length_size; ++i) length |= byte(8 + i) << (8 * i);

  NpyHeader header;
  header.data_offset = 8 + length_size + length;
  if (header.data_offset > bytes.size()) {
    fail(source, fmt::format("its header is {} bytes long, but only {} bytes follow.", length,
                             bytes.size() - 8 - length_size));
  }
  Parser(text.substr(8 + length_size, length), source).parse(header);
  return header;
}

std::string make_npy_header(std::string_view descr, std::span<const std::int64_t> dims) {
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", descr, Shape(dims).str());
  // Room to let the first dimension grow without moving the data.
  if (!dims.empty()) header.append(growth_digits - fmt::to_string(dims[0]).size(), ' ');

  const bool is_long = header.size() + 1 + alignment > 0xffff;
  const std::size_t prefix = magic.size() + 2 + (is_long ? 4 : 2);
  // A whole block of padding if the header fills its blocks exactly, as numpy.save does.
  header.append(alignment - (prefix + header.size() + 1) % alignment, ' ');
  header += '\n';
  std::string result(magic);
  result += is_long ? '\2' : '\1';
  result += '\0';
  for (std::size_t i = 0; i < (is_long ? 4u : 2u); ++i)
    result += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return result + header;
}

}  // namespace polygraph::detail
