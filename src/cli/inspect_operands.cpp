#include "cli/inspect_operands.h"

#include <algorithm>
#include <utility>

namespace polygraph::cli {
namespace {

// Sorted by operator.
constexpr std::pair<std::string_view, std::string_view> operands[] = {
    {"Add", "A B"},
    {"Attention", "Q K V attn_mask past_key past_value"},
    {"BatchNormalization", "X scale B mean var"},
    {"Clip", "input min max"},
    {"Conv", "X W B"},
    {"ConvInteger", "x w x_zero_point w_zero_point"},
    {"ConvTranspose", "X W B"},
    {"DequantizeLinear", "x x_scale x_zero_point"},
    {"Div", "A B"},
    {"Expand", "input shape"},
    {"GRU", "X W R B sequence_lens initial_h"},
    {"Gather", "data indices"},
    {"GatherElements", "data indices"},
    {"GatherND", "data indices"},
    {"Gemm", "A B C"},
    {"GroupNormalization", "X scale bias"},
    {"If", "cond"},
    {"InstanceNormalization", "input scale B"},
    {"LSTM", "X W R B sequence_lens initial_h initial_c P"},
    {"LayerNormalization", "X Scale B"},
    {"Loop", "M cond"},
    {"MatMul", "A B"},
    {"MatMulInteger", "A B a_zero_point b_zero_point"},
    {"Mul", "A B"},
    {"OneHot", "indices depth values"},
    {"PRelu", "X slope"},
    {"Pad", "data pads constant_value axes"},
    {"Pow", "X Y"},
    {"QLinearConv", "x x_scale x_zero_point w w_scale w_zero_point y_scale y_zero_point B"},
    {"QLinearMatMul", "a a_scale a_zero_point b b_scale b_zero_point y_scale y_zero_point"},
    {"QuantizeLinear", "x y_scale y_zero_point"},
    {"RMSNormalization", "X scale"},
    {"RNN", "X W R B sequence_lens initial_h"},
    {"Range", "start limit delta"},
    {"ReduceMax", "data axes"},
    {"ReduceMean", "data axes"},
    {"ReduceMin", "data axes"},
    {"ReduceSum", "data axes"},
    {"Reshape", "data shape"},
    {"Resize", "X roi scales sizes"},
    {"ScatterElements", "data indices updates"},
    {"ScatterND", "data indices updates"},
    {"Slice", "data starts ends axes steps"},
    {"Split", "input split"},
    {"Squeeze", "data axes"},
    {"Sub", "A B"},
    {"Tile", "input repeats"},
    {"TopK", "X K"},
    {"Unsqueeze", "data axes"},
    {"Where", "condition X Y"},
};
static_assert(std::is_sorted(std::begin(operands), std::end(operands)));

}  // namespace

std::string_view operand_name(std::string_view op_type, std::size_t input) {
  const auto* row = std::lower_bound(std::begin(operands), std::end(operands), op_type,
                                     [](const auto& entry, std::string_view op) { return entry.first < op; });
  if (row == std::end(operands) || row->first != op_type) return {};
  std::string_view names = row->second;
  for (; input > 0; --input) {
    const std::size_t space = names.find(' ');
    if (space == std::string_view::npos) return {};
    names.remove_prefix(space + 1);
  }
  return names.substr(0, names.find(' '));
}

}  // namespace polygraph::cli
