#include "onnx/statistics_operators.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "onnx/attributes.h"

namespace polygraph::onnx {
namespace {

using Operations = std::optional<SymbolicSize>;
using Dims = std::vector<SymbolicSize>;

SymbolicSize product(const Dims& dims, std::size_t from = 0) {
  SymbolicSize result = 1;
  for (std::size_t i = from; i < dims.size(); ++i) result = result * dims[i];
  return result;
}

const OperandFacts* input(const NodeFacts& facts, std::size_t i) {
  return i < facts.inputs.size() ? facts.inputs[i] : nullptr;
}

const Dims* input_dims(const NodeFacts& facts, std::size_t i) {
  const OperandFacts* value = input(facts, i);
  return value && value->dims ? &*value->dims : nullptr;
}

Operations input_elements(const NodeFacts& facts, std::size_t i) {
  const Dims* dims = input_dims(facts, i);
  return dims ? Operations(product(*dims)) : std::nullopt;
}

Operations output_elements(const NodeFacts& facts) {
  for (const OperandFacts* output : facts.outputs)
    if (output) return output->elements();
  return std::nullopt;
}

Operations times(const Operations& size, std::int64_t factor) {
  return size ? Operations(*size * SymbolicSize(factor)) : std::nullopt;
}

Operations nothing(const NodeFacts&) {
  return SymbolicSize();
}

template <int factor>
Operations per_output(const NodeFacts& facts) {
  return times(output_elements(facts), factor);
}

template <int factor>
Operations per_input(const NodeFacts& facts) {
  return times(input_elements(facts, 0), factor);
}

/// Sum, Max, ...: one operation for each input but the first; Mean divides as well.
Operations variadic(const NodeFacts& facts) {
  const auto count = static_cast<std::int64_t>(facts.inputs.size());
  return times(output_elements(facts),
               facts.node.op_type == "Mean" ? count : std::max<std::int64_t>(count - 1, 0));
}

/// @param weight  The place of the weights, [out, in / group, kernel...].
Operations convolution_with(const NodeFacts& facts, std::size_t weight, std::size_t bias) {
  const Dims* w = input_dims(facts, weight);
  const Operations out = output_elements(facts);
  if (!w || w->empty() || !out) return std::nullopt;
  SymbolicSize result = *out * product(*w, 1) * SymbolicSize(2);
  return input(facts, bias) ? result + *out : result;
}

Operations convolution(const NodeFacts& facts) {
  return convolution_with(facts, 1, facts.node.op_type == "ConvInteger" ? facts.inputs.size() : 2);
}

Operations quantised_convolution(const NodeFacts& facts) {
  return convolution_with(facts, 3, 8);
}

/// Each element of the input meets the weights [in, out / group, kernel...] of its channel.
Operations transposed_convolution(const NodeFacts& facts) {
  const Dims* w = input_dims(facts, 1);
  const Operations in = input_elements(facts, 0);
  const Operations out = output_elements(facts);
  if (!w || w->empty() || !in || !out) return std::nullopt;
  SymbolicSize result = *in * product(*w, 1) * SymbolicSize(2);
  return input(facts, 2) ? result + *out : result;
}

Operations matrix_product(const NodeFacts& facts) {
  const Dims* a = input_dims(facts, 0);
  const Operations out = output_elements(facts);
  if (!a || a->empty() || !out) return std::nullopt;
  return *out * a->back() * SymbolicSize(2);
}

Operations gemm(const NodeFacts& facts) {
  const Dims* a = input_dims(facts, 0);
  const Operations out = output_elements(facts);
  if (!a || a->size() != 2 || !out) return std::nullopt;
  const SymbolicSize& inner = (*a)[int_attribute(facts.node, "transA", 0) != 0 ? 0 : 1];
  SymbolicSize result = *out * inner * SymbolicSize(2);
  return input(facts, 2) ? result + *out : result;
}

/// The operands are multiplied element by element over all indices and summed: with n operands, n - 1
/// products and a sum. An ellipsis stands for indices that are not counted here.
Operations einsum(const NodeFacts& facts) {
  const auto* equation = attribute_value<std::string_view>(facts.node, "equation");
  if (!equation || equation->find('.') != std::string_view::npos || facts.inputs.empty()) return std::nullopt;
  std::map<char, SymbolicSize> sizes;
  std::string_view rest = equation->substr(0, equation->find("->"));
  for (std::size_t i = 0; i < facts.inputs.size(); ++i) {
    const Dims* dims = input_dims(facts, i);
    if (!dims) return std::nullopt;
    std::size_t axis = 0;
    for (const char index : rest.substr(0, rest.find(','))) {
      if (index == ' ') continue;
      if (axis == dims->size()) return std::nullopt;
      const SymbolicSize& size = (*dims)[axis++];
      // A dimension of 1 is broadcast.
      if (const auto [place, is_new] = sizes.emplace(index, size); !is_new && place->second.value() == 1)
        place->second = size;
    }
    if (axis != dims->size()) return std::nullopt;
    rest.remove_prefix(std::min(rest.find(','), rest.size() - 1) + 1);
  }
  SymbolicSize result = static_cast<std::int64_t>(facts.inputs.size());
  for (const auto& [index, size] : sizes) result = result * size;
  return result;
}

/// X [sequence, batch, input] meets W [directions, gates * hidden, input] and R [.., hidden] in each step.
template <int gates, int element_wise>
Operations recurrent(const NodeFacts& facts) {
  const Dims* x = input_dims(facts, 0);
  const Dims* w = input_dims(facts, 1);
  const Dims* r = input_dims(facts, 2);
  if (!x || x->size() != 3 || !w || w->size() != 3 || !r || r->size() != 3) return std::nullopt;
  const SymbolicSize steps = (*x)[0] * (*x)[1];
  SymbolicSize per_step = (product(*w) + product(*r)) * SymbolicSize(2);
  if (input(facts, 3)) per_step += (*w)[0] * (*w)[1] * SymbolicSize(2);
  per_step += (*w)[0] * (*r)[2] * SymbolicSize(element_wise);
  return steps * per_step;
}

/// Q·K and the product with V, and 5 operations for the softmax of each score.
Operations attention(const NodeFacts& facts) {
  const Dims* q = input_dims(facts, 0);
  const Dims* k = input_dims(facts, 1);
  const Operations out = output_elements(facts);
  if (!q || !k || q->size() < 3 || k->size() != q->size() || !out) return std::nullopt;
  const std::size_t rank = q->size();
  SymbolicSize keys = (*k)[rank - 2];
  if (input(facts, 4)) {
    const Dims* past = input_dims(facts, 4);
    if (!past || past->size() != 4) return std::nullopt;
    keys += (*past)[2];
  }
  const std::int64_t heads = int_attribute(facts.node, "q_num_heads", 0);
  if (rank == 3 && heads <= 0) return std::nullopt;
  const SymbolicSize rows = rank == 4 ? (*q)[0] * (*q)[1] * (*q)[2] : (*q)[0] * (*q)[1] * SymbolicSize(heads);
  return (product(*q) + *out) * keys * SymbolicSize(2) + rows * keys * SymbolicSize(5);
}

Operations pooling(const NodeFacts& facts) {
  const auto* kernel = attribute_value<std::vector<std::int64_t>>(facts.node, "kernel_shape");
  Operations result = output_elements(facts);
  if (!kernel || !result) return std::nullopt;
  for (const std::int64_t size : *kernel) result = *result * SymbolicSize(size);
  return result;
}

/// Interpolation: a multiply-add for each neighbour (2 or 4 along each axis but batch and channel).
Operations resize(const NodeFacts& facts) {
  const auto* mode = attribute_value<std::string_view>(facts.node, "mode");
  const std::string_view name = mode ? *mode : facts.node.op_type == "GridSample" ? "linear" : "nearest";
  if (name == "nearest") return SymbolicSize();
  const Dims* x = input_dims(facts, 0);
  if (!x || x->size() < 2 || x->size() > 8) return std::nullopt;
  std::int64_t neighbours = 1;
  for (std::size_t i = 2; i < x->size(); ++i)
    neighbours *= name.find("cubic") != std::string_view::npos ? 4 : 2;
  return times(output_elements(facts), 2 * neighbours);
}

Operations local_response(const NodeFacts& facts) {
  return times(output_elements(facts), 2 * int_attribute(facts.node, "size", 1) + 3);
}

using Rule = Operations (*)(const NodeFacts&);

const std::unordered_map<std::string_view, Rule>& rules() {
  static const auto* const table = [] {
    auto* made = new std::unordered_map<std::string_view, Rule>;
    const auto add = [&](Rule rule, std::initializer_list<std::string_view> names) {
      for (const std::string_view name : names) made->emplace(name, rule);
    };
    add(convolution, {"Conv", "ConvInteger"});
    add(quantised_convolution, {"QLinearConv"});
    add(transposed_convolution, {"ConvTranspose"});
    add(matrix_product, {"MatMul", "MatMulInteger", "QLinearMatMul"});
    add(gemm, {"Gemm"});
    add(einsum, {"Einsum"});
    add(attention, {"Attention"});
    // Activations of the gates, products and sums of the state.
    add(recurrent<4, 9>, {"LSTM"});
    add(recurrent<3, 8>, {"GRU"});
    add(recurrent<1, 1>, {"RNN"});
    add(pooling, {"AveragePool", "MaxPool", "LpPool"});
    add(per_input<1>,
        {"GlobalAveragePool", "GlobalMaxPool", "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin",
         "ReduceProd", "ReduceL1", "ReduceLogSum", "ArgMax", "ArgMin", "CumSum", "CumProd"});
    add(per_input<2>, {"GlobalLpPool", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp"});
    add(per_output<2>, {"BatchNormalization", "QuantizeLinear", "DequantizeLinear", "Hardmax"});
    add(per_output<4>, {"RMSNormalization", "DynamicQuantizeLinear", "RotaryEmbedding"});
    add(per_output<7>,
        {"LayerNormalization", "InstanceNormalization", "GroupNormalization", "MeanVarianceNormalization"});
    add(per_output<3>, {"LpNormalization"});
    add(local_response, {"LRN"});
    add(per_output<5>, {"Softmax", "LogSoftmax"});
    add(resize, {"Resize", "Upsample", "GridSample"});
    add(variadic, {"Sum", "Mean", "Max", "Min"});
    add(per_output<1>, {"Add",
                        "Sub",
                        "Mul",
                        "Div",
                        "Pow",
                        "Mod",
                        "Abs",
                        "Neg",
                        "Exp",
                        "Log",
                        "Sqrt",
                        "Reciprocal",
                        "Floor",
                        "Ceil",
                        "Round",
                        "Sign",
                        "Sin",
                        "Cos",
                        "Tan",
                        "Asin",
                        "Acos",
                        "Atan",
                        "Sinh",
                        "Cosh",
                        "Asinh",
                        "Acosh",
                        "Atanh",
                        "Erf",
                        "And",
                        "Or",
                        "Xor",
                        "Not",
                        "Equal",
                        "Greater",
                        "Less",
                        "Where",
                        "GreaterOrEqual",
                        "LessOrEqual",
                        "BitShift",
                        "BitwiseAnd",
                        "BitwiseOr",
                        "BitwiseXor",
                        "BitwiseNot",
                        "IsNaN",
                        "IsInf",
                        "Clip",
                        "Relu",
                        "LeakyRelu",
                        "PRelu",
                        "Elu",
                        "Selu",
                        "Celu",
                        "ThresholdedRelu",
                        "Sigmoid",
                        "HardSigmoid",
                        "HardSwish",
                        "Swish",
                        "Mish",
                        "Softplus",
                        "Softsign",
                        "Tanh",
                        "Gelu",
                        "Shrink",
                        "Range",
                        "RandomNormal",
                        "RandomNormalLike",
                        "RandomUniform",
                        "RandomUniformLike",
                        "Bernoulli"});
    add(nothing, {"Reshape",
                  "Transpose",
                  "Concat",
                  "Split",
                  "Slice",
                  "Squeeze",
                  "Unsqueeze",
                  "Flatten",
                  "Expand",
                  "Tile",
                  "Pad",
                  "Gather",
                  "GatherElements",
                  "GatherND",
                  "Scatter",
                  "ScatterElements",
                  "ScatterND",
                  "TensorScatter",
                  "Shape",
                  "Size",
                  "Identity",
                  "Cast",
                  "CastLike",
                  "DepthToSpace",
                  "SpaceToDepth",
                  "Trilu",
                  "ReverseSequence",
                  "OneHot",
                  "EyeLike",
                  "CenterCropPad",
                  "Constant",
                  "ConstantOfShape",
                  "Dropout",
                  "MaxUnpool",
                  "BitCast"});
    return made;
  }();
  return *table;
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::optional<SymbolicSize> OperandFacts::elements() const {
  return dims ? std::optional(product(*dims)) : std::nullopt;
}

std::optional<SymbolicSize> OperandFacts::bytes() const {
  if (!dims || !bits) return std::nullopt;
  return (product(*dims) * SymbolicSize(*bits)).divided_by(8);
}

bool is_counted(std::string_view op_type) {
  return rules().contains(op_type);
}

std::optional<SymbolicSize> operations_of(const NodeFacts& facts) {
  const auto rule = rules().find(facts.node.op_type);
  return rule == rules().end() ? std::nullopt : rule->second(facts);
}

std::optional<SymbolicSize> bytes_of(const NodeFacts& facts) {
  const std::string_view op = facts.node.op_type;
  if (is_one_of(op, {"Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Shape", "Size", "Constant",
                     "Dropout"}))
    return SymbolicSize();
  SymbolicSize result;
  for (const OperandFacts* output : facts.outputs) {
    if (!output) continue;
    const std::optional<SymbolicSize> bytes = output->bytes();
    if (!bytes) return std::nullopt;
    result += *bytes;
  }
  const bool reads_what_it_writes = is_one_of(op, {"Slice", "Gather", "GatherElements", "GatherND"});
  if (reads_what_it_writes) result += SymbolicSize(result);
  for (std::size_t i = reads_what_it_writes ? 1 : 0; i < facts.inputs.size(); ++i) {
    if (!facts.inputs[i]) continue;
    const std::optional<SymbolicSize> bytes = facts.inputs[i]->bytes();
    if (!bytes) return std::nullopt;
    result += *bytes;
  }
  return result;
}

}  // namespace polygraph::onnx
