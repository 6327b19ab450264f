#pragma once

#include <polygraph/onnx/diff.h>

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace polygraph::cli {

/// The differences for people: the verdict in the first line, then a section for each kind of thing that
/// differs.
/// @param limit  Show at most so many differences per section; 0: all.
std::string diff_text(const onnx::ModelDiff& diff, std::size_t limit);

/// The same as JSON, of the form described in docs/compare-models.md.
nlohmann::ordered_json diff_json(const onnx::ModelDiff& diff);

}  // namespace polygraph::cli
