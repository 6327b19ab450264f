#include "cli/plugin_yaml.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <unordered_set>

#include "core/utf8.h"

namespace polygraph::cli {
namespace {

constexpr int deepest = 32;

/// The value of a plain scalar, by the rules of YAML 1.1 that PyYAML follows.
Yaml resolve(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return {};
  static constexpr std::string_view yes[] = {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"};
  static constexpr std::string_view no[] = {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"};
  if (std::ranges::find(yes, text) != std::end(yes)) return {true};
  if (std::ranges::find(no, text) != std::end(no)) return {false};
  const char* const begin = text.data() + (text[0] == '+' ? 1 : 0);
  const char* const end = text.data() + text.size();
  std::int64_t whole = 0;
  if (const auto [rest, error] = std::from_chars(begin, end, whole); error == std::errc() && rest == end)
    return {whole};
  double number = 0;
  // Without a point it is a text, and so it is with an exponent that has no sign.
  const std::size_t exponent = text.find_first_of("eE");
  const bool is_numeric =
      text.find_first_not_of("+-.0123456789eE") == std::string::npos && text.find('.') != std::string::npos &&
      (exponent == std::string::npos || text.substr(exponent + 1).find_first_of("+-") == 0);
  if (const auto [rest, error] = std::from_chars(begin, end, number);
      is_numeric && error == std::errc() && rest == end)
    return {number};
  if (text == ".inf" || text == "+.inf") return {std::numeric_limits<double>::infinity()};
  if (text == "-.inf") return {-std::numeric_limits<double>::infinity()};
  if (text == ".nan") return {std::numeric_limits<double>::quiet_NaN()};
  return {text};
}

class Parser {
 public:
  Parser(std::string_view text, const std::string& name) : name_(name) {
    int number = 0;
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      std::string_view line = text.substr(0, end);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      ++number;
      if (line.ends_with('\r')) line.remove_suffix(1);
      const std::size_t indent = line.find_first_not_of(' ');
      if (indent == std::string_view::npos || line[indent] == '#') continue;
      if (line[indent] == '\t') fail(number, "a line begins with a tab", "Indent with spaces.");
      if (line[0] == '%') fail(number, "directives are not supported", "Remove the line.");
      lines_.push_back({number, indent, line});
    }
  }

  std::vector<Yaml> documents() {
    std::vector<Yaml> result;
    bool open = false;  // a document may be empty only where `---` says that there is one
    while (at_ < lines_.size()) {
      const Line& line = lines_[at_];
      if (line.text == "..." || line.text.starts_with("---")) {
        const bool begins = line.text[0] == '-';
        if (!trimmed(without_comment(line.text.substr(3))).empty())
          fail(line.number, "'---' is followed by something", "Begin the document in a line of its own.");
        if (open && begins) result.emplace_back();
        open = begins;
        ++at_;
        continue;
      }
      result.push_back(block(line.indent, 0));
      open = false;
      if (at_ < lines_.size() && !is_separator(lines_[at_]))
        fail(lines_[at_].number, "the indentation fits nothing above",
             "Align it with the line it belongs to.");
    }
    return result;
  }

 private:
  struct Line {
    int number;
    std::size_t indent;
    std::string_view text;  ///< indentation included
  };

  [[noreturn]] void fail(int line, const std::string& problem, std::string remedy) const {
    throw InputError(fmt::format("Cannot read '{}': line {}: {}.", name_, line, problem), std::move(remedy));
  }

  [[noreturn]] void fail_twice(int line, const std::string& name) const {
    fail(line, "the name '" + name + "' is there twice", "");
  }

  static bool is_separator(const Line& line) { return line.text.starts_with("---") || line.text == "..."; }
  static bool is_item(std::string_view text, std::size_t indent) {
    return text[indent] == '-' && (text.size() == indent + 1 || text[indent + 1] == ' ');
  }

  /// The value that the lines from here on make, all indented by at least `indent`.
  Yaml block(std::size_t indent, int depth) {
    const Line line = lines_[at_];
    if (depth > deepest) fail(line.number, "the nesting is too deep", "");
    if (is_item(line.text, indent)) return list(indent, depth);
    if (key_end(line.text, indent, line.number) != std::string_view::npos) return map(indent, depth);
    ++at_;
    return inline_value(line.text.substr(indent), line.number, depth);
  }

  bool continues(std::size_t indent) const {
    return at_ < lines_.size() && lines_[at_].indent == indent && !is_separator(lines_[at_]);
  }

  Yaml list(std::size_t indent, int depth) {
    Yaml::List items;
    const int first = lines_[at_].number;
    while (continues(indent) && is_item(lines_[at_].text, indent)) {
      Line& line = lines_[at_];
      std::size_t content = line.text.find_first_not_of(' ', indent + 1);
      if (content == std::string_view::npos || line.text[content] == '#') {
        ++at_;
        items.push_back(nested(indent, depth, false));
      } else {
        // What follows the dash is a block of its own, which begins in its column.
        line.indent = content;
        items.push_back(block(content, depth + 1));
      }
    }
    return {std::move(items), first};
  }

  Yaml map(std::size_t indent, int depth) {
    Yaml::Map entries;
    std::unordered_set<std::string> names;
    const int first = lines_[at_].number;
    while (continues(indent) && !is_item(lines_[at_].text, indent)) {
      const Line line = lines_[at_];
      const std::size_t colon = key_end(line.text, indent, line.number);
      if (colon == std::string_view::npos) fail(line.number, "there is no ': ' behind a name", "");
      const Yaml key = inline_value(line.text.substr(indent, colon - indent), line.number, depth);
      std::string name = key.text() != nullptr
                             ? *key.text()
                             : std::string(trimmed(line.text.substr(indent, colon - indent)));
      if (!names.insert(name).second) fail_twice(line.number, name);
      const std::string_view rest = without_comment(line.text.substr(colon + 1));
      ++at_;
      if (trimmed(rest).empty())
        entries.emplace_back(std::move(name), nested(indent, depth, true));
      else
        entries.emplace_back(std::move(name), inline_value(rest, line.number, depth + 1));
    }
    return {std::move(entries), first};
  }

  /// The block below a line. Lists below a name may be as far in as the name.
  Yaml nested(std::size_t indent, int depth, bool below_name) {
    if (depth == deepest) fail(lines_[at_ - 1].number, "the nesting is too deep", "");
    if (at_ == lines_.size() || is_separator(lines_[at_])) return {};
    const Line& line = lines_[at_];
    if (line.indent > indent || (below_name && line.indent == indent && is_item(line.text, indent)))
      return block(line.indent, depth + 1);
    return {};
  }

  static std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
  }

  static std::string_view without_comment(std::string_view text) {
    char quote = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (quote != 0) {
        if ((quote == '"' && text[i] == '\\') || text.substr(i).starts_with("''"))
          ++i;
        else if (text[i] == quote)
          quote = 0;
      } else if ((text[i] == '"' || text[i] == '\'') && (i == 0 || text[i - 1] == ' ' || text[i - 1] == '[' ||
                                                         text[i - 1] == ',' || text[i - 1] == '{')) {
        quote = text[i];
      } else if (text[i] == '#' && (i == 0 || text[i - 1] == ' ')) {
        return text.substr(0, i);
      }
    }
    return text;
  }

