#pragma once

#include <polygraph/compare/run_report.h>

#include <string>

#include "cli/run_plots.h"

namespace polygraph::cli {

/// The report as one page that needs nothing else. Its size is bounded, whatever the run: of each pair of
/// runners at most 1000 outputs are listed, of all pairs 200 are told in full and RunPlots::most_maps drawn;
/// of what layers took, the 500 longest of a runner are listed; the worst come first, and the page says what
/// it leaves out.
std::string run_html(const compare::RunReport& report, const RunPlots& plots);

}  // namespace polygraph::cli
