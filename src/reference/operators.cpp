#include "reference/operators.h"

#include <algorithm>

namespace polygraph::reference {

namespace {

const Operators& all_operators() {
  static const Operators operators = [] {
    Operators all;
    for (const auto add :
         {add_attention,       add_binary,         add_casts,      add_control,      add_convolutions,
          add_cumulative,      add_gathering,      add_generators, add_losses,       add_movement,
          add_matrix_products, add_normalizations, add_pooling,    add_quantization, add_recurrent,
          add_reductions,      add_resizing,       add_scattering, add_selection,    add_sequences,
          add_shapes,          add_signals,        add_softmax,    add_texts,        add_unary,
          add_vision})
      add(all);
    return all;
  }();
  return operators;
}

}  // namespace

Kernel find_kernel(std::string_view op_type) {
  const auto found = all_operators().find(op_type);
  return found == all_operators().end() ? nullptr : found->second;
}

std::vector<std::string_view> kernel_names() {
  std::vector<std::string_view> names;
  for (const auto& [name, kernel] : all_operators()) names.push_back(name);
  std::ranges::sort(names);
  return names;
}

}  // namespace polygraph::reference
