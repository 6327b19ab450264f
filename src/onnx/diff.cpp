#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/diff.h>

#include <algorithm>
#include <future>
#include <map>
#include <utility>

#include "onnx/attributes.h"
#include "onnx/diff_body.h"
#include "onnx/diff_match.h"
#include "onnx/diff_places.h"
#include "onnx/diff_text.h"
#include "onnx/diff_weights.h"
#include "onnx/payload.h"

namespace polygraph::onnx {
namespace {

using Kind = Difference::Kind;
using Subject = Difference::Subject;

/// Payloads of more bytes are compared by several threads at the end.
constexpr std::uint64_t large_payload = 256 << 10;
/// Graphs of more nodes are indexed by a thread each.
constexpr std::size_t many_nodes = 5000;

/// The value of B that a value of A is, by name: of a graph, and of the graphs around it.
struct Names {
  const Body* a = nullptr;
  const Body* b = nullptr;
  const BodyMatch* match = nullptr;
  const Names* outer = nullptr;

  bool are_same(std::string_view x, std::string_view y) const {
    if (a == nullptr) return x == y;
    const std::uint32_t number_x = a->names().find(x), number_y = b->names().find(y);
    const auto is_own = [](const Body& body, std::uint32_t number) {
      return number != NameTable::none && !body.values()[number].is_outer();
    };
    const bool own_x = is_own(*a, number_x), own_y = is_own(*b, number_y);
    if (own_x != own_y) return false;
    if (own_x) return match->values.to_b[number_x] == number_y;
    return outer != nullptr ? outer->are_same(x, y) : x == y;
  }
};

class Comparer {
 public:
  Comparer(const Model& a, const Model& b, const DiffOptions& options) : a_(a), b_(b), options_(options) {}

  ModelDiff compare() {
    model_fields();
    opsets(a_.opset_imports, b_.opset_imports, {});
    if (options_.metadata) metadata(a_.metadata_props, b_.metadata_props, {});
    graph(a_.graph, b_.graph, {}, nullptr);
    functions();
    training_info();
    compare_large_weights();
    return std::move(result_);
  }

 private:
  struct LargeWeights {
    std::size_t difference;
    std::size_t change;
    const TensorData* a;
    const TensorData* b;
  };

  // Collecting

  void add(Subject subject, Kind kind, const std::string& place, std::string_view name,
           std::string_view new_name = {}, std::string_view op_type = {}) {
    result_.differences.push_back({.subject = subject,
                                   .kind = kind,
                                   .place = place,
                                   .name = std::string(name),
                                   .new_name = std::string(new_name),
                                   .op_type = std::string(op_type)});
  }

  /// Adds a difference of something that is in both, if there is any.
  void add(Subject subject, const std::string& place, std::string_view name, std::string_view new_name,
           std::vector<FieldChange> changes, std::string_view op_type = {}) {
    const bool renamed = name != new_name && options_.names;
    if (changes.empty() && !renamed) {
      drop_queued();
      return;
    }
    add(subject, changes.empty() ? Kind::renamed : Kind::changed, place, name,
        name == new_name ? std::string_view() : new_name, op_type);
    result_.differences.back().changes = std::move(changes);
    queue_large_weights();
  }

  void text_field(std::vector<FieldChange>& changes, std::string_view field, std::string_view a,
                  std::string_view b) const {
    if (a != b) changes.push_back({std::string(field), std::string(a), std::string(b), {}});
  }

  static std::string number_text(const std::optional<std::int64_t>& number) {
    return number ? fmt::format("{}", *number) : std::string();
  }

  void unknown_field(std::vector<FieldChange>& changes, const UnknownFields& a,
                     const UnknownFields& b) const {
    const auto bytes = [](const UnknownFields& fields) {
      std::string all;
      for (const ByteSpan piece : fields.pieces())
        all.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      return all;
    };
    if (a.empty() && b.empty()) return;
    const std::string x = bytes(a), y = bytes(b);
    if (x != y)
      changes.push_back(
          {"unknown fields", fmt::format("{} bytes", x.size()), fmt::format("{} bytes", y.size()), {}});
  }

  // The model

  void model_fields() {
    std::vector<FieldChange> changes;
    text_field(changes, "ir_version", number_text(a_.ir_version), number_text(b_.ir_version));
    if (options_.metadata) {
      text_field(changes, "producer_name", a_.producer_name, b_.producer_name);
      text_field(changes, "producer_version", a_.producer_version, b_.producer_version);
      text_field(changes, "domain", a_.domain, b_.domain);
      text_field(changes, "model_version", number_text(a_.model_version), number_text(b_.model_version));
      text_field(changes, "doc_string", a_.doc_string, b_.doc_string);
    }
    unknown_field(changes, a_.unknown, b_.unknown);
    add(Subject::model, {}, {}, {}, std::move(changes));
  }

