#include "cli/logging_options.h"

#include <algorithm>
#include <array>

namespace polygraph::cli {
namespace {

// The levels that one more `-v` or `-q` steps through, from the quietest.
constexpr std::array levels = {
    Severity::critical,      Severity::error,         Severity::warning, Severity::finish,
    Severity::start,         Severity::info,          Severity::verbose, Severity::extra_verbose,
    Severity::super_verbose, Severity::ultra_verbose,
};
constexpr int info_index = 5;

Severity severity_of(const std::string& name) {
  static const std::vector<std::string> names = {"ULTRA_VERBOSE", "SUPER_VERBOSE", "EXTRA_VERBOSE", "VERBOSE",
                                                 "INFO",          "START",         "FINISH",        "WARNING",
                                                 "ERROR",         "CRITICAL"};
  if (const auto severity = parse_severity(name)) return *severity;
  std::string problem = "There is no level '" + name + "'.";
  if (const std::string near = nearest(name, names); !near.empty())
    problem += " Did you mean '" + near + "'?";
  problem += " Allowed, in any case:";
  for (const std::string& known : names) problem += (known == names.front() ? " " : ", ") + known;
  throw UsageError(problem + ".");
}

void set_levels(LoggingOptions& logging, Values values) {
  for (const std::string& value : values) {
    const std::size_t colon = value.rfind(':');
    if (colon == std::string::npos || colon == 0)
      logging.level = severity_of(value.substr(colon == 0 ? 1 : 0));
    else
      logging.path_levels.emplace_back(value.substr(0, colon), severity_of(value.substr(colon + 1)));
  }
}

void set_format(LoggingOptions& logging, Values values) {
  for (const std::string& value : values) {
    if (value == "timestamp") logging.timestamp = true;
    if (value == "line-info") logging.line_info = true;
    if (value == "no-colors") logging.colors = false;
  }
}

}  // namespace

LogOptions LoggingOptions::resolve() const {
  const int index = std::clamp(info_index + louder, 0, static_cast<int>(levels.size()) - 1);
  LogOptions options;
  options.level = level.value_or(levels[static_cast<std::size_t>(index)]);
  options.path_levels = path_levels;
  if (silent) {
    options.level = Severity::critical;
    options.path_levels.clear();
  }
  options.timestamp = timestamp;
  options.line_info = line_info;
  options.colors = colors;
  options.log_file = log_file;
  return options;
}

OptionGroup logging_group(LoggingOptions& logging) {
  OptionGroup group{.title = "Logging",
                    .description = "Messages go to standard error; the answer goes to standard output."};
  group.options = {
      {.names = {"-v", "--verbose"},
       .help = "Log more. Give it up to four times.",
       .repeat = Repeat::each,
       .apply = [&logging](Values) { ++logging.louder; }},
      {.names = {"-q", "--quiet"},
       .help = "Log less. Give it up to five times.",
       .repeat = Repeat::each,
       .apply = [&logging](Values) { --logging.louder; }},
      {.names = {"--verbosity"},
       .metavar = "[PATH:]LEVEL",
       .help = "The level from which on messages are shown: ULTRA_VERBOSE, SUPER_VERBOSE, EXTRA_VERBOSE, "
               "VERBOSE, INFO, START, "
               "FINISH, WARNING, ERROR or CRITICAL, in any case. It takes precedence over `-v` and `-q`. "
               "With a path, the "
               "level of messages from that part of the source: `--verbosity warning onnx:verbose` logs what "
               "the ONNX part "
               "does and warnings from elsewhere. The longest path that fits decides.",
       .arity = Arity::one_or_more,
       .default_text = "INFO",
       .repeat = Repeat::each,
       .apply = [&logging](Values values) { set_levels(logging, values); }},
      {.names = {"--silent"},
       .help = "Log nothing but the error that ends the command.",
       .apply = [&logging](Values) { logging.silent = true; }},
      {.names = {"--log-format"},
       .help = "What each message shows.",
       .arity = Arity::one_or_more,
       .choices = {{"timestamp", "The time of day."},
                   {"line-info", "The file and line that logged it."},
                   {"no-colors", "No colors, even on a terminal."}},
       .repeat = Repeat::each,
       .apply = [&logging](Values values) { set_format(logging, values); }},
      {.names = {"--log-file"},
       .metavar = "FILE",
       .help = "Write the messages to this file, too.",
       .arity = Arity::one,
       .completes = Completes::files,
       .apply = [&logging](Values values) { logging.log_file = values.front(); }},
  };
  return group;
}

}  // namespace polygraph::cli
