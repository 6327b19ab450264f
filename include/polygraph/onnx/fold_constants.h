#pragma once

#include <polygraph/core/loader.h>
#include <polygraph/onnx/evaluator.h>
#include <polygraph/onnx/model.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace polygraph::onnx {

/// Engines that compute nodes, in the order in which they are asked. Empty: only the arithmetic of shapes,
/// which needs no engine (see `shape_values.h`).
class Evaluators {
 public:
  Evaluators() = default;
  Evaluators(std::initializer_list<std::shared_ptr<const Evaluator>> evaluators) : evaluators_(evaluators) {}
  /// @param expression  How they were made, for `str`.
  explicit Evaluators(std::vector<std::shared_ptr<const Evaluator>> evaluators, std::string expression = {})
      : evaluators_(std::move(evaluators)), expression_(std::move(expression)) {}

  auto begin() const { return evaluators_.begin(); }
  auto end() const { return evaluators_.end(); }
  bool empty() const { return evaluators_.empty(); }
  /// The C++ expression that makes them; `{}` for none, the engines' names in a comment if it is not known.
  std::string str() const;

 private:
  std::vector<std::shared_ptr<const Evaluator>> evaluators_;
  std::string expression_;
};

/// How constants are folded. There is no counterpart to Polygraphy's `partitioning`: nodes are computed one
/// by one, so one that cannot be computed never keeps others from being folded.
struct FoldOptions {
  std::optional<std::int64_t> num_passes = std::nullopt;
  bool fold_shapes = true;
  bool do_shape_inference = true;
  std::optional<std::int64_t> size_threshold = std::nullopt;
  bool error_ok = true;

  static constexpr auto fields() {
    return std::tuple(
        Field{"num_passes", &FoldOptions::num_passes,
              "How often to go through the model; until nothing changes if not given.", "N"},
        Field{"fold_shapes", &FoldOptions::fold_shapes,
              "Fold what depends on shapes of tensors only, where those are known."},
        Field{"do_shape_inference", &FoldOptions::do_shape_inference,
              "Infer shapes before each pass; only with fold_shapes."},
        Field{"size_threshold", &FoldOptions::size_threshold,
              "Leave nodes whose results have more bytes than this; no limit if not given.", "BYTES"},
        Field{"error_ok", &FoldOptions::error_ok,
              "Leave a node that no engine can compute; otherwise that is an error."});
  }
  friend bool operator==(const FoldOptions&, const FoldOptions&) = default;
};

/// A node with constant inputs that was left.
struct UnfoldedNode {
  std::string node;    ///< as messages call it
  std::string reason;  ///< in the engines' words, or the size
};

/// What `fold_constants` did.
struct FoldReport {
  std::size_t passes = 0;
  std::size_t nodes_before = 0;  ///< sub-graphs and functions included
  std::size_t nodes_after = 0;
  std::size_t lowered = 0;    ///< Constant nodes that became initializers
  std::size_t computed = 0;   ///< nodes folded by the arithmetic of shapes
  std::size_t evaluated = 0;  ///< nodes folded by an engine
  std::size_t branches = 0;   ///< If nodes replaced by the branch they take
  std::size_t reshapes = 0;   ///< Reshape nodes whose shape became a constant with a -1 or 0 in it
  std::vector<UnfoldedNode> left;

  bool nothing() const { return lowered + computed + evaluated + branches + reshapes == 0; }
};

namespace passes {

/// Replaces nodes whose results are always the same by constants, in the main graph, sub-graphs and
/// functions, in the order of the nodes (which must be a topological one, as the format demands).
///
/// A node is folded if all it takes is constant, captured values included, and an engine computes it; or,
/// with `fold_shapes`, if what it computes follows from the shapes that the model states: `Shape -> Gather ->
/// Concat` folds as far as the sizes are known, and a Reshape to `(batch, 3, 4)` is given the shape `(-1, 3,
/// 4)`. An If with a known condition is replaced by its branch. Constant nodes become initializers, except
/// where the format has none (functions, IR versions below 4); results that are outputs of a graph become
/// Constant nodes.
///
/// Never folded: what is random (RandomNormal, Multinomial, Bernoulli, Dropout in training, ...),
/// quantisation (QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear and TensorRT's TRT_* operators), and
/// initializers that are also inputs of the graph, which the user may replace.
///
/// Values that end up in no output any more are removed. Weights are read only where a node is computed from
/// them; results stay in memory until the model is saved. A result over `size_threshold` is left, but nodes
/// that take it may still be folded if it has at most 64 MiB.
///
/// Throws BackendError if `error_ok` is false and no engine computes a node with constant inputs. If shapes
/// cannot be inferred, the log says so, and the shapes in the model are used.
/// @code
///   onnx::FoldReport report = onnx::passes::fold_constants(model, {}, {openvino::evaluator()});
///   for (const onnx::UnfoldedNode& left : report.left) std::cout << left.node << ": " << left.reason <<
///   "\n";
/// @endcode
FoldReport fold_constants(Model& model, const FoldOptions& options = {}, const Evaluators& evaluators = {});

}  // namespace passes

/// Folds constants in a copy of the model (see `passes::fold_constants`), and logs what was done.
/// @code
///   auto load = onnx::FoldConstants(onnx::OnnxFromPath("model.onnx"), {.size_threshold = 1 << 20});
/// @endcode
class FoldConstants {
 public:
  using Parameters = ParameterList<1, Source<Model>, FoldOptions, Evaluators>;
  explicit FoldConstants(Source<Model> model, FoldOptions options = {}, Evaluators evaluators = {});
  Model operator()() const;
  std::string str() const;

 private:
  Source<Model> model_;
  FoldOptions options_;
  Evaluators evaluators_;
};

inline constexpr Immediately<FoldConstants> fold_constants;

}  // namespace polygraph::onnx
