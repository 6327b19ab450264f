#include "cli/inspect_html.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "cli/inspect_html_page.h"
#include "cli/inspect_operands.h"
#include "cli/page_text.h"
#include "core/utf8.h"
#include "onnx/layout.h"

namespace polygraph::cli {

namespace {

using Json = nlohmann::ordered_json;
using onnx::Attribute;
using onnx::Graph;
using onnx::Model;
using onnx::Node;
using onnx::SparseTensor;
using onnx::TensorData;
using onnx::Type;
using onnx::ValueInfo;

constexpr std::int64_t most_elements_shown = 64;
constexpr std::size_t longest_text = 20'000;
constexpr std::size_t most_rows = 4;

// Sizes of boxes, in pixels at a scale of 1. The page draws with the same (html/scene.js, html/draw.js).
constexpr float header_height = 26;
constexpr float row_height = 15;
constexpr float pill_height = 28;
constexpr float narrowest_box = 76;
constexpr float widest_box = 230;

std::size_t characters(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(std::max<std::size_t>(utf8_length(text), 1));
  return count;
}

/// What of a name tells it from its neighbours: the end of a path.
std::string short_name(std::string_view name) {
  constexpr std::size_t length = 26;
  if (characters(name) <= length) return std::string(name);
  const std::size_t slash = name.find_last_of('/');
  if (slash != std::string_view::npos && slash + 1 < name.size()) name.remove_prefix(slash + 1);
  return shortened(name, length);
}

/// White space in a row becomes one space; none next to a bracket.
std::string on_one_line(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool is_space = c == ' ' || c == '\n';
    if (is_space && (result.empty() || result.back() == ' ' || result.back() == '[')) continue;
    if (c == ']' && !result.empty() && result.back() == ' ') result.pop_back();
    result += is_space ? ' ' : c;
  }
  return result;
}

std::string dims_text(std::span<const std::int64_t> dims) {
  std::string text;
  for (const std::int64_t dim : dims) text += fmt::format("{}{}", text.empty() ? "" : "×", dim);
  return text;
}

/// `1×3×n×?`; empty for scalars and unknown ranks.
std::string shape_text(const Type& type) {
  std::string text;
  if (!type.shape) return text;
  for (const onnx::DimensionInfo& dim : type.shape->dims) {
    if (!text.empty()) text += "×";
    if (const auto* size = std::get_if<std::int64_t>(&dim.value))
      text += fmt::format_int(*size).str();
    else if (const auto* name = std::get_if<std::string_view>(&dim.value); name && !name->empty())
      text += shortened(*name, 24);
    else
      text += "?";
  }
  return text;
}

std::string type_text(const Type& type) {
  if (type.kind != Type::Kind::tensor) return onnx::to_string(type);
  const std::string dtype = onnx::element_type_name(type.element_type.value_or(0));
  if (!type.shape) return dtype + ", rank not known";
  return type.shape->dims.empty() ? dtype + ", scalar" : dtype + " " + shape_text(type);
}

std::string tensor_type_text(std::int32_t element_type, std::span<const std::int64_t> dims) {
  const std::string dtype = onnx::element_type_name(element_type);
  return dims.empty() ? dtype + ", scalar" : dtype + " " + dims_text(dims);
}

bool is_small(const TensorData& tensor) {
  std::int64_t count = 1;
  for (const std::int64_t dim : tensor.dims) {
    if (dim < 0 || dim > most_elements_shown) return false;
    count *= dim;
    if (count > most_elements_shown) return false;
  }
  return true;
}

template <class List>
std::string list_text(const List& list, auto print) {
  std::string text = "[";
  std::size_t count = 0;
  for (const auto& element : list) {
    if (count++ != 0) text += ", ";
    if (count > static_cast<std::size_t>(most_elements_shown))
      return text + fmt::format("… {} in all]", list.size());
    text += print(element);
  }
  return text + "]";
}

Json pairs(const std::vector<onnx::StringEntry>& entries) {
  Json list = Json::array();
  for (const onnx::StringEntry& entry : entries)
    list.push_back({shortened(entry.key, 200), shortened(entry.value, longest_text)});
  return list;
}

/// A graph or the body of a function: what both have.
struct Body {
  std::string_view name;
  std::string_view doc;
  const std::vector<Node>& nodes;
  std::vector<std::string_view> inputs = {};
  std::vector<std::string_view> outputs = {};
  const Graph* graph = nullptr;  // null for functions
  std::span<const ValueInfo> value_info = {};
  std::span<const TensorData> initializers = {};
  std::span<const SparseTensor> sparse_initializers = {};
};

Body body_of(const Graph& graph) {
  Body body{.name = graph.name, .doc = graph.doc_string, .nodes = graph.nodes};
  for (const ValueInfo& info : graph.inputs) body.inputs.push_back(info.name);
  for (const ValueInfo& info : graph.outputs) body.outputs.push_back(info.name);
  body.graph = &graph;
  body.value_info = graph.value_info;
  body.initializers = graph.initializers;
  body.sparse_initializers = graph.sparse_initializers;
  return body;
}

Body body_of(const onnx::Function& function) {
  Body body{.name = function.name, .doc = function.doc_string, .nodes = function.nodes};
  body.inputs = function.inputs;
  body.outputs = function.outputs;
  body.value_info = function.value_info;
  return body;
}

bool is_standard(const Node& node) {
  return onnx::is_standard_domain(node.domain);
}

/// The tensor of a Constant node that the picture shows at its users, not as a box.
const TensorData* constant_of(const Node& node) {
  if (node.op_type != "Constant" || !is_standard(node) || node.outputs.size() != 1 ||
      node.attributes.size() != 1)
    return nullptr;
  const auto* tensor = std::get_if<onnx::Box<TensorData>>(&node.attributes.front().value);
  return tensor ? tensor->get() : nullptr;
}

/// Builds the page's data: a drawing of each graph, inner ones first.
class PageData {
 public:
  PageData(const Model& model, bool ignore_external_data)
      : model_(model), ignore_external_data_(ignore_external_data) {
    for (std::size_t i = 0; i < model.functions.size(); ++i) {
      const onnx::Function& function = model.functions[i];
      functions_.emplace(function_key(function.domain, function.name, function.overload), 1 + i);
    }
  }

