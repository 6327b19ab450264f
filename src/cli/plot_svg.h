#pragma once

#include <polygraph/compare/error_map.h>
#include <polygraph/core/shape.h>

#include <string>

/// Pictures as SVG files that need nothing else.
namespace polygraph::cli {

struct PlotTitle {
  std::string output;
  std::string first;  ///< runners
  std::string second;
  Shape shape;
};

/// The largest absolute difference in each cell, in logarithmic colours; cells with NaN or an infinity are
/// red.
std::string heat_map_svg(const compare::HeatMap& heat, const PlotTitle& title);

/// Absolute differences over magnitudes of the second tensor, both logarithmic.
std::string error_metrics_svg(const compare::ErrorMap& map, const PlotTitle& title);

}  // namespace polygraph::cli
