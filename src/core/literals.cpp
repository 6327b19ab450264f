#include <fmt/format.h>
#include <polygraph/core/literals.h>

namespace polygraph {
namespace {

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::ultra_verbose:
      return "ultra_verbose";
    case Severity::super_verbose:
      return "super_verbose";
    case Severity::extra_verbose:
      return "extra_verbose";
    case Severity::verbose:
      return "verbose";
    case Severity::info:
      return "info";
    case Severity::start:
      return "start";
    case Severity::finish:
      return "finish";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
    case Severity::critical:
      break;
  }
  return "critical";
}

std::string literal(Severity severity) {
  return fmt::format("Severity::{}", name_of(severity));
}

}  // namespace

std::string cpp_literal(const PartialShape& shape) {
  if (!shape.has_rank()) return "PartialShape::unknown_rank()";
  std::string text;
  for (const Dimension& dim : shape.dims()) {
    text += text.empty() ? "" : ", ";
    if (dim.is_static())
      text += std::to_string(dim.min);
    else if (!dim.name.empty())
      text += cpp_literal(dim.name);
    else
      text += dim == Dimension() ? "-1" : fmt::format("Dimension({}, {})", dim.min, dim.max);
  }
  return "PartialShape{" + text + "}";
}

std::string cpp_literal(const TensorInfo& info) {
  return fmt::format("{{{}, {}, {}}}", cpp_literal(info.name),
                     info.dtype ? fmt::format("DataType::{}", to_string(*info.dtype)) : "{}",
                     cpp_literal(info.shape));
}

std::string cpp_literal(const TensorMetadata& metadata) {
  std::string text;
  for (const TensorInfo& info : metadata) text += (text.empty() ? "" : ", ") + cpp_literal(info);
  return "{" + text + "}";
}

std::string cpp_literal(const LogOptions& options) {
  const auto& [level, path_levels, timestamp, line_info, colors, log_file] = options;
  const LogOptions defaults;
  std::string text;
  const auto add = [&](std::string_view field, const std::string& value) {
    text += fmt::format("{}.{} = {}", text.empty() ? "" : ", ", field, value);
  };
  if (level != defaults.level) add("level", literal(level));
  std::string paths;
  for (const auto& [path, path_level] : path_levels)
    paths += fmt::format("{}{{{}, {}}}", paths.empty() ? "" : ", ", cpp_literal(path), literal(path_level));
  if (!paths.empty()) add("path_levels", "{" + paths + "}");
  if (timestamp != defaults.timestamp) add("timestamp", cpp_literal(timestamp));
  if (line_info != defaults.line_info) add("line_info", cpp_literal(line_info));
  if (colors != defaults.colors) add("colors", cpp_literal(colors));
  if (log_file != defaults.log_file) add("log_file", cpp_literal(log_file));
  return "{" + text + "}";
}

}  // namespace polygraph
