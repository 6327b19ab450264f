#pragma once

#include <NvInfer.h>
#include <polygraph/core/bytes.h>
#include <polygraph/core/engine_file.h>
#include <polygraph/core/loader.h>
#include <polygraph/trt/calibrator.h>
#include <polygraph/trt/config_options.h>
#include <polygraph/trt/profile.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nvonnxparser {
class IParser;
}

/// What the loaders of this backend yield: handles over TensorRT's own objects, which are always within
/// reach.
///
/// Each handle keeps alive what it needs: an engine its runtime, a network its builder and its parser, all of
/// them their library. No order of destruction leaves anything dangling.
namespace polygraph::trt {

/// The two libraries that this backend is compiled for.
enum class Flavour { tensorrt, tensorrt_rtx };
#ifdef POLYGRAPH_TENSORRT_RTX  // the headers say so
inline constexpr Flavour flavour = Flavour::tensorrt_rtx;
inline constexpr std::string_view flavour_name = "TensorRT-RTX";
#else
inline constexpr Flavour flavour = Flavour::tensorrt;
inline constexpr std::string_view flavour_name = "TensorRT";
#endif

/// TensorRT's library, opened at run time. A handle; each file is opened once and stays until the process
/// ends. Thread-safe.
///
/// This backend exists twice: compiled for TensorRT (CMake's target Polygraph::trt) and for TensorRT-RTX
/// (Polygraph::trt-rtx), whose interface is almost the same and whose binary form is not; `flavour` says
/// which one a source is compiled for. A program links one of them.
///
/// Without a path these places are searched, in this order; the first library found is it:
/// 1. the environment variable POLYGRAPH_TENSORRT or POLYGRAPH_TENSORRT_RTX: the library, or a folder that
/// has
///    it or below which pip installed it;
/// 2. what `pip install tensorrt` or `pip install tensorrt-rtx` installed: for VIRTUAL_ENV, for the `python3`
///    of PATH, for CONDA_PREFIX, for the user (`~/.local`) and for the system;
/// 3. the folder that Polygraph was built with;
/// 4. the dynamic linker's path.
class Library : public Evaluated {
 public:
  /// @param path  The library, or a folder as for the environment variable; empty: search.
  /// Throws BackendError if there is none, listing the places searched; if it cannot be opened or is not
  /// TensorRT; and if it is of a version that the headers this backend was compiled with do not fit, saying
  /// which was found and which fit.
  explicit Library(const std::filesystem::path& path = {});

  /// E.g. `1.6.1`.
  const std::string& version() const;
  /// As `getInferLibVersion()` tells it: below 10000 for TensorRT 8 and 9, 10000 to 19999 for TensorRT-RTX,
  /// 100000 and up for TensorRT 10 and later.
  int version_number() const;
  const std::filesystem::path& path() const;
  /// Whether every network is strongly typed: TensorRT 11 and later, and TensorRT-RTX.
  bool is_strongly_typed() const;

  struct State;
  const State& state() const { return *state_; }

 private:
  const State* state_;  // never destroyed: the library's threads may live until the process ends
};

/// Loads engines (`nvinfer1::IRuntime`). Copies share it; thread-safe.
class Runtime : public Evaluated {
 public:
  /// Throws BackendError if TensorRT cannot start.
  explicit Runtime(Library library = Library());
  /// A runtime of your own making, of that library. Throws UsageError if `runtime` is null.
  Runtime(std::shared_ptr<nvinfer1::IRuntime> runtime, Library library);

  nvinfer1::IRuntime* operator->() const { return runtime_.get(); }
  nvinfer1::IRuntime& native() const { return *runtime_; }
  const Library& library() const { return library_; }

 private:
  Library library_;
  std::shared_ptr<nvinfer1::IRuntime> runtime_;
};

/// A network that can be edited with TensorRT's own API (`nvinfer1::INetworkDefinition`). Copies share it;
/// one thread may use it at a time.
/// @code
///   void add_identity(Network& network) {
///     nvinfer1::ITensor* last = network->getOutput(0);
///     network->unmarkOutput(*last);
///     nvinfer1::IIdentityLayer* identity = network->addIdentity(*last);
///     network->markOutput(*identity->getOutput(0));
///   }
/// @endcode
class Network : public Evaluated {
 public:
  struct State;
  explicit Network(std::shared_ptr<State> state) : state_(std::move(state)) {}

  nvinfer1::INetworkDefinition* operator->() const { return &native(); }
  nvinfer1::INetworkDefinition& operator*() const { return native(); }
  nvinfer1::INetworkDefinition& native() const;
  nvinfer1::IBuilder& builder() const;
  /// The parser that read the network; null if it was not read from a model.
  nvonnxparser::IParser* parser() const;
  const Library& library() const;
  /// Keeps something alive as long as the network: the memory of weights, which TensorRT only refers to.
  void keep_alive(std::shared_ptr<const void> object);

  /// The file the network was read from; empty if it was not read from one.
  const std::string& model_name() const;
  State& state() const { return *state_; }

 private:
  std::shared_ptr<State> state_;
};

/// How to build: the options asked for, and what else is to be done to TensorRT's own configuration. The
/// `nvinfer1::IBuilderConfig` itself is made when the engine is built, since it belongs to a builder.
class Config : public Evaluated {
 public:
  /// Called with the configuration once all options are set.
  using Step = std::function<void(nvinfer1::IBuilderConfig&, const Network&)>;

  Config() = default;
  explicit Config(ConfigOptions options, std::vector<Profile> profiles = {},
                  std::optional<Calibrator> calibrator = {})
      : options_(std::move(options)), profiles_(std::move(profiles)), calibrator_(std::move(calibrator)) {}

  const ConfigOptions& options() const { return options_; }
  ConfigOptions& options() { return options_; }
  const std::vector<Profile>& profiles() const { return profiles_; }
  std::vector<Profile>& profiles() { return profiles_; }
  const std::optional<Calibrator>& calibrator() const { return calibrator_; }
  std::optional<Calibrator>& calibrator() { return calibrator_; }
  const std::vector<Step>& steps() const { return steps_; }
  void add_step(Step step) { steps_.push_back(std::move(step)); }

 private:
  ConfigOptions options_;
  std::vector<Profile> profiles_;
  std::optional<Calibrator> calibrator_;
  std::vector<Step> steps_;
};

/// An engine ready to run (`nvinfer1::ICudaEngine`). Copies share it; TensorRT allows its const use, and
/// making contexts, from several threads. It keeps everything alive that it needs.
class Engine : public Evaluated {
 public:
  struct State;
  explicit Engine(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  /// An engine of your own making. Throws UsageError if `engine` is null.
  Engine(std::shared_ptr<nvinfer1::ICudaEngine> engine, Runtime runtime);

  nvinfer1::ICudaEngine* operator->() const { return &native(); }
  nvinfer1::ICudaEngine& operator*() const { return native(); }
  nvinfer1::ICudaEngine& native() const;
  const Runtime& runtime() const;
  const Library& library() const { return runtime().library(); }
  /// The plan that the engine was loaded from; empty for one that was built. Saving such an engine writes
  /// these bytes again.
  const Bytes& serialized() const;

 private:
  std::shared_ptr<const State> state_;
};

}  // namespace polygraph::trt
