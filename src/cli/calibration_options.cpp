#include "cli/calibration_options.h"

#include <polygraph/trt/calibrator.h>

#include <memory>
#include <utility>

#include "core/log_format.h"

namespace polygraph::cli {

OptionGroup calibration_group(Settings& settings) {
  OptionGroup group{
      .title = "TensorRT calibration",
      .description =
          "With --int8, for models without QuantizeLinear and DequantizeLinear nodes: inputs are run "
          "through the network to find the range of each tensor. TensorRT 8.5 to 10."};
  for (Option& option : options_from_fields<trt::CalibratorOptions>(settings)) {
    if (option.name() == "--cache") option.names = {"--calibration-cache"};
    if (option.name() == "--base-class")
      option.names = {"--calib-base-cls", "--calib-base-class", "--calibration-base-class"};
    group.options.push_back(std::move(option));
  }
  return group;
}

bool asks_for_int8(const ModelRequest& request) {
  bool asks = false;
  for (const auto& [name, value] : request.config)
    if (name == "int8") asks = value == "true";
  return asks;
}

void add_calibration(ModelRequest& request, const Settings& settings, const InputArguments& inputs,
                     bool warns) {
  request.calibrator = settings;
  request.calibration_data_name = "feed_function(" + input_data_expression(inputs) + ")";
  request.calibration_data = [&inputs, warns, data = std::make_shared<std::unique_ptr<compare::InputData>>()](
                                 std::int64_t iteration, const TensorMetadata& metadata) {
    if (iteration == 0) {
      if (warns && inputs.is_made_up())
        log_warning(
            "Calibrating with inputs that are made up: the engine's scales fit no real ones. Give "
            "--load-inputs or --data-loader-script.");
      *data = input_data(inputs);
      (*data)->open(metadata);
    }
    return (*data)->next();
  };
}

}  // namespace polygraph::cli
