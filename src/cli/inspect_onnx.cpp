#include <fmt/format.h>
#include <polygraph/onnx/unbounded.h>

#include <unordered_map>
#include <utility>

#include "cli/indented_text.h"
#include "cli/inspect_model.h"
#include "core/python_repr.h"

namespace polygraph::cli {
namespace {

using onnx::Attribute;
using onnx::DimensionInfo;
using onnx::Function;
using onnx::Graph;
using onnx::Model;
using onnx::Node;
using onnx::OpsetImport;
using onnx::SparseTensor;
using onnx::TensorData;
using onnx::Type;
using onnx::ValueInfo;

/// A float as Python prints it.
std::string python_float(double value) {
  if (value != value) return "nan";
  std::string text = fmt::format("{}", value);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

/// A list or tuple as Python prints it.
template <class List, class Print>
std::string python_list(const List& list, Print print, std::string_view open = "[",
                        std::string_view close = "]") {
  std::string text(open);
  for (auto element = list.begin(); element != list.end(); ++element) {
    if (element != list.begin()) text += ", ";
    text += print(*element);
  }
  if (list.size() == 1 && open == "(") text += ',';
  text += close;
  return text;
}

std::string int_text(std::int64_t value) {
  return fmt::format_int(value).str();
}

std::string dims_text(const std::vector<std::int64_t>& dims, bool as_tuple) {
  return python_list(dims, int_text, as_tuple ? "(" : "[", as_tuple ? ")" : "]");
}

std::string dimension_text(const DimensionInfo& dim) {
  if (const auto* size = std::get_if<std::int64_t>(&dim.value)) return int_text(*size);
  if (const auto* name = std::get_if<std::string_view>(&dim.value)) return python_repr(*name);
  return "-1";
}

/// `[dtype=float32, shape=(1, 'n')]`; empty if nothing is known.
std::string type_text(const Type& type) {
  switch (type.kind) {
    case Type::Kind::none:
      return {};
    case Type::Kind::tensor:
    case Type::Kind::sparse_tensor: {
      std::string text = "[dtype=" + onnx::element_type_name(type.element_type.value_or(0));
      if (type.shape) text += ", shape=" + python_list(type.shape->dims, dimension_text, "(", ")");
      if (type.kind == Type::Kind::sparse_tensor) text += ", sparse";
      return text + "]";
    }
    default:
      return "[type=" + onnx::to_string(type) + "]";
  }
}

std::string tensor_text(const TensorData& tensor) {
  return fmt::format("[dtype={}, shape={}]", onnx::element_type_name(tensor.data_type),
                     dims_text(tensor.dims, true));
}

std::string sparse_text(const SparseTensor& tensor) {
  return fmt::format("[dtype={}, shape={}, sparse]", onnx::element_type_name(tensor.values.data_type),
                     dims_text(tensor.dims, true));
}

std::string opset_text(const std::vector<OpsetImport>& imports) {
  std::string standard = "Unknown";
  std::vector<std::pair<std::string_view, std::int64_t>> others;
  for (const OpsetImport& import : imports) {
    if (import.is_standard())
      standard = int_text(import.version.value_or(0));
    else
      others.emplace_back(import.domain, import.version.value_or(0));
  }
  std::string text = "ONNX Opset: " + standard;
  if (!others.empty()) {
    const auto entry = [](const auto& other) {
      return fmt::format("{}: {}", python_repr(other.first), other.second);
    };
    text += " | Other Opsets: " + python_list(others, entry, "{", "}");
  }
  return text;
}

/// What is known of a value by its name.
struct Value {
  const Type* type = nullptr;
  const TensorData* tensor = nullptr;
  const SparseTensor* sparse = nullptr;
  const Graph* initializer_of = nullptr;  ///< the graph that it is an initializer of

  std::string text() const {
    if (type) return type_text(*type);
    if (tensor) return tensor_text(*tensor);
    if (sparse) return sparse_text(*sparse);
    return {};
  }
};

/// The values that are visible in a graph: its own, and those of the graphs around it. What a graph adds is
/// taken back when it ends, so that the whole costs no more than one pass.
class Scope {
 public:
  std::size_t enter(const Graph& graph) {
    const std::size_t mark = undo_.size();
    for (const ValueInfo& info : graph.value_info) set(info);
    for (const TensorData& tensor : graph.initializers) set(tensor.name, {nullptr, &tensor, nullptr, &graph});
    for (const SparseTensor& tensor : graph.sparse_initializers)
      set(tensor.values.name, {nullptr, nullptr, &tensor, &graph});
    for (const ValueInfo& info : graph.inputs)
      if (!is_initializer(info.name, graph)) set(info);
    for (const ValueInfo& info : graph.outputs) set(info, &graph);
    return mark;
  }
  std::size_t enter(const Function& function) {
    const std::size_t mark = undo_.size();
    for (const ValueInfo& info : function.value_info) set(info);
    return mark;
  }
  void leave(std::size_t mark) {
    for (; undo_.size() > mark; undo_.pop_back()) values_[undo_.back().first] = undo_.back().second;
  }

  const Value* find(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? nullptr : &found->second;
  }
  bool is_initializer(std::string_view name, const Graph& graph) const {
    const Value* value = find(name);
    return value && value->initializer_of == &graph;
  }

 private:
  void set(std::string_view name, const Value& value) {
    Value& place = values_[name];
    undo_.emplace_back(name, place);
    place = value;
  }
  void set(const ValueInfo& info, const Graph* graph = nullptr) {
    if (!info.type || info.type->kind == Type::Kind::none) return;
    set(info.name,
        {info.type.get(), nullptr, nullptr, graph && is_initializer(info.name, *graph) ? graph : nullptr});
  }

  std::unordered_map<std::string_view, Value> values_;
  std::vector<std::pair<std::string_view, Value>> undo_;
};

// What the parts are called: those of an ONNX model, or of a network of an engine.
struct Words {
  std::string_view graph;
  std::string_view node;
  std::string_view op_prefix;
  bool has_initializers;
};
constexpr Words onnx_words{"Graph", "Node", "", true};
constexpr Words network_words{"Network", "Layer", "LayerType.", false};

class Printer {
 public:
  Printer(const Model& model, const InspectOptions& options, const Words& words)
      : model_(model),
        options_(options),
        words_(words),
        out_(options.show_layers ? model.graph.nodes.size() * 256 + 4096 : 4096) {}

  std::string print(std::string_view title, std::string_view kind) {
    out_ << "==== " << title << " ====\nName: " << model_.graph.name << " | " << kind << "\n\n";
    graph(model_.graph, words_.graph);
    functions();
    if (options_.list_unbounded) unbounded();
    return out_.finish();
  }

 private:
  void graph(const Graph& graph, std::string_view word) {
    const std::size_t mark = scope_.enter(graph);
    if (options_.show_attrs && !graph.doc_string.empty())
      out_ << "---- Docstring ----\n" << graph.doc_string << "\n\n";
    std::vector<const ValueInfo*> inputs;
    for (const ValueInfo& info : graph.inputs)
      if (!scope_.is_initializer(info.name, graph)) inputs.push_back(&info);
    std::vector<const ValueInfo*> outputs;
    for (const ValueInfo& info : graph.outputs) outputs.push_back(&info);
    values(inputs, word, "Input(s)");
    values(outputs, word, "Output(s)");
    if (words_.has_initializers) initializers(graph);
    out_ << "---- " << graph.nodes.size() << ' ' << words_.node << "(s) ----\n";
    if (options_.show_layers) nodes(graph.nodes, &graph);
    scope_.leave(mark);
  }

  void values(const std::vector<const ValueInfo*>& infos, std::string_view word, std::string_view role) {
    out_ << "---- " << infos.size() << ' ' << word << ' ' << role << " ----\n{";
    for (const ValueInfo* info : infos) {
      if (info != infos.front()) out_ << ",\n ";
      name_and_type(info->name, info->type ? type_text(*info->type) : std::string());
    }
    out_ << "}\n\n";
  }

  void name_and_type(std::string_view name, std::string_view type) {
    out_ << name;
    if (!type.empty()) {
      if (!name.empty()) out_ << ' ';
      out_ << type;
    }
  }

  void initializers(const Graph& graph) {
    const std::size_t count = graph.initializers.size() + graph.sparse_initializers.size();
    out_ << "---- " << count << " Initializer(s) ----\n";
    if (options_.show_weights) {
      for (const TensorData& tensor : graph.initializers) {
        out_ << "Initializer | " << tensor.name << ' ' << dtype_and_dims(tensor.data_type, tensor.dims)
             << " | Values:\n";
        block(tensor);
        out_ << "\n\n";
      }
      for (const SparseTensor& tensor : graph.sparse_initializers) {
        out_ << "Initializer | " << tensor.values.name << ' ';
        sparse(tensor);
        out_ << "\n\n";
      }
      if (count == 0) out_ << "{}\n\n";
    } else if (options_.show_layers) {
      std::string_view separator = "{";
      for (const TensorData& tensor : graph.initializers) {
        out_ << std::exchange(separator, ",\n ");
        name_and_type(tensor.name, tensor_text(tensor));
      }
      for (const SparseTensor& tensor : graph.sparse_initializers) {
        out_ << std::exchange(separator, ",\n ");
        name_and_type(tensor.values.name, sparse_text(tensor));
      }
      out_ << (count == 0 ? "{}\n\n" : "}\n\n");
    } else {
      out_ << '\n';
    }
  }

  /// @param graph  The graph that the nodes are in; null for those of a function.
  void nodes(const std::vector<Node>& nodes, const Graph* graph) {
    for (std::size_t index = 0; index < nodes.size(); ++index) {
      const Node& node = nodes[index];
      out_ << fmt::format("{} {:<4} | ", words_.node, index) << node.name << " [Op: " << words_.op_prefix
           << node.op_type << "]\n";
      out_.begin_block();
      operands(node.inputs, graph);
      if (!node.inputs.empty() && !node.outputs.empty()) {
        out_ << "\n -> ";
        out_.begin_continuation();
        operands(node.outputs, graph);
        out_.end_block();
        out_.end_block();
      } else {
        out_.end_block();
        out_ << " -> ";
        operands(node.outputs, graph);
      }
      out_ << '\n';
      if (options_.show_attrs && !node.attributes.empty()) attributes(node.attributes, node.name);
      out_ << '\n';
    }
  }

  void operands(const std::vector<std::string_view>& names, const Graph* graph) {
    out_ << '{';
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (i != 0) out_ << ",\n ";
      const Value* value = scope_.find(names[i]);
      if (value && graph && value->initializer_of == graph) out_ << "Initializer | ";
      name_and_type(names[i], value ? value->text() : std::string());
    }
    out_ << '}';
  }

  void attributes(const std::vector<Attribute>& attributes, std::string_view owner) {
    out_.begin_block();
    out_ << "---- Attributes ----";
    out_.end_block();
    out_ << '\n';
    for (const Attribute& attribute : attributes) {
      out_.begin_block();
      if (!owner.empty()) out_ << owner << '.';
      out_ << attribute.name << " = ";
      this->attribute(attribute);
      out_.end_block();
      out_ << '\n';
    }
  }

  void attribute(const Attribute& attribute) {
    if (!attribute.ref_attr_name.empty()) {
      out_ << '@' << attribute.ref_attr_name;
      return;
    }
    std::visit([&](const auto& value) { this->value(value, attribute); }, attribute.value);
  }

  void value(std::monostate, const Attribute& attribute) {
    out_ << fmt::format("<unknown attribute type {}>", attribute.declared_type);
  }
  void value(float number, const Attribute&) { out_ << python_float(double{number}); }
  void value(std::int64_t number, const Attribute& attribute) {
    const bool is_dtype =
        attribute.name == "to" || attribute.name == "dtype" || attribute.name == "target_type";
    const auto narrow = static_cast<std::int32_t>(number);
    if (is_dtype && narrow == number && onnx::element_type_name(narrow).find('(') == std::string::npos)
      out_ << onnx::element_type_name(narrow);
    else
      out_ << int_text(number);
  }
  void value(std::string_view text, const Attribute&) { out_ << text; }
  void value(const std::vector<float>& list, const Attribute&) {
    out_ << python_list(list, [](float number) { return python_float(double{number}); });
  }
  void value(const std::vector<std::int64_t>& list, const Attribute&) { out_ << python_list(list, int_text); }
  void value(const std::vector<std::string_view>& list, const Attribute&) {
    out_ << python_list(list, python_repr);
  }
  void value(const onnx::Box<TensorData>& tensor, const Attribute&) { this->tensor(*tensor); }
  void value(const onnx::Box<SparseTensor>& tensor, const Attribute&) { sparse(*tensor, "Sparse Tensor: "); }
  void value(const onnx::Box<Type>& type, const Attribute&) { out_ << onnx::to_string(*type); }
  void value(const std::vector<Type>& types, const Attribute&) {
    out_ << python_list(types, [](const Type& type) { return onnx::to_string(type); });
  }
  void value(const std::vector<TensorData>& tensors, const Attribute&) {
    lines(tensors, [&](const TensorData& tensor) { this->tensor(tensor); });
  }
  void value(const std::vector<SparseTensor>& tensors, const Attribute&) {
    lines(tensors, [&](const SparseTensor& tensor) { sparse(tensor, "Sparse Tensor: "); });
  }
  void value(const onnx::Box<Graph>& graph, const Attribute&) { subgraph(*graph); }
  void value(const std::vector<Graph>& graphs, const Attribute&) {
    for (const Graph& graph : graphs) subgraph(graph);
    if (graphs.empty()) out_ << "[]";
  }

  void subgraph(const Graph& graph) {
    out_ << '\n';
    out_.begin_block(2);
    this->graph(graph, "Subgraph");
    out_.end_block();
  }

  template <class T, class Print>
  void lines(const std::vector<T>& list, Print print) {
    out_ << '[';
    for (const T& element : list) {
      out_ << '\n';
      out_.begin_block();
      print(element);
      out_.end_block();
    }
    out_ << (list.empty() ? "]" : "\n]");
  }

  static std::string dtype_and_dims(std::int32_t element_type, const std::vector<std::int64_t>& dims) {
    return fmt::format("[dtype={}, shape={}]", onnx::element_type_name(element_type), dims_text(dims, false));
  }

  void tensor(const TensorData& tensor) {
    out_ << "Tensor: " << dtype_and_dims(tensor.data_type, tensor.dims);
    if (options_.show_weights) {
      out_ << " | Values:\n";
      block(tensor);
    }
  }

  void sparse(const SparseTensor& tensor, std::string_view prefix = {}) {
    out_ << prefix << dtype_and_dims(tensor.values.data_type, tensor.dims);
    if (options_.show_weights) {
      out_ << " | Sparse Values:\n";
      block(tensor.values);
      out_ << "\nIndices:\n";
      block(tensor.indices);
    }
  }

  void block(const TensorData& tensor) {
    out_.begin_block();
    if (tensor.is_external() && options_.ignore_external_data)
      out_ << "(in a file beside the model, not read)";
    else
      out_ << onnx::tensor_of(tensor, model_, onnx::Alignment::any).str();
    out_.end_block();
  }

  void unbounded() {
    const std::vector<onnx::UnboundedShape> sizes = onnx::unbounded_shapes(model_);
    if (!options_.show_layers) out_ << '\n';
    out_ << "---- " << sizes.size() << " Tensor(s) with Unbounded DDS ----\n";
    for (const onnx::UnboundedShape& size : sizes) {
      out_ << size.value << " | Sizes: ";
      out_ << (size.consumer->name.empty() ? size.consumer->outputs.front() : size.consumer->name)
           << " [Op: " << size.consumer->op_type << "]";
      if (size.graph != &model_.graph) out_ << " | In: " << size.graph->name;
      out_ << '\n';
    }
  }

  void functions() {
    if (model_.functions.empty()) return;
    if (!options_.show_layers) out_ << '\n';
    out_ << "---- " << model_.functions.size() << " Function(s) ----\n";
    if (!options_.show_layers) return;
    for (std::size_t index = 0; index < model_.functions.size(); ++index) {
      const Function& function = model_.functions[index];
      const std::size_t mark = scope_.enter(function);
      out_ << fmt::format("Function {:<4} | ", index);
      if (!function.domain.empty()) out_ << function.domain << "::";
      out_ << function.name;
      if (!function.overload.empty()) out_ << ':' << function.overload;
      out_ << " | " << opset_text(function.opset_imports) << '\n';
      out_.begin_block();
      operands(function.inputs, nullptr);
      out_ << "\n -> ";
      out_.begin_continuation();
      operands(function.outputs, nullptr);
      out_.end_block();
      out_.end_block();
      out_ << '\n';
      if (options_.show_attrs) {
        function_attributes(function);
      }
      out_ << '\n';
      out_.begin_block();
      nodes(function.nodes, nullptr);
      out_.end_block();
      out_ << '\n';
      scope_.leave(mark);
    }
  }

  void function_attributes(const Function& function) {
    if (function.attributes.empty() && function.default_attributes.empty()) return;
    attributes(function.default_attributes, function.name);
    for (const std::string_view name : function.attributes) {
      out_.begin_block();
      out_ << function.name << '.' << name;
      out_.end_block();
      out_ << '\n';
    }
  }

  const Model& model_;
  const InspectOptions& options_;
  const Words& words_;
  IndentedText out_;
  Scope scope_;
};

}  // namespace

std::string describe_onnx(const Model& model, const InspectOptions& options) {
  return Printer(model, options, onnx_words).print("ONNX Model", opset_text(model.opset_imports));
}

std::string describe_network(const Model& model, const InspectOptions& options) {
  const std::string_view* const typed = onnx::find_entry(model.metadata_props, "strongly_typed");
  const std::string_view* const library = onnx::find_entry(model.metadata_props, "library");
  return Printer(model, options, network_words)
      .print(fmt::format("{} Network", library != nullptr ? *library : ""),
             typed != nullptr && *typed == "true" ? "Explicit Batch Strongly Typed Network"
                                                  : "Explicit Batch Network");
}

}  // namespace polygraph::cli
