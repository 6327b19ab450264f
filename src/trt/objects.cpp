#include <polygraph/core/error.h>
#include <polygraph/trt/objects.h>

#include <utility>

#include "trt/engine.h"
#include "trt/library.h"
#include "trt/messages.h"
#include "trt/network.h"
#include "trt/versions/library.h"
#include "trt/versions/network.h"

namespace polygraph::trt {

bool Library::is_strongly_typed() const {
  return strongly_typed_only;
}

Runtime::Runtime(Library library) : library_(library), runtime_(library.state().make_runtime()) {}

Runtime::Runtime(std::shared_ptr<nvinfer1::IRuntime> runtime, Library library)
    : library_(library), runtime_(std::move(runtime)) {
  if (!runtime_) throw UsageError("Making a Runtime: the IRuntime is null.", "Pass a runtime.");
}

nvinfer1::INetworkDefinition& Network::native() const {
  return *state_->network;
}
nvinfer1::IBuilder& Network::builder() const {
  return *state_->builder;
}
nvonnxparser::IParser* Network::parser() const {
  return state_->parser.get();
}
const Library& Network::library() const {
  return state_->library;
}
void Network::keep_alive(std::shared_ptr<const void> object) {
  state_->kept.push_back(std::move(object));
}
const std::string& Network::model_name() const {
  return state_->model_name;
}

std::shared_ptr<Network::State> make_network(const Library& library, bool strongly_typed) {
  auto state =
      std::make_shared<Network::State>(Network::State{library, {}, {}, {}, {}, {}, {}, {}, false, 0, {}});
  state->builder = library.state().make_builder();
  EngineMessages messages;
  state->network.reset(create_native_network(*state->builder, strongly_typed));
  if (!state->network)
    messages.fail<BackendError>("TensorRT cannot make a network.", "See TensorRT's messages.");
  state->strongly_typed = strongly_typed || strongly_typed_only;
  return state;
}

Engine::Engine(std::shared_ptr<nvinfer1::ICudaEngine> engine, Runtime runtime)
    : state_(std::make_shared<const State>(State{std::move(runtime), {}, std::move(engine)})) {
  if (!state_->engine) throw UsageError("Making an Engine: the ICudaEngine is null.", "Pass an engine.");
}

nvinfer1::ICudaEngine& Engine::native() const {
  return *state_->engine;
}
const Runtime& Engine::runtime() const {
  return state_->runtime;
}
const Bytes& Engine::serialized() const {
  return state_->serialized;
}

}  // namespace polygraph::trt
