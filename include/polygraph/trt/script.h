#pragma once

#include <NvInfer.h>
#include <polygraph/core/script.h>
#include <polygraph/trt/loaders.h>

#include <concepts>
#include <cstdint>
#include <functional>
#include <variant>

/// Networks and configurations from functions of one's own in a C++ file: `--trt-network-script`,
/// `--trt-config-script`, `--trt-network-postprocess-script` and `--trt-config-postprocess-script`.
///
/// A script includes this header, defines functions and exports them with POLYGRAPH_SCRIPT:
/// @code
///   #include <polygraph/trt/script.h>
///   using namespace polygraph::trt;
///
///   Network load_network() {
///     Network network = network_from_onnx_path("identity.onnx");
///     network->getInput(0)->setAllowedFormats(1U << unsigned(nvinfer1::TensorFormat::kCHW32));
///     return network;
///   }
///   POLYGRAPH_SCRIPT(load_network)
///
///   Config load_config() { return create_config({.fp16 = true}, {Profile().add("x", {1, 3}, {4, 3}, {8,
///   3})}); } POLYGRAPH_SCRIPT(load_config)
///
///   void postprocess(Network& network) { network->setName("mine"); }
///   POLYGRAPH_SCRIPT(postprocess)
///
///   void postprocess_config(nvinfer1::IBuilderConfig& config, const Network&) {
///   config.setAvgTimingIterations(8); } POLYGRAPH_SCRIPT(postprocess_config)
/// @endcode
/// The same file serves TensorRT and TensorRT-RTX: it is compiled for the one that asks.
namespace polygraph::trt {

/// What a script may export: a network, a configuration, what is done to a network, or to TensorRT's own
/// configuration once all options are set.
using ScriptFunction = std::variant<std::function<Network()>, std::function<Config()>,
                                    std::function<void(Network&)>, Config::Step>;

/// The network that a script's `Network NAME()` makes.
///
/// This loader and the functions below compile the script when they are called, if it is a source, as
/// `polygraph/compare/script.h` says, for the TensorRT and CUDA headers that fit this backend: those in
/// $POLYGRAPH_TENSORRT_INCLUDE_PATH (for TensorRT-RTX: $POLYGRAPH_TENSORRT_RTX_INCLUDE_PATH) and
/// $POLYGRAPH_CUDA_INCLUDE_PATH, those that Polygraph was built with, or installed ones. Throws as that page
/// says, and BackendError if no folder has fitting headers. Thread-safe.
class NetworkFromScript {
 public:
  using Parameters = ParameterList<1, ScriptName, Source<Library>>;
  /// @param library  Made before the script is called, so that plugins are there (LoadPlugins).
  explicit NetworkFromScript(ScriptName script, Source<Library> library = LoadLibrary());
  Network operator()() const;
  std::string str() const;

 private:
  ScriptName script_;
  Source<Library> library_;
};

/// The configuration that a script's `Config NAME()` makes.
class ConfigFromScript {
 public:
  using Parameters = ParameterList<1, ScriptName>;
  explicit ConfigFromScript(ScriptName script) : script_(std::move(script)) {}
  Config operator()() const;
  std::string str() const;

 private:
  ScriptName script_;
};

/// A script's `void NAME(Network&)`, for PostprocessNetwork. The script is loaded when it is called.
std::function<void(Network&)> network_postprocess_from_script(ScriptName script);

/// A script's `void NAME(nvinfer1::IBuilderConfig&, const Network&)`, for PostprocessConfig, likewise.
Config::Step config_postprocess_from_script(ScriptName script);

inline constexpr Immediately<NetworkFromScript> network_from_script;
inline constexpr Immediately<ConfigFromScript> config_from_script;

namespace detail {

/// Tells apart what other versions of the headers make of the types above.
inline constexpr std::uint32_t script_layout =
    sizeof(ConfigOptions) + 251U * sizeof(Config) + 251U * 251U * sizeof(NetworkOptions) +
    251U * 251U * 251U *
        (1000U * NV_TENSORRT_MAJOR + 10U * NV_TENSORRT_MINOR + static_cast<unsigned>(flavour));

}  // namespace detail
}  // namespace polygraph::trt

namespace polygraph::detail {

template <class F>
requires std::constructible_from<polygraph::trt::ScriptFunction, F>
struct ScriptRoom<F> {
  using Function = polygraph::trt::ScriptFunction;
  static constexpr const char* name = "trt";
  static constexpr std::uint32_t layout = polygraph::trt::detail::script_layout;
};

}  // namespace polygraph::detail
