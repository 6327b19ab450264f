#pragma once

#include <polygraph/onnx/graph.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

/// The arithmetic of shapes inside a model (`Shape -> Gather -> Concat -> Reshape`), as far as it is known
/// without running the model: exact integers, sizes that are known by name only, and the unknown.
namespace polygraph::onnx {

/// An integer (or bool) of which something may be known: the number itself, or that it is the size of a
/// certain dimension. Two integers that are the same dimension are equal, whatever it is; a dimension is
/// never negative.
struct PartialInt {
  enum class Kind : std::uint8_t { unknown, number, dimension };

  Kind kind = Kind::unknown;
  std::int64_t value = 0;  ///< the number, or which dimension

  static constexpr PartialInt number(std::int64_t n) { return {Kind::number, n}; }
  static constexpr PartialInt dimension(std::int64_t id) { return {Kind::dimension, id}; }

  constexpr bool is_unknown() const { return kind == Kind::unknown; }
  constexpr bool is_number() const { return kind == Kind::number; }
  constexpr bool is_dimension() const { return kind == Kind::dimension; }
  constexpr bool is(std::int64_t n) const { return is_number() && value == n; }
  /// Whether both are known to be the same integer.
  constexpr bool surely_equals(const PartialInt& other) const {
    return !is_unknown() && kind == other.kind && value == other.value;
  }
};

/// A small tensor of integers or bools, row-major, each element known or not.
struct PartialTensor {
  /// Larger tensors are no sizes; they are left to an engine.
  static constexpr std::size_t max_elements = 1024;

  std::int32_t element_type = 0;  ///< TensorProto.DataType: an integer type or bool
  std::vector<std::int64_t> dims;
  std::vector<PartialInt> elements;

  bool is_known() const;  ///< every element is a number
};

/// What is known of a value without running the model.
struct ValueFacts {
  std::int32_t element_type = 0;  ///< TensorProto.DataType; 0: not known
  std::optional<std::vector<PartialInt>> shape;
  std::optional<PartialTensor> value;

  bool has_static_shape() const;
};

/// Gives dimensions their numbers: equal names are one dimension, as in ONNX; a dimension without a name is
/// equal only to itself.
class DimensionNumbers {
 public:
  PartialInt named(std::string_view name);
  PartialInt anonymous() { return PartialInt::dimension(next_++); }
  /// The facts that a declared type states. Names must outlive this object.
  ValueFacts facts_of(const Type& type);

 private:
  std::unordered_map<std::string_view, std::int64_t> by_name_;
  std::int64_t next_ = 0;
};

/// What is known of the outputs of a node, from what is known of its inputs: exactly what the operator does,
/// as its specification in the version that `opset` selects says. Empty for operators that are no arithmetic
/// of shapes, and where nothing follows. Where a number would leave the range of its type it is unknown.
///
/// Known: Shape, Size, Identity, Cast and CastLike between integers, Gather, Slice, Concat, Split, Squeeze,
/// Unsqueeze, Reshape, Flatten, Transpose, Expand, Tile, Range, ConstantOfShape, NonZero, ReduceProd,
/// ReduceSum, ReduceMin, ReduceMax, Add, Sub, Mul, Div, Mod, Min, Max, Sum, Neg, Abs, Equal, Less, Greater,
/// LessOrEqual, GreaterOrEqual, And, Or, Xor, Not, Where.
///
/// @param inputs  One for each input of the node; null for those left out or of which nothing is known.
/// @code
///   // x has the shape (batch, 3, 4): of the value of `Shape(x)`, the last two elements are numbers.
///   std::vector<ValueFacts> outputs = propagate_shape_values(shape_node, 17, inputs);
///   outputs[0].value->elements[1].is(3);
/// @endcode
std::vector<ValueFacts> propagate_shape_values(const Node& node, std::int64_t opset,
                                               std::span<const ValueFacts* const> inputs);

/// Whether `propagate_shape_values` knows the operator.
bool is_shape_arithmetic(const Node& node);

/// A constant that may take the place of a partly known shape in a Reshape: each unknown size written as -1,
/// or as 0 where it is that of the same axis of the data and zeros are copied (`allowzero` = 0). Nullopt if
/// there is none that gives the same result whenever the original gives one.
/// @param data  What is known of the tensor to be reshaped, or null.
std::optional<std::vector<std::int64_t>> constant_reshape(const PartialTensor& shape, const ValueFacts* data,
                                                          bool copies_zeros);

}  // namespace polygraph::onnx
