#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/openvino/runner.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <optional>

#include "core/log_format.h"
#include "openvino/layer_averages.h"
#include "openvino/translate.h"

namespace polygraph::openvino {

namespace {

// Below this, copying an input costs less than handing its address to OpenVINO when the address changes.
constexpr std::size_t copy_limit = 16 * 1024;

// Turns what OpenVINO throws into our errors; without cost as long as nothing is thrown.
template <class F>
void running(const std::string& runner, F&& f) {
  try {
    f();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw BackendError(fmt::format("Running '{}' with OpenVINO failed.", runner), "",
                       readable_lines(error.what()));
  }
}

}  // namespace

// One ov::InferRequest with what is bound to it. (A copied ov::InferRequest is the same request.)
struct Runner::Request {
  Request(const Engine& made_from, const TensorMetadata& inputs, const TensorMetadata& outputs)
      : engine(made_from) {
    ov::CompiledModel compiled = engine.native();
    request = compiled.create_infer_request();
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      Input& input = inputs_.emplace_back();
      input.name = inputs[i].name;
      input.port = compiled.input(i);
      input.type = to_element_type(*inputs[i].dtype);
      if (inputs[i].shape.is_static() && input.type != ov::element::string) {
        input.shape = inputs[i].shape.with_defaults();
        input.own = packed_size(*inputs[i].dtype, input.shape.element_count()) <= copy_limit;
        if (input.own) input.tensor = request.get_tensor(input.port);
      }
    }
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      // OpenVINO's own tensors cost least: it allocates at each call to write a dynamic shape into one of
      // ours.
      Output& output = outputs_of_request_.emplace_back();
      output.port = compiled.output(i);
      output.tensor = request.get_tensor(output.port);
      output.changes = output.port.get_partial_shape().is_dynamic();
      outputs_.set(outputs[i].name, Tensor());
    }
  }

  void bind(const FeedDict& feed) {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      Input& input = inputs_[i];
      const bool in_order = i < feed.size() && feed.at(i).first == input.name;
      const Tensor& tensor = in_order ? feed.at(i).second : feed[input.name];
      if (tensor.dtype() == DataType::string) {
        bind_strings(input, tensor);
      } else if (tensor.nbytes() <= copy_limit) {
        if (!input.own || !(tensor.shape() == input.shape)) rebind(input, tensor, nullptr);
        std::memcpy(input.tensor.data(), tensor.data(), tensor.nbytes());
      } else if (tensor.data() != input.bound || !(tensor.shape() == input.shape)) {
        rebind(input, tensor, tensor.data());
      }
    }
  }

  void infer() {
    if (!timing_) {
      request.infer();
      return;
    }
    const auto started = std::chrono::steady_clock::now();
    request.infer();
    timing_->seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    ++timing_->inferences;
  }

  // Of an engine built with profiling.
  void measure_layers(bool has_streams) { timing_ = Timing{.has_streams = has_streams}; }

  void restart_layer_times() {
    if (!timing_) return;
    timing_->seconds = 0;
    timing_->earlier = {.inferences = timing_->inferences};
    // The averages of a stream cannot be told from those of another one.
    if (timing_->inferences > 0 && !timing_->has_streams)
      timing_->earlier = LayerAverages::read(request, timing_->inferences);
  }

  LayerTimes layer_times() const {
    LayerTimes times;
    if (!timing_ || timing_->inferences == timing_->earlier.inferences) return times;
    times.inferences = timing_->inferences - timing_->earlier.inferences;
    times.seconds = timing_->seconds;
    const bool is_all = timing_->earlier.layers.empty();
    times.layers =
        times_between(is_all ? LayerAverages{} : timing_->earlier,
                      LayerAverages::read(request, is_all ? times.inferences : timing_->inferences));
    return times;
  }

  const TensorMap& read_outputs() {
    for (std::size_t i = 0; i < outputs_of_request_.size(); ++i) {
      Output& from = outputs_of_request_[i];
      if (from.changes) {
        from.tensor = request.get_tensor(from.port);
        if (is_fed(from.tensor)) make_own(from);
      }
      const ov::Tensor& tensor = from.tensor;
      const ov::Shape& shape = tensor.get_shape();
      Tensor& output = outputs_.at(i).second;
      const DataType dtype = to_data_type(tensor.get_element_type());
      dims_.assign(shape.begin(), shape.end());
      if (dtype == DataType::string) {
        output = Tensor(dtype, Shape(dims_));
        std::copy_n(tensor.data<const std::string>(), tensor.get_size(), output.mutable_strings().begin());
      } else {
        output.reset_view(const_cast<void*>(tensor.data()), dtype, dims_);
      }
    }
    return outputs_;
  }

  Engine engine;
  ov::InferRequest request;

 private:
  struct Input {
    std::string name;
    ov::Output<const ov::Node> port;
    ov::element::Type type;
    bool own = false;  // `tensor` has memory of its own, into which small inputs are copied; else it views
                       // what was fed
    ov::Tensor tensor;
    const void* bound = nullptr;  // what it views
    Shape shape;
  };
  struct Output {
    ov::Output<const ov::Node> port;
    ov::Tensor tensor;
    bool changes = false;  // dynamic: OpenVINO may yield another tensor after each call
  };

  // Whether it lies in the caller's memory: OpenVINO hands on an input of dynamic shape that the network
  // passes through unchanged.
  bool is_fed(const ov::Tensor& output) const {
    if (output.get_element_type() == ov::element::string) return false;
    const std::less_equal<> not_after;  // `<=` says nothing about pointers into different objects
    const auto* data = static_cast<const std::byte*>(output.data());
    return std::ranges::any_of(inputs_, [&](const Input& input) {
      if (!input.bound) return false;
      const auto* begin = static_cast<const std::byte*>(input.bound);
      return not_after(begin, data) && std::less<>()(data, begin + input.tensor.get_byte_size());
    });
  }

  // From now on OpenVINO writes this output into a tensor of ours, which it resizes.
  void make_own(Output& output) {
    ov::Tensor own(output.tensor.get_element_type(), output.tensor.get_shape());
    output.tensor.copy_to(own);
    request.set_tensor(output.port, own);
    output.tensor = own;
    output.changes = false;
  }

  // Gives OpenVINO a new tensor for an input: a view of `memory`, which it only reads, or if that is null one
  // of its own.
  void rebind(Input& input, const Tensor& like, const void* memory) {
    const ov::Shape shape(like.shape().begin(), like.shape().end());
    input.tensor =
        memory ? ov::Tensor(input.type, shape, const_cast<void*>(memory)) : ov::Tensor(input.type, shape);
    request.set_tensor(input.port, input.tensor);
    input.own = !memory;
    input.bound = memory;
    input.shape = like.shape();
  }

  void bind_strings(Input& input, const Tensor& tensor) {
    input.tensor = ov::Tensor(input.type, ov::Shape(tensor.shape().begin(), tensor.shape().end()));
    const auto strings = tensor.strings();
    std::copy(strings.begin(), strings.end(), input.tensor.data<std::string>());
    request.set_tensor(input.port, input.tensor);
  }

  struct Timing {
    bool has_streams = false;
    double seconds = 0;
    std::int64_t inferences = 0;
    LayerAverages earlier = {};  // when it was restarted
  };

  std::optional<Timing> timing_;
  std::vector<Input> inputs_;
  std::vector<Output> outputs_of_request_;
  TensorMap outputs_;
  std::vector<std::int64_t> dims_;
};

