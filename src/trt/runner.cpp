#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/trt/runner.h>

#include <chrono>
#include <mutex>
#include <unordered_map>

#include "core/log_format.h"
#include "trt/engine_layers.h"
#include "trt/execution.h"
#include "trt/versions/run.h"

namespace polygraph::trt {

namespace {

// Executions that no inference uses at the moment.
struct Pool {
  std::mutex mutex;
  std::vector<std::unique_ptr<Execution>> unused;

  std::unique_ptr<Execution> take() {
    const std::lock_guard lock(mutex);
    if (unused.empty()) return nullptr;
    std::unique_ptr<Execution> taken = std::move(unused.back());
    unused.pop_back();
    return taken;
  }
  void give_back(std::unique_ptr<Execution> execution) {
    const std::lock_guard lock(mutex);
    unused.push_back(std::move(execution));
  }
};

void check_profile(const Signature& signature, const std::optional<int>& profile) {
  const int count = static_cast<int>(signature.profiles().size());
  if (profile && (*profile < 0 || *profile >= count))
    throw UsageError(
        fmt::format("Activating the runner: there is no optimization profile {}; the engine has {}.",
                    *profile, count),
        fmt::format("Give one of 0 to {}, or none: it is then chosen by the shapes.", count - 1));
}

void set_weights(nvinfer1::ICudaEngine& engine, const WeightBudget& budget) {
  if (budget.bytes < -2 || budget.percent.value_or(0) < 0 || budget.percent.value_or(0) > 100)
    throw UsageError(
        fmt::format("Streaming weights: a budget of {}.", cpp_literal(budget)),
        "Give the bytes that stay on the GPU or a share of 0 to 100 percent, -1 for what TensorRT thinks "
        "best, or -2 for all.");
  if (set_weight_streaming_budget(engine, budget)) return;
  throw BackendError(
      fmt::format("Streaming weights: {} refuses a budget of {}.", flavour_name, cpp_literal(budget)),
      "The engine has to be built for it (CreateConfig with weight_streaming), no runner may "
      "be active on it, and "
      "TensorRT has to be 10.1 or later.");
}

// Layer times of many inferences.
class LayerSums {
 public:
  void add(const std::vector<LayerTime>& layers, double seconds) {
    ++times_.inferences;
    times_.seconds += seconds;
    for (const LayerTime& layer : layers) {
      const auto [found, is_new] = places_.try_emplace(layer.name, times_.layers.size());
      if (is_new) times_.layers.push_back({.name = layer.name});
      LayerTime& sum = times_.layers[found->second];
      sum.calls += layer.calls;
      sum.seconds += layer.seconds;
    }
  }
  void clear() { *this = {}; }
  const LayerTimes& times() const { return times_; }

 private:
  LayerTimes times_;
  std::unordered_map<std::string, std::size_t> places_;
};

void add_types(LayerTimes& times, const Engine& engine) {
  std::unordered_map<std::string, std::string> types;
  try {
    for (DescribedLayer& layer : inspect_layers(engine)) types.emplace(layer.name, std::move(layer.type));
  } catch (const Error& error) {
    log_verbose("Layers have times without types: {}", error.what());
  }
  for (LayerTime& layer : times.layers)
    if (const auto found = types.find(layer.name); found != types.end()) layer.type = found->second;
}

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point started) {
  return std::chrono::duration<double>(Clock::now() - started).count();
}

}  // namespace

struct Runner::Active {
  Engine engine;
  std::shared_ptr<const Signature> signature;
  std::unique_ptr<Execution> execution;
  std::shared_ptr<Pool> pool = std::make_shared<Pool>();
  LayerSums layer_sums = {};
};

// Refuses a second thread.
struct Runner::InUse {
  explicit InUse(Runner& runner) : flag(runner.running_) {
    if (flag.test_and_set(std::memory_order_acquire)) [[unlikely]]
      throw UsageError(fmt::format("Runner '{}' is running an inference in another thread.", runner.name()),
                       "Use a runner for each thread: they may share the engine.");
  }
  InUse(const InUse&) = delete;
  InUse& operator=(const InUse&) = delete;
  ~InUse() { flag.clear(std::memory_order_release); }
  std::atomic_flag& flag;
};

Runner::Runner(Source<Engine> engine, RunnerOptions options, std::string name)
    : polygraph::Runner(std::move(name)), source_(std::move(engine)), options_(std::move(options)) {}

Runner::~Runner() {
  deactivate();
}

std::string Runner::str() const {
  return cpp_expression<1>("trt::Runner", source_, options_, name());
}

Runner::Interface Runner::activate_impl() {
  Engine engine = source_.get();
  auto signature = std::make_shared<const Signature>(engine.native());
  check_profile(*signature, options_.optimization_profile);
  if (options_.weight_streaming_budget) set_weights(engine.native(), *options_.weight_streaming_budget);
  auto execution = std::make_unique<Execution>(engine, signature, options_);
  active_ = std::make_unique<Active>(Active{std::move(engine), std::move(signature), std::move(execution)});
  return {active_->signature->input_metadata(options_.optimization_profile.value_or(-1)),
          active_->signature->output_metadata()};
}