  void opsets(const std::vector<OpsetImport>& a, const std::vector<OpsetImport>& b,
              const std::string& place) {
    entries(
        a, b, [](const OpsetImport& import) { return import.is_standard() ? "ai.onnx" : import.domain; },
        [](const OpsetImport& import) { return number_text(import.version); }, Subject::opset, "version",
        place);
  }

  void metadata(const std::vector<StringEntry>& a, const std::vector<StringEntry>& b,
                const std::string& place) {
    entries(
        a, b, [](const StringEntry& entry) { return entry.key; },
        [](const StringEntry& entry) { return std::string(entry.value); }, Subject::metadata, "value", place);
  }

  template <class Entry, class Key, class Value>
  void entries(const std::vector<Entry>& a, const std::vector<Entry>& b, const Key& key, const Value& value,
               Subject subject, std::string_view field, const std::string& place) {
    if (a.empty() && b.empty()) return;
    Places<std::string_view> places;
    for (std::size_t j = 0; j < b.size(); ++j) places.add(key(b[j]), j);
    std::vector<bool> taken(b.size(), false);
    for (const Entry& entry : a) {
      const auto found = places.take(key(entry));
      if (!found) {
        add(subject, Kind::removed, place, key(entry));
        result_.differences.back().changes.push_back({std::string(field), value(entry), {}, {}});
        continue;
      }
      std::vector<FieldChange> changes;
      text_field(changes, field, value(entry), value(b[*found]));
      add(subject, place, key(entry), key(entry), std::move(changes));
      taken[*found] = true;
    }
    for (std::size_t j = 0; j < b.size(); ++j) {
      if (taken[j]) continue;
      add(subject, Kind::added, place, key(b[j]));
      result_.differences.back().changes.push_back({std::string(field), {}, value(b[j]), {}});
    }
  }

  // Functions

  static std::string full_name(const Function& function) {
    std::string name;
    if (!function.domain.empty()) name.append(function.domain).append("::");
    name += function.name;
    if (!function.overload.empty()) name.append(":").append(function.overload);
    return name;
  }

  void functions() {
    const std::vector<Function>& others = b_.functions;
    Places<std::string> places;
    for (std::size_t j = 0; j < others.size(); ++j) places.add(full_name(others[j]), j);
    std::vector<bool> taken(others.size(), false);
    std::vector<std::pair<const Function*, const Function*>> pairs;
    bool all_found = true;
    for (const Function& function : a_.functions) {
      const auto found = places.take(full_name(function));
      pairs.emplace_back(&function, found ? &others[*found] : nullptr);
      if (found)
        taken[*found] = true;
      else
        all_found = false;
    }
    // What is left has been renamed if the bodies are the same.
    Places<std::uint64_t> by_body;
    for (std::size_t j = 0; j < others.size() && !all_found; ++j)
      if (!taken[j]) by_body.add(Body(others[j]).hash(), j);
    for (auto& [function, other] : pairs) {
      if (other != nullptr) continue;
      const auto found = by_body.take(Body(*function).hash());
      if (!found) continue;
      other = &others[*found];
      taken[*found] = true;
    }
    for (const auto& [function, other] : pairs) {
      if (other == nullptr)
        add(Subject::function, Kind::removed, {}, full_name(*function));
      else
        this->function(*function, *other);
    }
    for (std::size_t j = 0; j < others.size(); ++j)
      if (!taken[j]) add(Subject::function, Kind::added, {}, full_name(others[j]));
  }

  void function(const Function& a, const Function& b) {
    std::vector<FieldChange> changes;
    const auto list = [](const std::vector<std::string_view>& names) {
      return fmt::format("{}", fmt::join(names, ", "));
    };
    if (options_.names || a.inputs.size() != b.inputs.size())
      text_field(changes, "inputs", list(a.inputs), list(b.inputs));
    if (options_.names || a.outputs.size() != b.outputs.size())
      text_field(changes, "outputs", list(a.outputs), list(b.outputs));
    text_field(changes, "attributes", list(a.attributes), list(b.attributes));
    const std::string place = "function '" + full_name(a) + "'";
    std::vector<Nested> nested;
    attributes(a.default_attributes, b.default_attributes, changes, nested);
    if (options_.metadata) text_field(changes, "doc_string", a.doc_string, b.doc_string);
    unknown_field(changes, a.unknown, b.unknown);
    add(Subject::function, {}, full_name(a), full_name(b), std::move(changes));
    opsets(a.opset_imports, b.opset_imports, place);
    if (options_.metadata) metadata(a.metadata_props, b.metadata_props, place);
    const Body body_a(a), body_b(b);
    const BodyMatch match = match_bodies(body_a, body_b);
    const Names names{&body_a, &body_b, &match, nullptr};
    nodes(names, place);
    value_types(a.value_info, b.value_info, names, place);
  }

