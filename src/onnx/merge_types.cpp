#include "onnx/merge_types.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>

#include "onnx/graphs.h"

namespace polygraph::onnx {
namespace {

/// The library names open dimensions `unk__0`, `unk__1`, ...
bool looks_made_up(std::string_view name) {
  constexpr std::string_view prefix = "unk__";
  return name.starts_with(prefix) && name.size() > prefix.size() &&
         std::ranges::all_of(name.substr(prefix.size()), [](char c) { return c >= '0' && c <= '9'; });
}

template <class Visitor>
void for_each_dimension(const Type& type, const Visitor& visit) {
  if (type.shape)
    for (const DimensionInfo& dim : type.shape->dims) visit(dim);
  if (type.element) for_each_dimension(*type.element, visit);
}

class Merger {
 public:
  explicit Merger(Model& model) : storage_(model.storage) { remember_names(model.graph); }

  /// @param refine_inputs  Those of a main graph are what the model says they are.
  void graph(Graph& graph, const Graph& inferred, bool refine_inputs) {
    if (refine_inputs) merge_list(graph.inputs, inferred.inputs);
    merge_list(graph.outputs, inferred.outputs);
    value_info(graph, inferred);
    for (std::size_t i = 0; i < std::min(graph.nodes.size(), inferred.nodes.size()); ++i)
      node(graph.nodes[i], inferred.nodes[i]);
  }

 private:
  /// Dimensions that the model itself names as the library would.
  void remember_names(const Graph& graph) {
    const auto remember = [this](const std::vector<ValueInfo>& list) {
      for (const ValueInfo& info : list) {
        if (!info.type) continue;
        for_each_dimension(*info.type, [this](const DimensionInfo& dim) {
          const auto* name = std::get_if<std::string_view>(&dim.value);
          if (name && looks_made_up(*name)) own_names_.insert(*name);
        });
      }
    };
    remember(graph.inputs);
    remember(graph.outputs);
    remember(graph.value_info);
    for (const Node& node : graph.nodes)
      for_each_subgraph(node, [this](const Graph& nested) { remember_names(nested); });
  }

  void node(Node& node, const Node& inferred) {
    for (std::size_t i = 0; i < std::min(node.attributes.size(), inferred.attributes.size()); ++i) {
      Attribute::Value& value = node.attributes[i].value;
      const Attribute::Value& other = inferred.attributes[i].value;
      if (value.index() != other.index()) continue;
      if (auto* one = std::get_if<Box<Graph>>(&value)) {
        graph(**one, *std::get<Box<Graph>>(other), true);
      } else if (auto* several = std::get_if<std::vector<Graph>>(&value)) {
        const auto& others = std::get<std::vector<Graph>>(other);
        for (std::size_t g = 0; g < std::min(several->size(), others.size()); ++g)
          graph((*several)[g], others[g], true);
      }
    }
  }

  void merge_list(std::vector<ValueInfo>& list, const std::vector<ValueInfo>& inferred) {
    for (std::size_t i = 0; i < std::min(list.size(), inferred.size()); ++i)
      if (inferred[i].type && list[i].name == inferred[i].name) refine(list[i].type, *inferred[i].type);
  }

  void value_info(Graph& graph, const Graph& inferred) {
    if (inferred.value_info.empty()) return;
    constexpr std::size_t declared = SIZE_MAX;
    std::unordered_map<std::string_view, std::size_t> places;
    places.reserve(graph.value_info.size() + graph.inputs.size() + graph.outputs.size());
    for (const ValueInfo& input : graph.inputs) places.emplace(input.name, declared);
    for (const ValueInfo& output : graph.outputs) places.emplace(output.name, declared);
    for (std::size_t i = 0; i < graph.value_info.size(); ++i) places.emplace(graph.value_info[i].name, i);

    std::unordered_map<std::string_view, std::string_view> names;  // as the graph's own nodes hold them
    for (const Node& node : graph.nodes)
      for (const std::string_view output : node.outputs) names.emplace(output, output);
    for (const ValueInfo& info : inferred.value_info) {
      if (!info.type) continue;
      if (const auto place = places.find(info.name); place != places.end()) {
        if (place->second != declared) refine(graph.value_info[place->second].type, *info.type);
        continue;
      }
      const auto name = names.find(info.name);
      if (name == names.end()) continue;
      ValueInfo added;
      added.name = name->second;
      refine(added.type, *info.type);
      if (!added.type || added.type->kind == Type::Kind::none) continue;
      graph.value_info.push_back(std::move(added));
      places.emplace(name->second, graph.value_info.size() - 1);
    }
  }

  void refine(Box<Type>& type, const Type& inferred) {
    if (inferred.kind == Type::Kind::none) return;
    refine(type.make(), inferred);
  }

  void refine(Type& type, const Type& inferred) {
    if (type.kind == Type::Kind::none) {
      type.kind = inferred.kind;
      type.opaque_domain = text(inferred.opaque_domain);
      type.opaque_name = text(inferred.opaque_name);
    }
    if (type.kind != inferred.kind) return;
    if (type.element_type.value_or(0) == 0 && inferred.element_type.value_or(0) != 0)
      type.element_type = inferred.element_type;
    if (inferred.element && inferred.element->kind != Type::Kind::none)
      refine(type.element, *inferred.element);
    if (!inferred.shape) return;
    if (!type.shape) type.shape.make().dims.resize(inferred.shape->dims.size());
    std::vector<DimensionInfo>& dims = type.shape->dims;
    if (dims.size() != inferred.shape->dims.size()) return;
    for (std::size_t i = 0; i < dims.size(); ++i) refine(dims[i], inferred.shape->dims[i]);
  }

  void refine(DimensionInfo& dim, const DimensionInfo& inferred) {
    const bool is_open =
        std::holds_alternative<std::monostate>(dim.value) ||
        (std::get_if<std::string_view>(&dim.value) && std::get<std::string_view>(dim.value).empty());
    if (const auto* size = std::get_if<std::int64_t>(&inferred.value)) {
      if (!std::holds_alternative<std::int64_t>(dim.value) && *size >= 0) dim.value = *size;
    } else if (const auto* name = std::get_if<std::string_view>(&inferred.value)) {
      if (is_open && !name->empty() && (!looks_made_up(*name) || own_names_.contains(*name)))
        dim.value = text(*name);
    }
  }

  /// A copy in the model's storage; one for each text.
  std::string_view text(std::string_view text) {
    if (text.data() == nullptr) return {};
    const auto found = texts_.find(text);
    if (found != texts_.end()) return *found;
    return *texts_.insert(storage_.intern(text)).first;
  }

  Storage& storage_;
  std::unordered_set<std::string_view> own_names_;
  std::unordered_set<std::string_view> texts_;
};

}  // namespace

void merge_types(Model& model, const Model& inferred) {
  Merger(model).graph(model.graph, inferred.graph, false);
}

}  // namespace polygraph::onnx
