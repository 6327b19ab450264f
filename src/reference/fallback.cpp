#include "reference/fallback.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/log.h>

#include <algorithm>

#include "onnx/attributes.h"
#include "onnx/graphs.h"

namespace polygraph::reference {

namespace {

using Tensors = std::vector<std::optional<Tensor>>;

std::optional<DataType> type_attribute(const onnx::Node& node) {
  for (const std::string_view name : {"to", "dtype", "output_dtype"})
    if (const auto* number = onnx::attribute_value<std::int64_t>(node, name))
      return onnx::data_type_of(static_cast<std::int32_t>(*number));
  return std::nullopt;
}

onnx::Node promoted(const onnx::Node& node) {
  onnx::Node result = node;
  for (const std::string_view name : {"to", "dtype", "output_dtype"})
    if (onnx::Attribute* attribute = onnx::find_attribute(result, name))
      if (auto* number = std::get_if<std::int64_t>(&attribute->value))
        if (const auto dtype = onnx::data_type_of(static_cast<std::int32_t>(*number));
            dtype && is_floating(*dtype))
          *number = onnx::element_type_of(DataType::float64);
  return result;
}

class Elsewhere {
 public:
  Elsewhere(const Call& call, const onnx::Evaluators& evaluators) : call_(call), evaluators_(evaluators) {}

  std::optional<Tensors> evaluate(const onnx::Node& node, bool in_double) {
    Tensors inputs;
    for (std::size_t i = 0; i < call_.inputs.size(); ++i) {
      if (!call_.has(i))
        inputs.emplace_back();
      else
        inputs.emplace_back(in_double && call_.value(i).is_float() ? call_.tensor(i)
                                                                   : release(call_.value(i)));
    }
    for (const auto& evaluator : evaluators_) {
      try {
        return evaluator->evaluate({node, call_.model, inputs});
      } catch (const BackendError& error) {
        reasons_.emplace_back(error.problem());
        std::ranges::copy(error.engine_messages(), std::back_inserter(reasons_));
      }
    }
    return std::nullopt;
  }

  Values values(const Tensors& outputs, bool in_double) const {
    Values result;
    for (const std::optional<Tensor>& output : outputs) {
      if (!output) {
        result.emplace_back();
        continue;
      }
      Value value = hold(output->clone());
      if (in_double && value.dtype == DataType::float64) value.dtype = float_type();
      result.push_back(std::move(value));
    }
    return result;
  }

  [[noreturn]] void refuse() const {
    std::vector<std::string> reasons = reasons_;
    reasons.erase(std::unique(reasons.begin(), reasons.end()), reasons.end());
    throw BackendError(
        fmt::format(
            "Computing {}: the reference runner has no kernel for this operator{}.",
            describe(call_.node, call_.opset),
            evaluators_.empty() ? ", and no other engine was given" : ", and the other engines refuse it"),
        evaluators_.empty()
            ? "Give the runner an evaluator of a backend that knows the operator."
            : "Cut the model before the node, or compare its inputs and outputs with other backends.",
        reasons);
  }

 private:
  // What the model calls a float that came back as float64.
  DataType float_type() const {
    if (const auto named = type_attribute(call_.node)) return *named;
    for (std::size_t i = 0; i < call_.inputs.size(); ++i)
      if (call_.has(i) && call_.value(i).is_float()) return call_.dtype(i);
    return DataType::float64;
  }

  const Call& call_;
  const onnx::Evaluators& evaluators_;
  std::vector<std::string> reasons_;
};

}  // namespace

Values evaluate_elsewhere(const Call& call, const onnx::Evaluators& evaluators,
                          std::vector<std::string>& single_precision) {
  Elsewhere elsewhere(call, evaluators);
  const bool is_possible = !onnx::has_subgraphs(call.node);
  if (is_possible)
    if (const auto outputs = elsewhere.evaluate(promoted(call.node), true))
      return elsewhere.values(*outputs, true);
  const auto outputs = is_possible ? elsewhere.evaluate(call.node, false) : std::nullopt;
  if (!outputs) elsewhere.refuse();
  const bool has_floats = std::ranges::any_of(
      *outputs, [](const std::optional<Tensor>& output) { return output && is_floating(output->dtype()); });
  const std::string node = describe(call.node, call.opset);
  if (has_floats && std::ranges::find(single_precision, node) == single_precision.end()) {
    single_precision.push_back(node);
    log_text(Severity::warning,
             fmt::format("No engine computes {} in double precision: it is computed in the "
                         "precision of the model.",
                         node));
  }
  return elsewhere.values(*outputs, false);
}

}  // namespace polygraph::reference
