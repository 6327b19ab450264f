#pragma once

#include <polygraph/core/capability.h>
#include <polygraph/core/engine_description.h>
#include <polygraph/core/engine_file.h>
#include <polygraph/core/script.h>
#include <polygraph/core/shape_range.h>
#include <polygraph/core/tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace polygraph {

class Runner;
namespace onnx {
class Evaluator;
struct Model;
}  // namespace onnx

/// A model, and how a tool wants a backend to build or run it.
struct ModelRequest {
  /// An ONNX model, or for `runner` an engine that this backend saved.
  std::filesystem::path model = {};
  /// If set, this is the model, not the file. Its weights are read when they are needed.
  std::shared_ptr<const onnx::Model> in_memory = {};
  /// What `in_memory` is called where loaders and runners are printed.
  std::string in_memory_name = "model";
  /// Where the engine is saved; for `runner` it may be empty: nowhere.
  std::filesystem::path engine = {};
  /// The configuration: fields of the backend's options by name, as text.
  std::vector<std::pair<std::string, std::string>> config = {};
  /// Libraries with custom operations; for `runner` also of an engine that was saved, if it is TensorRT's.
  std::vector<std::string> plugins = {};
  std::vector<std::string> outputs = {};
  std::vector<std::string> exclude_outputs = {};
  std::vector<std::string> mark_layer_types = {};
  std::map<std::string, std::string> layer_precisions = {};
  /// For `runner`: it is to measure its layers (Runner::layer_times).
  bool time_layers = false;

  /// What only TensorRT has: optimization profiles (ranges by input), and fields of its network options and
  /// of its tensor options.
  std::vector<std::map<std::string, ShapeRange>> profiles = {};
  std::vector<std::pair<std::string, std::string>> network = {};
  std::vector<std::pair<std::string, std::string>> tensors = {};
  /// Functions of one's own (`polygraph/trt/script.h`): the network in place of a model, the configuration in
  /// place of options, and what is done to either.
  std::optional<ScriptName> network_script = {};
  std::optional<ScriptName> config_script = {};
  std::vector<ScriptName> network_postprocess_scripts = {};
  std::vector<ScriptName> config_postprocess_scripts = {};
  /// For `runner`: the lean runtime that loads the engine (see trt::LoadRuntime); empty: the library's own.
  std::filesystem::path load_runtime = {};
  /// With its option `int8`: what it calibrates with (see trt::Calibrator), the expression that makes that
  /// data, and fields of its calibrator options.
  std::function<std::optional<FeedDict>(std::int64_t iteration, const TensorMetadata& inputs)>
      calibration_data = {};
  std::string calibration_data_name = {};
  std::vector<std::pair<std::string, std::string>> calibrator = {};
};

/// A loadable module's face to the program. The module exports
/// `extern "C" const polygraph::Backend* polygraph_backend()`; the object lives as long as the module. All of
/// it is thread-safe.
class Backend {
 public:
  virtual std::string_view name() const = 0;
  /// The engine library's version; `(not installed)` if it cannot be had.
  virtual std::string version() const = 0;
  /// Where the engine library is. Throws BackendError, saying what was found and what to install, if it
  /// cannot be had.
  virtual std::filesystem::path library() const = 0;
  /// Builds and saves an engine; returns what its header says. Throws BackendError if this backend has no
  /// engines, naming one that has.
  virtual EngineInfo build(const ModelRequest& request) const = 0;
  /// Loads a saved engine that was built with profiling, runs it `iterations` times on zeros (dynamic
  /// dimensions 1), and returns the mean seconds per layer, in the order of EngineInfo::layers; not a number
  /// for a layer that was not executed.
  virtual std::vector<double> measure_layers(const std::filesystem::path& engine, int iterations) const = 0;
  /// Computes single nodes of ONNX models (`polygraph/onnx/evaluator.h`). Throws BackendError if the engine
  /// library cannot be had.
  virtual std::shared_ptr<const onnx::Evaluator> evaluator() const = 0;
  /// A runner of the model, not activated; what is wrong with the model shows when it is. Throws UsageError
  /// for a configuration that does not exist or that this backend has not got, and for layers that are to be
  /// measured in an engine that was built without.
  /// @param name  The runner's; empty: the backend's own, e.g. `onnxrt-runner`.
  virtual std::unique_ptr<Runner> runner(const ModelRequest& request, const std::string& name = {}) const = 0;
  /// A picture of the network that the backend makes of the model, as a model whose operators are the kinds
  /// of layers; its metadata say `library` and `strongly_typed`. Throws BackendError if this backend shows
  /// none.
  virtual std::shared_ptr<const onnx::Model> network(const ModelRequest& request) const;
  /// How much of the ONNX file `model` this backend's parser takes: checked as a whole, or taken apart at
  /// what it does not take. Throws BackendError if this backend cannot tell.
  virtual Capability capability(const ModelRequest& request, bool partition) const;
  /// Loads an engine and tells what it says of itself; nothing is run. Throws InputError if a file is missing
  /// or damaged, BackendError if the engine cannot be loaded here, or if this backend describes none.
  virtual EngineDescription describe(const DescriptionRequest& request) const;

 protected:
  ~Backend() = default;
};

}  // namespace polygraph