  std::string build() {
    // The main graph is number 0, functions follow, then nested graphs as they are met.
    graphs_.resize(1 + model_.functions.size());
    draw(body_of(model_.graph), 0);
    for (std::size_t i = 0; i < model_.functions.size(); ++i) draw(body_of(model_.functions[i]), 1 + i);

    std::string text = script_json(header());
    text.back() = ',';  // the object goes on with the graphs
    text += "\"graphs\":[";
    for (std::size_t i = 0; i < graphs_.size(); ++i) {
      if (i != 0) text += ",\n";
      text += graphs_[i];
      std::string().swap(graphs_[i]);
    }
    return text + "]}";
  }

 private:
  /// A value as one graph sees it.
  struct Value {
    const Type* type = nullptr;
    const TensorData* tensor = nullptr;  // of a constant
    const SparseTensor* sparse = nullptr;
    std::string_view doc;
    std::uint32_t box = none;     // that makes it, in the graph it is of
    std::uint32_t depth = none;   // of that graph; none if nothing defines it
    std::uint32_t number = none;  // in the list of values of the graph `numbered_at`
    std::uint32_t numbered_at = none;

    bool is_constant() const { return tensor || sparse; }
  };
  static constexpr std::uint32_t none = 0xffff'ffff;

  /// The drawing of one graph while it is made.
  struct Drawing {
    std::uint32_t depth = 0;
    std::uint32_t serial = 0;  // tells graphs apart whose depth is the same
    std::string values;
    std::uint32_t value_count = 0;
    std::vector<Json> boxes;
    std::vector<onnx::LayoutBox> sizes;
    std::vector<onnx::LayoutEdge> edges;
    std::vector<bool> implicit;              // of each edge
    std::vector<std::string_view> captured;  // values from outside, each once
    std::unordered_map<std::string_view, std::uint32_t> box_of_captured;
  };

