#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace polygraph::compare::detail {

/// A number as Python's json module writes it: the shortest digits that give it back, `1e-05`, `1e+16`,
/// `2.0`, `NaN`, `-Infinity`.
std::string python_json_number(double value);

/// Appends a string as Python's json module writes it: in quotes, only ASCII. Bytes that are not UTF-8 become
/// `\udc80` to `\udcff`.
void append_python_json_string(std::string& out, std::string_view text);

/// Takes the next piece of a text.
using TextSink = std::function<void(std::string_view)>;

/// Writes JSON piece by piece as Python's json.dumps does with an indent of 4 spaces.
class JsonWriter {
 public:
  /// @param depth  How many levels are open around what is written.
  explicit JsonWriter(TextSink sink, std::size_t depth = 0) : sink_(std::move(sink)), depth_(depth) {}

  void begin_object() { begin('{'); }
  void end_object() { end('}'); }
  void begin_array() { begin('['); }
  void end_array() { end(']'); }
  /// The name of the next member of an object.
  void key(std::string_view name);
  /// To be called in front of each element of an array.
  void element();

  void string(std::string_view text);
  void number(double value) { sink_(python_json_number(value)); }
  void null() { sink_("null"); }
  /// Text that is JSON already.
  void raw(std::string_view text) { sink_(text); }

 private:
  void begin(char bracket);
  void end(char bracket);
  void break_line();

  TextSink sink_;
  std::size_t depth_;
  bool is_empty_ = true;  // nothing is in the innermost bracket yet
  std::string scratch_;
};

}  // namespace polygraph::compare::detail
