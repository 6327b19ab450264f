#pragma once

#include <polygraph/onnx/model.h>

#include <functional>
#include <string_view>
#include <unordered_map>

namespace polygraph::onnx {

/// What makes the values of one graph, and of the graphs around it.
class Scope {
 public:
  /// Who makes a value: a node, or an initializer, which may also be the default of an input (as all are in
  /// IR version 3); both null for other inputs and for unknown names.
  struct Origin {
    const Node* node = nullptr;
    const TensorData* initializer = nullptr;
  };

  Scope(const Graph& graph, const Scope* outer);

  const Graph& graph() const { return graph_; }
  Origin origin(std::string_view value) const;
  /// The tensor of the value: an initializer, or what a `Constant` node makes of its attribute `value`; else
  /// null.
  const TensorData* weight(std::string_view value) const;
  /// More than any path from value to producer to value can have without a cycle.
  std::size_t longest_path() const { return longest_path_; }

 private:
  const Graph& graph_;
  const Scope* outer_;
  std::unordered_map<std::string_view, Origin> origins_;
  std::size_t longest_path_;
};

/// Visits the main graph and all sub-graphs, each with the scope it lies in, outer before inner.
void for_each_scope(const Model& model, const std::function<void(const Scope&)>& visit);

}  // namespace polygraph::onnx
