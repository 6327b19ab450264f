#pragma once

#include <polygraph/core/bytes.h>
#include <polygraph/core/loader.h>
#include <polygraph/onnx/model.h>
#include <polygraph/openvino/objects.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

/// Loaders of the OpenVINO backend and their immediately evaluated twins. Names and order of arguments are
/// Polygraphy's where the thing exists there. Each loader is a value: copy it, call it from several threads.
/// Errors are thrown when a loader is called.
namespace polygraph::openvino {

/// Starts the OpenVINO library: what every loader that is given no other runtime does for itself.
class LoadRuntime {
 public:
  using Parameters = ParameterList<0>;
  Runtime operator()() const { return Runtime(); }
  std::string str() const { return "LoadRuntime()"; }
};

/// Loads extension libraries (custom operations) and yields a runtime that has them; give it to the loaders
/// that read. Throws InputError if a library is missing, BackendError if it is not an OpenVINO extension.
/// @code
///   auto load = NetworkFromOnnxPath("custom.onnx", LoadPlugins({"libmy_ops.so"}));
/// @endcode
class LoadPlugins {
 public:
  using Parameters = ParameterList<1, std::vector<std::filesystem::path>, Source<Runtime>>;
  explicit LoadPlugins(std::vector<std::filesystem::path> plugins, Source<Runtime> runtime = LoadRuntime());
  Runtime operator()() const;
  std::string str() const;

 private:
  std::vector<std::filesystem::path> plugins_;
  Source<Runtime> runtime_;
};

/// Reads an ONNX file. External data is found beside it.
/// Throws InputError if the file is missing or damaged; BackendError if OpenVINO cannot read it, naming the
/// operations it lacks.
class NetworkFromOnnxPath {
 public:
  using Parameters = ParameterList<1, std::filesystem::path, Source<Runtime>>;
  explicit NetworkFromOnnxPath(std::filesystem::path path, Source<Runtime> runtime = LoadRuntime());
  Network operator()() const;
  std::string str() const;

 private:
  std::filesystem::path path_;
  Source<Runtime> runtime_;
};

/// Reads an ONNX model from memory; external data is not found.
class NetworkFromOnnxBytes {
 public:
  using Parameters = ParameterList<1, Source<Bytes>, Source<Runtime>>;
  explicit NetworkFromOnnxBytes(Source<Bytes> model_bytes, Source<Runtime> runtime = LoadRuntime());
  Network operator()() const;
  std::string str() const;

 private:
  Source<Bytes> model_bytes_;
  Source<Runtime> runtime_;
};

/// Reads an ONNX model that is in memory, its external data included.
/// Throws as NetworkFromOnnxPath.
/// @code
///   auto load = NetworkFromOnnxModel(onnx::ModifyOutputs(onnx::OnnxFromPath("m.onnx"), {.outputs = {"*"}}));
/// @endcode
class NetworkFromOnnxModel {
 public:
  using Parameters = ParameterList<1, Source<onnx::Model>, Source<Runtime>>;
  explicit NetworkFromOnnxModel(Source<onnx::Model> model, Source<Runtime> runtime = LoadRuntime());
  Network operator()() const;
  std::string str() const;

 private:
  Source<onnx::Model> model_;
  Source<Runtime> runtime_;
};

/// Reads OpenVINO's own format: an `.xml` file and its `.bin`.
class NetworkFromIr {
 public:
  using Parameters = ParameterList<1, std::filesystem::path, std::filesystem::path, Source<Runtime>>;
  /// @param weights  The `.bin` file; empty: the one beside the `.xml` with the same name.
  explicit NetworkFromIr(std::filesystem::path path, std::filesystem::path weights = {},
                         Source<Runtime> runtime = LoadRuntime());
  Network operator()() const;
  std::string str() const;

 private:
  std::filesystem::path path_;
  std::filesystem::path weights_;
  Source<Runtime> runtime_;
};

/// Runs a function on the network and passes the network on. `extend` does the same and infers the types.
class PostprocessNetwork {
 public:
  using Parameters = ParameterList<2, Source<Network>, std::function<void(Network&)>, std::string>;
  /// @param name  What the function is called in logs and when the loader is printed.
  PostprocessNetwork(Source<Network> network, std::function<void(Network&)> function, std::string name = {});
  Network operator()() const;
  std::string str() const;

 private:
  Source<Network> network_;
  std::function<void(Network&)> function_;
  std::string name_;
};

/// Marks and unmarks outputs (see OutputOptions). Given a network rather than a loader, it edits that
/// network. Throws InputError, with the nearest name, for a name that does not exist, and if no output would
/// be left.
class ModifyNetworkOutputs {
 public:
  using Parameters = ParameterList<1, Source<Network>, OutputOptions>;
  explicit ModifyNetworkOutputs(Source<Network> network, OutputOptions options = {});
  Network operator()() const;
  std::string str() const;