  static std::string function_key(std::string_view domain, std::string_view name, std::string_view overload) {
    if (onnx::is_standard_domain(domain)) domain = {};
    return fmt::format("{}\n{}\n{}", domain, name, overload);
  }

  Json header() const {
    Json opsets = Json::array();
    std::string summary = "ONNX";
    for (const onnx::OpsetImport& import : model_.opset_imports)
      opsets.push_back(
          fmt::format("{} {}", import.is_standard() ? "ai.onnx" : import.domain, import.version.value_or(0)));
    if (model_.opset()) summary += fmt::format(" opset {}", *model_.opset());
    summary +=
        fmt::format(", {} node{}", model_.graph.nodes.size(), model_.graph.nodes.size() == 1 ? "" : "s");

    Json properties = Json::array();
    const auto add = [&](const char* name, const std::string& text) {
      if (!text.empty()) properties.push_back({name, shortened(text, longest_text)});
    };
    const std::string file = model_.storage.path().filename().string();
    add("File", file);
    add("Graph", std::string(model_.graph.name));
    add("Producer", fmt::format("{}{}{}", model_.producer_name, model_.producer_version.empty() ? "" : " ",
                                model_.producer_version));
    add("IR version", model_.ir_version ? fmt::format_int(*model_.ir_version).str() : "");
    std::string imports;
    for (const Json& opset : opsets)
      imports += (imports.empty() ? "" : ", ") + opset.get_ref<const std::string&>();
    add("Operator sets", imports);
    add("Domain", std::string(model_.domain));
    add("Version", model_.model_version ? fmt::format_int(*model_.model_version).str() : "");
    add("Initializers",
        fmt::format("{}", model_.graph.initializers.size() + model_.graph.sparse_initializers.size()));
    if (!model_.functions.empty()) add("Functions", fmt::format("{}", model_.functions.size()));
    Json result;
    result["name"] = shortened(file.empty() ? model_.graph.name : std::string_view(file), 200);
    result["summary"] = summary;
    result["doc"] =
        shortened(model_.doc_string.empty() ? model_.graph.doc_string : model_.doc_string, longest_text);
    result["properties"] = std::move(properties);
    result["metadata"] = pairs(model_.metadata_props);
    return result;
  }

  // Scopes: values by name; what a graph adds is taken back when its drawing is finished.

  void define(std::string_view name, const Value& value) {
    if (name.empty()) return;
    Value& place = scope_[name];
    undo_.emplace_back(name, place);
    place = value;
  }

  void leave(std::size_t mark) {
    for (; undo_.size() > mark; undo_.pop_back()) scope_[undo_.back().first] = undo_.back().second;
  }

