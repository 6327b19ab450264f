// Compares two .npy files, as output 'y' of runners 'r0' and 'r1', or reads saved results.
//
//   compare_arrays json|text FUNCTION[,NAME=VALUE]... FIRST.npy SECOND.npy
//   compare_arrays top_k K AXIS FILE.npy
//   compare_arrays rewrite RESULTS.json

#include <polygraph/compare/accuracy_results.h>
#include <polygraph/compare/compare_functions.h>
#include <polygraph/compare/postprocess.h>
#include <polygraph/compare/report_text.h>
#include <polygraph/core/npy.h>

#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "compare/per_output_text.h"

namespace pg = polygraph;
using namespace pg::compare;

namespace {

template <class Function, class Options>
CompareFunction make(const std::vector<std::string>& settings) {
  Options options;
  for (std::size_t i = 1; i < settings.size(); ++i) {
    const std::size_t sign = settings[i].find('=');
    pg::set_option(options, settings[i].substr(0, sign), settings[i].substr(sign + 1));
  }
  return Function(options);
}

CompareFunction function_of(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text)
    if (c == ',')
      parts.emplace_back();
    else
      parts.back() += c;
  if (parts[0] == "simple") return make<SimpleCompareFunc, SimpleCompareOptions>(parts);
  if (parts[0] == "indices") return make<IndicesCompareFunc, IndicesCompareOptions>(parts);
  if (parts[0] == "l2") return make<L2CompareFunc, L2CompareOptions>(parts);
  if (parts[0] == "cosine_similarity")
    return make<CosineSimilarityCompareFunc, CosineSimilarityCompareOptions>(parts);
  if (parts[0] == "psnr") return make<PsnrCompareFunc, PsnrCompareOptions>(parts);
  if (parts[0] == "snr") return make<SnrCompareFunc, SnrCompareOptions>(parts);
  throw std::invalid_argument("there is no function " + parts[0]);
}

IterationResult result_of(const std::string& path, const std::string& runner) {
  return {.outputs = {{"y", pg::load_npy(path)}}, .runner_name = runner};
}

}  // namespace

int main(int argc, char** argv) try {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() == 2 && arguments[0] == "rewrite") {
    std::cout << AccuracyResults::load(arguments[1]).to_json();
    return 0;
  }
  if (arguments.size() != 4) throw std::invalid_argument("wrong arguments");
  if (arguments[0] == "top_k") {
    const pg::Tensor best =
        top_k_indices(pg::load_npy(arguments[3]), {std::stoll(arguments[1]), std::stoll(arguments[2])});
    std::cout << best.shape().str() << '\n';
    for (const std::int64_t index : best.values<std::int64_t>()) std::cout << index << '\n';
    return 0;
  }
  const CompareFunction function = function_of(arguments[1]);
  const IterationResult first = result_of(arguments[2], "r0"), second = result_of(arguments[3], "r1");
  const OutputResults results = function(first, second);
  if (arguments[0] == "text") {
    for (const auto& [name, result] : results)
      std::cout << output_text(function.label(), result, {.verbose = true}) << '\n';
    std::cout << function_text(function.label(), results) << '\n';
    for (const auto& [name, result] : results)
      std::cout << compared_statistics_text(result, first.outputs[name], second.outputs[name],
                                            {.verbose = true})
                << '\n';
  } else {
    AccuracyResults all;
    all.functions.emplace_back().add({"r0", "r1"}, results);
    std::cout << all.to_json();
  }
  return 0;
} catch (const std::exception& error) {
  std::cerr << "compare_arrays: " << error.what() << '\n';
  return 1;
}
