#include <polygraph/onnx/unbounded.h>

#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace polygraph::onnx {
namespace {

/// The input that decides the size of the output; nullopt for operators without such an input.
std::optional<std::uint32_t> sizing_input(const Node& node) {
  if (!is_standard_domain(node.domain)) return std::nullopt;
  if (node.op_type == "Range" || node.op_type == "Pad" || node.op_type == "Tile" || node.op_type == "Expand")
    return 1;
  if (node.op_type == "Resize") return 3;
  return std::nullopt;
}

/// Where the values visible in a graph come from. What a graph adds is taken back when it ends.
class Scope {
 public:
  struct Definition {
    const Graph* graph = nullptr;
    const Node* producer = nullptr;  // null for inputs and initializers
    const Type* type = nullptr;
  };

  std::size_t mark() const { return undo_.size(); }
  void leave(std::size_t mark) {
    for (; undo_.size() > mark; undo_.pop_back()) definitions_[undo_.back().first] = undo_.back().second;
  }
  void define(std::string_view name, const Definition& definition) {
    if (name.empty()) return;
    Definition& place = definitions_[name];
    undo_.emplace_back(name, place);
    place = definition;
  }
  const Definition* find(std::string_view name) const {
    const auto found = definitions_.find(name);
    return found == definitions_.end() || !found->second.graph ? nullptr : &found->second;
  }

 private:
  std::unordered_map<std::string_view, Definition> definitions_;
  std::vector<std::pair<std::string_view, Definition>> undo_;
};

class Search {
 public:
  std::vector<UnboundedShape> run(const Model& model) {
    graph(model.graph);
    return std::move(found_);
  }

 private:
  void graph(const Graph& graph) {
    const std::size_t mark = scope_.mark();
    for (const ValueInfo& info : graph.inputs) {
      scope_.define(info.name, {&graph, nullptr, info.type.get()});
      if (info.type) meet_names(*info.type);
    }
    for (const TensorData& tensor : graph.initializers)
      scope_.define(tensor.name, {&graph, nullptr, nullptr});
    for (const SparseTensor& tensor : graph.sparse_initializers)
      scope_.define(tensor.values.name, {&graph, nullptr, nullptr});
    std::unordered_map<std::string_view, const Type*> types;
    for (const ValueInfo& info : graph.value_info) types[info.name] = info.type.get();
    for (const ValueInfo& info : graph.outputs) types[info.name] = info.type.get();

    for (const Node& node : graph.nodes) {
      for (const Attribute& attribute : node.attributes) {
        if (const auto* inner = std::get_if<Box<Graph>>(&attribute.value))
          this->graph(**inner);
        else if (const auto* list = std::get_if<std::vector<Graph>>(&attribute.value))
          for (const Graph& element : *list) this->graph(element);
      }
      bool is_new = false;
      for (const std::string_view output : node.outputs) {
        const auto type = types.find(output);
        const Type* known = type == types.end() ? nullptr : type->second;
        if (!known || meet_names(*known)) is_new = true;
        scope_.define(output, {&graph, &node, known});
      }
      if (is_new) check(node);
    }
    scope_.leave(mark);
  }

  /// Whether the type has a dimension that is not known from before.
  bool meet_names(const Type& type) {
    if (!type.shape) return true;
    bool is_new = false;
    for (const DimensionInfo& dim : type.shape->dims) {
      const auto* name = std::get_if<std::string_view>(&dim.value);
      if (name && !name->empty()) {
        if (names_.insert(*name).second) is_new = true;
      } else if (!std::holds_alternative<std::int64_t>(dim.value)) {
        is_new = true;
      }
    }
    return is_new;
  }

  void check(const Node& node) {
    const std::optional<std::uint32_t> input = sizing_input(node);
    if (!input || *input >= node.inputs.size()) return;
    const Scope::Definition* source = scope_.find(node.inputs[*input]);
    if (!source || !source->producer) return;
    const std::string_view op = source->producer->op_type;
    if (op == "Min" || op == "Constant") return;
    // The producer tells a value from others of the same name elsewhere.
    if (!seen_.emplace(source->producer, node.inputs[*input]).second) return;
    found_.push_back({node.inputs[*input], source->graph, source->producer, &node, *input});
  }

  Scope scope_;
  std::unordered_set<std::string_view> names_;
  std::set<std::pair<const Node*, std::string_view>> seen_;
  std::vector<UnboundedShape> found_;
};

}  // namespace

std::vector<UnboundedShape> unbounded_shapes(const Model& model) {
  return Search().run(model);
}

}  // namespace polygraph::onnx
