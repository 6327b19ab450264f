#include "cli/onnx_options.h"

#include <polygraph/core/error.h>
#include <polygraph/onnx/loaders.h>
#include <polygraph/onnxrt/session_options.h>

#include "cli/text.h"

namespace polygraph::cli {
namespace {

// Reads one list of names; `mark all` is how older command lines of Polygraphy write `*`.
Option names_option(std::string name, std::string help, std::vector<std::string>& names) {
  return {.names = {std::move(name)},
          .metavar = "NAME",
          .help = std::move(help),
          .arity = Arity::one_or_more,
          .repeat = Repeat::each,
          .apply = [&names](Values values) {
            if (values.size() == 2 && values[0] == "mark" && values[1] == "all")
              names.emplace_back("*");
            else
              names.insert(names.end(), values.begin(), values.end());
          }};
}

}  // namespace

void set_data_folder(const OnnxLoading& loading, onnx::Model& model) {
  if (loading.external_data_dir) model.storage.set_folder(*loading.external_data_dir);
  if (loading.ignore_external_data) model.storage.set_folder({});
}

std::shared_ptr<const onnx::Model> model_with_data_folder(const OnnxLoading& loading) {
  if (!loading.external_data_dir) return nullptr;
  return std::make_shared<const onnx::Model>(
      onnx::onnx_from_path(loading.model, {.external_data_dir = loading.external_data_dir->string()}));
}

Option model_argument(OnnxLoading& loading) {
  return {.names = {"model_file"},
          .metavar = "MODEL_FILE",
          .help = "The ONNX model.",
          .arity = Arity::one,
          .completes = Completes::files,
          .apply = [&loading](Values values) { loading.model = values.front(); }};
}

Option data_folder_option(OnnxLoading& loading) {
  return {.names = {"--ext", "--load-external-data", "--external-data-dir"},
          .metavar = "FOLDER",
          .help = "Where the files with the model's external data are, if not beside the model.",
          .arity = Arity::one,
          .completes = Completes::folders,
          .apply = [&loading](Values values) { loading.external_data_dir = values.front(); }};
}

OptionGroup onnx_loading_group(OnnxLoading& loading) {
  return {.title = "ONNX loading",
          .options = {
              data_folder_option(loading),
              {.names = {"--ignore-external-data"},
               .help = "Work on the structure alone: references to external data are written as they are, "
                       "whether the data is there or not.",
               .apply = [&loading](Values) { loading.ignore_external_data = true; }}}};
}

OptionGroup onnx_editing_group(OnnxLoading& loading) {
  OptionGroup group = onnx_loading_group(loading);
  group.options.push_back({.names = {"--fp-to-fp16"},
                           .help = "Convert float32 values and weights to float16.",
                           .apply = [&loading](Values) { loading.fp16 = true; }});
  return group;
}

std::vector<Option> output_selection_options(OnnxLoading& loading, const std::string& prefix) {
  return {names_option("--" + prefix + "outputs",
                       "Values to make the model's outputs, instead of those it has: names, or patterns with "
                       "shell wildcards; `*` alone stands for all values.",
                       loading.outputs.outputs),
          names_option("--" + prefix + "exclude-outputs",
                       "Outputs that shall be none: names, or patterns with shell wildcards.",
                       loading.outputs.exclude),
          names_option("--" + prefix + "outputs-by-type",
                       "Operators whose results shall be outputs, e.g. Conv; adds to the outputs named.",
                       loading.outputs.op_types)};
}

OptionGroup shape_inference_group(OnnxLoading& loading, bool* force_fallback) {
  OptionGroup group{.title = "ONNX shape inference"};
  if (loading.infer_shapes)
    group.options.push_back({.names = {"--no-shape-inference"},
                             .help = "Do not infer types and shapes when the model is loaded.",
                             .apply = [&loading](Values) { loading.infer_shapes = false; }});
  else
    group.options.push_back({.names = {"--do-shape-inference", "--shape-inference"},
                             .help = "Infer types and shapes when the model is loaded.",
                             .apply = [&loading](Values) { loading.infer_shapes = true; }});
  group.options.push_back({.names = {"--no-onnxruntime-shape-inference"},
                           .help = "For command lines of Polygraphy: the ONNX library's own inference is the "
                                   "only one here.",
                           .apply = [](Values) {}});
  if (force_fallback != nullptr)
    group.options.push_back(
        {.names = {"--force-fallback-shape-inference"},
         .help = "Run the model on generated data to see its types and shapes, and write those "
                 "down: dimensions that were open become fixed. Needs an engine.",
         .apply = [force_fallback](Values) { *force_fallback = true; }});
  return group;
}

OptionGroup onnx_saving_group(OnnxSaving& saving) {
  return {.title = "ONNX saving",
          .options = {
              {.names = {"-o", "--output"},
               .metavar = "FILE",
               .help = "Where to save the model. It may be the file that is read.",
               .arity = Arity::one,
               .completes = Completes::files,
               .required = true,
               .apply = [&saving](Values values) { saving.output = values.front(); }},
              {.names = {"--external-data-path", "--save-external-data"},
               .metavar = "FILE",
               .help = "Keep the weights in a file of their own beside the model; without a name: that of "
                       "the model with '.data' behind it. A model that would pass 2 GB gets one anyway.",
               .arity = Arity::optional,
               .apply =
                   [&saving](Values values) {
                     saving.options.external_data_path = values.empty() ? std::string() : values.front();
                   }},
              {.names = {"--external-data-size-threshold"},
               .metavar = "BYTES",
               .help = "Weights of fewer bytes stay in the model; K, M and G are understood.",
               .arity = Arity::one,
               .default_text = "1024",
               .apply =
                   [&saving](Values values) { saving.options.size_threshold = parse_byte_count(values[0]); }},
              {.names = {"--no-save-all-tensors-to-one-file"},
               .help = "With external data: a file for each weight, named after it.",
               .apply = [&saving](Values) { saving.options.all_tensors_to_one_file = false; }},
              {.names = {"--no-check"},
               .help = "Save the model even if it is not valid. Without this, a model that the change made "
                       "invalid is refused; what was wrong before is a warning.",
               .apply = [&saving](Values) { saving.check = false; }}}};
}

OptionGroup data_group(DataLoading& data) {
  return {.title = "Data",
          .options = {{.names = {"--seed"},
                       .metavar = "N",
                       .help = "Another number, other data.",
                       .arity = Arity::one,
                       .default_text = "1",
                       .apply =
                           [&data](Values values) {
                             data.seed = static_cast<std::uint64_t>(parse_count(values[0], 0));
                           }},
                      {.names = {"--val-range"},
                       .metavar = "[NAME:][LOW,HIGH]",
                       .help = "The range of the data generated, for one input or for all the others.",
                       .arity = Arity::one_or_more,
                       .default_text = "[0,1]",
                       .repeat = Repeat::each,
                       .apply =
                           [&data](Values values) {
                             for (const std::string& value : values)
                               data.ranges.push_back(parse_value_range(value));
                           }},
                      {.names = {"--load-input-data", "--load-inputs"},
                       .metavar = "NAME:FILE.npy",
                       .help = "Inputs to use instead of generated data.",
                       .arity = Arity::one_or_more,
                       .repeat = Repeat::each,
                       .completes = Completes::files,
                       .apply = [&data](Values values) {
                         for (const std::string& value : values) {
                           const std::size_t colon = value.rfind(':');
                           if (colon == std::string::npos || colon == 0)
                             throw UsageError("'" + value + "' is not of the form NAME:FILE.npy.");
                           data.files.insert_or_assign(value.substr(0, colon), value.substr(colon + 1));
                         }
                       }}}};
}

namespace {

// Names that ONNX Runtime itself has for the levels are understood, too.
void accept_native_levels(Option& option) {
  static const std::map<std::string, std::string> levels{{"ORT_DISABLE_ALL", "disabled"},
                                                         {"ORT_ENABLE_BASIC", "basic"},
                                                         {"ORT_ENABLE_EXTENDED", "extended"},
                                                         {"ORT_ENABLE_ALL", "all"}};
  for (const auto& [native, level] : levels) option.choices.push_back({native});
  option.metavar = "LEVEL";
  option.apply = [apply = option.apply](Values values) {
    const auto found = levels.find(values.front());
    const std::string level = found == levels.end() ? values.front() : found->second;
    apply(Values(&level, 1));
  };
}

}  // namespace

OptionGroup onnxrt_group(Settings& settings) {
  OptionGroup group{.title = "ONNX Runtime",
                    .options = options_from_fields<onnxrt::SessionOptions>(settings)};
  for (Option& option : group.options) {
    if (option.name() == "--providers") option.names = {"--execution-providers", "--providers"};
    if (option.name() == "--graph-optimization-level") accept_native_levels(option);
    // These names say nothing among the options of a whole tool.
    for (const char* name : {"--profile", "--log-severity", "--config", "--intra-op-threads",
                             "--inter-op-threads", "--provider-options", "--time-layers"})
      if (option.name() == name) option.names = {"--onnxrt-" + std::string(name).substr(2)};
  }
  return group;
}

Option shapes_option(std::vector<std::string> names, std::string help,
                     std::map<std::string, PartialShape>& shapes) {
  return {.names = std::move(names),
          .metavar = "NAME:SHAPE",
          .help = std::move(help),
          .arity = Arity::one_or_more,
          .repeat = Repeat::each,
          .apply = [&shapes](Values values) {
            for (const std::string& value : values) {
              auto [name, shape] = parse_named_shape(value);
              shapes.insert_or_assign(std::move(name), std::move(shape));
            }
          }};
}

void record_use(OptionGroup& group, std::vector<std::string>& given) {
  for (Option& option : group.options)
    option.apply = [apply = option.apply, name = option.name(), &given](Values values) {
      given.push_back(name);
      apply(values);
    };
}

}  // namespace polygraph::cli
