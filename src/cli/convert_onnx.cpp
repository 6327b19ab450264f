#include "cli/convert_onnx.h"

#include <fmt/format.h>
#include <polygraph/onnx/official.h>

#include <utility>

#include "cli/surgeon_floats.h"

namespace polygraph::cli {
namespace {

Option list_option(std::string name, std::string metavar, std::string help, std::vector<std::string>& list) {
  return {.names = {std::move(name)},
          .metavar = std::move(metavar),
          .help = std::move(help),
          .arity = Arity::one_or_more,
          .repeat = Repeat::each,
          .apply = [&list](Values values) { list.insert(list.end(), values.begin(), values.end()); }};
}

OptionGroup changes_group(OnnxConversion& conversion) {
  onnx::ConvertFloatOptions& floats = conversion.float_options;
  OptionGroup group{.title = "ONNX model"};
  group.options = {
      {.names = {"--fp-to-fp16"},
       .help = "Compute in float16 where the model computes in float32, and convert the weights. What does "
               "not fit stays in float32; the report says what and why.",
       .apply = [&conversion](Values) { conversion.floats = DataType::float16; }},
      {.names = {"--fp-to-bf16"},
       .help = "The same with bfloat16.",
       .apply = [&conversion](Values) { conversion.floats = DataType::bfloat16; }},
      {.names = {"--convert-io-types"},
       .help = "Convert the types of the model's inputs and outputs, too.",
       .apply = [&floats](Values) { floats.keep_io_types = false; }},
      list_option("--fp32-nodes", "NAME", "Nodes that keep computing in float32; shell wildcards work.",
                  floats.block_nodes),
      list_option("--fp32-op-types", "OP", "Operators that keep computing in float32, likewise.",
                  floats.block_op_types),
      {.names = {"--opset"},
       .metavar = "VERSION",
       .help = "Rewrite the model for this version of the standard operators.",
       .arity = Arity::one,
       .apply = [&conversion](Values values) { conversion.opset = parse_count(values.front(), 1); }},
      {.names = {"--inline-functions"},
       .help = "Replace calls of the model's own functions by their bodies.",
       .apply = [&conversion](Values) { conversion.inline_functions = true; }}};
  for (Option& option : output_selection_options(conversion.loading, "onnx-"))
    group.options.push_back(std::move(option));
  return group;
}

}  // namespace

std::vector<OptionGroup> onnx_conversion_groups(OnnxConversion& conversion) {
  OptionGroup saving = onnx_saving_group(conversion.saving);
  saving.options.erase(saving.options.begin());  // convert has a -o/--output of its own
  std::vector<OptionGroup> groups{
      changes_group(conversion), shape_inference_group(conversion.loading, nullptr),
      onnx_loading_group(conversion.loading), std::move(saving), report_group(conversion.reporting)};
  for (OptionGroup& group : groups) record_use(group, conversion.given);
  return groups;
}

ExitCode convert_to_onnx(Session& session, const OnnxConversion& conversion) {
  ModelEdit edit("convert", conversion.loading, conversion.saving);
  if (conversion.inline_functions)
    edit.note(fmt::format("Inlined {} calls of functions", onnx::passes::inline_functions(edit.model())));
  if (conversion.opset) onnx::passes::convert_opset(edit.model(), *conversion.opset);
  if (conversion.floats) convert_floats(edit, *conversion.floats, conversion.float_options);
  return edit.finish(session, conversion.reporting);
}

}  // namespace polygraph::cli
