#pragma once

#include <polygraph/onnx/lint.h>

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace polygraph::cli {

/// The report for people: the verdict in the first line, then a line for each finding.
std::string lint_text(const onnx::LintReport& report);

/// The report as Polygraphy writes it, with `remedy` and `place` besides where there are any.
nlohmann::ordered_json lint_json(const onnx::LintReport& report);

}  // namespace polygraph::cli
