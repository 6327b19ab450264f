#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/passes.h>
#include <polygraph/reference/runner.h>

#include <algorithm>
#include <thread>

#include "onnx/function_calls.h"
#include "reference/execute.h"
#include "reference/plan.h"

namespace polygraph::reference {

namespace {

onnx::Model prepared(onnx::Model model) {
  onnx::count_expansion(model,
                        [](const onnx::Function&) { return true; });  // throws where calls go in a circle
  onnx::passes::sort_topologically(model);
  return model;
}

int thread_count(const RunnerOptions& options) {
  return options.threads > 0 ? options.threads
                             : static_cast<int>(std::max(std::thread::hardware_concurrency(), 1u));
}

}  // namespace

struct Runner::State {
  State(onnx::Model of, const onnx::Evaluators& fallback, const RunnerOptions& options)
      : model(prepared(std::move(of))),
        inputs(onnx::input_metadata(model.graph)),
        outputs(onnx::output_metadata(model.graph)),
        plan(plan_model(model)),
        executor(model, fallback, thread_count(options)),
        outputs_in_double(options.outputs_in_double) {
    if (fallback.empty()) require_kernels();
  }

  void require_kernels() const {
    for (const Plan::Step& step : plan.steps)
      if (!step.kernel && !step.function)
        throw BackendError(fmt::format("Activating the reference runner with {}: it has no kernel for {}.",
                                       model.storage.name(), describe(*step.node, step.opset)),
                           "Give the runner an evaluator of a backend that knows the operator.");
  }

  void require_tensors() const {
    const auto check = [&](const std::vector<onnx::ValueInfo>& infos, std::string_view kind) {
      for (const onnx::ValueInfo& info : infos)
        if (info.type && info.type->kind != onnx::Type::Kind::tensor &&
            info.type->kind != onnx::Type::Kind::none)
          throw BackendError(fmt::format("Running {}: the {} '{}' is no tensor but {}.", model.storage.name(),
                                         kind, info.name, onnx::to_string(*info.type)),
                             "Cut the model where its values are tensors, with `polygraph surgeon extract`.");
    };
    check(model.graph.inputs, "input");
    check(model.graph.outputs, "output");
  }

  Tensor output_tensor(const Value& value, const TensorInfo& info) const {
    if (value.kind != Value::Kind::tensor)
      throw BackendError(
          fmt::format("Running {}: the output '{}' is no tensor.", model.storage.name(), info.name));
    if (value.is_float()) {
      if (outputs_in_double) return value.tensor.clone();
      const bool is_declared = info.dtype && is_floating(*info.dtype);
      return release(value, is_declared ? *info.dtype : value.dtype);
    }
    const Tensor released = release(value);
    return released.dtype() == value.tensor.dtype() ? released.clone() : released;
  }

  const TensorMap& infer(const FeedDict& feed) {
    require_tensors();
    std::vector<Value> values;
    for (const TensorInfo& input : inputs) values.push_back(hold(feed[input.name]));
    const std::vector<Value> computed = executor.run(plan, std::move(values));
    for (std::size_t i = 0; i < computed.size(); ++i)
      results.set(outputs[i].name, output_tensor(computed[i], outputs[i]));
    return results;
  }

  onnx::Model model;
  TensorMetadata inputs;
  TensorMetadata outputs;
  Plan plan;
  Executor executor;
  bool outputs_in_double;
  TensorMap results;
};

Runner::Runner(Source<onnx::Model> model, onnx::Evaluators fallback, RunnerOptions options, std::string name)
    : polygraph::Runner(std::move(name)),
      source_(std::move(model)),
      fallback_(std::move(fallback)),
      options_(options) {}

Runner::~Runner() {
  deactivate();
}

std::string Runner::str() const {
  return cpp_expression<1>("reference::Runner", source_, fallback_, options_, name());
}

Runner::Interface Runner::activate_impl() {
  state_ = std::make_unique<State>(source_.get(), fallback_, options_);
  TensorMetadata outputs;
  for (TensorInfo output : state_->outputs) {
    if (options_.outputs_in_double && output.dtype && is_floating(*output.dtype))
      output.dtype = DataType::float64;
    outputs.add(std::move(output));
  }
  return {state_->inputs, std::move(outputs)};
}

void Runner::deactivate_impl() noexcept {
  state_.reset();
}

const TensorMap& Runner::infer_impl(const FeedDict& feed) {
  return state_->infer(feed);
}

const std::vector<std::string>& Runner::single_precision_nodes() const {
  require_active("asking for nodes in single precision");
  return state_->executor.single_precision_nodes();
}

}  // namespace polygraph::reference
