#pragma once

#include <polygraph/compare/compare_functions.h>

#include <functional>
#include <string>
#include <vector>

namespace polygraph::compare::detail {

/// What all comparison functions have in common.
struct ComparisonPlan {
  bool check_shapes = true;
  bool fail_fast = false;
  FindOutput find_output_func = nullptr;
  /// Strings are compared for equality by the caller of `measure`, unless this is set.
  bool takes_strings = false;
};

/// Two outputs of one shape, and what to note about them.
using Measure = std::function<OutputResult(const std::string& name, const Tensor& first, const Tensor& second,
                                           OutputDetails& details)>;

/// Pairs the outputs, aligns their shapes and has each pair measured.
OutputResults run_comparison(const IterationResult& first, const IterationResult& second,
                             const ComparisonPlan& plan, const Measure& measure);

/// Warns, once, of names that no output has.
template <class T>
void warn_of_unknown(const PerOutput<T>& option, const char* option_name, const IterationResult& first,
                     const IterationResult& second);
void warn_of_unknown_names(const std::vector<std::string>& names, const char* option_name,
                           const IterationResult& first, const IterationResult& second);

template <class T>
void warn_of_unknown(const PerOutput<T>& option, const char* option_name, const IterationResult& first,
                     const IterationResult& second) {
  const std::vector<std::string> names = option.names();
  if (!names.empty()) warn_of_unknown_names(names, option_name, first, second);
}

}  // namespace polygraph::compare::detail
