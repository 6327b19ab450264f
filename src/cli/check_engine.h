#pragma once

#include <polygraph/core/tensor.h>
#include <polygraph/onnx/lint.h>
#include <polygraph/onnx/model.h>

#include <string>
#include <vector>

#include "cli/option_fields.h"

namespace polygraph::cli {

/// What running a model with ONNX Runtime showed.
struct EngineVerdict {
  bool available = false;  ///< false: ONNX Runtime cannot be had; `problem` says why
  bool whole_model_ran = false;
  std::string problem;                      ///< why the whole model did not run
  std::vector<std::string> warnings;        ///< what the engine said while the whole model ran
  std::vector<onnx::NodeOutcome> outcomes;  ///< of single nodes, if the whole model did not run
};

/// Runs the model with ONNX Runtime, and if that fails, node by node. The engine runs in a process of its
/// own, forked from this one, whose standard error is read: if it crashes, that is the outcome of the node it
/// was at, and the rest is run without that node. Not to be called while other threads hold locks.
/// @param inputs  A tensor for each input of the graph; empty if the model has values that are no tensors.
/// @param options  Fields of onnxrt::SessionOptions for the whole model; single nodes run on the CPU.
/// Throws UsageError for a provider or an option that ONNX Runtime does not have.
EngineVerdict run_in_engine(const onnx::Model& model, const TensorMap& inputs, const Settings& options = {});

}  // namespace polygraph::cli