void Runner::deactivate_impl() noexcept {
  active_.reset();
}

std::string Runner::shapes_allowed(const TensorInfo& input) const {
  const Signature& signature = *active_->signature;
  return fmt::format("The engine allows {}.", signature.allowed(signature.input_index(input.name),
                                                                options_.optimization_profile.value_or(-1)));
}

const TensorMap& Runner::infer_impl(const FeedDict& feed) {
  const InUse in_use(*this);
  Execution& execution = *active_->execution;
  const Clock::time_point started = options_.time_layers ? Clock::now() : Clock::time_point();
  execution.submit(feed);
  execution.wait();
  if (options_.time_layers) active_->layer_sums.add(execution.layer_times(), seconds_since(started));
  return execution.outputs();
}

const DeviceTensorMap& Runner::submit_on_device(const DeviceTensorMap& inputs, const FeedDict& host_inputs,
                                                const DeviceTensorMap& outputs) {
  require_active("running on the device");
  const InUse in_use(*this);
  Execution& execution = *active_->execution;
  execution.submit(inputs, host_inputs, outputs);
  return execution.device_outputs();
}

const DeviceTensorMap& Runner::infer_on_device(const DeviceTensorMap& inputs, const FeedDict& host_inputs,
                                               const DeviceTensorMap& outputs) {
  const Clock::time_point started = options_.time_layers ? Clock::now() : Clock::time_point();
  const DeviceTensorMap& results = submit_on_device(inputs, host_inputs, outputs);
  const InUse in_use(*this);
  Execution& execution = *active_->execution;
  execution.wait();
  if (options_.time_layers) active_->layer_sums.add(execution.layer_times(), seconds_since(started));
  return results;
}

double Runner::last_gpu_time() const {
  require_active("last_gpu_time()");
  if (!options_.time_on_gpu)
    throw UsageError(fmt::format("Runner '{}' does not measure the time on the GPU.", name()),
                     "Make it with the option time_on_gpu.");
  return active_->execution->gpu_seconds();
}

const std::vector<LayerTime>& Runner::last_layer_times() const {
  require_active("last_layer_times()");
  if (!options_.time_layers)
    throw UsageError(fmt::format("Runner '{}' does not measure layers.", name()),
                     "Make it with the option time_layers.");
  return active_->execution->layer_times();
}

LayerTimes Runner::layer_times_impl() {
  LayerTimes times = active_->layer_sums.times();
  if (!times.layers.empty()) add_types(times, active_->engine);
  return times;
}

void Runner::restart_layer_times_impl() {
  active_->layer_sums.clear();
}

bool Runner::last_was_graph() const {
  require_active("last_was_graph()");
  return active_->execution->was_graph();
}

int Runner::active_profile() const {
  require_active("active_profile()");
  return active_->execution->profile();
}

const Engine& Runner::engine() const {
  require_active("asking for its engine");
  return active_->engine;
}

const Stream& Runner::stream() const {
  require_active("asking for its stream");
  return active_->execution->stream();
}

nvinfer1::IExecutionContext& Runner::context() const {
  require_active("asking for its context");
  return active_->execution->context();
}

// Inferences in flight

struct PendingInference::State {
  std::shared_ptr<Pool> pool;
  std::unique_ptr<Execution> execution;
  FeedDict feed;  // keeps pinned inputs
  bool failed = false;
};

PendingInference::PendingInference(std::unique_ptr<State> state) : state_(std::move(state)) {}
PendingInference::PendingInference(PendingInference&&) noexcept = default;

PendingInference::~PendingInference() {
  if (!state_ || !state_->execution) return;
  try {
    state_->execution->wait();
    state_->pool->give_back(std::move(state_->execution));
  } catch (...) {  // NOLINT(bugprone-empty-catch): it failed, and nobody asked for its result
  }
}

bool PendingInference::is_ready() {
  return state_->execution->is_done();
}

const TensorMap& PendingInference::get() {
  if (state_->failed) throw BackendError("Running the engine: the inference has failed.");
  try {
    state_->execution->wait();
  } catch (...) {
    state_->failed = true;
    throw;
  }
  return state_->execution->outputs();
}

PendingInference Runner::infer_async(const FeedDict& feed, bool check_inputs) {
  require_active("starting an inference");
  const InUse in_use(*this);
  if (check_inputs) check_feed(feed);
  auto state = std::make_unique<PendingInference::State>();
  state->pool = active_->pool;
  state->execution = active_->pool->take();
  if (!state->execution)
    state->execution = std::make_unique<Execution>(active_->engine, active_->signature, options_);
  state->feed = feed;
  state->execution->submit(state->feed);
  return PendingInference(std::move(state));
}

}  // namespace polygraph::trt
