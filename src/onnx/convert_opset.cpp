#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/official.h>
#include <polygraph/onnx/save.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "onnx/attributes.h"
#include "onnx/graphs.h"
#include "onnx/official_library.h"
#include "onnx/weightless.h"

namespace polygraph::onnx::passes {
namespace {

constexpr const char* inline_first = "Inline the functions of the model first (inline_functions).";

/// Functions are not converted: refuses one that uses a standard operator whose definition changes.
class FunctionCheck {
 public:
  FunctionCheck(const OfficialModule& library, std::int64_t version) : library_(library), version_(version) {}

  void check(const Function& function) {
    for (const OpsetImport& import : function.opset_imports)
      if (import.is_standard()) nodes(function, function.nodes, import.version.value_or(0));
  }

 private:
  void nodes(const Function& function, const std::vector<Node>& list, std::int64_t from) {
    for (const Node& node : list) {
      if (is_standard_domain(node.domain) && since(node, from) != since(node, version_))
        throw InputError(
            fmt::format("Cannot convert the function '{}.{}' to opset {}: its operator {} (node '{}') is "
                        "another one there than in opset {}.",
                        function.domain, function.name, version_, node.op_type, node.name, from),
            inline_first);
      for_each_subgraph(node, [&](const Graph& graph) { nodes(function, graph.nodes, from); });
    }
  }
  int since(const Node& node, std::int64_t opset) {
    return library_.since_version("", std::string(node.op_type), static_cast<int>(opset));
  }

  const OfficialModule& library_;
  std::int64_t version_;
};

/// The converter hands back nodes without documentation, metadata and much else. This puts what it has
/// changed into the graph that there was.
class ConversionMerge {
 public:
  explicit ConversionMerge(Storage& storage) : storage_(storage) {}

  void merge(Graph& graph, Graph& converted) const {
    std::unordered_map<std::string_view, Node*> makers;
    std::unordered_set<std::string_view> names;
    for (Node& node : graph.nodes) {
      if (const std::string_view key = first_output(node); !key.empty()) makers.emplace(key, &node);
      names.insert(node.name);
    }
    std::vector<Node> nodes;
    nodes.reserve(converted.nodes.size());
    for (Node& node : converted.nodes) {
      const auto original = makers.find(first_output(node));
      if (original == makers.end()) {
        // The converter gives new nodes the name of the one that they are for.
        if (!node.name.empty()) node.name = unused_name(node.name, names);
        nodes.push_back(std::move(node));
      } else {
        merge(*original->second, node);
        nodes.push_back(std::move(*original->second));
        makers.erase(original);
      }
    }
    graph.nodes = std::move(nodes);
    merge_initializers(graph, converted);
    forget_gone_values(graph);
  }

 private:
  std::string_view unused_name(std::string_view wish, std::unordered_set<std::string_view>& names) const {
    if (names.insert(wish).second) return wish;
    std::string name;
    int number = 0;
    do name = fmt::format("{}_{}", wish, ++number);
    while (names.contains(name));
    return *names.insert(storage_.intern(std::string_view(name))).first;
  }

  static std::string_view first_output(const Node& node) {
    const auto output =
        std::ranges::find_if(node.outputs, [](std::string_view name) { return !name.empty(); });
    return output == node.outputs.end() ? std::string_view() : *output;
  }

  void merge(Node& node, Node& converted) const {
    const bool is_same_operator = node.op_type == converted.op_type && node.domain == converted.domain;
    node.op_type = converted.op_type;
    if (node.inputs != converted.inputs) node.inputs = std::move(converted.inputs);
    if (node.outputs != converted.outputs) node.outputs = std::move(converted.outputs);
    if (!is_same_operator) {
      node.domain = converted.domain;
      node.attributes = std::move(converted.attributes);
      return;
    }
    // In the order of the original; new ones behind.
    std::unordered_map<std::string_view, Attribute*> results;
    for (Attribute& attribute : converted.attributes) results.emplace(attribute.name, &attribute);
    std::erase_if(node.attributes, [&](const Attribute& a) { return !results.contains(a.name); });
    std::unordered_set<std::string_view> kept;
    for (Attribute& attribute : node.attributes) {
      merge(attribute, *results.at(attribute.name));
      kept.insert(attribute.name);
    }
    for (Attribute& attribute : converted.attributes)
      if (!kept.contains(attribute.name)) node.attributes.push_back(std::move(attribute));
  }

