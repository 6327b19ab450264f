#include "reference/execute.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>

#include <optional>

#include "reference/fallback.h"

namespace polygraph::reference {

// The values of one run of a plan.
struct Executor::Frame {
  Frame(const Plan& of, const onnx::Model& its_model)
      : plan(of), model(its_model), values(of.constants.size()) {}

  const Value& get(std::int32_t number) {
    const auto i = static_cast<std::size_t>(number);
    if (!values[i]) {
      if (std::holds_alternative<std::monostate>(plan.constants[i]))
        throw InputError("A node takes a value that the node before it has left out.");
      values[i] = constant_value(plan.constants[i], model);
    }
    return *values[i];
  }
  void set(std::int32_t number, Value value) { values[static_cast<std::size_t>(number)] = std::move(value); }

  const Plan& plan;
  const onnx::Model& model;
  std::vector<std::optional<Value>> values;
};

struct Executor::Bodies final : Subgraphs {
  Bodies(Executor& executor_of, const Plan::Step& of, Frame& around)
      : executor(executor_of), step(of), frame(around) {}

  std::vector<Value> run(std::string_view attribute, std::vector<Value> inputs) override {
    for (const auto& [name, body] : step.bodies)
      if (name == attribute) return executor.run(*body, std::move(inputs), &frame);
    throw InputError(fmt::format("Computing {}: its attribute '{}' is missing.",
                                 describe(*step.node, step.opset), attribute));
  }

  Executor& executor;
  const Plan::Step& step;
  Frame& frame;
};

std::vector<Value> Executor::run(const Plan& plan, std::vector<Value> inputs) {
  return run(plan, std::move(inputs), nullptr);
}

std::vector<Value> Executor::run(const Plan& plan, std::vector<Value> inputs, Frame* outer) {
  Frame frame(plan, model_);
  std::size_t next = 0;
  for (const std::int32_t input : plan.inputs) {
    const bool is_constant =
        !std::holds_alternative<std::monostate>(plan.constants[static_cast<std::size_t>(input)]);
    if (next < inputs.size() && !(is_constant && !outer)) frame.set(input, std::move(inputs[next++]));
  }
  if (outer != nullptr)  // nothing is outside of the whole model
    for (const Plan::Capture& capture : plan.captures) frame.set(capture.inner, outer->get(capture.outer));
  for (const Plan::Step& step : plan.steps) {
    run_step(step, frame);
    for (const std::int32_t value : step.last_uses) frame.values[static_cast<std::size_t>(value)].reset();
  }
  std::vector<Value> outputs;
  for (const std::int32_t output : plan.outputs) outputs.push_back(frame.get(output));
  return outputs;
}

void Executor::run_step(const Plan::Step& step, Frame& frame) {
  std::vector<const Value*> inputs;
  for (const std::int32_t input : step.inputs)
    inputs.push_back(input == Plan::absent ? nullptr : &frame.get(input));
  Bodies bodies(*this, step, frame);
  const Call call{*step.node, model_, step.opset, inputs, bodies, threads_};
  Values outputs;
  if (step.function) {
    std::vector<Value> arguments;
    for (const Value* input : inputs) arguments.push_back(input ? *input : Value());
    arguments.resize(step.function->inputs.size());
    outputs = run(*step.function, std::move(arguments), nullptr);
  } else {
    try {
      outputs = step.kernel ? step.kernel(call) : evaluate_elsewhere(call, fallback_, single_precision_);
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {  // an index out of range, too much memory
      call.fail(fmt::format("its inputs do not fit its operator ({}).", error.what()));
    }
  }
  for (std::size_t i = 0; i < step.outputs.size(); ++i) {
    if (step.outputs[i] == Plan::absent) continue;
    if (i >= outputs.size()) call.fail(fmt::format("it has no output {}.", i));
    frame.set(step.outputs[i], std::move(outputs[i]));
  }
}

}  // namespace polygraph::reference
