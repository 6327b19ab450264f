#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

/// Texts of models in pages: none is ever read as HTML.
namespace polygraph::cli {

/// JSON that may stand inside a script element; bytes that are not UTF-8 become U+FFFD.
std::string script_json(const nlohmann::ordered_json& json);

/// Text that may stand between tags, likewise.
std::string html_text(std::string_view text);

/// The text up to so many characters, with an ellipsis for what is left out.
std::string shortened(std::string_view text, std::size_t length);

}  // namespace polygraph::cli
