#pragma once

#include <polygraph/onnx/model.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reference/value.h"

namespace polygraph::reference {

/// What computes the graphs inside a node's attributes.
class Subgraphs {
 public:
  virtual ~Subgraphs() = default;
  /// The outputs of the graph in the attribute of that name.
  virtual std::vector<Value> run(std::string_view attribute, std::vector<Value> inputs) = 0;
};

/// A node with the values of its inputs: what a kernel is given. The functions throw InputError, naming the
/// node, where a node is not as its operator demands.
struct Call {
  const onnx::Node& node;
  const onnx::Model& model;
  /// The version of the node's domain.
  std::int64_t opset = 0;
  /// Null for one that is left out; an empty value for one that the caller of a function leaves out.
  std::span<const Value* const> inputs;
  Subgraphs& subgraphs;
  int threads = 1;

  /// Whether an input is there and no empty optional value.
  bool has(std::size_t i) const {
    return i < inputs.size() && inputs[i] != nullptr && inputs[i]->kind != Value::Kind::none;
  }
  const Value& value(std::size_t i) const;
  const Tensor& tensor(std::size_t i) const;
  const Shape& shape(std::size_t i) const { return tensor(i).shape(); }
  DataType dtype(std::size_t i) const { return value(i).dtype; }
  std::span<const double> floats(std::size_t i) const;
  /// Of any integer type.
  std::vector<std::int64_t> integers(std::size_t i) const;
  std::int64_t integer(std::size_t i) const;
  /// The one element of any type of number.
  double number(std::size_t i) const;

  bool has_attribute(std::string_view name) const;
  std::int64_t attribute(std::string_view name, std::int64_t otherwise) const;
  /// Attributes are float32, and so are the defaults of the standard.
  double attribute(std::string_view name, float otherwise) const;
  std::string_view attribute(std::string_view name, const char* otherwise) const;
  std::vector<std::int64_t> integers_attribute(std::string_view name) const;
  std::vector<double> floats_attribute(std::string_view name) const;
  std::vector<std::string> strings_attribute(std::string_view name) const;
  std::optional<Value> tensor_attribute(std::string_view name) const;
  /// The data type that an attribute names by its number.
  DataType type_attribute(std::string_view name, DataType otherwise) const;

  bool wants_output(std::size_t i) const { return i < node.outputs.size() && !node.outputs[i].empty(); }
  /// An axis counted from the front; `rank` itself is allowed on request.
  std::size_t axis(std::int64_t axis, std::size_t rank, bool allow_end = false) const;

  [[noreturn]] void fail(const std::string& problem) const;
};

/// The outputs of a node, in order; fewer if the last are not wanted.
using Values = std::vector<Value>;
using Kernel = Values (*)(const Call&);

/// `The Conv node 'name' (domain 'ai.onnx', opset 13)`: for messages.
std::string describe(const onnx::Node& node, std::int64_t opset);

}  // namespace polygraph::reference
