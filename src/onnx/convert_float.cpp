#include <polygraph/core/error.h>
#include <polygraph/onnx/convert_float.h>
#include <polygraph/onnx/official.h>

#include "core/log_format.h"
#include "onnx/attributes.h"
#include "onnx/convert_float_plan.h"
#include "onnx/infer_if_possible.h"

namespace polygraph::onnx {
namespace {

void check(const Model& model, NarrowType type, const ConvertFloatOptions& options) {
  const std::string_view name = polygraph::to_string(data_type_of(type));
  if (!(options.vanish_tolerance >= 0 && options.vanish_tolerance <= 1)) {
    throw UsageError(fmt::format("Converting to {}: vanish_tolerance is {}, "
                                 "and it must be from 0 to 1.",
                                 name, options.vanish_tolerance),
                     "It is the part of a constant's values that may become "
                     "zero, e.g. 0.1.");
  }
  const std::int64_t needed = type == NarrowType::float16 ? 6 : 13;
  const std::int64_t opset = model.opset().value_or(1);
  if (opset < needed) {
    throw InputError(fmt::format("Cannot convert to {}: the operator Cast has it from opset "
                                 "{} on, and the model is of "
                                 "opset {}.",
                                 name, needed, opset),
                     "Convert the model to a newer opset first (`--opset`, ConvertOpset).");
  }
}

/// Whether types of values cannot all be told from the nodes' operators.
bool needs_inference(const Model& model) {
  bool needs = false;
  const std::int64_t opset = model.opset().value_or(1);
  for_each_graph(model, [&](const Graph& graph) {
    for (const Node& node : graph.nodes) {
      const FloatOperator* op =
          is_standard_domain(node.domain) ? find_float_operator(node.op_type, opset) : nullptr;
      needs = needs || !op || op->inputs.find('S') != std::string_view::npos;
    }
  });
  return needs;
}

ConvertFloatReport convert(Model& model, NarrowType type, const ConvertFloatOptions& options) {
  check(model, type, options);
  if (!model.functions.empty()) passes::inline_functions(model);
  if (needs_inference(model)) infer_shapes_if_possible(model);
  ConvertFloatReport report;
  FloatPlan plan(model, type, options, report);
  rewrite(model, plan, report);
  return report;
}

Model converted(Model model, NarrowType type, const ConvertFloatOptions& options) {
  const ConvertFloatReport report = convert(model, type, options);
  log_info(
      "Converting to {}: {} nodes converted, {} stay in float32, {} casts "
      "added, {} weights converted",
      polygraph::to_string(data_type_of(type)), report.converted_nodes, report.kept.size(), report.casts,
      report.converted_weights);
  for (const NarrowingLoss& loss : report.losses) {
    if (loss.kept)
      log_warning("'{}' stays float32: of its {} values {} overflow and {} vanish", loss.name, loss.values,
                  loss.overflowing, loss.vanishing);
  }
  return model;
}

}  // namespace

ConvertFloatReport passes::convert_to_fp16(Model& model, const ConvertFloatOptions& options) {
  return convert(model, NarrowType::float16, options);
}

ConvertFloatReport passes::convert_to_bf16(Model& model, const ConvertFloatOptions& options) {
  return convert(model, NarrowType::bfloat16, options);
}

ConvertToFp16::ConvertToFp16(Source<Model> model, ConvertFloatOptions options)
    : model_(std::move(model)), options_(std::move(options)) {}

Model ConvertToFp16::operator()() const {
  return converted(model_.get(), NarrowType::float16, options_);
}

std::string ConvertToFp16::str() const {
  return cpp_expression<1>("ConvertToFp16", model_, options_);
}

ConvertToBf16::ConvertToBf16(Source<Model> model, ConvertFloatOptions options)
    : model_(std::move(model)), options_(std::move(options)) {}

Model ConvertToBf16::operator()() const {
  return converted(model_.get(), NarrowType::bfloat16, options_);
}

std::string ConvertToBf16::str() const {
  return cpp_expression<1>("ConvertToBf16", model_, options_);
}

}  // namespace polygraph::onnx