  void merge(Attribute& attribute, Attribute& converted) const {
    if (attribute.value.index() != converted.value.index()) {
      attribute = std::move(converted);
      return;
    }
    switch (attribute.type()) {
      case AttributeType::graph:
        merge(*std::get<Box<Graph>>(attribute.value), *std::get<Box<Graph>>(converted.value));
        break;
      case AttributeType::graphs: {
        auto& graphs = std::get<std::vector<Graph>>(attribute.value);
        auto& others = std::get<std::vector<Graph>>(converted.value);
        for (std::size_t i = 0; i < std::min(graphs.size(), others.size()); ++i) merge(graphs[i], others[i]);
        break;
      }
      case AttributeType::float_value:
      case AttributeType::int_value:
      case AttributeType::string:
      case AttributeType::floats:
      case AttributeType::ints:
      case AttributeType::strings:
        if (attribute.value_omitted && is_default(converted.value)) break;
        attribute.value = std::move(converted.value);
        attribute.value_omitted = false;
        break;
      default:  // tensors and types are the same
        break;
    }
  }

  static bool is_default(const Attribute::Value& value) {
    if (const auto* number = std::get_if<float>(&value)) return *number == 0;
    if (const auto* number = std::get_if<std::int64_t>(&value)) return *number == 0;
    if (const auto* text = std::get_if<std::string_view>(&value)) return text->empty();
    if (const auto* list = std::get_if<std::vector<float>>(&value)) return list->empty();
    if (const auto* list = std::get_if<std::vector<std::int64_t>>(&value)) return list->empty();
    if (const auto* list = std::get_if<std::vector<std::string_view>>(&value)) return list->empty();
    return false;
  }

  /// New ones come behind those that there were; one that the converter has taken out goes.
  static void merge_initializers(Graph& graph, Graph& converted) {
    std::unordered_set<std::string_view> results, originals;
    for (const TensorData& tensor : converted.initializers) results.insert(tensor.name);
    std::erase_if(graph.initializers, [&](const TensorData& t) { return !results.contains(t.name); });
    for (const TensorData& tensor : graph.initializers) originals.insert(tensor.name);
    for (TensorData& tensor : converted.initializers)
      if (!originals.contains(tensor.name) && !Weightless::stands_for_sparse(tensor))
        graph.initializers.push_back(std::move(tensor));
  }

  static void forget_gone_values(Graph& graph) {
    if (graph.value_info.empty()) return;
    std::unordered_set<std::string_view> names;
    for_each_definition(graph, [&](std::string_view name) { names.insert(name); });
    std::erase_if(graph.value_info, [&](const ValueInfo& info) { return !names.contains(info.name); });
  }

  Storage& storage_;
};

}  // namespace

void convert_opset(Model& model, std::int64_t version) {
  const OfficialModule& library = official_library();
  const std::optional<std::int64_t> current = model.opset();
  if (!current)
    throw InputError(fmt::format("Cannot convert {} to opset {}: it imports no standard operators.",
                                 model.storage.name(), version));
  if (version < 1 || version > library.opset_version())
    throw InputError(fmt::format("Cannot convert {} to opset {}: there is no such version.",
                                 model.storage.name(), version),
                     fmt::format("Allowed are 1 to {}.", library.opset_version()));
  if (*current == version) return;
  for (const Function& function : model.functions) FunctionCheck(library, version).check(function);

  const Weightless weightless(model, {.sparse_as_dense = true});
  OfficialModule::Result result = library.convert_opset(encode_model(weightless.model()).span(), version);
  if (!result.complaints.empty())
    throw InputError(fmt::format("Cannot convert {} from opset {} to {}: {}", model.storage.name(), *current,
                                 version, result.complaints[0].message),
                     "Convert to a version in between, or replace that operator first.");
  Model converted = load_result(std::move(result.model), model);
  weightless.restore(converted);
  ConversionMerge(model.storage).merge(model.graph, converted.graph);
  // Up to IR version 3 initializers have to be inputs, too; those that the converter adds are not.
  if (model.ir_version.value_or(0) < 4) model.ir_version = 4;
  const auto set_version = [version](std::vector<OpsetImport>& imports) {
    for (OpsetImport& import : imports)
      if (import.is_standard()) import.version = version;
  };
  set_version(model.opset_imports);
  for (Function& function : model.functions) set_version(function.opset_imports);
}

}  // namespace polygraph::onnx::passes
