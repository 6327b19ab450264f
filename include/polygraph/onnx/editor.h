#pragma once

#include <polygraph/onnx/model.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace polygraph::onnx {

/// A node of the graph under edit: valid until it is removed; numbers are not reused.
enum class NodeId : std::uint32_t {};

/// A place where a node takes a value.
struct Use {
  NodeId node{};
  /// The position among the node's inputs, or `captured`: a sub-graph of the node takes the value from
  /// outside, at any depth.
  std::uint32_t input = 0;

  static constexpr std::uint32_t captured = 0xffff'ffff;
  bool operator==(const Use&) const = default;
};

/// Edits one graph of a model, with who makes and who takes each value at hand and up to date at any moment:
/// producers and consumers in constant time, every change in time proportional to what it touches.
///
/// Values are known by their names. Sub-graphs of the graph's nodes are not edited, but what they take from
/// outside counts as a use, and renaming reaches into them (names that a sub-graph defines itself hide the
/// outer ones). To edit a sub-graph, give it to an editor of its own: `for_each_graph` visits all.
///
/// While an editor lives, the graph's nodes, initializers, value_info, inputs and outputs are read and
/// changed through it alone: its destructor brings the graph up to date, in the order of the nodes at that
/// time. Until then references to nodes and tensors stay valid; only those to what was removed do not. Texts
/// given are interned in the model's storage; those inside the attributes, tensors and types given must be
/// there already. Const functions may be called by several threads at once.
/// @code
///   GraphEditor editor(model);
///   for (NodeId id : editor.find({.op_type = "Relu"}))
///     editor.edit(id).op_type = editor.intern("Sigmoid");
///   if (const auto maker = editor.producer("y")) {
///     Node copy;
///     copy.op_type = "Identity";
///     copy.inputs = {"y"};
///     copy.outputs = {editor.unique_name("y_copy")};
///     editor.insert_after(*maker, copy);
///   }
/// @endcode
class GraphEditor {
 public:
  /// Over the main graph. Throws InputError if two nodes make the same value (naming both), or if a node
  /// makes an input or an initializer of the graph.
  explicit GraphEditor(Model& model);
  /// Over a graph inside the model: the body of an If, a Loop, ...
  GraphEditor(Model& model, Graph& graph);
  GraphEditor(const GraphEditor&) = delete;
  GraphEditor& operator=(const GraphEditor&) = delete;
  ~GraphEditor();

  Model& model();
  const Model& model() const;
  Graph& graph();
  const Graph& graph() const;
  /// The text, kept as long as the model.
  std::string_view intern(std::string_view text);

  // Nodes

  /// Nodes there are now.
  std::size_t node_count() const;
  /// All nodes in their order, as of this call.
  std::vector<NodeId> nodes() const;
  /// The node before and after this one.
  std::optional<NodeId> next(NodeId node) const;
  std::optional<NodeId> previous(NodeId node) const;
  bool contains(NodeId node) const;
  /// Throws UsageError if the node was removed, as all functions do that are given a node.
  const Node& node(NodeId node) const;
  /// For changing anything but inputs, outputs and sub-graphs, which have functions of their own below.
  Node& edit(NodeId node);
  /// `Node 3 'relu_1' [Op: Relu]`: for messages.
  std::string describe(NodeId node) const;

  struct Query {
    std::string name = "*";     ///< shell wildcards (see `select_names`)
    std::string op_type = "*";  ///< likewise, against `Relu`, or `domain::Op` for other than standard domains
  };
  /// Nodes that match all of the query, in order.
  std::vector<NodeId> find(const Query& query) const;

  /// Adds a node. Throws InputError if an output has a producer already or is an input or initializer.
  NodeId append(Node node);
  NodeId prepend(Node node);
  NodeId insert_before(NodeId place, Node node);
  NodeId insert_after(NodeId place, Node node);
  /// Removes a node. Its outputs, if used, dangle until someone else makes them.
  void remove(NodeId node);
  /// An empty value leaves the input out; inputs before it that are not there yet are left out.
  void set_input(NodeId node, std::size_t input, std::string_view value);
  void set_inputs(NodeId node, std::vector<std::string_view> values);
  /// Likewise. Throws InputError if the value has another producer or is an input or initializer.
  void set_output(NodeId node, std::size_t output, std::string_view value);
  /// Tells the editor that sub-graphs of the node were changed by other means.
  void refresh_captures(NodeId node);
  /// Values that sub-graphs of the node take from outside, each once.
  std::vector<std::string_view> captures(NodeId node) const;
  /// Puts the nodes in this order, which names each of them once. Throws UsageError if it does not.
  void reorder(std::span<const NodeId> order);

