#pragma once

#include <polygraph/core/bytes.h>
#include <polygraph/core/loader.h>
#include <polygraph/core/tensor.h>
#include <polygraph/trt/objects.h>

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace polygraph::onnx {
struct Model;
}

/// Loaders of the TensorRT backend and their immediately evaluated twins. Names and order of arguments are
/// Polygraphy's where the thing exists there. Each loader is a value: copy it, call it from several threads.
/// Errors are thrown when a loader is called; what TensorRT said during the failing call is attached to them.
namespace polygraph::trt {

/// Finds and opens TensorRT's library (see Library): what every loader that is given no other does for
/// itself.
class LoadLibrary {
 public:
  using Parameters = ParameterList<0, std::filesystem::path>;
  explicit LoadLibrary(std::filesystem::path path = {}) : path_(std::move(path)) {}
  Library operator()() const { return Library(path_); }
  std::string str() const;

 private:
  std::filesystem::path path_;
};

/// Opens libraries with plugins of TensorRT's, sees to it that they are registered, and yields the TensorRT
/// that has them then: for networks that use them, and for engines (`LoadRuntime({}, LoadPlugins({...}))`).
/// TensorRT's own plugins need not be loaded. TensorRT-RTX has no plugins.
/// Throws InputError if a file is missing, is no shared library, or registers no plugin; BackendError if it
/// cannot be opened, naming what it lacks.
class LoadPlugins {
 public:
  using Parameters = ParameterList<1, std::vector<std::filesystem::path>, Source<Library>>;
  explicit LoadPlugins(std::vector<std::filesystem::path> plugins, Source<Library> library = LoadLibrary());
  Library operator()() const;
  std::string str() const;

 private:
  std::vector<std::filesystem::path> plugins_;
  Source<Library> library_;
};

/// Makes a runtime, which loads engines.
class LoadRuntime {
 public:
  using Parameters = ParameterList<0, std::filesystem::path, Source<Library>>;
  /// @param path  The lean runtime that version-compatible engines without one of their own need
  /// (`libnvinfer_lean.so`); empty: the library's own.
  explicit LoadRuntime(std::filesystem::path path = {}, Source<Library> library = LoadLibrary());
  Runtime operator()() const;
  std::string str() const;

 private:
  std::filesystem::path path_;
  Source<Library> library_;
};

/// Makes a network without layers, to be filled with TensorRT's own API.
class CreateNetwork {
 public:
  using Parameters = ParameterList<0, NetworkOptions, Source<Library>>;
  explicit(false) CreateNetwork(NetworkOptions options = {}, Source<Library> library = LoadLibrary());
  Network operator()() const;
  std::string str() const;

 private:
  NetworkOptions options_;
  Source<Library> library_;
};

/// Reads an ONNX file. External data is found beside it.
/// Throws InputError if the file is missing or damaged; BackendError if TensorRT cannot read it, naming the
/// nodes concerned.
class NetworkFromOnnxPath {
 public:
  using Parameters = ParameterList<1, std::filesystem::path, NetworkOptions, Source<Library>>;
  explicit NetworkFromOnnxPath(std::filesystem::path path, NetworkOptions options = {},
                               Source<Library> library = LoadLibrary());
  Network operator()() const;
  std::string str() const;

 private:
  std::filesystem::path path_;
  NetworkOptions options_;
  Source<Library> library_;
};

/// Reads an encoded ONNX model from memory; external data is not found. Throws as NetworkFromOnnxPath.
class NetworkFromOnnxBytes {
 public:
  using Parameters = ParameterList<1, Source<Bytes>, NetworkOptions, Source<Library>>;
  explicit NetworkFromOnnxBytes(Source<Bytes> model_bytes, NetworkOptions options = {},
                                Source<Library> library = LoadLibrary());
  Network operator()() const;
  std::string str() const;

 private:
  Source<Bytes> model_bytes_;
  NetworkOptions options_;
  Source<Library> library_;
};

/// Reads an ONNX model (`polygraph/onnx/model.h`) that is in memory, its external data included, wherever the
/// model looks for it. One of more than 2 GB is read from its own file or, if it was changed, from a
/// temporary one in TMPDIR, which needs room for the weights meanwhile. Throws as NetworkFromOnnxPath, and
/// InputError if external data or that room is missing.
/// @code
///   auto load = NetworkFromOnnxModel(onnx::ModifyOutputs(onnx::OnnxFromPath("m.onnx"), {.outputs = {"*"}}));
/// @endcode
class NetworkFromOnnxModel {
 public:
  using Parameters = ParameterList<1, Source<onnx::Model>, NetworkOptions, Source<Library>>;
  explicit NetworkFromOnnxModel(Source<onnx::Model> model, NetworkOptions options = {},
                                Source<Library> library = LoadLibrary());
  Network operator()() const;
  std::string str() const;

