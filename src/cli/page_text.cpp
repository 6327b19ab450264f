#include "cli/page_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/utf8.h"

namespace polygraph::cli {

std::string script_json(const nlohmann::ordered_json& json) {
  const std::string text = json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  std::string safe;
  safe.reserve(text.size());
  for (const char c : text) {
    if (c == '<')
      safe += "\\u003c";
    else
      safe += c;
  }
  return safe;
}

std::string html_text(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
    if (length == 0)
      result += "\xef\xbf\xbd";
    else if (character == "<")
      result += "&lt;";
    else if (character == "&")
      result += "&amp;";
    else
      result += character;
    text.remove_prefix(character.size());
  }
  return result;
}

std::string shortened(std::string_view text, std::size_t length) {
  std::string_view rest = text;
  for (std::size_t count = 0; !rest.empty(); ++count) {
    if (count == length) return std::string(text.substr(0, text.size() - rest.size())) + "…";
    rest.remove_prefix(std::max<std::size_t>(utf8_length(rest), 1));
  }
  return std::string(text);
}

}  // namespace polygraph::cli