  std::vector<std::string_view> draw(const Body& body, std::size_t index) {
    const std::size_t mark = undo_.size();
    Drawing drawing;
    drawing.depth = depth_++;
    drawing.serial = next_serial_++;
    std::unordered_map<std::string_view, const ValueInfo*> infos;
    for (const ValueInfo& info : body.value_info) infos.emplace(info.name, &info);
    if (body.graph) {
      for (const ValueInfo& info : body.graph->outputs) infos.emplace(info.name, &info);
      for (const ValueInfo& info : body.graph->inputs) infos.emplace(info.name, &info);
    }
    const auto value_of = [&](std::string_view name) {
      Value value;
      value.depth = drawing.depth;
      const auto info = infos.find(name);
      if (info != infos.end()) {
        value.type = info->second->type.get();
        value.doc = info->second->doc_string;
      }
      return value;
    };

    const auto define_constant = [&](std::string_view name, const TensorData* tensor,
                                     const SparseTensor* sparse) {
      Value value = value_of(name);
      value.tensor = tensor;
      value.sparse = sparse;
      define(name, value);
    };
    const std::unordered_set<std::string_view> graph_outputs(body.outputs.begin(), body.outputs.end());
    for (const TensorData& tensor : body.initializers) define_constant(tensor.name, &tensor, nullptr);
    for (const SparseTensor& tensor : body.sparse_initializers)
      define_constant(tensor.values.name, nullptr, &tensor);
    for (std::size_t i = 0; i < body.inputs.size(); ++i) {
      const Value* known = find(body.inputs[i]);
      if (known && known->is_constant() && known->depth == drawing.depth) continue;
      Value value = value_of(body.inputs[i]);
      value.box = static_cast<std::uint32_t>(drawing.boxes.size());
      define(body.inputs[i], value);
      add_pill(drawing, "input", "i" + std::to_string(i), body.inputs[i]);
      drawing.boxes.back()["out"] = Json::array({number(drawing, body.inputs[i])});
    }
    // All boxes get their numbers before any edge is drawn: nodes need not be in an order that can run.
    std::vector<std::uint32_t> box_of(body.nodes.size(), none);
    for (std::size_t i = 0; i < body.nodes.size(); ++i) {
      const Node& node = body.nodes[i];
      const TensorData* constant = constant_of(node);
      if (constant && !graph_outputs.contains(node.outputs.front())) {
        define_constant(node.outputs.front(), constant, nullptr);
        continue;
      }
      box_of[i] = static_cast<std::uint32_t>(drawing.boxes.size());
      drawing.boxes.emplace_back();
      drawing.sizes.emplace_back();
      for (const std::string_view output : node.outputs) {
        Value value = value_of(output);
        value.box = box_of[i];
        define(output, value);
      }
    }
    for (std::size_t i = 0; i < body.nodes.size(); ++i)
      if (box_of[i] != none) add_node(drawing, body.nodes[i], i, box_of[i]);
    for (std::size_t i = 0; i < body.outputs.size(); ++i) {
      const auto box = static_cast<std::uint32_t>(drawing.boxes.size());
      add_pill(drawing, "output", "o" + std::to_string(i), body.outputs[i]);
      connect(drawing, body.outputs[i], box, false);
      drawing.boxes[box]["in"] = Json::array({number(drawing, body.outputs[i])});
    }
    graphs_[index] = finish(drawing, body);
    leave(mark);
    --depth_;
    return std::move(drawing.captured);
  }

  const Value* find(std::string_view name) const {
    const auto found = scope_.find(name);
    return found == scope_.end() || found->second.depth == none ? nullptr : &found->second;
  }

  /// The number of a value in the drawing's list, where it is described; -1 for one that is left out.
  std::int64_t number(Drawing& drawing, std::string_view name) {
    if (name.empty()) return -1;
    Value& value = scope_[name];
    if (value.numbered_at != drawing.serial) {
      // Another graph's number comes back with that graph.
      undo_.emplace_back(name, value);
      value.numbered_at = drawing.serial;
      value.number = drawing.value_count++;
      if (!drawing.values.empty()) drawing.values += ',';
      drawing.values += script_json(describe(name, value));
    }
    return value.number;
  }

  /// The values of a small tensor, or what is wrong with them; empty for others.
  std::string small_values(const TensorData& tensor) const {
    if (!is_small(tensor) || (tensor.is_external() && ignore_external_data_)) return {};
    try {
      return shortened(onnx::tensor_of(tensor, model_, onnx::Alignment::any).str(), longest_text);
    } catch (const Error& error) {
      return shortened(error.problem(), longest_text);
    }
  }

