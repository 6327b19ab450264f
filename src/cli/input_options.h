#pragma once

#include <polygraph/compare/data_loader.h>
#include <polygraph/compare/input_data.h>
#include <polygraph/compare/script.h>
#include <polygraph/core/tensor.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/onnx_options.h"

/// Inputs as the options of `data_group` and `inputs_group` ask for them.
namespace polygraph::cli {

/// How they are made up.
compare::DataLoaderOptions data_loader_options(const DataLoading& data);

/// Those of one iteration: from files, or made up.
FeedDict inputs_for(const TensorMetadata& inputs, const DataLoading& data);

/// Any number of sets of inputs: made up, from files or from a script.
struct InputArguments {
  DataLoading data;
  std::vector<std::string> made_up;  ///< the options about inputs that are made up, as far as they were given
  std::int64_t iterations = 1;
  std::vector<std::filesystem::path> load_inputs;
  std::optional<compare::ScriptName> script;

  bool is_made_up() const { return load_inputs.empty() && !script; }
};

/// `--inputs`, `--seed`, `--val-range`, `--iterations`, `--load-inputs` and `--data-loader-script`, which
/// fill `arguments`; it has to outlive them.
OptionGroup inputs_group(InputArguments& arguments);

/// Throws UsageError if inputs come from two places; warns of options that then have no effect.
void check_inputs(const InputArguments& arguments);

/// Where the inputs come from. Compiles the script, if there is one.
std::unique_ptr<compare::InputData> input_data(const InputArguments& arguments);

/// The C++ expression that makes it.
std::string input_data_expression(const InputArguments& arguments);

}  // namespace polygraph::cli
