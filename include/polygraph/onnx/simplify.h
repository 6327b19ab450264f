#pragma once

#include <polygraph/core/loader.h>
#include <polygraph/onnx/fold_constants.h>
#include <polygraph/onnx/model.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace polygraph::onnx {

/// What is simplified.
struct SimplifyOptions {
  bool fold = true;
  bool duplicates = true;
  bool duplicate_weights = true;
  bool no_ops = true;
  bool pairs = true;
  bool do_shape_inference = true;
  std::optional<std::int64_t> size_threshold = std::nullopt;

  static constexpr auto fields() {
    return std::tuple(
        Field{"fold", &SimplifyOptions::fold, "Fold constants."},
        Field{"duplicates", &SimplifyOptions::duplicates, "Compute once what several nodes compute alike."},
        Field{"duplicate_weights", &SimplifyOptions::duplicate_weights,
              "Keep one of several equal weights; reads those of equal size."},
        Field{"no_ops", &SimplifyOptions::no_ops, "Remove nodes that pass on their input as it is."},
        Field{"pairs", &SimplifyOptions::pairs,
              "Join neighbours that undo or repeat each other: Transpose, Reshape, Squeeze and Unsqueeze, "
              "Cast."},
        Field{"do_shape_inference", &SimplifyOptions::do_shape_inference,
              "Infer shapes first; many simplifications need them."},
        Field{"size_threshold", &SimplifyOptions::size_threshold,
              "Leave constants whose folded result has more bytes than this; no limit if not given.",
              "BYTES"});
  }
  friend bool operator==(const SimplifyOptions&, const SimplifyOptions&) = default;
};

/// How often an operator is there, sub-graphs and functions included.
struct OperatorCount {
  std::string op_type;  ///< `domain::op` for operators of other than the standard domain
  std::size_t before = 0;
  std::size_t after = 0;
};

/// What `simplify` did.
struct SimplifyReport {
  std::size_t rounds = 0;
  FoldReport fold;
  std::size_t duplicates = 0;         ///< nodes
  std::size_t duplicate_weights = 0;  ///< initializers
  std::uint64_t duplicate_bytes = 0;  ///< bytes of those
  std::size_t no_ops = 0;
  std::size_t pairs = 0;
  std::vector<OperatorCount> operators;  ///< sorted by name
};

namespace passes {

/// Simplifies a model until nothing changes any more. The model computes the same as before, bit for bit,
/// NaN, infinities and the sign of zero included, as far as the engines that fold constants compute alike.
/// Names and declared types of inputs and outputs stay.
///
/// - `fold`: see `fold_constants`.
/// - `duplicates`: nodes with equal operators, attributes and inputs become one; random ones, and those with
///   sub-graphs, do not.
/// - `no_ops`: Identity; Dropout that is not training; Cast and CastLike to the same type; Transpose to the
/// same
///   order; Reshape, Flatten, Squeeze, Unsqueeze, Expand, Slice (forwards) and Tile to the same shape; Pad by
///   nothing; Concat, Sum, Mean, Min and Max of one; Mul and Div by 1, Sub of 0, Add of 0, And with true, Or
///   with false, where neither type nor shape changes. Adding 0.0 turns -0.0 into 0.0: of floats only the
///   addition of -0.0 is removed.
/// - `pairs`: Transpose after Transpose; Reshape after anything that only changes the shape; Squeeze and
///   Unsqueeze that undo each other; Cast after a Cast that loses nothing.
///
/// What then ends up in no output is removed. A node that carries a value from an input, an initializer or
/// another output to an output of the graph stays, since outputs keep their names. Functions are only folded.
/// Linear in the size of the model for each round; weights are read only for `fold` and `duplicate_weights`.
/// @code
///   onnx::SimplifyReport report = onnx::passes::simplify(model, {}, {openvino::node_evaluator()});
/// @endcode
SimplifyReport simplify(Model& model, const SimplifyOptions& options = {}, const Evaluators& evaluators = {});

}  // namespace passes

/// Simplifies a copy of the model (see `passes::simplify`), and logs what was done.
class SimplifyOnnx {
 public:
  using Parameters = ParameterList<1, Source<Model>, SimplifyOptions, Evaluators>;
  explicit SimplifyOnnx(Source<Model> model, SimplifyOptions options = {}, Evaluators evaluators = {});
  Model operator()() const;
  std::string str() const;

 private:
  Source<Model> model_;
  SimplifyOptions options_;
  Evaluators evaluators_;
};

inline constexpr Immediately<SimplifyOnnx> simplify_onnx;

}  // namespace polygraph::onnx
