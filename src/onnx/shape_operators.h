#pragma once

#include <polygraph/onnx/shape_values.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

// The operators that shape_values.cpp knows, in groups; each group tells whether it has the operator.

namespace polygraph::onnx::shapes {

/// One call of an operator.
struct Call {
  const Node& node;
  std::int64_t opset;
  std::span<const ValueFacts* const> inputs;

  bool is(std::string_view op) const { return node.op_type == op; }
  bool has_input(std::size_t i) const { return i < node.inputs.size() && !node.inputs[i].empty(); }
  const ValueFacts* facts(std::size_t i) const { return i < inputs.size() ? inputs[i] : nullptr; }
  /// The input if something is known of its elements.
  const PartialTensor* value(std::size_t i) const;
  /// The elements of an input if all are numbers.
  std::optional<std::vector<std::int64_t>> numbers(std::size_t i) const;
  /// What an attribute says or, in the opset versions that have it, the input that took its place. False if
  /// it cannot be known; `result` stays empty where nothing is given.
  bool list(std::string_view attribute, std::size_t input,
            std::optional<std::vector<std::int64_t>>& result) const;
};

using Outputs = std::vector<ValueFacts>;

/// Elementwise operators and reductions.
std::optional<PartialTensor> arithmetic(const Call& call);
/// Operators that move elements and shapes, and those that make values from shapes.
Outputs layout(const Call& call);

/// A value as facts.
ValueFacts facts_of(PartialTensor tensor);

/// The number of elements, or nullopt if they are more than PartialTensor::max_elements. The sizes beside a
/// zero are held to the same limit: who goes through them one by one, or adds them up, has not far to go.
std::optional<std::size_t> small_count(std::span<const std::int64_t> dims);
/// The shape that two shapes broadcast to, or nullopt if they do not.
std::optional<std::vector<std::int64_t>> broadcast(std::span<const std::int64_t> a,
                                                   std::span<const std::int64_t> b);
/// For each element of the shape `to`, in order, the index of the element of the shape `from` that
/// broadcasting puts there.
std::vector<std::size_t> broadcast_indices(std::span<const std::int64_t> from,
                                           std::span<const std::int64_t> to);

/// Whether values of this type are followed: integers and bool.
bool is_followed(std::int32_t element_type);
/// The number as an element of this type; unknown if it is not in its range.
PartialInt in_range(std::int64_t number, std::int32_t element_type);
/// `axis` counted from the front; nullopt if out of range.
std::optional<std::size_t> checked_axis(std::int64_t axis, std::size_t rank);

}  // namespace polygraph::onnx::shapes
