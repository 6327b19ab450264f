#pragma once

#include <polygraph/onnx/model.h>
#include <polygraph/onnx/symbolic_size.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace polygraph::onnx {

/// What one node costs. Texts and pointers are those of the model.
struct NodeStatistics {
  const Node* node = nullptr;
  /// Its number, behind those of the nodes around it and their attributes: `12/then_branch/3`.
  std::string path = {};
  /// Arithmetic operations, and bytes read and written; nullopt where they cannot be told.
  std::optional<SymbolicSize> operations = {};
  std::optional<SymbolicSize> bytes = {};
  /// Elements of the constants that it takes, and their bytes.
  std::int64_t parameters = 0;
  std::int64_t parameter_bytes = 0;
  /// Why the operations or bytes cannot be told; empty if they can.
  std::string unknown = {};
};

/// The sum over all nodes of an operator, each as often as it is listed.
struct OperatorStatistics {
  std::string op_type;  ///< with the domain in front (`com.microsoft::Gelu`) if it is not the standard one
  std::size_t count = 0;
  std::size_t unknown = 0;  ///< nodes of which something cannot be told: the sums lack that
  SymbolicSize operations;
  SymbolicSize bytes;
};

/// What a model costs.
struct ModelStatistics {
  /// In the order of the graph; the nodes of sub-graphs behind the node that has them.
  std::vector<NodeStatistics> nodes;
  /// By name.
  std::vector<OperatorStatistics> operators;
  /// The sum over the nodes of the main graph; what cannot be told is not in it.
  SymbolicSize operations;
  SymbolicSize bytes;
  /// Of all constants, each once, those of sub-graphs included.
  std::int64_t parameters = 0;
  std::int64_t parameter_bytes = 0;
  /// Nodes of which something cannot be told.
  std::size_t unknown = 0;
};

/// Counts the operations, the bytes and the parameters of a model from the shapes that it declares; no weight
/// is read but the trip counts of loops. Infer shapes first (`infer_shapes_officially`), and inline
/// functions: calls of functions cannot be told. Linear in the size of the structure.
///
/// Conventions:
/// - A multiply-add counts as 2 operations. An element-wise operator counts as one operation per element of
/// its
///   output, whatever it computes. Softmax counts 5 per element; BatchNormalization 2; layer, group and
///   instance normalisation 7; RMSNormalization 4; quantisation 2. Moving data and Cast count none.
/// - Bytes are those of the inputs and outputs, as if nothing stayed in a cache. Reshape and the like move
///   none; Slice and the Gather operators read only what they copy.
/// - A dimension without a name is named after its place, `y[0]`.
/// - A node with sub-graphs costs what its sub-graph costs; If: at most the larger of each term of its
/// branches;
///   Loop, Scan: times the trip count, where it is known, else times the name `iterations(<node>)`. Nodes in
///   a loop are listed with the cost of one iteration.
ModelStatistics statistics(const Model& model);

}  // namespace polygraph::onnx
