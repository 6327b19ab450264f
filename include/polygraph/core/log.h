#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace polygraph {

/// How much a message matters. Names, numbers and letters are Polygraphy's; a message is shown if its number
/// is at least that of the level set for the place it comes from.
enum class Severity : int {
  ultra_verbose = -20,  ///< [U]
  super_verbose = -10,  ///< [S]
  extra_verbose = 0,    ///< [X]
  verbose = 10,         ///< [V]
  info = 20,            ///< [I], the default level
  start = 22,           ///< [I] something longer begins
  finish = 28,          ///< [I] and ends
  warning = 30,         ///< [W]
  error = 40,           ///< [E]
  critical = 50,        ///< [!]
};

/// The level of a name (`VERBOSE`, any case), or nullopt.
std::optional<Severity> parse_severity(std::string_view name);

/// Where log lines go and which are shown. There is one for the process.
struct LogOptions {
  Severity level = Severity::info;
  /// Levels for parts of the source, e.g. {"onnx", verbose} or {"openvino/runner.cpp", ...}: the longest path
  /// that is a prefix of the message's source file, by whole components, decides; of equal ones the last.
  /// Files of Polygraph are named from their room (without `src/` or `include/polygraph/`), others as the
  /// compiler was given them.
  std::vector<std::pair<std::string, Severity>> path_levels{};
  bool timestamp = false;  ///< (HH:MM:SS) in each line
  bool line_info = false;  ///< [file:line] in each line, the file named as in path_levels
  /// Colour, and even so only on a terminal and not if NO_COLOR is set and not empty.
  bool colors = true;
  /// Lines go to this file as well, without colour. It is created with its folders and replaces an older one;
  /// it goes on if the options are replaced by some with the same file. If it can no longer be written, a
  /// warning says so once.
  std::string log_file{};
};

/// Replaces the options. Throws InputError, and changes nothing, if the log file cannot be opened. Safe to
/// call while others log. NO_COLOR is read here.
void set_log_options(LogOptions options);

/// Sends lines to `sink` instead of stderr (for tests, and to join an application's own log); empty: back to
/// stderr. The sink is called under a lock, one message at a time, with the text before prefix and colour; it
/// must not log.
void set_log_sink(std::function<void(Severity, std::string_view)> sink);

/// Whether a message of this severity from this place would be shown: to avoid building an expensive one.
bool log_enabled(Severity severity, std::source_location where = std::source_location::current());

/// Logs a text, if enabled: `[I] text`, with continuation lines indented to the prefix. Thread-safe.
void log_text(Severity severity, std::string_view text,
              std::source_location where = std::source_location::current());

/// Logs a text, if enabled, the first time this function is to log it in the process, and only if no warning
/// or error has had the same text. Thread-safe.
void log_once(Severity severity, std::string_view text,
              std::source_location where = std::source_location::current());

/// Shows that work goes on: after one second, and only if stderr is a terminal and the level is `info` or
/// lower, a line with a bar (or, without a total, the elapsed time), which disappears when the object does.
/// Log lines appear above it. Of several at once, one is shown. Where nothing can be shown it costs nothing.
/// @code
///   Progress progress("Building engine");        // no total known
///   Progress progress("Reading", file.size());   // bytes; call advance() as they are read
/// @endcode
class Progress {
 public:
  explicit Progress(std::string title, std::uint64_t total = 0);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();
  /// Adds to the work done. Thread-safe, cheap.
  void advance(std::uint64_t amount);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace polygraph
