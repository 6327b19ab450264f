#pragma once

#include <polygraph/compare/saved_data.h>

#include <cstdint>
#include <filesystem>
#include <string>

/// What `inspect data` shows of saved inputs, results and accuracy results.
namespace polygraph::cli {

struct DataReportOptions {
  bool all = false;     ///< every iteration, not only the first
  bool values = false;  ///< the elements
  bool histogram = false;
  std::int64_t num_items = 3;    ///< at each end of an axis of large arrays; -1: all
  std::int64_t line_width = 75;  ///< -1: lines end with rows only
};

/// One iteration is in memory at a time. Throws InputError as the readers do.
std::string data_report_text(const std::filesystem::path& path, const DataReportOptions& options);
/// Of the form described in docs/json.md.
std::string data_report_json(const std::filesystem::path& path, const DataReportOptions& options);

}  // namespace polygraph::cli
