#pragma once

#include <string_view>

namespace polygraph::cli {

/// html/page.html with its style and scripts; made by cmake/EmbedPage.cmake when the program is built.
extern const std::string_view inspect_html_page;

}  // namespace polygraph::cli
