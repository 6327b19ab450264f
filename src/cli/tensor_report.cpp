#include "cli/tensor_report.h"

#include <polygraph/compare/report_text.h>

#include <nlohmann/json.hpp>

namespace polygraph::cli {

using compare::TensorStatistics;

std::optional<TensorStatistics> measured(const Tensor& tensor) {
  if (tensor.dtype() == DataType::string || tensor.element_count() == 0) return std::nullopt;
  return compare::statistics(tensor);
}

std::string statistics_line(const Tensor& tensor, const std::optional<TensorStatistics>& found) {
  if (found) return compare::numbers_text(*found, tensor.shape(), tensor.dtype() != DataType::boolean);
  return tensor.dtype() == DataType::string ? "none for text" : "none without elements";
}

std::string histogram_lines(const Tensor& tensor, const std::optional<TensorStatistics>& found) {
  if (!found || !found->histogram || tensor.dtype() == DataType::boolean) return {};
  return compare::histogram_text(*found->histogram) + "\n";
}

nlohmann::ordered_json statistics_of_values_json(const Tensor& tensor, bool with_histogram) {
  const std::optional<TensorStatistics> found = measured(tensor);
  if (!found) return nullptr;
  const TensorStatistics& s = *found;
  nlohmann::ordered_json json{{"mean", s.mean},
                              {"std_dev", s.std_dev},
                              {"variance", s.variance},
                              {"median", s.median},
                              {"min", s.min},
                              {"min_index", compare::unravel_index(s.min_index, tensor.shape())},
                              {"max", s.max},
                              {"max_index", compare::unravel_index(s.max_index, tensor.shape())},
                              {"avg_magnitude", s.avg_magnitude},
                              {"p90", s.p90},
                              {"p95", s.p95},
                              {"p99", s.p99},
                              {"nan_count", s.nan_count},
                              {"inf_count", s.inf_count}};
  if (with_histogram && s.histogram)
    json["histogram"] = {{"edges", s.histogram->edges}, {"counts", s.histogram->counts}};
  return json;
}

}  // namespace polygraph::cli