  Json describe(std::string_view name, const Value& value) const {
    Json json{{"name", name}};
    if (value.tensor) {
      json["type"] = tensor_type_text(value.tensor->data_type, value.tensor->dims);
      json["constant"] = {
          {"kind", value.tensor->is_external() ? "constant in a file beside the model" : "constant"},
          {"bytes", onnx::stored_size(*value.tensor)}};
      if (std::string values = small_values(*value.tensor); !values.empty())
        json["constant"]["values"] = std::move(values);
    } else if (value.sparse) {
      json["type"] = tensor_type_text(value.sparse->values.data_type, value.sparse->dims);
      json["constant"] = {
          {"kind", "sparse constant"},
          {"bytes", onnx::stored_size(value.sparse->values) + onnx::stored_size(value.sparse->indices)}};
    } else if (value.type && value.type->kind != Type::Kind::none) {
      json["type"] = type_text(*value.type);
      json["shape"] = shape_text(*value.type);
    }
    if (!value.doc.empty()) json["doc"] = shortened(value.doc, longest_text);
    return json;
  }

  void add_box(Drawing& drawing, Json box, float width, float height) {
    drawing.boxes.push_back(std::move(box));
    drawing.sizes.push_back({width, height});
  }

  void add_pill(Drawing& drawing, const char* kind, const std::string& id, std::string_view name) {
    const std::string label = short_name(name);
    const float width = std::clamp(static_cast<float>(characters(label)) * 7.0f + 30, 60.0f, widest_box);
    add_box(drawing, {{"id", id}, {"kind", kind}, {"name", name}, {"label", label}}, width, pill_height);
  }

  /// An edge from what makes the value, if that is a box of this graph or of one around it.
  void connect(Drawing& drawing, std::string_view name, std::uint32_t to, bool implicit) {
    if (name.empty()) return;
    const Value* value = find(name);
    if (value && value->is_constant()) return;
    std::uint32_t from = value ? value->box : none;
    if (!value || value->depth != drawing.depth) {
      // A pill stands for what comes from outside.
      const auto [place, is_new] = drawing.box_of_captured.emplace(name, drawing.boxes.size());
      from = place->second;
      if (is_new) {
        drawing.captured.push_back(name);
        add_pill(drawing, "captured", fmt::format("c{}", drawing.captured.size() - 1), name);
        drawing.boxes.back()["out"] = Json::array({number(drawing, name)});
      }
    }
    drawing.edges.push_back({from, to, static_cast<std::uint32_t>(number(drawing, name))});
    drawing.implicit.push_back(implicit);
  }

  void add_node(Drawing& drawing, const Node& node, std::size_t id, std::uint32_t box_number) {
    Json box{{"id", id}, {"kind", "node"}, {"op", node.op_type}, {"name", node.name}};
    if (!node.domain.empty()) box["domain"] = node.domain;
    std::vector<std::string> rows;
    Json inputs = Json::array();
    Json roles = Json::array();
    bool has_roles = false;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      inputs.push_back(number(drawing, node.inputs[i]));
      const std::string_view role = is_standard(node) ? operand_name(node.op_type, i) : std::string_view();
      roles.push_back(role.empty() ? std::to_string(i) : std::string(role));
      has_roles |= !role.empty();
      if (std::string row = constant_row(node.inputs[i], role); !row.empty()) rows.push_back(std::move(row));
      connect(drawing, node.inputs[i], box_number, false);
    }
    if (rows.size() > most_rows) {
      const std::size_t left_out = rows.size() - most_rows + 1;
      rows.resize(most_rows - 1);
      rows.push_back(fmt::format("and {} more", left_out));
    }
    Json outputs = Json::array();
    for (const std::string_view output : node.outputs) outputs.push_back(number(drawing, output));

    Json attributes = Json::array();
    Json graphs = Json::array();
    std::vector<std::string_view> taken;
    for (const Attribute& attribute : node.attributes) add_attribute(attribute, attributes, graphs, taken);
    const auto function = functions_.find(function_key(node.domain, node.op_type, node.overload));
    if (function != functions_.end()) {
      box["isFunction"] = true;
      graphs.push_back({"function body", function->second});
    }
    // What nested graphs take from this one or from further out.
    std::unordered_set<std::string_view> seen(node.inputs.begin(), node.inputs.end());
    for (const std::string_view name : taken)
      if (seen.insert(name).second) connect(drawing, name, box_number, true);