  /// Where the colon is that ends the name at the start of a line, or npos if there is none.
  std::size_t key_end(std::string_view text, std::size_t indent, int line) const {
    std::size_t i = indent;
    if (text[i] == '"' || text[i] == '\'') {
      std::size_t position = i;
      scalar(text, position, line, false);
      i = text.find_first_not_of(' ', position);
      return i != std::string_view::npos && text[i] == ':' ? i : std::string_view::npos;
    }
    if (text[i] == '[' || text[i] == '{') return std::string_view::npos;
    for (; i < text.size(); ++i) {
      if (text[i] == '#' && i != indent && text[i - 1] == ' ') break;
      if (text[i] == ':' && (i + 1 == text.size() || text[i + 1] == ' ')) return i;
    }
    return std::string_view::npos;
  }

  /// A value that stands in one line.
  Yaml inline_value(std::string_view text, int line, int depth) const {
    std::size_t position = 0;
    Yaml result = flow(text, position, line, false, depth);
    position = text.find_first_not_of(' ', position);
    if (position != std::string_view::npos && text[position] != '#')
      fail(line, "'" + std::string(text.substr(position)) + "' follows a value", "Put the value in quotes.");
    return result;
  }

  Yaml flow(std::string_view text, std::size_t& position, int line, bool inside, int depth) const {
    if (depth > deepest) fail(line, "the nesting is too deep", "");
    position = std::min(text.find_first_not_of(' ', position), text.size());
    if (position == text.size()) return {std::monostate(), line};
    const char first = text[position];
    if (first == '[' || first == '{') return flow_collection(text, position, line, depth);
    if (first == '&' || first == '*' || first == '!' || first == '|' || first == '>' || first == '@' ||
        first == '`')
      fail(line, fmt::format("a value begins with '{}', which is not supported here", first),
           "Write the value itself, in quotes if it begins so.");
    Yaml result = scalar(text, position, line, inside);
    result.line = line;
    return result;
  }

