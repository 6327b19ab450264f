#pragma once

#include <polygraph/core/engine_file.h>
#include <polygraph/core/shape_range.h>
#include <polygraph/core/tensor.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What an engine library says of an engine that it has loaded. Values only: they outlive the engine and its
/// library. What the library's version cannot tell is nullopt or empty.
namespace polygraph {

/// An engine that is to be described, and what loading it takes.
struct DescriptionRequest {
  std::filesystem::path engine = {};
  /// Libraries of plugins, opened before the engine is loaded.
  std::vector<std::filesystem::path> plugins = {};
  /// The lean runtime of a version-compatible engine that has none; empty: the library's own.
  std::filesystem::path runtime = {};
};

/// An input or an output of an engine; dimensions are open where profiles decide.
struct DescribedTensor : TensorInfo {
  bool is_input = true;
  bool on_host = false;            ///< its values are shapes, which are read and written on the host
  std::string format = {};         ///< how its elements lie, in the library's words; empty: row-major
  std::string aliased_input = {};  ///< of an output: the input whose memory it shares; empty: none
};

/// One layer of an engine. `kernel` is the name of the tactic, `onnx_nodes` are the names of the nodes of the
/// model.
struct DescribedLayer : EngineLayer {
  int profile = 0;                 ///< the optimization profile that it runs in
  std::string tactic = {};         ///< its number, e.g. "0x11bde0e1d9f2f35d"
  std::string origin = {};         ///< what it was made of, e.g. "CONVOLUTION"
  std::optional<int> stream = {};  ///< 0: the main one
  /// How the elements of each input and output lie, in the library's words, which name the type, too; empty
  /// if that depends on shapes.
  std::vector<std::string> input_formats = {};
  std::vector<std::string> output_formats = {};
  /// What else the library tells of it, in its own order; values other than texts as JSON.
  std::vector<std::pair<std::string, std::string>> attributes = {};
};

/// An engine as its library describes it.
struct EngineDescription {
  std::string name = {};             ///< of the network
  std::string backend = {};          ///< the library that loaded it: "TensorRT" or "TensorRT-RTX"
  std::string backend_version = {};  ///< of that library
  bool refittable = false;
  std::optional<bool> strongly_typed = {};
  std::string profiling_verbosity = {};       ///< "detailed", "layer_names_only" or "none"
  std::string engine_capability = {};         ///< "standard", "safety" or "dla_standalone"
  std::string hardware_compatibility = {};    ///< "none", "ampere_plus" or "same_compute_capability"
  std::optional<int> aux_streams = {};        ///< besides the main one
  std::vector<DescribedTensor> tensors = {};  ///< inputs and outputs, in the engine's order
  /// Bytes on the GPU that a context needs for all profiles, and for each of them.
  std::int64_t device_memory = 0;
  std::vector<std::int64_t> profile_memory = {};
  /// Bytes: of all weights; of those that were left out of the plan; of those that can be streamed.
  std::optional<std::int64_t> weights = {};
  std::optional<std::int64_t> stripped_weights = {};
  std::optional<std::int64_t> streamable_weights = {};
  /// For each optimization profile a range for each input, in their order; empty shapes if it says nothing of
  /// the values of an input on the host.
  std::vector<std::vector<ShapeRange>> profiles = {};
  /// How many layers there are; `layers` is empty if the engine was built to tell nothing of them, and has
  /// their names alone if it was built to tell those.
  std::size_t layer_count = 0;
  std::vector<DescribedLayer> layers = {};

  TensorMetadata inputs() const;
  TensorMetadata outputs() const;
};

}  // namespace polygraph
