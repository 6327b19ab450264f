#pragma once

#include <polygraph/compare/compare_functions.h>
#include <polygraph/compare/input_data.h>
#include <polygraph/compare/iteration_result.h>
#include <polygraph/compare/postprocess.h>
#include <polygraph/core/script.h>
#include <polygraph/core/tensor.h>

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// Functions of one's own in a C++ file, called without writing a program around them:
/// `polygraph run --data-loader-script`, `--compare-func-script`, `--postprocess-func-script`.
///
/// A script includes this header, defines functions and exports them with POLYGRAPH_SCRIPT:
/// @code
///   #include <polygraph/compare/script.h>
///   using namespace polygraph;
///
///   // The inputs of one iteration; nothing at the end.
///   std::optional<FeedDict> load_data(std::int64_t iteration, const TensorMetadata& inputs) {
///     if (iteration == 10) return std::nullopt;
///     return FeedDict{{"x", Tensor::full(Shape{1, 4}, float(iteration))}};
///   }
///   POLYGRAPH_SCRIPT(load_data)
/// @endcode
namespace polygraph::compare {

/// The inputs of one iteration, counted from 0; nothing at the end. It is asked in order, and again from 0
/// for a further runner with `--sequential-runners`.
using LoadData = std::function<std::optional<FeedDict>(std::int64_t iteration, const TensorMetadata& inputs)>;

/// What a script may export: inputs by function or as an object, a comparison by function or as an object
/// with thresholds, or what is done to results before they are compared.
using ScriptFunction =
    std::variant<LoadData, std::function<std::unique_ptr<InputData>()>,
                 std::function<OutputResults(const IterationResult&, const IterationResult&)>,
                 std::function<CompareFunction()>, PostprocessFunction>;

using polygraph::ScriptName;

/// Inputs from a script: `std::optional<FeedDict> NAME(std::int64_t, const TensorMetadata&)` or
/// `std::unique_ptr<InputData> NAME()`. Feeds of the former are checked and adapted as `loaded_inputs` does.
///
/// These three compile the script, if it is a source, with $CXX, c++, g++ or clang++, whichever there is, for
/// the headers that belong to this library (or those in $POLYGRAPH_INCLUDE_PATH), and load it. It stays
/// loaded until the process ends. Throws InputError if there is no such file, if it does not compile (with
/// what the compiler says), cannot be loaded, was compiled for another version of Polygraph, or exports no
/// such function or one of another kind; BackendError if there is no compiler, or no header. Thread-safe.
std::unique_ptr<InputData> inputs_from_script(const ScriptName& script);

/// A comparison from a script: `OutputResults NAME(const IterationResult&, const IterationResult&)` or
/// `CompareFunction NAME()`. A function without a label is called by its name.
CompareFunction compare_function_from_script(const ScriptName& script);

/// `IterationResult NAME(IterationResult)`.
PostprocessFunction postprocess_function_from_script(const ScriptName& script);

namespace detail {

/// Tells apart what two versions of the headers, or other settings of the compiler, make of the types above.
inline constexpr std::uint32_t script_layout = sizeof(Tensor) + 251 * sizeof(TensorMetadata) +
                                               251 * 251 * sizeof(IterationResult) +
                                               251 * 251 * 251 * sizeof(OutputResult);

}  // namespace detail
}  // namespace polygraph::compare

namespace polygraph::detail {

template <class F>
requires std::constructible_from<polygraph::compare::ScriptFunction, F>
struct ScriptRoom<F> {
  using Function = polygraph::compare::ScriptFunction;
  static constexpr const char* name = "compare";
  static constexpr std::uint32_t layout = polygraph::compare::detail::script_layout;
};

}  // namespace polygraph::detail
