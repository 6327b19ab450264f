#pragma once

#include <string_view>
#include <unordered_map>

#include "reference/call.h"

namespace polygraph::reference {

/// The kernels of the standard operators, by name.
using Operators = std::unordered_map<std::string_view, Kernel>;

/// The kernel of a standard operator; null if there is none.
Kernel find_kernel(std::string_view op_type);
/// The names of all that have a kernel, sorted.
std::vector<std::string_view> kernel_names();

// Each adds the operators of one file.
void add_attention(Operators& operators);
void add_binary(Operators& operators);
void add_casts(Operators& operators);
void add_control(Operators& operators);
void add_convolutions(Operators& operators);
void add_cumulative(Operators& operators);
void add_gathering(Operators& operators);
void add_generators(Operators& operators);
void add_losses(Operators& operators);
void add_matrix_products(Operators& operators);
void add_movement(Operators& operators);
void add_normalizations(Operators& operators);
void add_pooling(Operators& operators);
void add_quantization(Operators& operators);
void add_recurrent(Operators& operators);
void add_reductions(Operators& operators);
void add_resizing(Operators& operators);
void add_scattering(Operators& operators);
void add_selection(Operators& operators);
void add_sequences(Operators& operators);
void add_shapes(Operators& operators);
void add_signals(Operators& operators);
void add_softmax(Operators& operators);
void add_texts(Operators& operators);
void add_unary(Operators& operators);
void add_vision(Operators& operators);

}  // namespace polygraph::reference