  Yaml flow_collection(std::string_view text, std::size_t& position, int line, int depth) const {
    const bool is_map = text[position] == '{';
    const char close = is_map ? '}' : ']';
    Yaml::List items;
    Yaml::Map entries;
    std::unordered_set<std::string> names;
    ++position;
    while (true) {
      position = std::min(text.find_first_not_of(' ', position), text.size());
      if (position == text.size())
        fail(line, fmt::format("'{}' is missing at the end of the line", close),
             "Write the whole list in one line.");
      if (text[position] == close) break;
      if (is_map) {
        const Yaml key = scalar(text, position, line, true);
        position = std::min(text.find_first_not_of(' ', position), text.size());
        if (key.text() == nullptr || position == text.size() || text[position] != ':')
          fail(line, "a map in one line is written {name: value, ...}", "");
        if (!names.insert(*key.text()).second) fail_twice(line, *key.text());
        entries.emplace_back(*key.text(), flow(text, ++position, line, true, depth + 1));
      } else {
        items.push_back(flow(text, position, line, true, depth + 1));
      }
      position = std::min(text.find_first_not_of(' ', position), text.size());
      if (position < text.size() && text[position] == ',')
        ++position;
      else if (position == text.size() || text[position] != close)
        fail(line, fmt::format("'{}' or ',' is missing", close), "Write the whole list in one line.");
    }
    ++position;
    if (is_map) return {std::move(entries), line};
    return {std::move(items), line};
  }

  Yaml scalar(std::string_view text, std::size_t& position, int line, bool inside) const {
    if (text[position] == '\'') return {single_quoted(text, position, line), line};
    if (text[position] == '"') return {double_quoted(text, position, line), line};
    const std::size_t begin = position;
    for (; position < text.size(); ++position) {
      const char ch = text[position];
      const bool before_space = position + 1 == text.size() || text[position + 1] == ' ';
      if (ch == '#' && position != begin && text[position - 1] == ' ') break;
      if (inside && (ch == ',' || ch == ']' || ch == '}' || (ch == ':' && before_space))) break;
      if (!inside && ch == ':' && before_space) break;
    }
    Yaml result = resolve(std::string(trimmed(text.substr(begin, position - begin))));
    result.line = line;
    return result;
  }

  std::string single_quoted(std::string_view text, std::size_t& position, int line) const {
    std::string result;
    for (++position; position < text.size(); ++position) {
      if (text[position] != '\'') {
        result += text[position];
      } else if (position + 1 < text.size() && text[position + 1] == '\'') {
        result += text[++position];
      } else {
        ++position;
        return result;
      }
    }
    fail(line, "the closing quote is missing", "Text in quotes has to end in its line.");
  }

  std::string double_quoted(std::string_view text, std::size_t& position, int line) const {
    static constexpr std::pair<char, char> escapes[] = {{'n', '\n'},  {'t', '\t'}, {'r', '\r'}, {'"', '"'},
                                                        {'\\', '\\'}, {'/', '/'},  {'0', '\0'}, {'e', '\x1b'},
                                                        {'a', '\a'},  {'b', '\b'}, {'f', '\f'}, {'v', '\v'}};
    std::string result;
    for (++position; position < text.size(); ++position) {
      const char ch = text[position];
      if (ch == '"') {
        ++position;
        return result;
      }
      if (ch != '\\') {
        result += ch;
        continue;
      }
      if (++position == text.size()) break;
      const auto found = std::ranges::find(escapes, text[position], &std::pair<char, char>::first);
      if (found != std::end(escapes)) {
        result += found->second;
        continue;
      }
      const std::size_t digits = text[position] == 'x'   ? 2
                                 : text[position] == 'u' ? 4
                                 : text[position] == 'U' ? 8
                                                         : 0;
      std::uint32_t code = 0;
      const std::string_view hex = text.substr(position + 1, digits);
      const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), code, 16);
      if (digits == 0 || hex.size() != digits || error != std::errc() || end != hex.data() + hex.size() ||
          code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        fail(line, fmt::format("'\\{}' is no escape", text[position]),
             "Use single quotes for text with backslashes.");
      append_utf8(result, code);
      position += digits;
    }
    fail(line, "the closing quote is missing", "Text in quotes has to end in its line.");
  }

  const std::string& name_;
  std::vector<Line> lines_;
  std::size_t at_ = 0;
};

// Writing

