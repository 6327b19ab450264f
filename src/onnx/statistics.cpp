#include <polygraph/core/error.h>
#include <polygraph/onnx/statistics.h>

#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "onnx/attributes.h"
#include "onnx/statistics_operators.h"

namespace polygraph::onnx {
namespace {

/// Trip counts above this are a way of saying that there is none.
constexpr std::int64_t most_iterations = std::int64_t{1} << 31;

std::optional<int> bits_of(std::int32_t element_type) {
  const std::optional<DataType> dtype = data_type_of(element_type);
  if (!dtype || bit_width(*dtype) == 0) return std::nullopt;
  return bit_width(*dtype);
}

OperandFacts facts_of(std::string_view name, const Type* type) {
  OperandFacts facts;
  if (!type || type->kind != Type::Kind::tensor) return facts;
  facts.bits = bits_of(type->element_type.value_or(0));
  if (!type->shape) return facts;
  facts.dims.emplace();
  for (std::size_t axis = 0; axis < type->shape->dims.size(); ++axis) {
    const auto& dim = type->shape->dims[axis].value;
    const auto* size = std::get_if<std::int64_t>(&dim);
    const auto* dim_name = std::get_if<std::string_view>(&dim);
    if (size && *size >= 0)
      facts.dims->emplace_back(*size);
    else if (dim_name && !dim_name->empty() && *dim_name != "?")  // some exporters write that for no name
      facts.dims->push_back(SymbolicSize::named(*dim_name));
    else
      facts.dims->push_back(SymbolicSize::named(std::string(name) + "[" + std::to_string(axis) + "]"));
  }
  return facts;
}

OperandFacts facts_of_constant(std::int32_t element_type, const std::vector<std::int64_t>& dims) {
  OperandFacts facts;
  facts.is_constant = true;
  facts.bits = bits_of(element_type);
  facts.dims.emplace(dims.begin(), dims.end());
  return facts;
}

/// The constant that a Constant node makes.
std::optional<OperandFacts> facts_of_constant(const Node& node) {
  if (node.op_type != "Constant" || node.attributes.size() != 1) return std::nullopt;
  constexpr std::int32_t float_type = 1;
  constexpr std::int32_t int64_type = 7;
  constexpr std::int32_t string_type = 8;
  const auto list = [](std::int32_t type, std::size_t size) {
    return facts_of_constant(type, {static_cast<std::int64_t>(size)});
  };
  const Attribute::Value& value = node.attributes.front().value;
  if (const auto* tensor = std::get_if<Box<TensorData>>(&value))
    return facts_of_constant((*tensor)->data_type, (*tensor)->dims);
  if (const auto* tensor = std::get_if<Box<SparseTensor>>(&value))
    return facts_of_constant((*tensor)->values.data_type, (*tensor)->dims);
  if (std::holds_alternative<float>(value)) return facts_of_constant(float_type, {});
  if (std::holds_alternative<std::int64_t>(value)) return facts_of_constant(int64_type, {});
  if (std::holds_alternative<std::string_view>(value)) return facts_of_constant(string_type, {});
  if (const auto* floats = std::get_if<std::vector<float>>(&value)) return list(float_type, floats->size());
  if (const auto* ints = std::get_if<std::vector<std::int64_t>>(&value))
    return list(int64_type, ints->size());
  if (const auto* texts = std::get_if<std::vector<std::string_view>>(&value))
    return list(string_type, texts->size());
  return std::nullopt;
}

/// Adds what is a number; a sum too large for 64 bits is the largest there is.
void add_up(std::int64_t& sum, const std::optional<SymbolicSize>& size) {
  if (__builtin_add_overflow(sum, size.value_or(0).value().value_or(0), &sum)) sum = INT64_MAX;
}

/// What is known of all values visible in a graph. What a graph adds is taken back when it ends.
class Scope {
 public:
  struct Entry {
    OperandFacts facts;
    const TensorData* tensor = nullptr;
  };

  std::size_t mark() const { return undo_.size(); }
  void leave(std::size_t mark) {
    for (; undo_.size() > mark; undo_.pop_back())
      entries_[undo_.back().first] = std::move(undo_.back().second);
  }
  void define(std::string_view name, Entry entry) {
    if (name.empty()) return;
    Entry& place = entries_[name];
    undo_.emplace_back(name, std::exchange(place, std::move(entry)));
  }
  const Entry* find(std::string_view name) const {
    const auto found = entries_.find(name);
    return found == entries_.end() ? nullptr : &found->second;
  }

