#pragma once

#include <polygraph/core/tensor.h>
#include <polygraph/onnx/model.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Changes to a model in place that do not need the values of weights. The loaders of
/// `polygraph/onnx/loaders.h` work on a copy; these are for those who hold the model already.
///
/// Each is linear or n log n in the number of nodes. Opset imports, metadata, functions and whatever else the
/// change is not about stay as they are.
namespace polygraph::onnx::passes {

/// Which outputs a model shall have. Marking replaces the outputs there are; several kinds of marking add up.
struct OutputSelection {
  /// Names of values; each a literal name if there is one (of inputs and initializers, too), else a pattern
  /// with shell wildcards for outputs of nodes other than Constant. `*`: all of those.
  std::vector<std::string> outputs = {};
  /// Mark every output of nodes of these operators, by name or pattern.
  std::vector<std::string> op_types = {};
  /// Unmark, after marking; literal or pattern.
  std::vector<std::string> exclude = {};
};
/// Returns the names of the outputs afterwards: in the order of the selection, and for each pattern in that
/// of the nodes. Types are taken from what the model says of the values, and left open otherwise. Nodes that
/// no output needs any more stay (see `cleanup`). Throws InputError, having changed nothing, if a name or
/// pattern matches nothing (with near misses), or if no output would be left.
std::vector<std::string> modify_outputs(Model& model, const OutputSelection& selection);

/// A tensor that becomes an input or output of an extracted sub-graph; absent parts are taken from the model.
struct Boundary {
  std::string name;
  std::optional<DataType> dtype = {};
  std::optional<PartialShape> shape = {};
};
/// Cuts out what is between these inputs and outputs; nullopt keeps the present ones. Types and shapes given
/// override the model's. An input that was made by a node or was an initializer is that no longer;
/// initializers that are inputs as well, as all must be before IR version 4, need not be given. Functions
/// stay, even unused ones. Throws InputError, having changed nothing, for names that do not exist, and naming
/// all values that would dangle because the outputs depend on inputs that were not given.
void extract_subgraph(Model& model, const std::optional<std::vector<Boundary>>& inputs,
                      const std::optional<std::vector<Boundary>>& outputs);

/// What `cleanup` took out.
struct CleanupReport {
  std::size_t nodes = 0;
  std::size_t initializers = 0;
  std::size_t inputs = 0;
  std::size_t value_infos = 0;
  std::size_t functions = 0;
  bool nothing() const { return nodes + initializers + inputs + value_infos + functions == 0; }
};
struct CleanupOptions {
  /// Also remove graph inputs that nothing uses.
  bool unused_inputs = false;
  bool unused_functions = true;
};
/// Removes everything that no output depends on: nodes, initializers, value_info, annotations, functions; in
/// sub-graphs and functions, too. What training information names stays. Inputs of sub-graphs and of
/// functions stay, and so do a node's outputs that nothing uses, if others are used. An unused initializer
/// that is an input as well goes with that input, and is counted as an initializer.
CleanupReport cleanup(Model& model, const CleanupOptions& options = {});

/// Puts nodes into an order in which each comes after what it depends on, keeping the present order where
/// that allows; sub-graphs, functions and training graphs, too. Returns how many nodes have another place.
/// Throws InputError naming the nodes of a cycle; graphs inside that one are then sorted.
std::size_t sort_topologically(Model& model);

/// Puts `Min(value, bound)` behind every data-dependent size that has no upper bound (see `unbounded.h`).
/// `bounds`: value name to bound; the empty name holds for all others. A value that is named and made by a
/// node is bounded even if it is no such size, with a warning. The value keeps its name; in front of the Min
/// it is `NAME_copy`, and the bound, a scalar of the value's type, is the initializer `NAME_upper_bound`.
/// Returns the names that were bounded. Throws InputError for a name that no node makes, a bound that does
/// not fit the type, and for opset versions before 12, whose Min has no whole numbers.
std::vector<std::string> set_upper_bounds(Model& model, const std::map<std::string, std::int64_t>& bounds);

/// A new node for `insert_node`.
struct NewNode {
  std::string op_type;
  std::string domain = {};
  std::string name = {};
  std::vector<std::string> inputs = {};
  std::vector<std::string> outputs = {};
  /// Ready-made; their texts interned in the model's storage.
  std::vector<Attribute> attributes = {};
};
/// Inserts a node behind the producers of its inputs. Its outputs, which exist already, take their value from
/// the new node: what made them before is detached, and removed, with all that only it needed, if nothing
/// uses it any more. An output that is also an input is spliced in: consumers get the new node's value, under
/// the name `NAME_polygraphy_surgeon_insert_output`, as Polygraphy calls it, or, for an output of the graph,
/// which keeps its name, the value in front of the node gets that name. Throws InputError, having changed
/// nothing, for names that do not exist, outputs that no node makes, and if the inputs depend on the outputs.
void insert_node(Model& model, const NewNode& node);

/// Gives the inputs of the model other shapes, and forgets the shapes of all other values but inputs, whose
/// types stay. Names: literal or pattern, literal ones first. Throws InputError, having changed nothing, for
/// a name that is no input, or an input that is no tensor.
void override_input_shapes(Model& model, const std::map<std::string, PartialShape>& shapes);

/// Gives every node without a name, or with one used before, a name of its own; returns how many changed.
std::size_t name_nodes(Model& model);

}  // namespace polygraph::onnx::passes
