#pragma once

#include <fmt/format.h>
#include <polygraph/core/log.h>

// Logging with fmt's format strings, for the sources of the project; public headers do not need fmt.

namespace polygraph {

namespace detail {
template <class... Args>
struct LogFormat {
  fmt::format_string<Args...> format;
  std::source_location where;
  template <class String>
  // NOLINTNEXTLINE(google-explicit-constructor): a format string is given as a plain text
  consteval LogFormat(const String& text, std::source_location place = std::source_location::current())
      : format(text), where(place) {}
};
template <class... Args>
void log(Severity severity, const LogFormat<std::type_identity_t<Args>...>& format, Args&&... args) {
  if (log_enabled(severity, format.where))
    log_text(severity, fmt::format(format.format, std::forward<Args>(args)...), format.where);
}
}  // namespace detail

/// Log with fmt's format strings: `log_info("built in {:.2f} s", seconds)`.
#define POLYGRAPH_LOG_FUNCTION(name, severity)                                                \
  template <class... Args>                                                                    \
  void name(const detail::LogFormat<std::type_identity_t<Args>...>& format, Args&&... args) { \
    detail::log<Args...>(severity, format, std::forward<Args>(args)...);                      \
  }
POLYGRAPH_LOG_FUNCTION(log_ultra_verbose, Severity::ultra_verbose)
POLYGRAPH_LOG_FUNCTION(log_super_verbose, Severity::super_verbose)
POLYGRAPH_LOG_FUNCTION(log_extra_verbose, Severity::extra_verbose)
POLYGRAPH_LOG_FUNCTION(log_verbose, Severity::verbose)
POLYGRAPH_LOG_FUNCTION(log_info, Severity::info)
POLYGRAPH_LOG_FUNCTION(log_start, Severity::start)
POLYGRAPH_LOG_FUNCTION(log_finish, Severity::finish)
POLYGRAPH_LOG_FUNCTION(log_warning, Severity::warning)
POLYGRAPH_LOG_FUNCTION(log_error, Severity::error)
POLYGRAPH_LOG_FUNCTION(log_critical, Severity::critical)
#undef POLYGRAPH_LOG_FUNCTION

}  // namespace polygraph