Runner::Runner(Source<Engine> engine, std::string name)
    : polygraph::Runner(std::move(name)), source_(std::move(engine)) {}

Runner::~Runner() {
  deactivate();
}

std::string Runner::str() const {
  return cpp_expression<1>("openvino::Runner", source_, name());
}

Runner::Interface Runner::activate_impl() {
  auto engine = std::make_unique<Engine>(source_.get());
  Interface interface { engine->info().inputs, engine->info().outputs };
  request_ = calling_openvino("Creating an inference request", "", [&] {
    auto request = std::make_shared<Request>(*engine, interface.inputs, interface.outputs);
    const ov::CompiledModel& compiled = engine->native();
    if (compiled.get_property(ov::enable_profiling))
      request->measure_layers(compiled.get_property(ov::num_streams).num > 1);
    return request;
  });
  engine_ = std::move(engine);
  return interface;
}

void Runner::deactivate_impl() noexcept {
  request_.reset();
  engine_.reset();
}

const TensorMap& Runner::infer_impl(const FeedDict& feed) {
  running(name(), [&] {
    request_->bind(feed);
    request_->infer();
  });
  return request_->read_outputs();
}

LayerTimes Runner::layer_times_impl() {
  return calling_openvino("Asking what layers took", "", [&] { return request_->layer_times(); });
}

void Runner::restart_layer_times_impl() {
  calling_openvino("Asking what layers took", "", [&] { request_->restart_layer_times(); });
}

const Engine& Runner::engine() const {
  require_active("asking for its engine");
  return *engine_;
}

// Asynchronous requests

struct PendingInference::State {
  std::shared_ptr<Runner::Request> request;
  FeedDict feed;  // keeps the inputs
  std::string runner;
  bool done = false;
  const TensorMap* outputs = nullptr;
};

PendingInference::PendingInference(std::unique_ptr<State> state) : state_(std::move(state)) {}
PendingInference::PendingInference(PendingInference&&) noexcept = default;

PendingInference::~PendingInference() {
  if (!state_ || state_->done) return;
  try {
    state_->request->request.wait();
  } catch (...) {  // NOLINT(bugprone-empty-catch): it failed, and nobody asked for its result
  }
}

bool PendingInference::is_ready() {
  return state_->done || state_->request->request.wait_for(std::chrono::milliseconds(0));
}

const TensorMap& PendingInference::get() {
  if (!state_->done) {
    state_->done = true;
    running(state_->runner, [&] { state_->request->request.wait(); });
    state_->outputs = &state_->request->read_outputs();
  }
  if (!state_->outputs)
    throw BackendError(fmt::format("Running '{}': the inference has failed.", state_->runner));
  return *state_->outputs;
}

PendingInference Runner::infer_async(const FeedDict& feed, bool check_inputs) {
  require_active("starting an inference");
  if (check_inputs) check_feed(feed);
  auto state = std::make_unique<PendingInference::State>();
  state->runner = name();
  state->feed = feed;
  running(name(), [&] {
    state->request = std::make_shared<Request>(*engine_, input_metadata(), output_metadata());
    state->request->bind(state->feed);
    state->request->request.start_async();
  });
  return PendingInference(std::move(state));
}

}  // namespace polygraph::openvino
