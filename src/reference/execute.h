#pragma once

#include <polygraph/onnx/fold_constants.h>

#include <string>
#include <vector>

#include "reference/plan.h"

namespace polygraph::reference {

/// Computes plans of one model.
class Executor {
 public:
  Executor(const onnx::Model& model, const onnx::Evaluators& fallback, int threads)
      : model_(model), fallback_(fallback), threads_(threads) {}

  /// @param inputs  One for each input of the plan that is no constant, in order.
  std::vector<Value> run(const Plan& plan, std::vector<Value> inputs);

  /// Nodes that another engine computed in the model's precision.
  const std::vector<std::string>& single_precision_nodes() const { return single_precision_; }

 private:
  struct Frame;
  struct Bodies;

  std::vector<Value> run(const Plan& plan, std::vector<Value> inputs, Frame* outer);
  void run_step(const Plan::Step& step, Frame& frame);

  const onnx::Model& model_;
  const onnx::Evaluators& fallback_;
  int threads_;
  std::vector<std::string> single_precision_;
};

}  // namespace polygraph::reference
