#pragma once

#include <polygraph/onnx/model.h>
#include <polygraph/onnx/statistics.h>

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace polygraph::cli {

/// A model's statistics with what had to be done to get them.
struct InspectedStatistics {
  /// With functions inlined and shapes inferred as far as that went; the statistics point into it.
  onnx::Model model;
  onnx::ModelStatistics statistics;
  /// Why shapes or functions are as they were in the file; empty if all went well.
  std::string note;
};

/// Infers the shapes that the model does not declare and, if asked to, inlines its functions. Returns why
/// that could not be done, or not in full: the official ONNX library is missing or refuses the model, or
/// functions call one another too often. Empty if all went well.
std::string complete_shapes(onnx::Model& model, bool inline_functions);

/// The statistics of a model. Where the official ONNX library is missing or refuses the model, those of what
/// the model says itself.
InspectedStatistics inspect_statistics(const onnx::Model& model);

/// Tables of the sums, of the operators and of the nodes; ends with a line break.
std::string statistics_text(const InspectedStatistics& inspected);

/// The same as JSON, of the form described in docs/json.md.
nlohmann::ordered_json statistics_json(const InspectedStatistics& inspected);

}  // namespace polygraph::cli
