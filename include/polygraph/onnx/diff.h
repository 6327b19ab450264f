#pragma once

#include <polygraph/onnx/model.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What differs between two models.
namespace polygraph::onnx {

/// What `diff_models` looks at. All of it by default.
struct DiffOptions {
  enum class Weights : std::uint8_t {
    skip,        ///< types and shapes only: no payload is read
    bytes,       ///< whether values are the same, bit by bit
    statistics,  ///< and if not: how many differ, and by how much
  };
  Weights weights = Weights::statistics;
  bool names = true;        ///< that a node or value was renamed is a difference
  bool metadata = true;     ///< producer, doc strings, metadata entries, versions of the model
  bool order = true;        ///< that nodes, inputs or outputs stand in another order is a difference
  bool value_types = true;  ///< types and shapes of values in between (value_info)
};

/// How two constant tensors of one type and shape differ.
struct WeightDifference {
  std::int64_t elements = 0;
  std::int64_t differing = 0;  ///< elements whose bits differ; 0 if that was not counted
  std::int64_t first = 0;      ///< the index of the first of them, in row-major order
  /// The largest |a - b| of pairs of finite numbers; nullopt if it was not computed or there is none.
  std::optional<double> max_abs{};
  std::int64_t not_finite = 0;  ///< differing elements of which one is infinite or no number
};

/// One field of something that is there in both models.
struct FieldChange {
  std::string field;   ///< e.g. `op_type`, `inputs[1]`, `attribute 'alpha'`, `type`, `values`
  std::string before;  ///< empty if there was none
  std::string after;
  std::optional<WeightDifference> weights{};  ///< for `values` and tensors in attributes
};

/// One thing that differs.
struct Difference {
  enum class Subject : std::uint8_t {
    model,     ///< a field of the model or of a graph as a whole
    opset,     ///< an imported version of operators; `name` is the domain
    metadata,  ///< an entry of the model's or a graph's metadata
    function,  ///< a function of the model, `domain::name`
    input,
    output,
    initializer,  ///< a weight
    node,
    value,  ///< what a node makes: its name, or its type in value_info
  };
  enum class Kind : std::uint8_t { added, removed, renamed, changed };

  Subject subject = Subject::model;
  /// `renamed` if the name is all that differs; `changed` may come with another name, too.
  Kind kind = Kind::changed;
  /// The graph it is in: empty for the main graph, else e.g. `node 'if_1' then_branch` or `function 'd::f'`.
  std::string place;
  std::string name;      ///< in the first model; in the second one if it was added
  std::string new_name;  ///< in the second model, if another
  std::string op_type;   ///< of a node
  std::vector<FieldChange> changes{};
};

std::string_view to_string(Difference::Subject subject);
std::string_view to_string(Difference::Kind kind);

struct ModelDiff {
  /// In the order of the first model, added things last, per graph: the model, its main graph with its
  /// sub-graphs, its functions.
  std::vector<Difference> differences;
  std::size_t matched_nodes = 0;     ///< in all graphs
  std::size_t compared_weights = 0;  ///< tensors of one type and shape
  std::uint64_t compared_bytes = 0;  ///< of their values, in one of the models

  bool equal() const { return differences.empty(); }
  std::size_t count(Difference::Subject subject, Difference::Kind kind) const;
};

/// Compares two models: format and operator versions, metadata, functions, inputs, outputs, weights, nodes
/// with their attributes and sub-graphs, and types of values.
///
/// Nodes are matched by their place in the structure (operator, attributes, and all that comes before and
/// after) and by name, so a renamed node is `renamed` and one that moved in the file is not new; where
/// structure and name contradict each other, what most of the model's other nodes do decides. Inputs of a
/// node are compared as values, not as names. Weights are equal if their values are, however they are stored.
///
/// n log n in the number of nodes. Weights are read in one pass, several at a time, and those that lie in
/// mapped files do not stay in memory. Throws InputError if values that are to be compared cannot be read.
/// @code
///   const onnx::ModelDiff diff = onnx::diff_models(before, after);
///   for (const onnx::Difference& difference : diff.differences)
///     std::cout << to_string(difference.kind) << ' ' << difference.name << "\n";
/// @endcode
ModelDiff diff_models(const Model& a, const Model& b, const DiffOptions& options = {});

}  // namespace polygraph::onnx
