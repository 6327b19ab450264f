#pragma once

#include <polygraph/core/loader.h>
#include <polygraph/core/options.h>
#include <polygraph/onnx/model.h>

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

/// Loaders, with their immediately evaluated twins, that use the official ONNX library (see
/// `polygraph/onnx/official.h`). Each works on a copy of the model it is given; weights are shared. Each
/// loader is a value: copy it, call it from several threads. Errors are thrown when a loader is called.
namespace polygraph::onnx {

/// Reads the text form of a model or graph. Throws InputError with line and column.
/// @code
///   onnx::Model model = onnx::onnx_from_text("agraph (float[n] x) => (float[n] y) { y = Relu (x) }");
/// @endcode
class OnnxFromText {
 public:
  using Parameters = ParameterList<1, std::string>;
  explicit OnnxFromText(std::string text);
  Model operator()() const;
  std::string str() const;

 private:
  std::string text_;
};

/// How InferShapes goes about it.
struct InferShapesOptions {
  bool error_ok = true;
  bool strict = false;
  bool data_propagation = true;

  static constexpr auto fields() {
    using O = InferShapesOptions;
    return std::tuple(
        Field{"error_ok", &O::error_ok, "Log problems as warnings and go on with what could be inferred."},
        Field{"strict", &O::strict, "Hold types against the operators' definitions, too."},
        Field{"data_propagation", &O::data_propagation, "Compute values of shapes."});
  }
  bool operator==(const InferShapesOptions&) const = default;
};

/// Infers types and shapes of all values; named dimensions are carried through. Throws InputError with the
/// first complaint if `error_ok` is false.
class InferShapes {
 public:
  using Parameters = ParameterList<1, Source<Model>, InferShapesOptions>;
  explicit InferShapes(Source<Model> model, InferShapesOptions options = {});
  Model operator()() const;
  std::string str() const;

 private:
  Source<Model> model_;
  InferShapesOptions options_;
};

/// Rewrites the model for another version of the standard operators; see `passes::convert_opset`.
class ConvertOpset {
 public:
  using Parameters = ParameterList<2, Source<Model>, std::int64_t>;
  ConvertOpset(Source<Model> model, std::int64_t version);
  Model operator()() const;
  std::string str() const;

 private:
  Source<Model> model_;
  std::int64_t version_;
};

/// Replaces calls of the model's own functions by their bodies; see `passes::inline_functions`.
class InlineFunctions {
 public:
  using Parameters = ParameterList<1, Source<Model>, std::vector<std::string>>;
  explicit InlineFunctions(Source<Model> model, std::vector<std::string> names = {});
  Model operator()() const;
  std::string str() const;

 private:
  Source<Model> model_;
  std::vector<std::string> names_;
};

using polygraph::operator<<;  // loaders can be streamed

inline constexpr Immediately<OnnxFromText> onnx_from_text;
inline constexpr Immediately<InferShapes> infer_shapes;
inline constexpr Immediately<ConvertOpset> convert_opset;
inline constexpr Immediately<InlineFunctions> inline_functions;

}  // namespace polygraph::onnx
