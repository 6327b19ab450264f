#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace polygraph::onnx {

/// What an operator of the standard domain takes and gives, as far as float32 and the 16-bit types go.
///
/// A parameter is a letter: `-` never float32; `F` float32 and nothing else would do; `S` a sequence or
/// optional that may hold floats; `a`, `b`, ... a type variable that allows float32. A `*` behind the last
/// letter: it may come any number of times.
struct FloatOperator {
  std::string_view name;
  std::int64_t since;  ///< the first opset version that this row holds for
  std::string_view inputs;
  std::string_view outputs;
  /// What the variables a, b, ... allow: 1 float16, 2 bfloat16, 3 both, 0 neither.
  std::string_view variables;

  /// The letter of an input or output; `-` for one that the operator does not have.
  static char letter(std::string_view parameters, std::size_t i) {
    if (parameters.ends_with('*')) {
      parameters.remove_suffix(1);
      if (i >= parameters.size()) return parameters.back();
    }
    return i < parameters.size() ? parameters[i] : '-';
  }
  bool is_variable(char letter) const {
    return letter >= 'a' && letter < 'a' + static_cast<int>(variables.size());
  }
  bool allows_float16(char letter) const { return is_variable(letter) && (bits_of(letter) & 1) != 0; }
  bool allows_bfloat16(char letter) const { return is_variable(letter) && (bits_of(letter) & 2) != 0; }

 private:
  int bits_of(char letter) const { return variables[static_cast<std::size_t>(letter - 'a')] - '0'; }
};

/// The operator in the version that a model of this opset means, or null if there is none.
const FloatOperator* find_float_operator(std::string_view name, std::int64_t opset);

}  // namespace polygraph::onnx
