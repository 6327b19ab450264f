#pragma once

#include <polygraph/core/backend.h>

#include "cli/option_fields.h"
#include "cli/tool.h"

namespace polygraph::cli {

/// What the command line says of engines of OpenVINO.
struct OpenVinoArguments {
  ModelRequest request;
  Settings outputs;  ///< fields of openvino::OutputOptions
};

/// The build configuration: `--fp16` and the other fields of openvino::ConfigOptions.
OptionGroup openvino_config_group(OpenVinoArguments& arguments);

/// Outputs, layer precisions and extension libraries.
OptionGroup openvino_network_group(OpenVinoArguments& arguments);

/// The request, with the outputs that were chosen.
ModelRequest openvino_request(const OpenVinoArguments& arguments);

}  // namespace polygraph::cli
