#include <fmt/format.h>
#include <polygraph/onnx/unbounded.h>

#include <cmath>
#include <complex>
#include <nlohmann/json.hpp>

#include "cli/inspect_model.h"
#include "cli/json_output.h"

namespace polygraph::cli {
namespace {

using Json = nlohmann::ordered_json;
using onnx::Attribute;
using onnx::Function;
using onnx::Graph;
using onnx::Model;
using onnx::Node;
using onnx::SparseTensor;
using onnx::StringEntry;
using onnx::TensorData;
using onnx::Type;
using onnx::ValueInfo;

Json texts(const std::vector<std::string_view>& list) {
  Json result = Json::array();
  for (const std::string_view element : list) result.push_back(json_text(element));
  return result;
}

void add_if_any(Json& object, const char* key, std::string_view value) {
  if (!value.empty()) object[key] = json_text(value);
}

Json entries(const std::vector<StringEntry>& list) {
  Json result = Json::object();
  for (const StringEntry& entry : list) result.push_back({json_text(entry.key), json_text(entry.value)});
  return result;
}

/// JSON has no infinities and no NaN; they are strings.
Json number(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  return value;
}

Json shape(const Type& type) {
  if (!type.shape) return nullptr;
  Json dims = Json::array();
  for (const onnx::DimensionInfo& dim : type.shape->dims) {
    if (const auto* size = std::get_if<std::int64_t>(&dim.value))
      dims.push_back(*size);
    else if (const auto* name = std::get_if<std::string_view>(&dim.value))
      dims.push_back(json_text(*name));
    else
      dims.push_back(nullptr);
  }
  return dims;
}

void add_type(Json& object, const Type* type) {
  if (!type || type->kind == Type::Kind::none) {
    object["dtype"] = nullptr;
    object["shape"] = nullptr;
    return;
  }
  if (type->kind == Type::Kind::tensor || type->kind == Type::Kind::sparse_tensor) {
    object["dtype"] = onnx::element_type_name(type->element_type.value_or(0));
    object["shape"] = shape(*type);
    if (type->kind == Type::Kind::sparse_tensor) object["sparse"] = true;
  } else {
    object["type"] = json_text(onnx::to_string(*type));
  }
}

Json values_of(const Tensor& tensor) {
  Json result = Json::array();
  const auto append = [&]<class T>(T) {
    for (const T& value : tensor.values<T>()) result.push_back(value);
  };
  switch (tensor.dtype()) {
    case DataType::string:
      for (const std::string& value : tensor.strings()) result.push_back(json_text(value));
      break;
    case DataType::boolean:
      append(bool());
      break;
    case DataType::int64:
      append(std::int64_t());
      break;
    case DataType::uint64:
      append(std::uint64_t());
      break;
    case DataType::complex64:
      for (const auto value : tensor.values<std::complex<float>>())
        result.push_back({number(double{value.real()}), number(double{value.imag()})});
      break;
    case DataType::complex128:
      for (const auto value : tensor.values<std::complex<double>>())
        result.push_back({number(value.real()), number(value.imag())});
      break;
    default: {
      const bool is_integer = is_integral(tensor.dtype());
      for (std::int64_t i = 0; i < tensor.element_count(); ++i) {
        const double value = tensor.element_as_double(i);
        if (is_integer)
          result.push_back(static_cast<std::int64_t>(value));
        else
          result.push_back(number(value));
      }
    }
  }
  return result;
}

class Converter {
 public:
  Converter(const Model& model, const InspectOptions& options) : model_(model), options_(options) {}

