#pragma once

#include <polygraph/core/tensor.h>
#include <polygraph/onnx/model.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace polygraph::cli {

/// A node as reports name it.
struct NodeLabel {
  std::string_view name;
  std::string_view op_type;
  std::string_view domain;
  std::string_view output;  ///< the first that is not left out

  /// `relu_1 [Op: Relu]`; a node without a name goes by its output, `-> y [Op: Relu]`.
  std::string str() const;
};

/// What a report on a change compares: taken of the model before and after.
struct ModelSummary {
  std::size_t nodes = 0;  ///< of the main graph
  std::size_t subgraph_nodes = 0;
  std::size_t initializers = 0;  ///< of all graphs, sparse ones included
  std::uint64_t initializer_bytes = 0;
  std::size_t functions = 0;
  std::optional<std::int64_t> opset;
  TensorMetadata inputs;
  TensorMetadata outputs;
  std::vector<NodeLabel> labels = {};           ///< of the nodes of all graphs
  std::map<std::string, std::size_t> ops = {};  ///< how many nodes there are of each operator
  onnx::Storage texts;                          ///< keeps the texts of the labels
};
ModelSummary summary_of(const onnx::Model& model);

/// What is different between two summaries.
struct ModelChange {
  ModelSummary before;
  ModelSummary after;
  std::vector<NodeLabel> removed;  ///< nodes in the order in which they were
  std::vector<NodeLabel> added;
};
/// A node is the same if its name and operator are, or without a name its operator and output.
ModelChange change_between(ModelSummary before, ModelSummary after);

/// Lines for people; of long lists the beginning.
std::string describe_change(const ModelChange& change);

/// The counts of operators in both, most frequent first, as a table.
std::string describe_ops(const ModelChange& change);

/// Members `before`, `after`, `removed_nodes`, `added_nodes`: see docs/edit-a-model.md.
nlohmann::ordered_json change_to_json(const ModelChange& change);

/// `512 bytes`, `1.50 GiB`.
std::string byte_count_text(std::uint64_t bytes);

}  // namespace polygraph::cli
