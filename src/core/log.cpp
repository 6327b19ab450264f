#include <fcntl.h>
#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/log.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <mutex>
#include <unordered_set>

#include "core/file_descriptor.h"
#include "core/system_error.h"
#include "core/terminal.h"

namespace polygraph {
namespace {

struct SeverityTraits {
  Severity severity;
  std::string_view name;
  char letter;
  std::string_view color;  // the escape sequence of Polygraphy's colour for it
};

constexpr std::array<SeverityTraits, 10> severities{{
    {Severity::ultra_verbose, "ULTRA_VERBOSE", 'U', "\x1b[90m"},
    {Severity::super_verbose, "SUPER_VERBOSE", 'S', "\x1b[38;5;126m"},
    {Severity::extra_verbose, "EXTRA_VERBOSE", 'X', "\x1b[38;5;104m"},
    {Severity::verbose, "VERBOSE", 'V', "\x1b[95m"},
    {Severity::info, "INFO", 'I', ""},
    {Severity::start, "START", 'I', "\x1b[96m"},
    {Severity::finish, "FINISH", 'I', "\x1b[92m"},
    {Severity::warning, "WARNING", 'W', "\x1b[93m"},
    {Severity::error, "ERROR", 'E', "\x1b[91m"},
    {Severity::critical, "CRITICAL", '!', "\x1b[91m"},
}};
constexpr std::string_view reset_color = "\x1b[0m";

// The last entry that is not above `severity`; a number below all of them counts as the lowest.
const SeverityTraits& traits(Severity severity) {
  const auto above = std::find_if(severities.begin() + 1, severities.end(),
                                  [&](const SeverityTraits& entry) { return entry.severity > severity; });
  return *(above - 1);
}

// The path of a source file or of an option, relative to the folders that hold the rooms.
std::string_view room_path(std::string_view path) {
  for (const std::string_view root : {"src/", "include/polygraph/"})
    if (path.starts_with(root)) return path.substr(root.size());
  return path;
}

// Takes the first component off `path`; empty at its end. Slashes may be doubled or at the ends.
std::string_view take_component(std::string_view& path) {
  path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
  const std::string_view component = path.substr(0, path.find('/'));
  path.remove_prefix(component.size());
  return component;
}

// How many components `prefix` has if `path` begins with all of them, else nullopt.
std::optional<std::size_t> prefix_components(std::string_view prefix, std::string_view path) {
  for (std::size_t count = 0;; ++count) {
    const std::string_view wanted = take_component(prefix);
    if (wanted.empty()) return count;
    if (take_component(path) != wanted) return std::nullopt;
  }
}

Severity level_of(const LogOptions& options, std::string_view source_path) {
  Severity level = options.level;
  std::size_t longest = 0;
  for (const auto& [path, path_level] : options.path_levels) {
    const auto length = prefix_components(room_path(path), room_path(source_path));
    if (length && *length >= longest) {
      longest = *length;
      level = path_level;
    }
  }
  return level;
}

// The levels between which the place of a message decides; equal if no place has a level of its own. Kept
// apart from the options so that most questions are answered without a lock.
constinit std::atomic<int> lowest_level{static_cast<int>(Severity::info)};
constinit std::atomic<int> highest_level{static_cast<int>(Severity::info)};

bool colors_refused() {
  const char* const value = std::getenv("NO_COLOR");
  return value && *value;
}

class Log {
 public:
  static Log& instance() {
    static auto* const log = new Log;  // never destroyed: others may log at exit
    return *log;
  }

  void set_options(LogOptions options) {
    const std::lock_guard lock(mutex_);
    if (options.log_file != options_.log_file) file_ = open_file(options.log_file);
    options_ = std::move(options);
    colors_ = options_.colors && !colors_refused();
    Severity lowest = options_.level, highest = options_.level;
    for (const auto& entry : options_.path_levels) {
      lowest = std::min(lowest, entry.second);
      highest = std::max(highest, entry.second);
    }
    lowest_level = static_cast<int>(lowest);
    highest_level = static_cast<int>(highest);
  }

  void set_sink(std::function<void(Severity, std::string_view)> sink) {
    const std::lock_guard lock(mutex_);
    sink_ = std::move(sink);
  }

