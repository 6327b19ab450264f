#include <fmt/format.h>
#include <polygraph/core/loader.h>

namespace polygraph {

std::string cpp_literal(double value) {
  std::string text = fmt::format("{}", value);
  if (text == "inf") return "std::numeric_limits<double>::infinity()";
  if (text == "-inf") return "-std::numeric_limits<double>::infinity()";
  if (text == "nan" || text == "-nan") return "std::numeric_limits<double>::quiet_NaN()";
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

std::string cpp_literal(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      (quoted += '\\') += c;
    else if (c == '\n')
      quoted += "\\n";
    else if (byte < 0x20 || byte == 0x7f)
      quoted +=
          fmt::format("\\{:03o}", byte);  // octal escapes end after three digits, hexadecimal ones do not
    else
      quoted += c;
  }
  return quoted + '"';
}

namespace detail {

std::string call_expression(std::string_view name, std::vector<std::string> args, std::size_t required) {
  auto is_default = [](const std::string& arg) {
    return arg == "{}" || arg == "\"\"" || arg == "std::nullopt" || arg.ends_with("()");
  };
  while (args.size() > required && is_default(args.back())) args.pop_back();
  std::string text(name);
  text += '(';
  for (std::size_t i = 0; i < args.size(); ++i) (text += i ? ", " : "") += args[i];
  return text + ')';
}

}  // namespace detail

}  // namespace polygraph