 private:
  Source<Network> network_;
  OutputOptions options_;
};

/// Keeps named layers in FP32 in an engine that may otherwise run narrower types.
/// Names are layers' names (ONNX node or output-tensor names) and may be wildcards. Given a network rather
/// than a loader, it edits that network. Throws InputError for a layer that does not exist and for types
/// other than float32, which OpenVINO cannot force.
///
/// EngineFromNetwork checks that these layers do run in FP32, and throws BackendError, naming the layer it
/// was fused into, if one does not: OpenVINO 2026.4 keeps every layer where FP16 runs, and forgets some fused
/// ones where BF16 runs.
/// @code
///   set_layer_precisions(network, {{"softmax_1", DataType::float32}});
/// @endcode
class SetLayerPrecisions {
 public:
  using Parameters = ParameterList<2, Source<Network>, std::map<std::string, DataType>>;
  SetLayerPrecisions(Source<Network> network, std::map<std::string, DataType> layer_precisions);
  Network operator()() const;
  std::string str() const;

 private:
  Source<Network> network_;
  std::map<std::string, DataType> layer_precisions_;
};

/// Makes a build configuration. Throws UsageError when called if options contradict each other or are out of
/// range.
class CreateConfig {
 public:
  using Parameters = ParameterList<0, ConfigOptions>;
  explicit(false) CreateConfig(ConfigOptions options = {});
  Config operator()() const;
  std::string str() const;

 private:
  ConfigOptions options_;
};

/// Runs a function on the configuration and passes it on.
class PostprocessConfig {
 public:
  using Parameters = ParameterList<2, Source<Config>, std::function<void(Config&)>>;
  PostprocessConfig(Source<Config> config, std::function<void(Config&)> function);
  Config operator()() const;
  std::string str() const;

 private:
  Source<Config> config_;
  std::function<void(Config&)> function_;
};

/// Builds an engine.
/// Throws BackendError if OpenVINO fails. Never runs a type that the configuration does not allow.
class EngineFromNetwork {
 public:
  using Parameters = ParameterList<1, Source<Network>, Source<Config>>;
  explicit EngineFromNetwork(Source<Network> network, Source<Config> config = CreateConfig());
  Engine operator()() const;
  std::string str() const;

 private:
  Source<Network> network_;
  Source<Config> config_;
};

/// Builds an engine and serializes it.
class EngineBytesFromNetwork {
 public:
  using Parameters = ParameterList<1, Source<Network>, Source<Config>>;
  explicit EngineBytesFromNetwork(Source<Network> network, Source<Config> config = CreateConfig());
  Bytes operator()() const;
  std::string str() const;

 private:
  EngineFromNetwork build_;
};

/// Loads a saved engine from memory.
/// Throws InputError if the bytes are damaged, not an engine, or made by another version or for another
/// processor.
class EngineFromBytes {
 public:
  using Parameters = ParameterList<1, Source<Bytes>, Source<Runtime>>;
  explicit EngineFromBytes(Source<Bytes> serialized_engine, Source<Runtime> runtime = LoadRuntime());
  Engine operator()() const;
  std::string str() const;

 private:
  Source<Bytes> serialized_engine_;
  Source<Runtime> runtime_;
};

/// Loads a saved engine from a file, which stays mapped as long as the engine lives.
class EngineFromPath {
 public:
  using Parameters = ParameterList<1, std::filesystem::path, Source<Runtime>>;
  explicit EngineFromPath(std::filesystem::path path, Source<Runtime> runtime = LoadRuntime());
  Engine operator()() const;
  std::string str() const;

 private:
  std::filesystem::path path_;
  Source<Runtime> runtime_;
};

/// Serializes an engine, with its header.
class BytesFromEngine {
 public:
  using Parameters = ParameterList<1, Source<Engine>>;
  explicit BytesFromEngine(Source<Engine> engine);
  Bytes operator()() const;
  std::string str() const;

 private:
  Source<Engine> engine_;
};

/// Saves an engine to a file, atomically and without holding the serialized form in memory, and passes the
/// engine on.
class SaveEngine {
 public:
  using Parameters = ParameterList<2, Source<Engine>, std::filesystem::path>;
  SaveEngine(Source<Engine> engine, std::filesystem::path path);
  Engine operator()() const;
  std::string str() const;

 private:
  Source<Engine> engine_;
  std::filesystem::path path_;
};

using polygraph::operator<<;  // loaders can be streamed

inline constexpr Immediately<LoadRuntime> load_runtime;
inline constexpr Immediately<LoadPlugins> load_plugins;
inline constexpr Immediately<NetworkFromOnnxPath> network_from_onnx_path;
inline constexpr Immediately<NetworkFromOnnxBytes> network_from_onnx_bytes;
inline constexpr Immediately<NetworkFromOnnxModel> network_from_onnx_model;
inline constexpr Immediately<NetworkFromIr> network_from_ir;
inline constexpr Immediately<PostprocessNetwork> postprocess_network;
inline constexpr Immediately<ModifyNetworkOutputs> modify_network_outputs;
inline constexpr Immediately<SetLayerPrecisions> set_layer_precisions;
inline constexpr Immediately<CreateConfig> create_config;
inline constexpr Immediately<PostprocessConfig> postprocess_config;
inline constexpr Immediately<EngineFromNetwork> engine_from_network;
inline constexpr Immediately<EngineBytesFromNetwork> engine_bytes_from_network;
inline constexpr Immediately<EngineFromBytes> engine_from_bytes;
inline constexpr Immediately<EngineFromPath> engine_from_path;
inline constexpr Immediately<BytesFromEngine> bytes_from_engine;
inline constexpr Immediately<SaveEngine> save_engine;

}  // namespace polygraph::openvino
