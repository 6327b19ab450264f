#pragma once

#include <polygraph/core/loader.h>
#include <polygraph/core/options.h>
#include <polygraph/onnx/model.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

/// Models without their weights: a few kilobytes that show how fast an engine will be, with nothing secret in
/// them. The marks are those of Polygraphy and TensorRT: a stripped initializer has no data and its
/// documentation is `TRT_WEIGHTLESS/`, or `TRT_WEIGHTLESS/SPARSE_2_4` if it was 2:4 sparse; the model's
/// documentation ends in `TRT_WEIGHTLESS`.
namespace polygraph::onnx {

/// What is stripped.
struct StripOptions {
  /// Initializers to keep, by name.
  std::vector<std::string> exclude;

  static constexpr auto fields() {
    return std::tuple(Field{"exclude", &StripOptions::exclude, "Initializers to keep.", "NAME"});
  }
  bool operator==(const StripOptions&) const = default;
};

/// What `strip_weights` and `reconstruct_weights` did.
struct WeightReport {
  std::vector<std::string> weights;  ///< names, in the order of the file
  std::vector<std::string> sparse;   ///< those of them with the sparse mark
  std::vector<std::string> skipped;  ///< marked, but of a type that cannot be filled
  std::uint64_t bytes = 0;           ///< of data, taken away or added
};

namespace passes {

/// Takes the data out of the weights: constant inputs of Conv, ConvTranspose, Gemm and MatMul, also behind a
/// Transpose or a QuantizeLinear/DequantizeLinear pair; the data of Gather and Slice from 1024 elements on;
/// every constant input of operators that are not ONNX's own (plugins). uint8 constants stay. Constants that
/// a `Constant` node makes become initializers. A weight is read only as far as it takes to see that it is
/// not sparse. Fold constants first, so that weights are found.
/// Throws InputError if an excluded name is no initializer of the model.
WeightReport strip_weights(Model& model, const StripOptions& options = {});

/// Gives every initializer that is marked as stripped random values of mean 0 and variance 1 (the sum of four
/// uniform ones, so at most 3.5 away from 0; integers: truncated; bool: a fair coin), the same for the same
/// seed, name and shape on every machine; sparse ones are pruned to 2:4 then. The marks stay, so that a
/// proxy is not mistaken for the real model. The values are computed while the model is saved.
WeightReport reconstruct_weights(Model& model, std::uint64_t seed = 1);

}  // namespace passes

/// The loader of `strip_weights`, on a copy.
class StripWeights {
 public:
  using Parameters = ParameterList<1, Source<Model>, StripOptions>;
  explicit StripWeights(Source<Model> model, StripOptions options = {})
      : model_(std::move(model)), options_(std::move(options)) {}
  Model operator()() const;
  std::string str() const { return cpp_expression<1>("StripWeights", model_, options_); }

 private:
  Source<Model> model_;
  StripOptions options_;
};

/// The loader of `reconstruct_weights`, on a copy.
class ReconstructWeights {
 public:
  using Parameters = ParameterList<1, Source<Model>, std::uint64_t>;
  explicit ReconstructWeights(Source<Model> model, std::uint64_t seed = 1)
      : model_(std::move(model)), seed_(seed) {}
  Model operator()() const;
  std::string str() const;

 private:
  Source<Model> model_;
  std::uint64_t seed_;
};

/// @code
///   onnx::save_model(onnx::strip_weights(onnx::load_model("secret.onnx")), "shape-only.onnx");
/// @endcode
inline constexpr Immediately<StripWeights> strip_weights;
inline constexpr Immediately<ReconstructWeights> reconstruct_weights;

}  // namespace polygraph::onnx