    const std::string label = short_name(node.name);
    std::size_t widest_row = characters(label);
    for (const std::string& row : rows) widest_row = std::max(widest_row, characters(row));
    const float width =
        std::clamp(std::max(static_cast<float>(characters(node.op_type)) * 7.8f + (graphs.empty() ? 22 : 44),
                            static_cast<float>(widest_row) * 6.1f + 22),
                   narrowest_box, widest_box);
    const std::size_t lines = rows.size() + (label.empty() ? 0 : 1);
    const float height = header_height + (lines == 0 ? 0 : 8 + row_height * static_cast<float>(lines));
    if (!label.empty()) box["label"] = label;
    if (!rows.empty()) box["rows"] = rows;
    box["in"] = std::move(inputs);
    if (has_roles) box["roles"] = std::move(roles);
    box["out"] = std::move(outputs);
    if (!attributes.empty()) box["attributes"] = std::move(attributes);
    if (!graphs.empty()) box["graphs"] = std::move(graphs);
    if (!node.doc_string.empty()) box["doc"] = shortened(node.doc_string, longest_text);
    if (!node.metadata_props.empty()) box["metadata"] = pairs(node.metadata_props);
    drawing.boxes[box_number] = std::move(box);
    drawing.sizes[box_number] = {width, height};
  }

  /// A line in a node's box for a constant that it takes: `W 64×3×7×7`, `B = 0.5`; empty for other values.
  std::string constant_row(std::string_view name, std::string_view role) const {
    const Value* value = find(name);
    if (!value || !value->is_constant()) return {};
    std::string label(role.empty() ? short_name(name) : role);
    const TensorData* tensor = value->tensor;
    const std::vector<std::int64_t>& dims = tensor ? tensor->dims : value->sparse->dims;
    if (tensor && is_small(*tensor)) {
      std::int64_t count = 1;
      for (const std::int64_t dim : dims) count *= dim;
      const std::string values = count <= 6 ? on_one_line(small_values(*tensor)) : std::string();
      if (!values.empty() && values.size() <= 24) return fmt::format("{} = {}", label, values);
    }
    return dims.empty() ? label : fmt::format("{}  {}", label, dims_text(dims));
  }

  void add_attribute(const Attribute& attribute, Json& attributes, Json& graphs,
                     std::vector<std::string_view>& taken) {
    const auto nested = [&](const Graph& graph, std::string label) {
      const std::size_t index = graphs_.size();
      graphs_.emplace_back();
      const std::vector<std::string_view> captured = draw(body_of(graph), index);
      taken.insert(taken.end(), captured.begin(), captured.end());
      graphs.push_back({std::move(label), index});
    };
    if (const auto* graph = std::get_if<onnx::Box<Graph>>(&attribute.value)) {
      nested(**graph, std::string(attribute.name));
      return;
    }
    if (const auto* list = std::get_if<std::vector<Graph>>(&attribute.value)) {
      for (std::size_t i = 0; i < list->size(); ++i)
        nested((*list)[i], fmt::format("{}[{}]", attribute.name, i));
      return;
    }
    std::string text =
        attribute.ref_attr_name.empty()
            ? std::visit([&](const auto& value) { return attribute_text(value); }, attribute.value)
            : fmt::format("that of the function's attribute {}", attribute.ref_attr_name);
    attributes.push_back({attribute.name, shortened(text, longest_text)});
  }

