#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnxrt/runner.h>

#include <algorithm>
#include <cstring>
#include <functional>

#include "onnxrt/session.h"

namespace polygraph::onnxrt {

namespace {

// Below this, copying an input costs less than making a value of its address when the address changes.
constexpr std::size_t copy_limit = 16 * 1024;

}  // namespace

// What is bound to a session by one runner.
struct Runner::Request {
  explicit Request(Session of) : session(std::move(of)), api_(session.state().api()) {
    const Session::State& state = session.state();
    for (const TensorInfo& input : state.inputs) inputs_.emplace_back(input.name, api_.ReleaseValue);
    bound_.resize(inputs_.size(), nullptr);
    results_.resize(state.outputs.size(), nullptr);
    for (const TensorInfo& output : state.outputs) outputs_.set(output.name, Tensor());
    running_ = fmt::format("Running {} with ONNX Runtime", state.model_name);
    all_tensors_ = std::ranges::all_of(state.input_kinds, is_tensor) &&
                   std::ranges::all_of(state.output_kinds, is_tensor);
  }
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;
  ~Request() { release_results(); }

  const TensorMap& infer(const FeedDict& feed) {
    if (!all_tensors_) require_tensors(session);
    bind(feed);
    release_results();
    const Session::State& state = session.state();
    OrtStatus* const status =
        api_.Run(state.session.get(), nullptr, state.input_names.data(), bound_.data(), bound_.size(),
                 state.output_names.data(), results_.size(), results_.data());
    if (state.layer_timing) state.layer_timing->count_inference();
    check_status(api_, status, running_);
    read_outputs();
    return outputs_;
  }

  Session session;

 private:
  struct Input {
    Input(std::string name_of, void (*release)(OrtValue*))
        : name(std::move(name_of)), value(nullptr, release) {}
    std::string name;
    Handle<OrtValue> value;
    Tensor own;                    // what `value` views if small inputs are copied
    const void* viewed = nullptr;  // what it views otherwise: memory of the caller
    std::size_t viewed_size = 0;
    DataType dtype{};
    Shape shape;
  };

  static bool is_tensor(ValueKind kind) { return kind == ValueKind::tensor; }

  void bind(const FeedDict& feed) {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      Input& input = inputs_[i];
      const bool in_order = i < feed.size() && feed.at(i).first == input.name;
      const Tensor& tensor = in_order ? feed.at(i).second : feed[input.name];
      const bool same_form = input.value && tensor.dtype() == input.dtype && tensor.shape() == input.shape;
      if (tensor.dtype() == DataType::string) {
        set(i, tensor);
      } else if (const std::size_t size = tensor.nbytes(); size <= copy_limit) {
        if (!same_form || input.viewed) {
          input.own = Tensor(tensor.dtype(), tensor.shape());
          set(i, input.own);
        }
        if (size != 0) std::memcpy(input.own.mutable_data(), tensor.data(), size);
      } else if (!same_form || tensor.data() != input.viewed) {
        set(i, tensor);
        input.viewed = tensor.data();
        input.viewed_size = size;
      }
    }
  }

  void set(std::size_t i, const Tensor& tensor) {
    Input& input = inputs_[i];
    bound_[i] = nullptr;
    input.value = make_value(api_, session.state().cpu.get(), tensor);
    bound_[i] = input.value.get();
    input.viewed = nullptr;
    input.viewed_size = 0;
    input.dtype = tensor.dtype();
    input.shape = tensor.shape();
  }

  void release_results() {
    for (OrtValue*& result : results_)
      if (OrtValue* const old = std::exchange(result, nullptr)) api_.ReleaseValue(old);
  }

  void read_outputs() {
    for (std::size_t i = 0; i < results_.size(); ++i) {
      Tensor& output = outputs_.at(i).second;
      read_type_and_shape(api_, results_[i], type_);
      const DataType dtype = to_data_type(type_.type);
      if (dtype == DataType::string) {
        output = read_strings(api_, results_[i], type_.dims);
        continue;
      }
      void* data = nullptr;
      check_status(api_, api_.GetTensorMutableData(results_[i], &data), running_);
      output.reset_view(data, dtype, type_.dims);
      if (is_fed(data)) output = output.clone();
    }
  }

  // Whether it lies in the caller's memory: ONNX Runtime hands on an input that the model passes through.
  bool is_fed(const void* data) const {
    const std::less_equal<> not_after;  // `<=` says nothing about pointers into different objects
    return std::ranges::any_of(inputs_, [&](const Input& input) {
      const auto* begin = static_cast<const std::byte*>(input.viewed);
      return begin && not_after(begin, static_cast<const std::byte*>(data)) &&
             std::less<>()(static_cast<const std::byte*>(data), begin + input.viewed_size);
    });
  }

  const OrtApi& api_;
  std::vector<Input> inputs_;
  std::vector<const OrtValue*> bound_;  // the values of `inputs_`
  std::vector<OrtValue*> results_;      // what `outputs_` view; released before the next run
  TensorMap outputs_;
  TypeAndShape type_;
  std::string running_;
  bool all_tensors_ = false;
};

Runner::Runner(Source<Session> session, std::string name)
    : polygraph::Runner(std::move(name)), source_(std::move(session)) {}

Runner::~Runner() {
  deactivate();
}

std::string Runner::str() const {
  return cpp_expression<1>("onnxrt::Runner", source_, name());
}

Runner::Interface Runner::activate_impl() {
  request_ = std::make_unique<Request>(source_.get());
  return {request_->session.inputs(), request_->session.outputs()};
}

void Runner::deactivate_impl() noexcept {
  request_.reset();
}

const TensorMap& Runner::infer_impl(const FeedDict& feed) {
  return request_->infer(feed);
}

LayerTimes Runner::layer_times_impl() {
  LayerTiming* const timing = request_->session.state().layer_timing.get();
  return timing ? timing->times() : LayerTimes{};
}

void Runner::restart_layer_times_impl() {
  if (LayerTiming* const timing = request_->session.state().layer_timing.get()) timing->restart();
}

const Session& Runner::session() const {
  require_active("asking for its session");
  return request_->session;
}

}  // namespace polygraph::onnxrt