  void training_info() {
    const std::size_t common = std::min(a_.training_info.size(), b_.training_info.size());
    if (a_.training_info.size() != b_.training_info.size()) {
      std::vector<FieldChange> changes;
      text_field(changes, "training_info", fmt::format("{} steps", a_.training_info.size()),
                 fmt::format("{} steps", b_.training_info.size()));
      add(Subject::model, {}, {}, {}, std::move(changes));
    }
    for (std::size_t i = 0; i < common; ++i) {
      const TrainingInfo& a = a_.training_info[i];
      const TrainingInfo& b = b_.training_info[i];
      const std::string place = fmt::format("training_info[{}]", i);
      const Graph none;
      graph(a.initialization ? *a.initialization : none, b.initialization ? *b.initialization : none,
            place + ".initialization", nullptr);
      graph(a.algorithm ? *a.algorithm : none, b.algorithm ? *b.algorithm : none, place + ".algorithm",
            nullptr);
      metadata(a.initialization_bindings, b.initialization_bindings, place + ".initialization_binding");
      metadata(a.update_bindings, b.update_bindings, place + ".update_binding");
    }
  }

  // Graphs

  void graph(const Graph& a, const Graph& b, const std::string& place, const Names* outer) {
    std::optional<Body> body_a, body_b;
    if (a.nodes.size() > many_nodes && b.nodes.size() > many_nodes) {
      auto other = std::async(std::launch::async, [&] { body_b.emplace(b); });
      body_a.emplace(a);
      other.get();
    } else {
      body_a.emplace(a);
      body_b.emplace(b);
    }
    const BodyMatch match = match_bodies(*body_a, *body_b);
    const Names names{&*body_a, &*body_b, &match, outer};

    std::vector<FieldChange> changes;
    if (options_.metadata) {
      if (options_.names) text_field(changes, "graph name", a.name, b.name);
      text_field(changes, "graph doc_string", a.doc_string, b.doc_string);
    }
    unknown_field(changes, a.unknown, b.unknown);
    inputs_and_outputs(Subject::input, a.inputs, b.inputs, names, place, changes);
    inputs_and_outputs(Subject::output, a.outputs, b.outputs, names, place, changes);
    add(Subject::model, place, {}, {}, std::move(changes));
    if (options_.metadata) metadata(a.metadata_props, b.metadata_props, place);
    initializers(a, b, names, place);
    quantization(a, b, place);
    nodes(names, place);
    value_types(a.value_info, b.value_info, names, place);
  }

  void type_field(std::vector<FieldChange>& changes, const ValueInfo& a, const ValueInfo& b) const {
    const bool both = a.type && b.type;
    if (both ? same_type(*a.type, *b.type) : !a.type && !b.type) return;
    const auto text = [](const ValueInfo& info) {
      if (!info.type) return std::string();
      std::string result = to_string(*info.type);
      if (!info.type->denotation.empty()) result += fmt::format(" ({})", info.type->denotation);
      return result;
    };
    std::string before = text(a), after = text(b);
    if (before == after) after += " (denotations differ)";
    changes.push_back({"type", std::move(before), std::move(after), {}});
  }

  void info_fields(std::vector<FieldChange>& changes, const ValueInfo& a, const ValueInfo& b) const {
    type_field(changes, a, b);
    if (options_.metadata) text_field(changes, "doc_string", a.doc_string, b.doc_string);
    unknown_field(changes, a.unknown, b.unknown);
  }

