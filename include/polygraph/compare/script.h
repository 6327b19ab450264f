#pragma once

#include <polygraph/compare/compare_functions.h>
#include <polygraph/compare/input_data.h>
#include <polygraph/compare/iteration_result.h>
#include <polygraph/compare/postprocess.h>
#include <polygraph/core/options.h>
#include <polygraph/core/tensor.h>

#include <cstdint>
#include <filesystem>
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

/// A function in a file, as `FILE[:NAME]` names it.
struct ScriptName {
  std::filesystem::path
      file;          ///< `.cpp` (or .cc, .cxx), compiled when it is loaded; or `.so`, a script that was
  std::string name;  ///< of the function

  /// Splits at the last colon, if a name follows that C++ allows.
  static ScriptName parse(std::string_view text, std::string_view default_name);
};
std::string cpp_literal(const ScriptName& name);

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

/// What a script has to agree on with the program that loads it. Changes with every change of a type above.
inline constexpr std::uint32_t script_interface = 2;
inline constexpr std::uint64_t script_mark = 0x5450495243534750;  // "PGSCRIPT"

/// What POLYGRAPH_SCRIPT exports.
struct ScriptExport {
  std::uint64_t mark;
  std::uint32_t interface;
  std::uint32_t layout;
  const ScriptFunction& (*function)();
};

/// Tells apart what two versions of the headers, or other settings of the compiler, make of the types above.
inline constexpr std::uint32_t script_layout = sizeof(Tensor) + 251 * sizeof(TensorMetadata) +
                                               251 * 251 * sizeof(IterationResult) +
                                               251 * 251 * 251 * sizeof(OutputResult);

}  // namespace detail
}  // namespace polygraph::compare

/// Exports a function of a script under its name.
#define POLYGRAPH_SCRIPT(name)                                                                       \
  extern "C" __attribute__((visibility("default")))                                                  \
  const polygraph::compare::detail::ScriptExport polygraph_script_##name;                            \
  const polygraph::compare::detail::ScriptExport polygraph_script_##name{                            \
      polygraph::compare::detail::script_mark, polygraph::compare::detail::script_interface,         \
      polygraph::compare::detail::script_layout, []() -> const polygraph::compare::ScriptFunction& { \
        static const polygraph::compare::ScriptFunction function(&(name));                           \
        return function;                                                                             \
      }};