  // Values

  std::optional<NodeId> producer(std::string_view value) const;
  /// Every place in the graph's nodes that takes the value: in the order of the nodes as the graph was given,
  /// later in an order that depends on the edits alone. Valid until something is changed.
  std::span<const Use> consumers(std::string_view value) const;
  bool is_graph_input(std::string_view value) const;
  bool is_graph_output(std::string_view value) const;
  /// Whether anything takes it: a node, a sub-graph, the graph's outputs, or training graphs.
  bool is_used(std::string_view value) const;
  /// Whether anything makes it: a node, an input, an initializer (sparse ones, too).
  bool is_defined(std::string_view value) const;
  /// Replaces the inputs or outputs of the graph.
  void set_graph_inputs(std::vector<ValueInfo> inputs);
  void set_graph_outputs(std::vector<ValueInfo> outputs);
  /// The initializer of that name, or null. An initializer that is also an input of the graph may be replaced
  /// by the user: it is no constant (see `constant`).
  const TensorData* initializer(std::string_view value) const;
  /// Names of all initializers, in order, those of the sparse ones last.
  std::vector<std::string_view> initializers() const;
  /// The tensor that this value always is: an initializer that is no input, or what a `Constant` node with a
  /// `value` attribute makes. Null otherwise. Valid as long as that initializer or node.
  const TensorData* constant(std::string_view value) const;
  /// The declared type: of an input, an output, or an entry of value_info. Null if there is none. Valid until
  /// it is replaced.
  const ValueInfo* value_info(std::string_view value) const;

  /// A name not used by anything in the model, the wish itself if it is free, else with `_1`, `_2`, ...
  std::string_view unique_name(std::string_view wish);
  /// Adds an initializer. Throws InputError if something else makes a value of its name; an input may.
  void add_initializer(TensorData tensor);
  /// Removes the initializer of that name, sparse or not, if there is one.
  void remove_initializer(std::string_view name);
  /// Replaces the input, output or entry of value_info of that name, or adds such an entry.
  void set_value_info(ValueInfo info);
  /// Removes the entry of value_info, if there is one; inputs and outputs stay.
  void remove_value_info(std::string_view name);

  /// Gives a value another name, everywhere: producer, consumers, sub-graphs, inputs, outputs, initializers,
  /// value_info, quantisation annotations, training information. Throws InputError, having changed nothing,
  /// if the new name is taken, or would be hidden by a name of a sub-graph that takes the value. A sub-graph
  /// that takes the value is walked.
  void rename(std::string_view from, std::string_view to);
  /// Lets everything that takes `from` take `to`, sub-graphs included; outputs of the graph keep their names.
  /// (A node that is to take `from` and make `to` is given its input afterwards.)
  /// If `from` is an output of the graph, then `to` is renamed to `from` where it can be (it is made by a
  /// node and is no output itself; `from` must have lost its producer or loses it: the producer's output is
  /// then left out, or the producer removed if nothing else of it is used). Returns false, having changed
  /// nothing, where that cannot be done: the caller needs an Identity node.
  bool replace(std::string_view from, std::string_view to);
  /// Takes a node out whose first output equals its input `input`: `replace` and remove. False, having
  /// changed nothing, if that cannot be done, or if other outputs of the node are used.
  bool bypass(NodeId node, std::size_t input = 0);

  /// What the editor knows, by numbers: for the library's own passes.
  struct State;
  const State& state() const { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

/// Calls `visit` for every graph of the model, outer before inner: the main graph, sub-graphs at any depth,
/// also those inside functions, and training graphs.
void for_each_graph(Model& model, const std::function<void(Graph&)>& visit);
void for_each_graph(const Model& model, const std::function<void(const Graph&)>& visit);

/// Values that nodes or outputs of any graph take and nothing defines there or outside of it. In order, each
/// once. Empty in a valid model.
std::vector<std::string_view> dangling_values(const Model& model);

}  // namespace polygraph::onnx