  /// Pairs by the values they are, what is left by name. A change of their order goes to `graph_changes`.
  void inputs_and_outputs(Subject subject, const std::vector<ValueInfo>& a, const std::vector<ValueInfo>& b,
                          const Names& names, const std::string& place,
                          std::vector<FieldChange>& graph_changes) {
    Places<std::uint32_t> by_value;
    Places<std::string_view> by_name;
    std::vector<bool> taken(b.size(), false);
    for (std::size_t i = 0; i < b.size(); ++i) {
      by_value.add(names.b->names().find(b[i].name), i);
      by_name.add(b[i].name, i);
    }
    std::vector<std::size_t> counterpart(a.size(), b.size());
    const auto pair = [&](std::size_t i, std::size_t j) {
      if (counterpart[i] != b.size() || taken[j]) return;
      counterpart[i] = j;
      taken[j] = true;
    };
    for (std::size_t i = 0; i < a.size(); ++i) {
      const std::uint32_t value = names.match->values.to_b[names.a->names().find(a[i].name)];
      if (value == no_index) continue;
      if (const auto found = by_value.take(value)) pair(i, *found);
    }
    for (std::size_t i = 0; i < a.size(); ++i)
      while (counterpart[i] == b.size()) {
        const auto found = by_name.take(a[i].name);
        if (!found) break;
        pair(i, *found);
      }

    std::size_t last = 0;
    bool in_order = true;
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (counterpart[i] == b.size()) {
        add(subject, Kind::removed, place, a[i].name);
        add_type(a[i], true);
        continue;
      }
      in_order &= counterpart[i] >= last;
      last = counterpart[i];
      const ValueInfo& other = b[counterpart[i]];
      std::vector<FieldChange> changes;
      info_fields(changes, a[i], other);
      add(subject, place, a[i].name, other.name, std::move(changes));
    }
    for (std::size_t j = 0; j < b.size(); ++j) {
      if (taken[j]) continue;
      add(subject, Kind::added, place, b[j].name);
      add_type(b[j], false);
    }
    if (!in_order && options_.order)
      graph_changes.push_back(
          {fmt::format("order of {}s", to_string(subject)), name_list(a), name_list(b), {}});
  }

  static std::string name_list(const std::vector<ValueInfo>& infos) {
    std::string text;
    for (std::size_t i = 0; i < infos.size() && i < 16; ++i) {
      if (i != 0) text += ", ";
      text += infos[i].name;
    }
    return infos.size() > 16 ? text + ", ..." : text;
  }

  void add_type(const ValueInfo& info, bool before) {
    if (!info.type) return;
    std::string text = to_string(*info.type);
    result_.differences.back().changes.push_back(
        {"type", before ? text : std::string(), before ? std::string() : text, {}});
  }

  void initializers(const Graph& a, const Graph& b, const Names& names, const std::string& place) {
    Places<std::string_view> places;
    for (std::size_t j = 0; j < b.initializers.size(); ++j) places.add(b.initializers[j].name, j);
    std::vector<bool> taken(b.initializers.size(), false);
    for (const TensorData& tensor : a.initializers) {
      const std::uint32_t value = names.match->values.to_b[names.a->names().find(tensor.name)];
      const auto found = value == no_index ? std::nullopt : places.take(names.b->names()[value]);
      if (!found) {
        removed_or_added(tensor, Kind::removed, place);
        continue;
      }
      taken[*found] = true;
      const TensorData& other = b.initializers[*found];
      std::vector<FieldChange> changes;
      tensor_fields(changes, {}, tensor, other);
      add(Subject::initializer, place, tensor.name, other.name, std::move(changes));
    }
    for (std::size_t j = 0; j < taken.size(); ++j)
      if (!taken[j]) removed_or_added(b.initializers[j], Kind::added, place);
    sparse_initializers(a.sparse_initializers, b.sparse_initializers, place);
  }

  void sparse_initializers(const std::vector<SparseTensor>& a, const std::vector<SparseTensor>& b,
                           const std::string& place) {
    Places<std::string_view> places;
    for (std::size_t j = 0; j < b.size(); ++j) places.add(b[j].values.name, j);
    std::vector<bool> taken(b.size(), false);
    for (const SparseTensor& tensor : a) {
      const auto found = places.take(tensor.values.name);
      if (!found) {
        removed_or_added(tensor.values, Kind::removed, place);
        continue;
      }
      taken[*found] = true;
      std::vector<FieldChange> changes;
      sparse_fields(changes, "sparse ", tensor, b[*found]);
      add(Subject::initializer, place, tensor.values.name, tensor.values.name, std::move(changes));
    }
    for (std::size_t j = 0; j < b.size(); ++j)
      if (!taken[j]) removed_or_added(b[j].values, Kind::added, place);
  }

  void removed_or_added(const TensorData& tensor, Kind kind, const std::string& place) {
    add(Subject::initializer, kind, place, tensor.name);
    std::string text = tensor_text(tensor);
    const bool before = kind == Kind::removed;
    result_.differences.back().changes.push_back(
        {"type", before ? text : std::string(), before ? std::string() : text, {}});
  }

