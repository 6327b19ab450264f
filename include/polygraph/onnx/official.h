#pragma once

#include <polygraph/onnx/model.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What the official ONNX library (1.23.2) does: checking, shape inference, conversion between opset
/// versions, inlining of functions, and the text form. It lives in a module of its own
/// (`libpolygraph-onnx-official.so`) that is loaded at the first call; all functions throw BackendError,
/// saying where it was looked for, if it is missing. It is handed a copy of the model without large payloads,
/// so weights of any size cost nothing.
///
/// Functions are thread-safe, for different models. Those that change a model leave it as it was if they
/// throw. Functions of a model that call one another so that their bodies, written out, make up more than
/// 50 million nodes are refused.
namespace polygraph::onnx {

/// What is wrong with a model, and the place.
struct CheckFinding {
  std::string message;
  std::string node;  ///< the name of the node concerned, or empty
};

/// Checks a model against the rules of the format: every finding that can be told apart, not only the first,
/// each once, in the order of the model; empty if the model is valid. Operators of domains that nobody
/// registered are accepted. Payloads that were held back are checked by Polygraph itself: that they are as
/// long as their type and shape say, and that external data is there, inside of the model's folder.
/// @param full  Infer types and shapes, too: what contradicts the operators' definitions is found.
/// @code
///   for (const onnx::CheckFinding& finding : onnx::check_model(model)) ... finding.message ...
/// @endcode
std::vector<CheckFinding> check_model(const Model& model, bool full = false);

/// How types and shapes are inferred.
struct ShapeInferenceOptions {
  /// Hold types against the operators' definitions, too, and complain of what contradicts them.
  bool strict = false;
  /// Compute values of shapes (Shape, Gather, Concat, ...), named dimensions included.
  bool data_propagation = true;
};

/// Infers types and shapes and adds them to `value_info` and to the outputs of `model`, of sub-graphs too.
/// What the model says already is refined (an open dimension becomes a name or a number, a name a number),
/// never replaced or taken away. Named dimensions are carried through; names that the library makes up for
/// open ones are not taken over.
///
/// Returns the complaints of the library, empty if all went well; what could be inferred is there even then.
std::vector<std::string> infer_shapes_officially(Model& model, const ShapeInferenceOptions& options = {});

namespace passes {

/// Rewrites the model for another version of the standard operators. Nodes that the versions agree upon stay
/// as they are, and so do weights, metadata, training information, functions and operators of other domains.
///
/// Throws InputError if the model imports no standard operators, if there is no such version, for an operator
/// that cannot be converted, naming it, and for a function of the model that uses such an operator (inline
/// the functions first).
void convert_opset(Model& model, std::int64_t version);

/// Replaces calls of the model's own functions by their bodies, nested calls too, and removes those
/// functions. Returns how many calls were replaced.
/// @param names  `domain.name` or `name`, with wildcards; empty: all. Throws InputError for one that fits no
///               function.
std::size_t inline_functions(Model& model, const std::vector<std::string>& names = {});

}  // namespace passes

/// Reads the text form: a whole model, or just a graph (which then gets the newest IR and opset versions).
/// Throws InputError with line and column.
/// @code
///   onnx::Model model = onnx::parse_text(R"(<ir_version: 10, opset_import: ["" : 21]>
///     agraph (float[n] x) => (float[n] y) { y = Relu (x) })");
/// @endcode
Model parse_text(std::string_view text);

/// The text form; payloads of more than `largest_payload` bytes are left out (`{...}`, which cannot be read
/// back). Sparse tensors, training information and metadata of nodes have no text form.
std::string to_text(const Model& model, std::size_t largest_payload = 64);

}  // namespace polygraph::onnx