  static std::string attribute_text(std::monostate) { return "of a type that is not known"; }
  static std::string attribute_text(float value) { return fmt::format("{}", value); }
  static std::string attribute_text(std::int64_t value) { return fmt::format_int(value).str(); }
  static std::string attribute_text(std::string_view value) { return std::string(value); }
  static std::string attribute_text(const Type& type) { return onnx::to_string(type); }
  static std::string attribute_text(const Graph&) { return {}; }
  std::string attribute_text(const TensorData& tensor) const {
    const std::string values = small_values(tensor);
    return tensor_type_text(tensor.data_type, tensor.dims) + (values.empty() ? "" : "\n" + values);
  }
  std::string attribute_text(const SparseTensor& tensor) const {
    return "sparse " + tensor_type_text(tensor.values.data_type, tensor.dims);
  }
  template <class T>
  std::string attribute_text(const onnx::Box<T>& box) const {
    return attribute_text(*box);
  }
  template <class T>
  std::string attribute_text(const std::vector<T>& list) const {
    return list_text(list, [&](const T& element) { return attribute_text(element); });
  }

  static std::string finish(Drawing& drawing, const Body& body) {
    const onnx::LayeredLayout layout = onnx::lay_out(drawing.sizes, drawing.edges);
    const auto rounded = [](float value) { return std::llround(value); };
    Json json{{"name", shortened(body.name, 200)}, {"kind", body.graph ? "graph" : "function"}};
    if (!body.doc.empty()) json["doc"] = shortened(body.doc, longest_text);
    json["width"] = rounded(layout.width);
    json["height"] = rounded(layout.height);
    json["layers"] = Json::array();
    for (const onnx::LayeredLayout::Layer& layer : layout.layers)
      json["layers"].push_back({rounded(layer.top), rounded(layer.height)});
    std::string text = script_json(json);
    text.back() = ',';
    text += "\"values\":[" + drawing.values + "],\n\"boxes\":[";
    for (std::size_t i = 0; i < drawing.boxes.size(); ++i) {
      Json& box = drawing.boxes[i];
      box["w"] = rounded(drawing.sizes[i].width);
      box["h"] = rounded(drawing.sizes[i].height);
      box["x"] = rounded(layout.x[i]);
      box["l"] = layout.layer_of[i];
      if (i != 0) text += ",\n";
      text += script_json(box);
      box = nullptr;
    }
    text += "],\n\"edges\":[";
    for (std::size_t i = 0; i < drawing.edges.size(); ++i) {
      const onnx::LayoutEdge& edge = drawing.edges[i];
      text += fmt::format("{}[{},{},{}", i == 0 ? "" : ",", edge.from, edge.to, edge.value);
      if (!layout.bends[i].empty() || drawing.implicit[i]) {
        text += ",[";
        for (std::size_t k = 0; k < layout.bends[i].size(); ++k)
          text += fmt::format("{}{}", k == 0 ? "" : ",", rounded(layout.bends[i][k]));
        text += drawing.implicit[i] ? "],1" : "]";
      }
      text += ']';
    }
    return text + "]}";
  }

  const Model& model_;
  bool ignore_external_data_;
  std::unordered_map<std::string, std::size_t> functions_;  // number of the graph
  std::vector<std::string> graphs_;                         // JSON of each
  std::unordered_map<std::string_view, Value> scope_;
  std::vector<std::pair<std::string_view, Value>> undo_;
  std::uint32_t depth_ = 0;
  std::uint32_t next_serial_ = 0;
};

}  // namespace

std::string onnx_to_html(const Model& model, const InspectOptions& options) {
  std::string page;
  const auto add = [&](std::string_view text) { page += text; };
  const std::string file = model.storage.path().filename().string();
  const std::size_t title = inspect_html_page.find("@title@");
  const std::size_t data = inspect_html_page.find("@model@");
  add(inspect_html_page.substr(0, title));
  add(html_text(file.empty() ? model.graph.name : std::string_view(file)));
  add(inspect_html_page.substr(title + 7, data - title - 7));
  add(PageData(model, options.ignore_external_data).build());
  add(inspect_html_page.substr(data + 7));
  return page;
}

}  // namespace polygraph::cli
