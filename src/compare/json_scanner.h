#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace polygraph::compare::detail {

/// Reads JSON, as Python's json module understands it, from text in memory that it never copies as a whole:
/// the caller asks for what it expects and skips what it does not want. Skipping long strings is as fast as
/// memory. Throws InputError, naming the file and the byte, where the text is not JSON or not what was asked
/// for; nesting deeper than 64 levels is refused.
class JsonScanner {
 public:
  /// @param source   What messages call the text, e.g. `'outputs.json'`; a view.
  /// @param passed   Called now and then with the position up to which all has been read; may be empty.
  JsonScanner(std::string_view text, std::string_view source, std::function<void(std::size_t)> passed = {})
      : text_(text), source_(source), passed_(std::move(passed)) {}

  std::size_t position() const { return position_; }
  void seek(std::size_t position) { position_ = position; }
  std::string_view rest() const { return text_.substr(position_); }
  std::string_view source() const { return source_; }

  /// The next character that is no white space, not consumed; 0 at the end of the text.
  char peek();
  bool accept(char c);
  void expect(char c, const char* what);
  void expect_end();

  /// A string, decoded to UTF-8. Lone surrogates `\udc80` to `\udcff` become bytes that are not UTF-8, as
  /// Python's surrogateescape has it; others are refused.
  std::string string();
  /// A number, `NaN`, `Infinity` or `-Infinity`.
  double number();
  void null();
  void skip_value();

  /// Calls `member(key)` for each member of an object, which must consume the value.
  template <class F>
  void object(F member) {
    expect('{', "an object");
    if (accept('}')) return;
    do {
      if (peek() != '"') fail("a name in quotes is expected");
      const std::string key = string();
      expect(':', "':'");
      member(key);
    } while (accept(','));
    expect('}', "',' or '}'");
  }
  /// Calls `element()` for each element of an array, which must consume it.
  template <class F>
  void array(F element) {
    expect('[', "an array");
    if (accept(']')) return;
    do element();
    while (accept(','));
    expect(']', "',' or ']'");
  }

  /// Throws InputError about what is at the current position, or at another.
  [[noreturn]] void fail(const std::string& problem) const { fail_at(position_, problem); }
  [[noreturn]] void fail_at(std::size_t position, const std::string& problem) const;

 private:
  void skip_string();
  void skip_scalar();
  unsigned hex4();
  void append_escape(std::string& out);
  void report_progress();

  std::string_view text_;
  std::string_view source_;
  std::function<void(std::size_t)> passed_;
  std::size_t position_ = 0;
  std::size_t reported_ = 0;
};

}  // namespace polygraph::compare::detail