  bool enabled(Severity severity, const std::source_location& where) {
    const std::lock_guard lock(mutex_);
    return severity >= level_of(options_, where.file_name());
  }

  void write(Severity severity, std::string_view text, const std::source_location& where, bool once) {
    const std::lock_guard lock(mutex_);
    if (severity < level_of(options_, where.file_name())) return;
    if ((once || severity >= Severity::warning) && !seen_.emplace(text).second && once) return;
    const std::string lines = sink_ && !file_ ? std::string() : format(severity, text, where);
    if (file_) write_file(lines);
    if (sink_)
      sink_(severity, text);
    else
      write_stderr(severity, lines);
  }

 private:
  static FileDescriptor open_file(const std::filesystem::path& path) {
    if (path.empty()) return {};
    std::error_code error;
    if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
    if (error) throw_file_error("create the folder of the log file", path, error.value());
    FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666));
    if (!file) throw_file_error("write the log file", path, errno);
    return file;
  }

  std::string format(Severity severity, std::string_view text, const std::source_location& where) const {
    std::string lines = fmt::format("[{}] ", traits(severity).letter);
    if (options_.timestamp) {
      const std::time_t now = std::time(nullptr);
      std::tm local{};
      ::localtime_r(&now, &local);
      lines += fmt::format("({:02}:{:02}:{:02}) ", local.tm_hour, local.tm_min, local.tm_sec);
    }
    if (options_.line_info) lines += fmt::format("[{}:{}] ", room_path(where.file_name()), where.line());
    const std::string indent(lines.size(), ' ');
    if (text.ends_with('\n')) text.remove_suffix(1);
    while (true) {
      const std::size_t end = text.find('\n');
      lines += text.substr(0, end);
      lines += '\n';
      if (end == std::string_view::npos) return lines;
      lines += indent;
      text.remove_prefix(end + 1);
    }
  }

  void write_stderr(Severity severity, std::string_view lines) const {
    const std::string_view color = traits(severity).color;
    if (!colors_ || color.empty() || !terminal::is_interactive()) return terminal::write_lines(lines);
    lines.remove_suffix(1);
    terminal::write_lines(fmt::format("{}{}{}\n", color, lines, reset_color));
  }

  // A log file that can no longer be written is given up with one message: logging never fails.
  void write_file(std::string_view lines) {
    while (!lines.empty()) {
      const ssize_t written = ::write(file_.get(), lines.data(), lines.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) {
        const std::string reason = std::generic_category().message(errno);
        file_.reset();
        terminal::write_lines(fmt::format("[W] Log file '{}' ends here: {}.\n", options_.log_file, reason));
        return;
      }
      lines.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  std::mutex mutex_;
  LogOptions options_;
  bool colors_ = !colors_refused();
  FileDescriptor file_;
  std::function<void(Severity, std::string_view)> sink_;
  std::unordered_set<std::string> seen_;  // what log_once has logged, and warnings and errors
};

}  // namespace

std::optional<Severity> parse_severity(std::string_view name) {
  const auto equal = [](char a, char b) { return (a >= 'a' && a <= 'z' ? a - 'a' + 'A' : a) == b; };
  for (const SeverityTraits& entry : severities)
    if (std::equal(name.begin(), name.end(), entry.name.begin(), entry.name.end(), equal))
      return entry.severity;
  return std::nullopt;
}

void set_log_options(LogOptions options) {
  Log::instance().set_options(std::move(options));
}

void set_log_sink(std::function<void(Severity, std::string_view)> sink) {
  Log::instance().set_sink(std::move(sink));
}

bool log_enabled(Severity severity, std::source_location where) {
  const int number = static_cast<int>(severity);
  if (number < lowest_level.load(std::memory_order_relaxed)) return false;
  if (number >= highest_level.load(std::memory_order_relaxed)) return true;
  return Log::instance().enabled(severity, where);
}

void log_text(Severity severity, std::string_view text, std::source_location where) {
  if (log_enabled(severity, where)) Log::instance().write(severity, text, where, false);
}

void log_once(Severity severity, std::string_view text, std::source_location where) {
  if (log_enabled(severity, where)) Log::instance().write(severity, text, where, true);
}

}  // namespace polygraph
