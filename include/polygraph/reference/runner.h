#pragma once

#include <polygraph/core/loader.h>
#include <polygraph/core/options.h>
#include <polygraph/core/runner.h>
#include <polygraph/onnx/fold_constants.h>
#include <polygraph/onnx/model.h>

#include <memory>
#include <string>
#include <tuple>
#include <vector>

namespace polygraph::reference {

struct RunnerOptions {
  /// Give floating-point outputs as float64; otherwise each is rounded once to the type that the model
  /// declares.
  bool outputs_in_double = false;
  /// Threads for products of large matrices; 0: as many as there are processors.
  int threads = 0;

  static constexpr auto fields() {
    return std::tuple(
        Field{"outputs_in_double", &RunnerOptions::outputs_in_double,
              "Give floating-point outputs as float64."},
        Field{"threads", &RunnerOptions::threads, "Threads for products of large matrices.", "N"});
  }
  friend bool operator==(const RunnerOptions&, const RunnerOptions&) = default;
};

/// Computes an ONNX model node by node in double precision: what the model says, against which the results of
/// engines are judged. Its answers differ from the exact ones by some 1e-15 of their size for each operation,
/// where those of an engine in float32 differ by 1e-7.
/// @code
///   reference::Runner runner(onnx::OnnxFromPath("model.onnx"));
///   auto active = runner.activate();
///   const TensorMap& right = runner.infer({{"x", input}});
/// @endcode
/// - Every floating-point tensor, of whatever type in the model (fp8 to float64), is held as float64, from
/// the weights
///   to the outputs. Integers, booleans and text keep their type; integers wrap around.
/// - What the model asks for is done: a Cast to a narrower type rounds to that type, QuantizeLinear and its
/// like round
///   as ONNX defines. What only follows from the type of a tensor is not: an Add of float16 does not round.
/// - Graphs inside nodes (If, Loop, Scan, SequenceMap) and functions of the model are computed, too.
/// - Operators without a kernel of its own are given to `fallback`, with their floats as float64, or where
/// engines
///   refuse that, as the model has them: such nodes are listed by `single_precision_nodes`. An operator that
///   nothing computes, and one whose results are random, is an error that names the node, its domain and its
///   opset: for those of the main graph without a fallback at activation, otherwise when the node is to be
///   computed.
///
/// Memory: weights stay in the mapped file and are converted when they are used; a tensor is freed after its
/// last use.
///
/// Inputs and outputs are tensors. A model with others (sequences, maps, optional values) can be activated,
/// so that its metadata can be seen; `infer` throws BackendError naming the first of them. `infer` throws
/// InputError for a node that breaks the rules of its operator (shapes that do not fit, a missing input),
/// naming it.
class Runner final : public polygraph::Runner {
 public:
  /// @param model  A model, or a loader of one.
  /// @param fallback  Engines for what has no kernel here, in the order in which they are asked.
  explicit Runner(Source<onnx::Model> model, onnx::Evaluators fallback = {}, RunnerOptions options = {},
                  std::string name = "reference-runner");
  ~Runner() override;

  std::string str() const override;

  /// The nodes that could only be computed in the precision of the model so far, since the activation. Throws
  /// UsageError if the runner is not active.
  const std::vector<std::string>& single_precision_nodes() const;

 private:
  Interface activate_impl() override;
  void deactivate_impl() noexcept override;
  const TensorMap& infer_impl(const FeedDict& feed) override;

  struct State;
  Source<onnx::Model> source_;
  onnx::Evaluators fallback_;
  RunnerOptions options_;
  std::unique_ptr<State> state_;
};

}  // namespace polygraph::reference
