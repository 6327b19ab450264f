#pragma once

#include <polygraph/core/bytes.h>
#include <polygraph/core/engine_file.h>
#include <polygraph/core/loader.h>
#include <polygraph/openvino/config_options.h>

#include <filesystem>
#include <memory>
#include <openvino/openvino.hpp>
#include <string>

/// What the loaders of this backend yield: handles over OpenVINO's own objects, which are always within
/// reach.
namespace polygraph::openvino {

/// The OpenVINO library with its devices and extensions (`ov::Core`). Copies share it; thread-safe.
class Runtime : public Evaluated {
 public:
  Runtime();
  ov::Core& native() const { return *core_; }

 private:
  std::shared_ptr<ov::Core> core_;
};

/// A network that can be edited with OpenVINO's own API (`ov::Model`). Copies share the model; one thread may
/// edit at a time.
/// @code
///   void add_identity(Network& network) {
///     network->add_output("hidden");
///   }
/// @endcode
class Network : public Evaluated {
 public:
  /// A network of your own making. Throws UsageError if `model` is null.
  explicit Network(std::shared_ptr<ov::Model> model, Runtime runtime = Runtime());

  ov::Model* operator->() const { return model_.get(); }
  ov::Model& operator*() const { return *model_; }
  const std::shared_ptr<ov::Model>& native() const { return model_; }
  operator const std::shared_ptr<ov::Model>&() const { return model_; }  // NOLINT: it is one

  const Runtime& runtime() const { return runtime_; }
  /// The file the network was read from and its hash, as in EngineInfo; empty if it was not read from one.
  const std::string& model_name() const { return model_name_; }
  const std::string& model_hash() const { return model_hash_; }
  void set_origin(std::string model_name, std::string model_hash);

 private:
  std::shared_ptr<ov::Model> model_;
  Runtime runtime_;
  std::string model_name_;
  std::string model_hash_;
};

/// How to build: the options asked for, and the properties that OpenVINO will be given besides those that
/// follow from the options.
class Config : public Evaluated {
 public:
  Config() = default;
  explicit Config(ConfigOptions options) : options_(std::move(options)) {}

  const ConfigOptions& options() const { return options_; }
  ConfigOptions& options() { return options_; }
  /// OpenVINO's properties by name; these win over those that follow from the options.
  const ov::AnyMap& properties() const { return properties_; }
  ov::AnyMap& properties() { return properties_; }

 private:
  ConfigOptions options_;
  ov::AnyMap properties_;
};

/// An engine ready to run (`ov::CompiledModel`). Copies share it; thread-safe. It keeps everything alive that
/// it needs.
class Engine : public Evaluated {
 public:
  struct State;
  explicit Engine(std::shared_ptr<const State> state) : state_(std::move(state)) {}

  // Of an engine that is about to go, these are copies: `for (auto& layer :
  // engine_from_path("e").info().layers)` is safe.
  const EngineInfo& info() const&;
  EngineInfo info() &&;
  const ov::CompiledModel& native() const&;
  ov::CompiledModel native() &&;
  const Runtime& runtime() const&;
  Runtime runtime() &&;
  /// What the engine was loaded from, header included; empty for one that was built. Saving such an engine
  /// writes these bytes again.
  const Bytes& serialized() const&;

 private:
  std::shared_ptr<const State> state_;
};

}  // namespace polygraph::openvino
