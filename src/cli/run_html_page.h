#pragma once

#include <string_view>

namespace polygraph::cli {

/// html_report/page.html with its style and scripts; made by cmake/EmbedPage.cmake when the program is built.
extern const std::string_view run_html_page;

}  // namespace polygraph::cli