  static std::string tensor_text(const TensorData& tensor) {
    return fmt::format("{}, shape={}", element_type_name(tensor.data_type), Shape(tensor.dims).str());
  }

  /// Type, shape and, if these are the same, values.
  void tensor_fields(std::vector<FieldChange>& changes, const std::string& prefix, const TensorData& a,
                     const TensorData& b) {
    if (a.data_type != b.data_type || a.dims != b.dims) {
      changes.push_back({prefix + "type", tensor_text(a), tensor_text(b), {}});
      return;
    }
    if (options_.metadata) text_field(changes, prefix + "doc_string", a.doc_string, b.doc_string);
    unknown_field(changes, a.unknown, b.unknown);
    if (options_.weights == DiffOptions::Weights::skip || !data_type_of(a.data_type)) return;
    ++result_.compared_weights;
    const std::uint64_t size = std::max(stored_size(a), stored_size(b));
    result_.compared_bytes += size;
    const std::string field = prefix.empty() ? "values" : prefix.substr(0, prefix.size() - 1);
    if (size > large_payload) {
      queued_.push_back({0, changes.size(), &a, &b});
      changes.push_back({field, {}, {}, WeightDifference{}});
      return;
    }
    if (const auto difference = compare_weights(a, a_, b, b_, with_statistics()))
      changes.push_back({field, {}, {}, difference});
  }

  void sparse_fields(std::vector<FieldChange>& changes, const std::string& prefix, const SparseTensor& a,
                     const SparseTensor& b) {
    if (a.dims != b.dims) text_field(changes, prefix + "shape", Shape(a.dims).str(), Shape(b.dims).str());
    tensor_fields(changes, prefix + "values ", a.values, b.values);
    tensor_fields(changes, prefix + "indices ", a.indices, b.indices);
  }

  bool with_statistics() const { return options_.weights == DiffOptions::Weights::statistics; }

  void quantization(const Graph& a, const Graph& b, const std::string& place) {
    const std::vector<QuantizationAnnotation>& others = b.quantization_annotations;
    Places<std::string_view> places;
    for (std::size_t j = 0; j < others.size(); ++j) places.add(others[j].tensor_name, j);
    std::vector<bool> taken(others.size(), false);
    std::vector<FieldChange> changes;
    const auto text = [](const QuantizationAnnotation& annotation) {
      std::string result;
      for (const StringEntry& entry : annotation.parameters) {
        if (!result.empty()) result += ", ";
        result.append(entry.key).append("=").append(entry.value);
      }
      return result;
    };
    const auto field = [](const QuantizationAnnotation& annotation) {
      return fmt::format("quantization of '{}'", annotation.tensor_name);
    };
    for (const QuantizationAnnotation& annotation : a.quantization_annotations) {
      const auto found = places.take(annotation.tensor_name);
      text_field(changes, field(annotation), text(annotation),
                 found ? text(others[*found]) : std::string("none"));
      if (found) taken[*found] = true;
    }
    for (std::size_t j = 0; j < others.size(); ++j)
      if (!taken[j]) changes.push_back({field(others[j]), "none", text(others[j]), {}});
    add(Subject::model, place, {}, {}, std::move(changes));
  }

  void value_types(const std::vector<ValueInfo>& a, const std::vector<ValueInfo>& b, const Names& names,
                   const std::string& place) {
    if (!options_.value_types || (a.empty() && b.empty())) return;
    Places<std::string_view> places;
    for (std::size_t j = 0; j < b.size(); ++j) places.add(b[j].name, j);
    std::vector<bool> taken(b.size(), false);
    for (const ValueInfo& info : a) {
      const std::uint32_t value = names.a->names().find(info.name);
      const std::uint32_t other = value == NameTable::none ? no_index : names.match->values.to_b[value];
      const auto found = places.take(other == no_index ? info.name : names.b->names()[other]);
      if (!found) {
        add(Subject::value, Kind::removed, place, info.name);
        add_type(info, true);
        continue;
      }
      taken[*found] = true;
      std::vector<FieldChange> changes;
      info_fields(changes, info, b[*found]);
      if (!changes.empty()) add(Subject::value, place, info.name, b[*found].name, std::move(changes));
    }
    for (std::size_t j = 0; j < b.size(); ++j) {
      if (taken[j]) continue;
      add(Subject::value, Kind::added, place, b[j].name);
      add_type(b[j], false);
    }
  }

  // Nodes