bool is_plain(const std::string& text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ' || text.back() == ':') return false;
  if (resolve(text).text() == nullptr) return false;
  static constexpr std::string_view special[] = {"=", "<<"};
  if (std::ranges::find(special, text) != std::end(special)) return false;
  if (std::string_view("-?:,[]{}#&*!|>'\"%@`").find(text.front()) != std::string_view::npos) {
    const bool may_begin = (text.front() == '-' || text.front() == '?' || text.front() == ':') &&
                           text.size() > 1 && text[1] != ' ';
    if (!may_begin || text.starts_with("---")) return false;
  }
  // Numbers in forms that only PyYAML reads: 0x1f, 1_000, 12:30:45.
  if (std::isdigit(static_cast<unsigned char>(text.front())) != 0 || text.front() == '.' ||
      text.front() == '+' || text.front() == '-')
    if (text.find_first_not_of("+-.0123456789eE_xXabcdefABCDEF:oOTZtz ") == std::string::npos) return false;
  return text.find(": ") == std::string::npos && text.find(" #") == std::string::npos;
}

std::string quoted_text(const std::string& text) {
  const bool needs_escapes =
      std::ranges::any_of(text, [](char ch) { return static_cast<unsigned char>(ch) < 0x20 || ch == 0x7f; });
  std::string result;
  if (!needs_escapes) {
    if (is_plain(text)) return text;
    result = "'";
    for (const char ch : text) result += ch == '\'' ? std::string("''") : std::string(1, ch);
    return result += '\'';
  }
  result = "\"";
  for (const char ch : text) {
    if (ch == '"' || ch == '\\')
      result += std::string("\\") + ch;
    else if (ch == '\n')
      result += "\\n";
    else if (ch == '\t')
      result += "\\t";
    else if (static_cast<unsigned char>(ch) < 0x20 || ch == 0x7f)
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(ch));
    else
      result += ch;
  }
  return result += '"';
}

std::string float_text(double number) {
  if (std::isnan(number)) return ".nan";
  if (std::isinf(number)) return number < 0 ? "-.inf" : ".inf";
  std::string text = fmt::format("{}", number);
  if (text.find('.') == std::string::npos) {
    // YAML 1.1 takes 1e+16 for text: PyYAML writes 1.0e+16.
    const std::size_t exponent = text.find('e');
    text.insert(exponent == std::string::npos ? text.size() : exponent, ".0");
  }
  return text;
}

class Writer {
 public:
  void document(const Yaml& document) {
    if (is_block(document))
      block(document, 0, false);
    else
      out += scalar(document) + "\n";
  }
  std::string out;

 private:
  static bool is_block(const Yaml& yaml) {
    return (yaml.map() != nullptr && !yaml.map()->empty()) ||
           (yaml.list() != nullptr && !yaml.list()->empty());
  }

  static std::string scalar(const Yaml& yaml) {
    struct Text {
      std::string operator()(std::monostate) const { return "null"; }
      std::string operator()(bool value) const { return value ? "true" : "false"; }
      std::string operator()(std::int64_t number) const { return fmt::format("{}", number); }
      std::string operator()(double number) const { return float_text(number); }
      std::string operator()(const std::string& text) const { return quoted_text(text); }
      std::string operator()(const Yaml::List&) const { return "[]"; }
      std::string operator()(const Yaml::Map&) const { return "{}"; }
    };
    return std::visit(Text(), yaml.value);
  }

  /// @param begun  The first line is begun already: by the dash of a list.
  void block(const Yaml& yaml, std::size_t indent, bool begun) {
    const auto begin_line = [&] {
      if (!begun) out.append(indent, ' ');
      begun = false;
    };
    if (const Yaml::List* list = yaml.list()) {
      for (const Yaml& item : *list) {
        begin_line();
        out += "- ";
        if (is_block(item))
          block(item, indent + 2, true);
        else
          out += scalar(item) + "\n";
      }
      return;
    }
    for (const auto& [key, value] : *yaml.map()) {
      begin_line();
      out += quoted_text(key) + ":";
      if (is_block(value)) {
        out += '\n';
        block(value, indent + (value.list() != nullptr ? 0 : 2), false);  // PyYAML does not indent lists
      } else {
        out += ' ' + scalar(value) + '\n';
      }
    }
  }
};

}  // namespace

const Yaml* Yaml::find(std::string_view key) const {
  if (map() == nullptr) return nullptr;
  const auto found = std::ranges::find(*map(), key, &std::pair<std::string, Yaml>::first);
  return found == map()->end() ? nullptr : &found->second;
}

std::vector<Yaml> parse_yaml(std::string_view text, const std::string& name) {
  return Parser(text, name).documents();
}

std::string to_yaml(const std::vector<Yaml>& documents) {
  Writer writer;
  for (const Yaml& document : documents) {
    if (&document != &documents.front()) writer.out += "---\n";
    writer.document(document);
  }
  return std::move(writer.out);
}

}  // namespace polygraph::cli
