#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cli/session.h"
#include "cli/tool.h"
#include "core/utf8.h"  // json_text

/// What tools with a `--json` option share.
namespace polygraph::cli {

/// Where the JSON goes in place of the text: the value of a `--json` without one.
inline constexpr std::string_view standard_output = "-";

/// `--json [FILE]`: sets `target` to the file or to `standard_output`.
/// @param what  What is printed, for the help text: `the description`.
Option json_option(const std::string& what, std::optional<std::string>& target);

/// Throws UsageError if what `option` names is the model that the tool reads.
void refuse_model(std::string_view option, const std::optional<std::string>& output,
                  const std::filesystem::path& model);

/// Writes the answer: the text, and the JSON to a file if `target` names one, or the JSON in place of the
/// text. What is not wanted is not made.
void write_answer(Session& session, const std::optional<std::string>& target,
                  const std::function<std::string()>& text, const std::function<std::string()>& json);

}  // namespace polygraph::cli