 private:
  Source<onnx::Model> model_;
  NetworkOptions options_;
  Source<Library> library_;
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
/// be left; an error leaves the network as it was.
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

/// Says what types layers compute in. Names are layers' names (those of ONNX nodes) and may be wildcards.
/// Given a network rather than a loader, it edits that network.
///
/// Where TensorRT chooses types, this sets the layer's precision (see PrecisionConstraints). Where the
/// network is strongly typed, layers named here with float32 stay so when EngineFromNetwork rewrites the
/// network for fp16 or bf16, and those named with float16 or bfloat16 are rewritten even if the configuration
/// does not allow that type elsewhere; a layer that cannot be is an error. Throws InputError for a layer that
/// does not exist.
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

/// Sets the types of the network's inputs and outputs. Throws InputError for other names, BackendError where
/// types are part of the network: TensorRT 11, TensorRT-RTX and strongly typed networks.
class SetTensorDatatypes {
 public:
  using Parameters = ParameterList<2, Source<Network>, std::map<std::string, DataType>>;
  SetTensorDatatypes(Source<Network> network, std::map<std::string, DataType> tensor_datatypes);
  Network operator()() const;
  std::string str() const;

 private:
  Source<Network> network_;
  std::map<std::string, DataType> tensor_datatypes_;
};

/// Sets the memory layouts that the network's inputs and outputs may have. Throws InputError for other names,
/// UsageError if no format is given for one.
class SetTensorFormats {
 public:
  using Parameters =
      ParameterList<2, Source<Network>, std::map<std::string, std::vector<nvinfer1::TensorFormat>>>;
  SetTensorFormats(Source<Network> network,
                   std::map<std::string, std::vector<nvinfer1::TensorFormat>> tensor_formats);
  Network operator()() const;
  std::string str() const;

 private:
  Source<Network> network_;
  std::map<std::string, std::vector<nvinfer1::TensorFormat>> tensor_formats_;
};

/// Allows TensorRT to compute each attention of the network by several kernels where it has no single one.
/// Without attentions it does nothing. Throws BackendError before TensorRT 10.14, whose networks have none.
class SetDecomposableAttentions {
 public:
  using Parameters = ParameterList<1, Source<Network>>;
  explicit SetDecomposableAttentions(Source<Network> network) : network_(std::move(network)) {}
  Network operator()() const;
  std::string str() const;

 private:
  Source<Network> network_;
};

/// Marks tensors whose values a debug listener gets at each inference. Throws InputError for a tensor that
/// does not exist, BackendError before TensorRT 10.
class MarkDebug {
 public:
  using Parameters = ParameterList<2, Source<Network>, std::vector<std::string>>;
  MarkDebug(Source<Network> network, std::vector<std::string> tensors);
  Network operator()() const;
  std::string str() const;

 private:
  Source<Network> network_;
  std::vector<std::string> mark_debug_;
};

/// A picture of a network, to look at: each layer is a node of the model, whose operator is the layer's type
/// (`CONVOLUTION`) and whose attributes are what TensorRT tells of the layer. It is no valid ONNX. Weights
/// are not copied: they are valid as long as the model or a copy of it made later.
class OnnxLikeFromNetwork {
 public:
  using Parameters = ParameterList<1, Source<Network>>;
  explicit OnnxLikeFromNetwork(Source<Network> network) : network_(std::move(network)) {}
  onnx::Model operator()() const;  ///< of `polygraph/onnx/model.h`
  std::string str() const;

 private:
  Source<Network> network_;
};

/// Makes a build configuration. Throws UsageError when called if options contradict each other or are out of
/// range.
class CreateConfig {
 public:
  using Parameters = ParameterList<0, ConfigOptions, std::vector<Profile>, std::optional<Calibrator>>;
  /// @param profiles  The shapes that the engine is for; without any, one in which open dimensions are 1.
  /// @param calibrator  With `int8`: for networks without Q/DQ layers; not used for those that have any.
  explicit(false) CreateConfig(ConfigOptions options = {}, std::vector<Profile> profiles = {},
                               std::optional<Calibrator> calibrator = {});
  Config operator()() const;
  std::string str() const;