 private:
  // References to elements survive insertion.
  std::unordered_map<std::string_view, Entry> entries_;
  std::vector<std::pair<std::string_view, Entry>> undo_;
};

class Counter {
 public:
  explicit Counter(const Model& model) : model_(model) {
    for (const Function& function : model.functions) functions_.emplace(function.domain, function.name);
  }

  ModelStatistics run() {
    const Cost total = graph(model_.graph, "");
    result_.operations = total.operations;
    result_.bytes = total.bytes;
    for (auto& [name, entry] : operators_) result_.operators.push_back(std::move(entry));
    return std::move(result_);
  }

 private:
  struct Cost {
    SymbolicSize operations;
    SymbolicSize bytes;
    bool is_whole = true;  // nothing in it that cannot be told
  };

  Cost graph(const Graph& graph, const std::string& prefix) {
    const std::size_t mark = scope_.mark();
    const auto declare = [&](const std::vector<ValueInfo>& infos) {
      for (const ValueInfo& info : infos)
        scope_.define(info.name, {facts_of(info.name, info.type.get()), nullptr});
    };
    declare(graph.value_info);
    declare(graph.outputs);
    declare(graph.inputs);
    for (const TensorData& tensor : graph.initializers) {
      const OperandFacts facts = facts_of_constant(tensor.data_type, tensor.dims);
      add_parameters(facts);
      scope_.define(tensor.name, {facts, &tensor});
    }
    for (const SparseTensor& tensor : graph.sparse_initializers) {
      const OperandFacts facts = facts_of_constant(tensor.values.data_type, tensor.dims);
      add_parameters(facts);
      scope_.define(tensor.values.name, {facts, nullptr});
    }
    Cost total;
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
      const Cost cost = node(graph.nodes[i], prefix + std::to_string(i));
      total.operations += cost.operations;
      total.bytes += cost.bytes;
      total.is_whole &= cost.is_whole;
    }
    scope_.leave(mark);
    return total;
  }

  void add_parameters(const OperandFacts& facts) {
    add_up(result_.parameters, facts.elements());
    add_up(result_.parameter_bytes, facts.bytes());
  }

  Cost node(const Node& node, const std::string& path) {
    const std::size_t index = result_.nodes.size();
    result_.nodes.push_back({.node = &node, .path = path});
    if (is_standard_domain(node.domain) && !node.outputs.empty())
      if (const std::optional<OperandFacts> constant = facts_of_constant(node)) {
        const auto* tensor = std::get_if<Box<TensorData>>(&node.attributes.front().value);
        add_parameters(*constant);
        scope_.define(node.outputs.front(), {*constant, tensor ? tensor->get() : nullptr});
      }

    NodeFacts facts{node, {}, {}};
    for (const std::string_view name : node.inputs) facts.inputs.push_back(known(name));
    for (const std::string_view name : node.outputs) facts.outputs.push_back(known(name));
    NodeStatistics entry{.node = &node, .path = path};
    std::unordered_set<std::string_view> taken;
    for (const std::string_view name : node.inputs) {
      const Scope::Entry* value = scope_.find(name);
      if (!value || !value->facts.is_constant || !taken.insert(name).second) continue;
      add_up(entry.parameters, value->facts.elements());
      add_up(entry.parameter_bytes, value->facts.bytes());
    }
    if (is_standard_domain(node.domain) &&
        (node.op_type == "If" || node.op_type == "Loop" || node.op_type == "Scan"))
      nested(entry);
    else
      plain(entry, facts);

    Cost cost{entry.operations.value_or(0), entry.bytes.value_or(0), entry.unknown.empty()};
    OperatorStatistics& sum = operators_[operator_name(node)];
    sum.op_type = operator_name(node);
    ++sum.count;
    sum.operations += cost.operations;
    sum.bytes += cost.bytes;
    if (!cost.is_whole) {
      ++sum.unknown;
      ++result_.unknown;
    }
    result_.nodes[index] = std::move(entry);
    return cost;
  }

  static std::string operator_name(const Node& node) {
    return is_standard_domain(node.domain) ? std::string(node.op_type)
                                           : std::string(node.domain) + "::" + std::string(node.op_type);
  }

  /// Null for an operand that is left out; a value of which nothing is known has facts that say nothing.
  const OperandFacts* known(std::string_view name) const {
    static const OperandFacts nothing;
    if (name.empty()) return nullptr;
    const Scope::Entry* entry = scope_.find(name);
    return entry ? &entry->facts : &nothing;
  }

