#include "cli/openvino_options.h"

#include <polygraph/core/error.h>
#include <polygraph/openvino/config_options.h>

#include <utility>

namespace polygraph::cli {

OptionGroup openvino_config_group(OpenVinoArguments& arguments) {
  return {.title = "OpenVINO configuration",
          .options = options_from_fields<openvino::ConfigOptions>(arguments.request.config)};
}

OptionGroup openvino_network_group(OpenVinoArguments& arguments) {
  OptionGroup group{.title = "OpenVINO network"};
  // The fields of OutputOptions, under the names that Polygraphy's --trt-outputs and its like would have.
  const std::pair<std::string, std::string> flags[] = {{"--outputs", "--openvino-outputs"},
                                                       {"--exclude-outputs", "--openvino-exclude-outputs"},
                                                       {"--mark-layer-types", "--openvino-outputs-by-type"}};
  for (Option& option : options_from_fields<openvino::OutputOptions>(arguments.outputs)) {
    for (const auto& [field_flag, flag] : flags)
      if (option.names.front() == field_flag) option.names = {flag};
    group.options.push_back(std::move(option));
  }
  group.options.push_back(
      {.names = {"--layer-precisions"},
       .metavar = "LAYER:TYPE",
       .help = "Layers to keep in FP32 where narrower types are allowed: `LAYER:float32`. LAYER may be a "
               "wildcard.",
       .arity = Arity::one_or_more,
       .repeat = Repeat::each,
       .apply = [&arguments](Values values) {
         for (const std::string& value : values) {
           const std::size_t colon = value.rfind(':');
           if (colon == std::string::npos || colon == 0)
             throw UsageError("'" + value + "' is not of the form LAYER:TYPE.");
           arguments.request.layer_precisions[value.substr(0, colon)] = value.substr(colon + 1);
         }
       }});
  group.options.push_back({.names = {"--plugins"},
                           .metavar = "LIBRARY",
                           .help = "Libraries with custom operations to load: extensions of OpenVINO, or "
                                   "plugins of TensorRT.",
                           .arity = Arity::one_or_more,
                           .repeat = Repeat::each,
                           .completes = Completes::files,
                           .apply = [&arguments](Values values) {
                             arguments.request.plugins.insert(arguments.request.plugins.end(), values.begin(),
                                                              values.end());
                           }});
  return group;
}

ModelRequest openvino_request(const OpenVinoArguments& arguments) {
  ModelRequest request = arguments.request;
  for (const auto& [field, value] : arguments.outputs) {
    if (field == "outputs") request.outputs.push_back(value);
    if (field == "exclude_outputs") request.exclude_outputs.push_back(value);
    if (field == "mark_layer_types") request.mark_layer_types.push_back(value);
  }
  return request;
}

}  // namespace polygraph::cli