  /// Sub-graphs of a pair of nodes, compared after the node itself.
  struct Nested {
    const Graph* a;
    const Graph* b;
    std::string name;
  };

  void nodes(const Names& names, const std::string& place) {
    const Pairing& pairs = names.match->nodes;
    const std::vector<Node>& a = names.a->nodes();
    const std::vector<Node>& b = names.b->nodes();
    std::vector<Nested> nested;
    for (std::uint32_t i = 0; i < a.size(); ++i) {
      if (pairs.to_b[i] == no_index) {
        add(Subject::node, Kind::removed, place, node_name(a[i]), {}, a[i].op_type);
        continue;
      }
      ++result_.matched_nodes;
      const Node& other = b[pairs.to_b[i]];
      nested.clear();
      std::vector<FieldChange> changes;
      node_fields(changes, a[i], other, names, nested);
      const bool named = !a[i].name.empty() || !other.name.empty();
      if (!changes.empty() || a[i].name != other.name)
        add(Subject::node, place, named ? a[i].name : node_name(a[i]), named ? other.name : node_name(a[i]),
            std::move(changes), a[i].op_type);
      else
        drop_queued();
      renamed_results(i, names, place);
      for (const Nested& graphs : nested) {
        std::string inner = place.empty() ? std::string() : place + ", ";
        inner += fmt::format("node '{}' {}", node_name(a[i]), graphs.name);
        graph(*graphs.a, *graphs.b, inner, &names);
      }
    }
    for (std::uint32_t i = 0; i < b.size(); ++i)
      if (pairs.to_a[i] == no_index)
        add(Subject::node, Kind::added, place, node_name(b[i]), {}, b[i].op_type);
    if (options_.order) moved_nodes(names, place);
  }

  static std::string_view node_name(const Node& node) {
    if (!node.name.empty()) return node.name;
    for (const std::string_view output : node.outputs)
      if (!output.empty()) return output;
    return {};
  }

  void node_fields(std::vector<FieldChange>& changes, const Node& a, const Node& b, const Names& names,
                   std::vector<Nested>& nested) {
    text_field(changes, "op_type", a.op_type, b.op_type);
    text_field(changes, "domain", plain_domain(a.domain), plain_domain(b.domain));
    text_field(changes, "overload", a.overload, b.overload);
    operands(changes, a, b, names);
    if (a.outputs.size() != b.outputs.size())
      changes.push_back({"outputs",
                         fmt::format("{}", fmt::join(a.outputs, ", ")),
                         fmt::format("{}", fmt::join(b.outputs, ", ")),
                         {}});
    else
      for (std::size_t i = 0; i < a.outputs.size(); ++i)
        if (a.outputs[i].empty() != b.outputs[i].empty())
          text_field(changes, fmt::format("outputs[{}]", i), a.outputs[i], b.outputs[i]);
    if (!a.attributes.empty() || !b.attributes.empty())
      attributes(a.attributes, b.attributes, changes, nested);
    if (options_.metadata) {
      text_field(changes, "doc_string", a.doc_string, b.doc_string);
      if (!a.metadata_props.empty() || !b.metadata_props.empty()) metadata_fields(changes, a, b);
    }
    unknown_field(changes, a.unknown, b.unknown);
  }

  void metadata_fields(std::vector<FieldChange>& changes, const Node& a, const Node& b) const {
    const std::vector<StringEntry>& others = b.metadata_props;
    Places<std::string_view> places;
    for (std::size_t j = 0; j < others.size(); ++j) places.add(others[j].key, j);
    std::vector<bool> taken(others.size(), false);
    for (const StringEntry& entry : a.metadata_props) {
      const auto found = places.take(entry.key);
      if (found) taken[*found] = true;
      text_field(changes, fmt::format("metadata '{}'", entry.key), entry.value,
                 found ? others[*found].value : std::string_view());
    }
    for (std::size_t j = 0; j < others.size(); ++j)
      if (!taken[j]) text_field(changes, fmt::format("metadata '{}'", others[j].key), {}, others[j].value);
  }

  void operands(std::vector<FieldChange>& changes, const Node& a, const Node& b, const Names& names) const {
    for (std::size_t i = 0; i < std::max(a.inputs.size(), b.inputs.size()); ++i) {
      const std::string_view x = i < a.inputs.size() ? a.inputs[i] : std::string_view();
      const std::string_view y = i < b.inputs.size() ? b.inputs[i] : std::string_view();
      if (x.empty() && y.empty()) continue;
      if (!x.empty() && !y.empty() && names.are_same(x, y)) continue;
      changes.push_back({fmt::format("inputs[{}]", i), std::string(x), std::string(y), {}});
    }
  }