 private:
  ConfigOptions options_;
  std::vector<Profile> profiles_;
  std::optional<Calibrator> calibrator_;
};

/// Has a function run on TensorRT's own configuration when the engine is built, after all options are set.
class PostprocessConfig {
 public:
  using Parameters = ParameterList<2, Source<Config>, Config::Step, std::string>;
  /// @param name  What the function is called when the loader is printed.
  PostprocessConfig(Source<Config> config, Config::Step function, std::string name = {});
  Config operator()() const;
  std::string str() const;

 private:
  Source<Config> config_;
  Config::Step function_;
  std::string name_;
};

/// Builds an engine and serializes it: a plan, which is what TensorRT's own tools write.
/// Throws BackendError if TensorRT fails or lacks what the configuration asks for.
class EngineBytesFromNetwork {
 public:
  using Parameters = ParameterList<1, Source<Network>, Source<Config>>;
  explicit EngineBytesFromNetwork(Source<Network> network, Source<Config> config = CreateConfig());
  Bytes operator()() const;
  std::string str() const;

 private:
  Source<Network> network_;
  Source<Config> config_;
};

/// Builds an engine and loads it, which needs a GPU. Throws as EngineBytesFromNetwork and EngineFromBytes,
/// and BackendError if the configuration asks for a narrower type and no layer of the engine has it.
class EngineFromNetwork {
 public:
  using Parameters = ParameterList<1, Source<Network>, Source<Config>, Source<Runtime>>;
  explicit EngineFromNetwork(Source<Network> network, Source<Config> config = CreateConfig(),
                             Source<Runtime> runtime = LoadRuntime());
  Engine operator()() const;
  std::string str() const;

 private:
  Source<Network> network_;
  Source<Config> config_;
  Source<Runtime> runtime_;
};

/// Loads a plan from memory. Throws InputError if the bytes are no plan, or damaged; BackendError if TensorRT
/// cannot load it: another version, another GPU, no GPU.
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

/// Loads a plan from a file, which TensorRT reads where it is mapped.
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

/// Serializes an engine. Of one that was loaded, these are the bytes it was loaded from.
class BytesFromEngine {
 public:
  using Parameters = ParameterList<1, Source<Engine>>;
  explicit BytesFromEngine(Source<Engine> engine);
  Bytes operator()() const;
  std::string str() const;

 private:
  Source<Engine> engine_;
};

/// Serializes an engine into memory of TensorRT's own (`nvinfer1::IHostMemory`), which lives as long as a
/// copy of the bytes. Unlike BytesFromEngine it always serializes anew, so that weights that were refitted
/// are in it.
class BufferFromEngine {
 public:
  using Parameters = ParameterList<1, Source<Engine>>;
  explicit BufferFromEngine(Source<Engine> engine) : engine_(std::move(engine)) {}
  Bytes operator()() const;
  std::string str() const;

 private:
  Source<Engine> engine_;
};

/// Saves an engine's plan to a file, atomically, and passes the engine on.
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

inline constexpr Immediately<LoadLibrary> load_library;
inline constexpr Immediately<LoadPlugins> load_plugins;
inline constexpr Immediately<LoadRuntime> load_runtime;
inline constexpr Immediately<CreateNetwork> create_network;
inline constexpr Immediately<NetworkFromOnnxPath> network_from_onnx_path;
inline constexpr Immediately<NetworkFromOnnxBytes> network_from_onnx_bytes;
inline constexpr Immediately<NetworkFromOnnxModel> network_from_onnx_model;
inline constexpr Immediately<PostprocessNetwork> postprocess_network;
inline constexpr Immediately<ModifyNetworkOutputs> modify_network_outputs;
inline constexpr Immediately<SetLayerPrecisions> set_layer_precisions;
inline constexpr Immediately<SetTensorDatatypes> set_tensor_datatypes;
inline constexpr Immediately<SetTensorFormats> set_tensor_formats;
inline constexpr Immediately<SetDecomposableAttentions> set_decomposable_attentions;
inline constexpr Immediately<MarkDebug> mark_debug;
inline constexpr Immediately<OnnxLikeFromNetwork> onnx_like_from_network;
inline constexpr Immediately<CreateConfig> create_config;
inline constexpr Immediately<PostprocessConfig> postprocess_config;
inline constexpr Immediately<EngineBytesFromNetwork> engine_bytes_from_network;
inline constexpr Immediately<EngineFromNetwork> engine_from_network;
inline constexpr Immediately<EngineFromBytes> engine_from_bytes;
inline constexpr Immediately<EngineFromPath> engine_from_path;
inline constexpr Immediately<BytesFromEngine> bytes_from_engine;
inline constexpr Immediately<BufferFromEngine> buffer_from_engine;
inline constexpr Immediately<SaveEngine> save_engine;

}  // namespace polygraph::trt
