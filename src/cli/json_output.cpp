#include "cli/json_output.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>

#include <system_error>

namespace polygraph::cli {

Option json_option(const std::string& what, std::optional<std::string>& target) {
  return {.names = {"--json"},
          .metavar = "FILE",
          .help = "Print " + what +
                  " as JSON instead of text. With a file, write the JSON there and print the text as well; "
                  "`-` is standard output.",
          .arity = Arity::optional,
          .completes = Completes::files,
          .apply = [&target](Values values) {
            target = values.empty() ? std::string(standard_output) : values.front();
          }};
}

void refuse_model(std::string_view option, const std::optional<std::string>& output,
                  const std::filesystem::path& model) {
  std::error_code error;
  if (output && std::filesystem::equivalent(*output, model, error))
    throw UsageError(fmt::format("{}: '{}' is the model itself.", option, *output),
                     "Name another file to write.");
}

void write_answer(Session& session, const std::optional<std::string>& target,
                  const std::function<std::string()>& text, const std::function<std::string()>& json) {
  if (target == standard_output) {
    session.output.write(json());
    return;
  }
  session.output.write(text());
  if (target) write_file(*target, json());
}

}  // namespace polygraph::cli
