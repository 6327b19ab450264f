#pragma once

#include <polygraph/core/loader.h>
#include <polygraph/onnx/model.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

namespace polygraph::onnx {

/// How float32 becomes float16 or bfloat16.
struct ConvertFloatOptions {
  bool keep_io_types = true;
  std::vector<std::string> block_nodes = {};
  std::vector<std::string> block_op_types = {"CumSum", "Max",      "Min",  "NonMaxSuppression",
                                             "Range",  "RoiAlign", "TopK", "Upsample"};
  double vanish_tolerance = 0.1;
  bool clamp = false;

  static constexpr auto fields() {
    return std::tuple(
        Field{"keep_io_types", &ConvertFloatOptions::keep_io_types,
              "Keep the types of the model's inputs and outputs."},
        Field{"block_nodes", &ConvertFloatOptions::block_nodes,
              "Nodes that keep computing in float32: names, or patterns with shell wildcards.", "NAME"},
        Field{"block_op_types", &ConvertFloatOptions::block_op_types,
              "Operators that keep computing in float32, likewise.", "OP"},
        Field{"vanish_tolerance", &ConvertFloatOptions::vanish_tolerance,
              "Nodes keep computing in float32 if more than this part of the values of a constant, zeros not "
              "counted, would become zero.",
              "PART"},
        Field{"clamp", &ConvertFloatOptions::clamp,
              "Convert constants that do not survive, too: values that overflow become the largest finite "
              "number, "
              "those that vanish the smallest one."});
  }
  friend bool operator==(const ConvertFloatOptions&, const ConvertFloatOptions&) = default;
};

/// A node that computes in float32 still.
struct FloatNode {
  std::string node;  ///< as messages call it
  std::string op_type;
  std::string reason;
};

/// A constant of which values are lost in the narrower type.
struct NarrowingLoss {
  std::string name;
  std::uint64_t values = 0;
  std::uint64_t overflowing = 0;  ///< finite, and infinite in the narrower type
  std::uint64_t vanishing = 0;    ///< not zero, and zero in the narrower type
  std::uint64_t subnormal = 0;    ///< so small that precision is lost
  bool kept = false;              ///< it stays float32, and so do the nodes that take it
};

/// What a conversion did.
struct ConvertFloatReport {
  std::size_t converted_nodes = 0;
  std::vector<FloatNode> kept;
  std::size_t casts = 0;              ///< Cast nodes added
  std::size_t converted_weights = 0;  ///< initializers and Constant nodes
  std::uint64_t bytes_before = 0;     ///< of those
  std::uint64_t bytes_after = 0;
  std::vector<NarrowingLoss> losses;  ///< constants with values that overflow, vanish or become subnormal
};

namespace passes {

/// Lets a model compute in float16 where it computes in float32.
///
/// Nodes, weights and the values between them become float16; Cast nodes are put where a value goes from one
/// type to the other, one for each value and type. In float32 stay:
/// - nodes that `block_nodes` or `block_op_types` name, and operators that are not of the standard domain,
/// that
///   take sequences or that make random numbers;
/// - operators that have no float16 in the model's opset version, and inputs that are always float32 (the
/// scales
///   of Resize);
/// - what is computed from sizes only: numbers above 2048 are not all exact in float16;
/// - nodes with a constant that does not survive: a finite value that would be infinite, or too many that
/// would be
///   zero (`vanish_tolerance`), such as an epsilon of 1e-12;
/// - initializers that are also inputs of the graph, with `keep_io_types`.
///
/// Sub-graphs are converted with the graph; functions are inlined first. Rounding is to nearest even. Weights
/// are read twice: once here to find what does not survive, and when the model is saved; converted ones never
/// lie in memory. All processors are used for both.
///
/// Throws InputError if the opset version is too old for the type in Cast (float16: 6, bfloat16: 13), for a
/// pattern of `block_nodes` that matches nothing; UsageError if `vanish_tolerance` is not between 0 and 1.
/// @code
///   onnx::ConvertFloatReport report = onnx::passes::convert_to_fp16(model, {.block_op_types = {"Softmax"}});
/// @endcode
ConvertFloatReport convert_to_fp16(Model& model, const ConvertFloatOptions& options = {});
/// The same with bfloat16.
ConvertFloatReport convert_to_bf16(Model& model, const ConvertFloatOptions& options = {});

}  // namespace passes

/// Converts a copy of the model to float16 (see `passes::convert_to_fp16`), and logs what was done.
class ConvertToFp16 {
 public:
  using Parameters = ParameterList<1, Source<Model>, ConvertFloatOptions>;
  explicit ConvertToFp16(Source<Model> model, ConvertFloatOptions options = {});
  Model operator()() const;
  std::string str() const;

 private:
  Source<Model> model_;
  ConvertFloatOptions options_;
};

/// The same with bfloat16.
class ConvertToBf16 {
 public:
  using Parameters = ParameterList<1, Source<Model>, ConvertFloatOptions>;
  explicit ConvertToBf16(Source<Model> model, ConvertFloatOptions options = {});
  Model operator()() const;
  std::string str() const;

 private:
  Source<Model> model_;
  ConvertFloatOptions options_;
};

inline constexpr Immediately<ConvertToFp16> convert_to_fp16;
inline constexpr Immediately<ConvertToBf16> convert_to_bf16;

}  // namespace polygraph::onnx