  Json model() const {
    Json result;
    result["format"] = "onnx";
    result["name"] = json_text(model_.graph.name);
    result["ir_version"] = model_.ir_version ? Json(*model_.ir_version) : Json();
    result["opsets"] = opsets(model_.opset_imports);
    result["producer"] = {{"name", json_text(model_.producer_name)},
                          {"version", json_text(model_.producer_version)}};
    result["domain"] = json_text(model_.domain);
    result["model_version"] = model_.model_version ? Json(*model_.model_version) : Json();
    result["doc_string"] = json_text(model_.doc_string);
    result["metadata"] = entries(model_.metadata_props);
    Json main_graph = graph(model_.graph);
    for (auto& [key, value] : main_graph.items())
      if (key != "name") result[key == "doc_string" ? "graph_doc_string" : key] = std::move(value);
    result["functions"] = Json::array();
    for (const Function& function : model_.functions) result["functions"].push_back(this->function(function));
    if (options_.list_unbounded) result["unbounded_dds"] = unbounded();
    return result;
  }

 private:
  Json unbounded() const {
    Json result = Json::array();
    for (const onnx::UnboundedShape& size : onnx::unbounded_shapes(model_))
      result.push_back({{"name", json_text(size.value)},
                        {"graph", json_text(size.graph->name)},
                        {"consumer", json_text(size.consumer->name)},
                        {"op_type", json_text(size.consumer->op_type)},
                        {"input", size.input}});
    return result;
  }

  static Json opsets(const std::vector<onnx::OpsetImport>& imports) {
    Json result = Json::object();
    for (const onnx::OpsetImport& import : imports)
      result[import.is_standard() ? std::string("ai.onnx") : json_text(import.domain)] =
          import.version.value_or(0);
    return result;
  }

  Json graph(const Graph& graph) const {
    Json result;
    result["name"] = json_text(graph.name);
    add_if_any(result, "doc_string", graph.doc_string);
    const TensorMetadata inputs = onnx::input_metadata(graph);
    std::size_t next = 0;
    result["inputs"] = Json::array();
    for (const ValueInfo& info : graph.inputs) {
      // `inputs` are those of graph.inputs that are not initializers, in their order.
      if (next == inputs.size() || inputs[next].name != info.name) continue;
      ++next;
      result["inputs"].push_back(value_info(info));
    }
    result["outputs"] = Json::array();
    for (const ValueInfo& info : graph.outputs) result["outputs"].push_back(value_info(info));
    result["initializer_count"] = graph.initializers.size() + graph.sparse_initializers.size();
    result["node_count"] = graph.nodes.size();
    if (options_.show_layers || options_.show_weights) {
      result["initializers"] = Json::array();
      for (const TensorData& tensor : graph.initializers)
        result["initializers"].push_back(this->tensor(tensor));
      for (const SparseTensor& tensor : graph.sparse_initializers)
        result["initializers"].push_back(sparse(tensor));
    }
    if (options_.show_layers) result["nodes"] = nodes(graph.nodes);
    return result;
  }

  Json nodes(const std::vector<Node>& nodes) const {
    Json result = Json::array();
    result.get_ref<Json::array_t&>().reserve(nodes.size());
    for (const Node& node : nodes) {
      Json& object = result.emplace_back(Json::object());
      object["name"] = json_text(node.name);
      object["op_type"] = json_text(node.op_type);
      object["domain"] = json_text(node.domain);
      add_if_any(object, "overload", node.overload);
      object["inputs"] = texts(node.inputs);
      object["outputs"] = texts(node.outputs);
      if (options_.show_attrs) {
        add_if_any(object, "doc_string", node.doc_string);
        if (!node.metadata_props.empty()) object["metadata"] = entries(node.metadata_props);
        object["attributes"] = attributes(node.attributes);
      }
    }
    return result;
  }

  Json attributes(const std::vector<Attribute>& attributes) const {
    Json result = Json::array();
    for (const Attribute& attribute : attributes) {
      Json& object = result.emplace_back(Json::object());
      object["name"] = json_text(attribute.name);
      object["type"] = type_name(attribute);
      if (!attribute.ref_attr_name.empty())
        object["ref"] = json_text(attribute.ref_attr_name);
      else
        object["value"] = std::visit([&](const auto& value) { return this->value(value); }, attribute.value);
    }
    return result;
  }