  void attributes(const std::vector<Attribute>& a, const std::vector<Attribute>& b,
                  std::vector<FieldChange>& changes, std::vector<Nested>& nested) {
    const auto find = [](const std::vector<Attribute>& list, std::size_t hint, std::string_view name) {
      if (hint < list.size() && list[hint].name == name) return &list[hint];
      const auto found = std::ranges::find(list, name, &Attribute::name);
      return found == list.end() ? nullptr : &*found;
    };
    for (std::size_t i = 0; i < a.size(); ++i) {
      const Attribute* other = find(b, i, a[i].name);
      if (other == nullptr)
        changes.push_back({attribute_name(a[i]), attribute_text(a[i]), {}, {}});
      else
        attribute(changes, a[i], *other, nested);
    }
    for (std::size_t i = 0; i < b.size(); ++i)
      if (find(a, i, b[i].name) == nullptr)
        changes.push_back({attribute_name(b[i]), {}, attribute_text(b[i]), {}});
  }

  static std::string attribute_name(const Attribute& attribute) {
    return fmt::format("attribute '{}'", attribute.name);
  }

  void attribute(std::vector<FieldChange>& changes, const Attribute& a, const Attribute& b,
                 std::vector<Nested>& nested) {
    const std::string prefix = attribute_name(a) + ' ';
    const auto different = [&] {
      std::string before = attribute_text(a), after = attribute_text(b);
      if (before == after) after += " (differs in what is not shown)";
      changes.push_back({attribute_name(a), std::move(before), std::move(after), {}});
    };
    if (a.ref_attr_name != b.ref_attr_name || a.value.index() != b.value.index()) return different();
    unknown_field(changes, a.unknown, b.unknown);
    const std::span<const Graph> graphs_a = subgraphs_of(a), graphs_b = subgraphs_of(b);
    if (graphs_a.size() != graphs_b.size()) return different();
    if (!graphs_a.empty()) {
      for (std::size_t i = 0; i < graphs_a.size(); ++i)
        nested.push_back({&graphs_a[i], &graphs_b[i],
                          graphs_a.size() == 1 ? std::string(a.name) : fmt::format("{}[{}]", a.name, i)});
      return;
    }
    if (const auto* tensor = std::get_if<Box<TensorData>>(&a.value)) {
      tensor_fields(changes, prefix, **tensor, *std::get<Box<TensorData>>(b.value));
    } else if (const auto* tensors = std::get_if<std::vector<TensorData>>(&a.value)) {
      const auto& others = std::get<std::vector<TensorData>>(b.value);
      if (tensors->size() != others.size()) return different();
      for (std::size_t i = 0; i < tensors->size(); ++i)
        tensor_fields(changes, fmt::format("attribute '{}'[{}] ", a.name, i), (*tensors)[i], others[i]);
    } else if (const auto* sparse = std::get_if<Box<SparseTensor>>(&a.value)) {
      sparse_fields(changes, prefix, **sparse, *std::get<Box<SparseTensor>>(b.value));
    } else if (const auto* list = std::get_if<std::vector<SparseTensor>>(&a.value)) {
      const auto& others = std::get<std::vector<SparseTensor>>(b.value);
      if (list->size() != others.size()) return different();
      for (std::size_t i = 0; i < list->size(); ++i)
        sparse_fields(changes, fmt::format("attribute '{}'[{}] ", a.name, i), (*list)[i], others[i]);
    } else if (!same_plain_value(a, b)) {
      different();
    }
  }

  /// Of attributes of one kind that hold neither tensors nor graphs. Floats are compared by their bits.
  static bool same_plain_value(const Attribute& a, const Attribute& b) {
    const auto bits = [](float x, float y) {
      return std::bit_cast<std::uint32_t>(x) == std::bit_cast<std::uint32_t>(y);
    };
    switch (a.type()) {
      case AttributeType::float_value:
        return bits(std::get<float>(a.value), std::get<float>(b.value));
      case AttributeType::int_value:
        return std::get<std::int64_t>(a.value) == std::get<std::int64_t>(b.value);
      case AttributeType::string:
        return std::get<std::string_view>(a.value) == std::get<std::string_view>(b.value);
      case AttributeType::floats:
        return std::ranges::equal(std::get<std::vector<float>>(a.value),
                                  std::get<std::vector<float>>(b.value), bits);
      case AttributeType::ints:
        return std::get<std::vector<std::int64_t>>(a.value) == std::get<std::vector<std::int64_t>>(b.value);
      case AttributeType::strings:
        return std::get<std::vector<std::string_view>>(a.value) ==
               std::get<std::vector<std::string_view>>(b.value);
      case AttributeType::type_proto:
        return same_type(*std::get<Box<Type>>(a.value), *std::get<Box<Type>>(b.value));
      case AttributeType::type_protos:
        return std::ranges::equal(std::get<std::vector<Type>>(a.value), std::get<std::vector<Type>>(b.value),
                                  same_type);
      default:
        return a.declared_type == b.declared_type;
    }
  }

