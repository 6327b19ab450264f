#pragma once

#include <polygraph/onnx/model.h>

#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace polygraph::cli {

/// What `inspect model` shows besides names, inputs, outputs and counts.
struct InspectOptions {
  bool show_layers = false;  ///< the nodes, and the types of the initializers
  bool show_attrs = false;   ///< attributes of nodes, with layers; the doc string
  bool show_weights =
      false;  ///< values of initializers and, with layers and attributes, of tensors in attributes
  bool list_unbounded = false;  ///< data-dependent sizes without an upper bound
  bool stats = false;           ///< parameters, operations and bytes, per node and in all
  /// The folder of external data, if it is not the model's.
  std::filesystem::path external_data_folder = {};
  bool ignore_external_data = false;  ///< values in files beside the model are neither looked for nor shown
  /// What loading a plan of TensorRT takes: libraries of plugins, and a lean runtime.
  std::vector<std::filesystem::path> plugins = {};
  std::filesystem::path runtime = {};
  /// Saved results, whose extremes and means are shown with a plan's layers; empty: none.
  std::filesystem::path tensor_info = {};
};

/// What there is to tell of a model: as text for people and as JSON for programs, of the form described in
/// docs/json.md; both end with a line break. They throw InputError if the file is damaged.
struct ModelDescription {
  std::function<std::string()> text;
  std::function<std::string()> json;
};

/// The model as Polygraphy prints it, heading included; ends with a line break. What differs from Polygraphy
/// is listed in docs/differences.md. Linear in the size of the model's structure. Throws InputError if values
/// are asked for that cannot be read.
std::string describe_onnx(const onnx::Model& model, const InspectOptions& options);

/// The same for the picture of a network (Backend::network), in the words for networks.
std::string describe_network(const onnx::Model& model, const InspectOptions& options);

/// A model as JSON, of the form described in docs/json.md.
nlohmann::ordered_json onnx_to_json(const onnx::Model& model, const InspectOptions& options);

}  // namespace polygraph::cli