  static std::string type_name(const Attribute& attribute) {
    switch (attribute.type()) {
      case onnx::AttributeType::undefined:
        return attribute.declared_type == 0 ? "undefined"
                                            : fmt::format("unknown({})", attribute.declared_type);
      case onnx::AttributeType::float_value:
        return "float";
      case onnx::AttributeType::int_value:
        return "int";
      case onnx::AttributeType::string:
        return "string";
      case onnx::AttributeType::tensor:
        return "tensor";
      case onnx::AttributeType::graph:
        return "graph";
      case onnx::AttributeType::floats:
        return "floats";
      case onnx::AttributeType::ints:
        return "ints";
      case onnx::AttributeType::strings:
        return "strings";
      case onnx::AttributeType::tensors:
        return "tensors";
      case onnx::AttributeType::graphs:
        return "graphs";
      case onnx::AttributeType::sparse_tensor:
        return "sparse_tensor";
      case onnx::AttributeType::sparse_tensors:
        return "sparse_tensors";
      case onnx::AttributeType::type_proto:
        return "type_proto";
      case onnx::AttributeType::type_protos:
        return "type_protos";
    }
    return {};
  }

  Json value(std::monostate) const { return nullptr; }
  Json value(float value) const { return number(double{value}); }
  Json value(std::int64_t value) const { return value; }
  Json value(std::string_view value) const { return json_text(value); }
  Json value(const TensorData& tensor) const { return this->tensor(tensor); }
  Json value(const SparseTensor& tensor) const { return sparse(tensor); }
  Json value(const Graph& graph) const { return this->graph(graph); }
  Json value(const Type& type) const { return json_text(onnx::to_string(type)); }
  template <class T>
  Json value(const onnx::Box<T>& box) const {
    return value(*box);
  }
  template <class T>
  Json value(const std::vector<T>& list) const {
    Json result = Json::array();
    for (const T& element : list) result.push_back(value(element));
    return result;
  }

  static Json value_info(const ValueInfo& info) {
    Json result;
    result["name"] = json_text(info.name);
    add_type(result, info.type.get());
    add_if_any(result, "doc_string", info.doc_string);
    return result;
  }

  Json tensor(const TensorData& tensor) const {
    Json result;
    result["name"] = json_text(tensor.name);
    result["dtype"] = onnx::element_type_name(tensor.data_type);
    result["shape"] = tensor.dims;
    result["bytes"] = onnx::stored_size(tensor);
    if (tensor.is_external()) result["external"] = entries(tensor.external_data);
    if (options_.show_weights && !(tensor.is_external() && options_.ignore_external_data))
      result["values"] = values_of(onnx::tensor_of(tensor, model_));
    return result;
  }

  Json sparse(const SparseTensor& tensor) const {
    Json result;
    result["name"] = json_text(tensor.values.name);
    result["dtype"] = onnx::element_type_name(tensor.values.data_type);
    result["shape"] = tensor.dims;
    result["bytes"] = onnx::stored_size(tensor.values) + onnx::stored_size(tensor.indices);
    result["sparse"] = true;
    if (options_.show_weights) {
      result["values"] = values_of(onnx::tensor_of(tensor.values, model_));
      result["indices"] = values_of(onnx::tensor_of(tensor.indices, model_));
    }
    return result;
  }

  Json function(const Function& function) const {
    Json result;
    result["name"] = json_text(function.name);
    result["domain"] = json_text(function.domain);
    add_if_any(result, "overload", function.overload);
    add_if_any(result, "doc_string", function.doc_string);
    result["opsets"] = opsets(function.opset_imports);
    result["inputs"] = texts(function.inputs);
    result["outputs"] = texts(function.outputs);
    result["attributes"] = texts(function.attributes);
    if (options_.show_attrs) result["default_attributes"] = attributes(function.default_attributes);
    result["node_count"] = function.nodes.size();
    if (options_.show_layers) result["nodes"] = nodes(function.nodes);
    return result;
  }

  const Model& model_;
  const InspectOptions& options_;
};

}  // namespace

Json onnx_to_json(const Model& model, const InspectOptions& options) {
  return Converter(model, options).model();
}

}  // namespace polygraph::cli