  /// Values that a pair of nodes makes under different names. Outputs of the graph are told elsewhere.
  void renamed_results(std::uint32_t node, const Names& names, const std::string& place) {
    if (!options_.names) return;
    const auto made = names.a->results(node);
    const auto others = names.b->results(names.match->nodes.to_b[node]);
    for (std::size_t i = 0; i < std::min(made.size(), others.size()); ++i) {
      if (made[i] == no_index || others[i] == no_index) continue;
      const std::string_view x = names.a->names()[made[i]], y = names.b->names()[others[i]];
      if (x == y || names.a->values()[made[i]].is_output) continue;
      add(Subject::value, Kind::renamed, place, x, y);
    }
  }

  /// Nodes that stand elsewhere among those that are in both.
  void moved_nodes(const Names& names, const std::string& place) {
    std::vector<std::uint32_t> ends;  // the last element of the best increasing sequence of each length
    std::size_t count = 0;
    for (const std::uint32_t other : names.match->nodes.to_b) {
      if (other == no_index) continue;
      ++count;
      if (ends.empty() || ends.back() < other)
        ends.push_back(other);
      else
        *std::ranges::lower_bound(ends, other) = other;
    }
    if (ends.size() == count) return;
    std::vector<FieldChange> changes{
        {"order of nodes", {}, fmt::format("{} of {} nodes moved", count - ends.size(), count), {}}};
    add(Subject::model, place, {}, {}, std::move(changes));
  }

  // Large weights: found by `tensor_fields`, given to the difference they belong to, compared at the end.

  void queue_large_weights() {
    for (LargeWeights& weights : queued_) {
      weights.difference = result_.differences.size() - 1;
      large_.push_back(weights);
    }
    queued_.clear();
  }
  void drop_queued() { queued_.clear(); }

  void compare_large_weights() {
    std::vector<std::optional<WeightDifference>> found(large_.size());
    run_in_parallel(large_.size(), [&](std::size_t i) {
      found[i] = compare_weights(*large_[i].a, a_, *large_[i].b, b_, with_statistics());
    });
    std::vector<std::size_t> touched;
    for (std::size_t i = large_.size(); i-- > 0;) {
      std::vector<FieldChange>& changes = result_.differences[large_[i].difference].changes;
      if (found[i])
        changes[large_[i].change].weights = found[i];
      else
        changes.erase(changes.begin() + static_cast<std::ptrdiff_t>(large_[i].change));
      touched.push_back(large_[i].difference);
    }
    for (const std::size_t index : touched) {
      Difference& difference = result_.differences[index];
      if (difference.changes.empty())
        difference.kind = Kind::renamed;  // and if there is no new name either, it goes
    }
    std::erase_if(result_.differences, [&](const Difference& difference) {
      return difference.kind == Kind::renamed && (difference.new_name.empty() || !options_.names) &&
             difference.changes.empty();
    });
  }

  const Model& a_;
  const Model& b_;
  const DiffOptions& options_;
  ModelDiff result_;
  std::vector<LargeWeights> queued_;
  std::vector<LargeWeights> large_;
};

}  // namespace

std::string_view to_string(Subject subject) {
  static constexpr std::string_view names[] = {"model",  "opset",       "metadata", "function", "input",
                                               "output", "initializer", "node",     "value"};
  return names[static_cast<std::size_t>(subject)];
}

std::string_view to_string(Kind kind) {
  static constexpr std::string_view names[] = {"added", "removed", "renamed", "changed"};
  return names[static_cast<std::size_t>(kind)];
}

std::size_t ModelDiff::count(Subject subject, Kind kind) const {
  return static_cast<std::size_t>(std::ranges::count_if(differences, [&](const Difference& difference) {
    return difference.subject == subject && difference.kind == kind;
  }));
}

ModelDiff diff_models(const Model& a, const Model& b, const DiffOptions& options) {
  return Comparer(a, b, options).compare();
}

}  // namespace polygraph::onnx