  void plain(NodeStatistics& entry, const NodeFacts& facts) const {
    const Node& node = *entry.node;
    if (functions_.contains({node.domain, node.op_type})) {
      entry.unknown = "a call of a function of the model";
      return;
    }
    if (!is_standard_domain(node.domain) || !is_counted(node.op_type)) {
      entry.unknown = "the operator is not known here";
      return;
    }
    entry.operations = operations_of(facts);
    entry.bytes = bytes_of(facts);
    if (!entry.operations || !entry.bytes) entry.unknown = missing(facts);
  }

  static std::string missing(const NodeFacts& facts) {
    const auto look = [](const std::vector<std::string_view>& names,
                         const std::vector<const OperandFacts*>& values) {
      for (std::size_t i = 0; i < values.size(); ++i)
        if (values[i] && (!values[i]->dims || !values[i]->bits))
          return std::string(!values[i]->dims ? "no shape is known of '"
                                              : "no size of elements is known of '") +
                 std::string(names[i]) + "'";
      return std::string();
    };
    std::string text = look(facts.node.inputs, facts.inputs);
    if (text.empty()) text = look(facts.node.outputs, facts.outputs);
    return text.empty() ? "its attributes or shapes are not those of a valid node" : text;
  }

  void nested(NodeStatistics& entry) {
    const Node& node = *entry.node;
    Cost cost;
    for (const Attribute& attribute : node.attributes) {
      const auto* inner = std::get_if<Box<Graph>>(&attribute.value);
      if (!inner) continue;
      const Cost one = graph(**inner, entry.path + "/" + std::string(attribute.name) + "/");
      cost.operations = SymbolicSize::upper_bound(cost.operations, one.operations);
      cost.bytes = SymbolicSize::upper_bound(cost.bytes, one.bytes);
      cost.is_whole &= one.is_whole;
    }
    if (node.op_type != "If") {
      const SymbolicSize times = iterations(node, entry.path);
      cost.operations = cost.operations * times;
      cost.bytes = cost.bytes * times;
    }
    entry.operations = cost.operations;
    entry.bytes = cost.bytes;
    if (!cost.is_whole) entry.unknown = "something inside cannot be told";
  }

  SymbolicSize iterations(const Node& node, const std::string& path) const {
    const auto unknown = [&] {
      return SymbolicSize::named("iterations(" + (node.name.empty() ? path : std::string(node.name)) + ")");
    };
    if (node.op_type == "Loop") {
      const Scope::Entry* count = node.inputs.empty() ? nullptr : scope_.find(node.inputs.front());
      if (!count || !count->tensor || count->facts.elements() != SymbolicSize(1)) return unknown();
      try {
        const double value = tensor_of(*count->tensor, model_, Alignment::any).element_as_double(0);
        if (value >= 0 && value < static_cast<double>(most_iterations))
          return static_cast<std::int64_t>(value);
      } catch (const InputError&) {
        return unknown();  // a count that cannot be read is not known
      }
      return unknown();
    }
    // The length of the first scanned input.
    std::int64_t scanned = 0;
    std::int64_t axis = 0;
    for (const Attribute& attribute : node.attributes) {
      if (const auto* value = std::get_if<std::int64_t>(&attribute.value);
          value && attribute.name == "num_scan_inputs")
        scanned = *value;
      if (const auto* axes = std::get_if<std::vector<std::int64_t>>(&attribute.value);
          axes && attribute.name == "scan_input_axes" && !axes->empty())
        axis = axes->front();
    }
    const auto inputs = static_cast<std::int64_t>(node.inputs.size());
    if (scanned <= 0 || scanned > inputs) return unknown();
    const OperandFacts* value = known(node.inputs[static_cast<std::size_t>(inputs - scanned)]);
    if (!value || !value->dims) return unknown();
    const auto rank = static_cast<std::int64_t>(value->dims->size());
    if (axis < 0) axis += rank;
    return axis < 0 || axis >= rank ? unknown() : (*value->dims)[static_cast<std::size_t>(axis)];
  }

  const Model& model_;
  std::set<std::pair<std::string_view, std::string_view>> functions_;
  Scope scope_;
  ModelStatistics result_;
  std::map<std::string, OperatorStatistics> operators_;
};

}  // namespace

ModelStatistics statistics(const Model& model) {
  return Counter(model).run();
}

}  // namespace polygraph::onnx
