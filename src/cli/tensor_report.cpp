#include "cli/tensor_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "compare/index_text.h"
#include "compare/number_text.h"

namespace polygraph::cli {
namespace {

using compare::TensorStatistics;
using compare::detail::general;
using compare::detail::index_text;

bool is_measurable(const Tensor& tensor) {
  return tensor.dtype() != DataType::string && tensor.element_count() > 0;
}

}  // namespace

std::string statistics_line(const Tensor& tensor) {
  if (tensor.dtype() == DataType::string) return "none for text";
  if (!is_measurable(tensor)) return "none without elements";
  const TensorStatistics s = compare::statistics(tensor);
  std::string line =
      fmt::format("mean={}, std-dev={}, var={}, median={}, min={} at {}, max={} at {}, avg-magnitude={}",
                  general(s.mean), general(s.std_dev), general(s.variance), general(s.median), general(s.min),
                  index_text(s.min_index, tensor.shape()), general(s.max),
                  index_text(s.max_index, tensor.shape()), general(s.avg_magnitude));
  if (tensor.dtype() != DataType::boolean)
    line += fmt::format(", p90={}, p95={}, p99={}", general(s.p90), general(s.p95), general(s.p99));
  return line;
}

std::string histogram_text(const Tensor& tensor) {
  if (!is_measurable(tensor) || tensor.dtype() == DataType::boolean) return {};
  const TensorStatistics s = compare::statistics(tensor);
  if (!s.histogram) return {};
  constexpr double full_bar = 40;
  const auto& [edges, counts] = *s.histogram;
  std::array<std::string, compare::Histogram::bin_count + 1> texts;
  std::size_t start_width = 0, end_width = 0;
  for (std::size_t i = 0; i < edges.size(); ++i) {
    texts[i] = general(edges[i], 3);
    start_width = std::max(start_width, texts[i].size());
    if (i > 0) end_width = std::max(end_width, texts[i].size());
  }
  const std::int64_t most = *std::ranges::max_element(counts);
  std::string text = fmt::format("---- Histogram ----\n{:{}}|  Num Elems | Visualization\n", "Bin Range",
                                 start_width + end_width + 5);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double length = full_bar * static_cast<double>(counts[i]) / static_cast<double>(most);
    text += fmt::format("({:<{}}, {:<{}}) | {:10} | {}\n", texts[i], start_width, texts[i + 1], end_width,
                        counts[i], std::string(static_cast<std::size_t>(length), '#'));
  }
  return text;
}

nlohmann::ordered_json statistics_of_values_json(const Tensor& tensor, bool with_histogram) {
  if (!is_measurable(tensor)) return nullptr;
  const TensorStatistics s = compare::statistics(tensor);
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
