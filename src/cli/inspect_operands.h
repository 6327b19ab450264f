#pragma once

#include <string_view>

namespace polygraph::cli {

/// What the standard calls an input of an operator (`W` for the second one of Conv), or empty if this table
/// does not have it.
std::string_view operand_name(std::string_view op_type, std::size_t input);

}  // namespace polygraph::cli
