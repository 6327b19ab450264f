#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/sparsity.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "onnx/attributes.h"
#include "onnx/mapped_values.h"
#include "onnx/pruned_data.h"
#include "onnx/scopes.h"
#include "onnx/tensors.h"

namespace polygraph::onnx {
namespace {

// Operators that hand on the values of their first input, element by element.
bool passes_values_on(const Node& node) {
  static constexpr std::string_view ops[] = {"Cast", "QuantizeLinear", "DequantizeLinear",
                                             "TRT_FP8QuantizeLinear", "TRT_FP8DequantizeLinear"};
  return std::ranges::find(ops, node.op_type) != std::end(ops);
}

// An operand of a product: counted from the front, or from the back if the rank is what it depends on.
struct Operand {
  std::string_view value;
  std::int64_t axis = 0;
};

std::vector<Operand> summed_operands(const Node& node) {
  std::vector<Operand> operands;
  const auto add = [&](std::size_t input, std::int64_t axis) {
    if (input < node.inputs.size() && !node.inputs[input].empty())
      operands.push_back({node.inputs[input], axis});
  };
  if (is_standard(node, "Conv")) {
    add(1, 1);
  } else if (is_standard(node, "MatMul")) {
    add(0, -1);
    add(1, -2);
  } else if (is_standard(node, "Gemm")) {
    add(0, int_attribute(node, "transA", 0) != 0 ? 0 : 1);
    add(1, int_attribute(node, "transB", 0) != 0 ? 1 : 0);
  }
  return operands;
}

// The axis of a transposed tensor, before the transposition.
std::optional<std::int64_t> axis_before(const Node& transpose, std::int64_t axis, std::int64_t rank) {
  const auto* order = attribute_value<std::vector<std::int64_t>>(transpose, "perm");
  if (order == nullptr) return rank - 1 - axis;
  if (static_cast<std::int64_t>(order->size()) != rank) return std::nullopt;
  const std::int64_t before = (*order)[static_cast<std::size_t>(axis)];
  if (before < 0 || before >= rank) return std::nullopt;
  return before;
}

struct Reached {
  const TensorData* tensor = nullptr;
  std::optional<std::int64_t> axis;
};

Reached walk_back(const Operand& operand, const Scope& scope) {
  std::vector<const Node*> transposes;
  std::string_view value = operand.value;
  for (std::size_t step = 0; step <= scope.longest_path(); ++step) {
    if (const TensorData* tensor = scope.weight(value)) {
      const auto rank = static_cast<std::int64_t>(tensor->dims.size());
      // A vector is summed over its only axis.
      std::optional<std::int64_t> axis =
          operand.axis < 0 ? std::max<std::int64_t>(rank + operand.axis, 0) : operand.axis;
      if (*axis >= rank) return {tensor, std::nullopt};
      for (const Node* transpose : transposes) {
        axis = axis_before(*transpose, *axis, rank);
        if (!axis) return {tensor, std::nullopt};
      }
      return {tensor, axis};
    }
    const Node* node = scope.origin(value).node;
    if (node == nullptr || node->inputs.empty()) return {};
    if (is_standard(*node, "Transpose"))
      transposes.push_back(node);
    else if (!passes_values_on(*node))
      return {};
    value = node->inputs.front();
  }
  return {};
}

std::string reason_against(const TensorData& tensor, const std::optional<std::int64_t>& axis) {
  const std::optional<DataType> dtype = data_type_of(tensor.data_type);
  if (dtype != DataType::float32 && dtype != DataType::float16 && dtype != DataType::bfloat16)
    return fmt::format("its type is {}, not float32, float16 or bfloat16",
                       element_type_name(tensor.data_type));
  if (!axis) return "its rank does not fit the product";
  if (std::ranges::find(tensor.dims, 0) != tensor.dims.end()) return "it has no elements";
  const std::int64_t length = tensor.dims[static_cast<std::size_t>(*axis)];
  if (length <= 0 || length % 4 != 0)
    return fmt::format("axis {} is {} long, not a multiple of four", *axis, length);
  return {};
}

PrunedLayout layout_of(const PrunableWeight& weight) {
  return PrunedLayout::of(weight.tensor->dims, weight.axis);
}

template <class F>
auto with_bits(DataType dtype, F&& f) {
  return dtype == DataType::float32 ? f.template operator()<std::uint32_t>()
                                    : f.template operator()<std::uint16_t>();
}

// Reads a weight in pieces of whole groups and gives back the pages behind.
Sparsity count(const PrunableWeight& weight, const Model& model, bool only_first) {
  constexpr std::uint64_t piece_elements = 1 << 20;
  const MappedValues values(*weight.tensor, model);
  const PrunedLayout layout = layout_of(weight);
  return with_bits(values.tensor.dtype(), [&]<class Bits>() {
    const auto* data = static_cast<const std::byte*>(values.tensor.data());
    const std::uint64_t rows = layout.outer * layout.length;
    const std::uint64_t step =
        std::max<std::uint64_t>(piece_elements / (4 * std::max<std::uint64_t>(layout.inner, 1)), 1) * 4;
    Sparsity sum;
    for (std::uint64_t row = 0; row < rows && !(only_first && !sum.is_2_4()); row += step) {
      const std::uint64_t begin = row * layout.inner * sizeof(Bits);
      const PrunedLayout piece{.outer = 1, .length = std::min(step, rows - row), .inner = layout.inner};
      const Sparsity part = count_groups<Bits>(data + begin, piece, only_first);
      sum.groups += part.groups;
      sum.dense_groups += part.dense_groups;
      sum.zeros += part.zeros;
      values.drop(begin, begin + piece.elements() * sizeof(Bits));
    }
    return sum;
  });
}

}  // namespace

PrunableWeights prunable_weights(const Model& model) {
  PrunableWeights found;
  std::unordered_map<const TensorData*, std::size_t> place;  // in found.weights
  std::unordered_set<const TensorData*> rejected;
  for_each_scope(model, [&](const Scope& scope) {
    for (const Node& node : scope.graph().nodes) {
      for (const Operand& operand : summed_operands(node)) {
        const Reached reached = walk_back(operand, scope);
        if (reached.tensor == nullptr || rejected.contains(reached.tensor)) continue;
        std::string reason = reason_against(*reached.tensor, reached.axis);
        const auto known = place.find(reached.tensor);
        if (known != place.end()) {
          const PrunableWeight& first = found.weights[known->second];
          if (!reason.empty() || first.axis != static_cast<std::size_t>(*reached.axis)) {
            reason = fmt::format("node '{}' sums over its axis {}, node '{}' over {}", first.user, first.axis,
                                 node.name, reached.axis ? fmt::format("{}", *reached.axis) : "another");
            found.weights[known->second].tensor = nullptr;
          }
        } else if (reason.empty()) {
          place.emplace(reached.tensor, found.weights.size());
          found.weights.push_back({reached.tensor, static_cast<std::size_t>(*reached.axis), node.name});
        }
        if (!reason.empty()) {
          rejected.insert(reached.tensor);
          found.skipped.push_back({reached.tensor, std::move(reason)});
        }
      }
    }
  });
  std::erase_if(found.weights, [](const PrunableWeight& weight) { return weight.tensor == nullptr; });
  return found;
}

Sparsity measure_sparsity(const PrunableWeight& weight, const Model& model) {
  return count(weight, model, false);
}

bool is_2_4_sparse(const PrunableWeight& weight, const Model& model) {
  return count(weight, model, true).is_2_4();
}

PrunableWeights passes::prune_weights(Model& model) {
  PrunableWeights found = prunable_weights(model);
  std::unordered_map<const TensorData*, std::size_t> axes;
  for (const PrunableWeight& weight : found.weights) axes.emplace(weight.tensor, weight.axis);
  for_each_tensor(model, [&](TensorData& tensor) {
    const auto weight = axes.find(&tensor);
    if (weight == axes.end()) return;
    const PrunedLayout layout = PrunedLayout::of(tensor.dims, weight->second);
    Tensor values = tensor_of(tensor, model, Alignment::any);
    const DataType dtype = values.dtype();
    const Shape shape = values.shape();
    set_data(tensor, dtype, shape, with_bits(dtype, [&]<class Bits>() -> std::shared_ptr<const DeferredData> {
               return std::make_shared<PrunedData<Bits>>(std::move(values), layout);
             }));
  });
  return found;
}

Model PruneWeights::operator()() const {
  Model model = model_.get();
  passes::prune_weights(model);
  return model;
}

}  // namespace polygraph::onnx
