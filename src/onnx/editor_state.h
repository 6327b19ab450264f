#pragma once

#include <polygraph/onnx/editor.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "onnx/name_table.h"
#include "onnx/stable_list.h"

namespace polygraph::onnx {

/// What an editor knows. Values are numbered by their names; each use of a value is held twice, among the
/// uses of the value and as a link of the node, and each side knows the place of the other, so that a use is
/// added or taken away in constant time however many there are.
struct GraphEditor::State {
  static constexpr std::uint32_t none = NameTable::none;

  /// A piece of a pool (see `grow`).
  struct Range {
    std::uint32_t begin = 0;
    std::uint32_t count = 0;
    std::uint32_t capacity = 0;
  };
  /// Something that a node takes.
  struct Link {
    std::uint32_t value = none;  ///< none: the input is left out
    std::uint32_t place = 0;     ///< among the uses of the value
  };
  struct NodeState {
    std::uint32_t previous = none;
    std::uint32_t next = none;
    Range links;                 ///< one per input, then the captured values in the order of their numbers
    std::uint32_t captures = 0;  ///< how many of the links those are
  };
  struct ValueState {
    Range uses;
    std::uint32_t producer = none;  ///< a node
    std::uint32_t input = none;     ///< of the graph
    std::uint32_t output = none;
    std::uint32_t initializer = none;
    std::uint32_t sparse_initializer = none;
    std::uint32_t info = none;  ///< in value_info
    bool held = false;          ///< by training information
  };

  State(Model& whole, Graph& edited);
  void settle();
  /// Has what the names of the next nodes' values lead to brought into the cache.
  void prefetch(std::uint32_t first_node) const;

  // Names
  std::uint32_t id(std::string_view name);  ///< makes one, with a text that lasts
  std::uint32_t find(std::string_view name) const { return names.find(name); }
  const ValueState* value(std::string_view name) const;  ///< null if nothing has the name
  std::string_view lasting(std::string_view text);       ///< the text itself if the model's file has it
  void make_lasting(Node& node);
  bool is_defined(const ValueState& value) const;
  bool is_used(const ValueState& value) const;

  // Nodes
  std::uint32_t checked(NodeId node) const;
  std::string describe(std::uint32_t node) const;
  void insert(std::uint32_t node, std::uint32_t before);  ///< into the order; before `none`: at the end
  void take_out(std::uint32_t node);
  std::uint32_t add(Node node, std::uint32_t before);
  void remove(std::uint32_t node);

  // Uses
  std::span<const Link> links_of(std::uint32_t node) const {
    const Range& range = node_states[node].links;
    return std::span(links).subspan(range.begin, range.count);
  }
  std::uint32_t input_count(const NodeState& node) const { return node.links.count - node.captures; }
  std::uint32_t link_of(const Use& use, std::uint32_t value) const;
  void connect(std::uint32_t node, std::uint32_t link);
  void disconnect(std::uint32_t link);
  void link_all(std::uint32_t node);
  void unlink_all(std::uint32_t node);
  void set_producer(std::uint32_t value, std::uint32_t node);
  void check_free_to_make(std::string_view value, const std::string& maker) const;
  /// Lets a use take another value, the text in the node or its sub-graphs included.
  void redirect(Use use, std::uint32_t from, std::uint32_t to);
  /// Whether every sub-graph that takes `from` can take `to`.
  bool can_be_captured_as(std::uint32_t from, std::uint32_t to) const;

  /// Rooms for one element more, moving the range to the end of the pool if need be.
  template <class T>
  static T& grow(std::vector<T>& pool, Range& range);

  Model& model;
  Graph& graph;
  bool is_main;
  NameTable names;
  std::vector<ValueState> values;
  StableList<Node> nodes;
  std::vector<NodeState> node_states;
  std::uint32_t first = none;
  std::uint32_t last = none;
  bool reordered = false;  ///< the order is not that of the numbers
  StableList<TensorData> initializers;
  StableList<SparseTensor> sparse_initializers;
  StableList<ValueInfo> infos;
  std::vector<Use> uses;
  std::vector<Link> links;

  // For names not used yet; filled at the first call.
  void reserve_names();
  bool names_reserved = false;
  NameTable reserved;  ///< names of other graphs and of nodes, and those given away
  std::unordered_map<std::string, std::uint32_t> last_suffix;
};

template <class T>
T& GraphEditor::State::grow(std::vector<T>& pool, Range& range) {
  if (range.count == range.capacity) {
    const auto begin = static_cast<std::uint32_t>(pool.size());
    range.capacity = range.capacity < 2 ? 2 : range.capacity * 2;
    pool.resize(pool.size() + range.capacity);
    for (std::uint32_t i = 0; i < range.count; ++i) pool[begin + i] = pool[range.begin + i];
    range.begin = begin;
  }
  return pool[range.begin + range.count++];
}

}  // namespace polygraph::onnx
