#pragma once

#include <polygraph/core/tensor.h>

#include <memory>
#include <vector>

namespace polygraph::reference {

/// What a name in a graph stands for while the graph is computed. A handle: copies share the elements, which
/// are never written once the value exists.
struct Value {
  enum class Kind : std::uint8_t { none, tensor, sequence };

  /// `none` is an optional value that is empty; one that is not is the value itself.
  Kind kind = Kind::none;
  /// What the model calls the type of the elements. Floats of any width are held as float64, complex numbers
  /// as complex128, integers below 8 bits as int8 or uint8.
  DataType dtype = DataType::float32;
  Tensor tensor = {};
  std::shared_ptr<const std::vector<Value>> elements = {};

  bool is_float() const { return is_floating(dtype); }
};

/// The type that elements of `dtype` are held in.
DataType held_type(DataType dtype);

/// A tensor as the model or the user has it, as it is held; shares memory where no conversion is needed.
Value hold(const Tensor& tensor);
/// Of elements that are in the held type already.
Value value_of(Tensor held, DataType dtype);
Value sequence_of(std::vector<Value> elements, DataType dtype);

/// The elements in the type that the model calls them, each rounded once; shares memory where that is no
/// conversion.
Tensor release(const Value& value);
/// A copy in another type, rounded once.
Tensor release(const Value& value, DataType dtype);

/// Rounds elements, held as float64, to what `dtype` can hold.
/// @param saturate  Whether fp8 saturates; otherwise what is too large becomes infinity, or NaN where there
/// is none.
Tensor round_to(const Tensor& held, DataType dtype, bool saturate = true);

}  // namespace polygraph::reference
