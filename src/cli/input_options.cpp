#include "cli/input_options.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/npy.h>

#include <utility>

#include "cli/metadata_text.h"
#include "core/log_format.h"

namespace polygraph::cli {

compare::DataLoaderOptions data_loader_options(const DataLoading& data) {
  compare::DataLoaderOptions options{.seed = data.seed};
  for (const ValueRange& range : data.ranges) options.val_range[range.name] = {range.low, range.high};
  for (const auto& [name, shape] : data.shapes) {
    TensorInfo info;
    info.name = name;
    info.shape = shape;
    options.input_metadata.add(std::move(info));
  }
  return options;
}

FeedDict inputs_for(const TensorMetadata& inputs, const DataLoading& data) {
  TensorMetadata generated;
  for (const TensorInfo& input : inputs)
    if (!data.files.contains(input.name)) generated.add(input);
  FeedDict feed = compare::DataLoader(std::move(generated), data_loader_options(data))[0];
  for (const auto& [name, file] : data.files) {
    if (!inputs.contains(name))
      throw InputError(fmt::format("The model has no input '{}' to load '{}' for.{}", name, file.string(),
                                   suggest(name, inputs.names())));
    feed.set(name, load_npy(file, inputs[name].dtype));
  }
  return feed;
}

OptionGroup inputs_group(InputArguments& arguments) {
  OptionGroup group = data_group(arguments.data);
  group.title = "Inputs";
  std::erase_if(group.options, [](const Option& option) { return option.name() == "--load-inputs"; });
  group.options.insert(
      group.options.begin(),
      shapes_option({"--inputs", "--input-shapes"},
                    "Shapes of the inputs that are made up, where the model leaves them open.",
                    arguments.data.shapes));
  group.options.push_back(
      {.names = {"--iters", "--iterations"},
       .metavar = "N",
       .help = "How many sets of inputs to make up and run.",
       .arity = Arity::one,
       .default_text = "1",
       .apply = [&arguments](Values values) { arguments.iterations = parse_count(values.front(), 1); }});
  record_use(group, arguments.made_up);
  group.options.push_back(
      {.names = {"--load-input-data", "--load-inputs"},
       .metavar = "PATH",
       .help = "Inputs from files and folders in place of made-up ones, an iteration behind the other: JSON, "
               "`.npz`, `.npy`, raw `.bin`, folders of those, and ONNX's test_data_set_N.",
       .arity = Arity::one_or_more,
       .repeat = Repeat::each,
       .completes = Completes::files,
       .apply = [&paths = arguments.load_inputs](Values values) {
         paths.insert(paths.end(), values.begin(), values.end());
       }});
  group.options.push_back(
      {.names = {"--data-loader-script"},
       .metavar = "FILE[:NAME]",
       .help = "Inputs from a function of one's own: C++ source, or a shared library made of it. "
               "`polygraph template data-loader` writes one to start from.",
       .arity = Arity::one,
       .completes = Completes::files,
       .apply = [&arguments](Values values) {
         arguments.script = compare::ScriptName::parse(values.front(), "load_data");
       }});
  return group;
}

void check_inputs(const InputArguments& arguments) {
  if (arguments.script && !arguments.load_inputs.empty())
    throw UsageError("--data-loader-script and --load-inputs do not go together.",
                     "Inputs come from one place: name the script, or the files.");
  if (!arguments.is_made_up() && !arguments.made_up.empty())
    log_warning("The option {} has no effect: it is about inputs that are made up, and these come from {}.",
                arguments.made_up.front(), arguments.script ? "a script" : "files");
}

std::unique_ptr<compare::InputData> input_data(const InputArguments& arguments) {
  if (arguments.script) return compare::inputs_from_script(*arguments.script);
  if (!arguments.load_inputs.empty()) return compare::loaded_inputs(arguments.load_inputs);
  compare::DataLoaderOptions options = data_loader_options(arguments.data);
  options.iterations = arguments.iterations;
  return compare::generated_inputs(std::move(options));
}

std::string input_data_expression(const InputArguments& arguments) {
  return arguments.script ? fmt::format("inputs_from_script({})", cpp_literal(*arguments.script))
                          : input_data(arguments)->str();
}

}  // namespace polygraph::cli
