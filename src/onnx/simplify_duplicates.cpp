#include <polygraph/core/error.h>
#include <polygraph/core/files.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <map>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "onnx/attributes.h"
#include "onnx/graphs.h"
#include "onnx/simplify_graph.h"

namespace polygraph::onnx {
namespace {

// Nodes

/// Whether two tensors hold the same bytes in the same form. Only those in the model itself are compared.
bool are_equal(const TensorData& a, const TensorData& b) {
  const auto same_bytes = [](ByteSpan x, ByteSpan y) { return std::ranges::equal(x, y); };
  return !a.is_external() && !b.is_external() && !a.deferred && !b.deferred && a.data_type == b.data_type &&
         a.dims == b.dims && a.raw_data.has_value() == b.raw_data.has_value() &&
         same_bytes(a.raw_data.value_or(ByteSpan{}), b.raw_data.value_or(ByteSpan{})) &&
         a.typed_field == b.typed_field && same_bytes(a.typed_data, b.typed_data) &&
         a.string_data == b.string_data;
}

/// Whether two attributes have the same value; those with graphs or types are never taken to have.
struct EqualValues {
  const Attribute::Value& other;

  template <class T>
  bool operator()(const T& value) const {
    const T& second = std::get<T>(other);
    if constexpr (std::is_same_v<T, Box<TensorData>>) {
      return value && second && are_equal(*value, *second);
    } else if constexpr (std::is_same_v<T, float>) {
      return std::bit_cast<std::uint32_t>(value) == std::bit_cast<std::uint32_t>(second);
    } else if constexpr (std::is_same_v<T, std::vector<float>>) {
      return std::ranges::equal(value, second, [](float x, float y) {
        return std::bit_cast<std::uint32_t>(x) == std::bit_cast<std::uint32_t>(y);
      });
    } else if constexpr (std::is_same_v<T, std::int64_t> || std::is_same_v<T, std::string_view> ||
                         std::is_same_v<T, std::vector<std::int64_t>> ||
                         std::is_same_v<T, std::vector<std::string_view>>) {
      return value == second;
    } else {
      return false;
    }
  }
};

bool are_equal(const Attribute& a, const Attribute& b) {
  return a.ref_attr_name.empty() && b.ref_attr_name.empty() && a.unknown.empty() && b.unknown.empty() &&
         a.value.index() == b.value.index() && std::visit(EqualValues{b.value}, a.value);
}

/// Whether two nodes compute the same, as far as the outputs that both make go.
bool are_equal(const Node& a, const Node& b) {
  if (a.op_type != b.op_type || a.domain != b.domain || a.overload != b.overload || a.inputs != b.inputs ||
      a.attributes.size() != b.attributes.size())
    return false;
  return std::ranges::all_of(a.attributes, [&](const Attribute& attribute) {
    const Attribute* other = find_attribute(b, attribute.name);
    return other && are_equal(attribute, *other);
  });
}

std::size_t hash_of(const Node& node) {
  std::size_t hash = std::hash<std::string_view>()(node.op_type);
  const auto add = [&](std::size_t more) { hash = hash * 0x9e3779b97f4a7c15u + more; };
  for (const std::string_view input : node.inputs) add(std::hash<std::string_view>()(input));
  // Attributes in any order.
  std::size_t attributes = 0;
  for (const Attribute& attribute : node.attributes) {
    std::size_t each = std::hash<std::string_view>()(attribute.name);
    if (const auto* number = std::get_if<std::int64_t>(&attribute.value))
      each ^= std::hash<std::int64_t>()(*number);
    attributes += each;
  }
  add(attributes);
  return hash;
}

/// Lets everything take the outputs of `kept` instead; returns whether the duplicate went.
bool join(GraphEditor& editor, NodeId kept, NodeId duplicate) {
  const std::vector<std::string_view> outputs = editor.node(duplicate).outputs;
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (!outputs[i].empty() &&
        (i >= editor.node(kept).outputs.size() || editor.node(kept).outputs[i].empty()))
      return false;
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (!outputs[i].empty()) editor.replace(outputs[i], editor.node(kept).outputs[i]);
  if (!editor.contains(duplicate)) return true;
  const auto is_used = [&](std::string_view output) { return !output.empty() && editor.is_used(output); };
  if (std::ranges::any_of(editor.node(duplicate).outputs, is_used)) return false;
  editor.remove(duplicate);
  return true;
}

}  // namespace

std::size_t join_duplicates(GraphEditor& editor, const RandomNodes& random) {
  constexpr std::size_t most_candidates = 16;  // nodes that differ in what the hash leaves out
  std::unordered_map<std::size_t, std::vector<NodeId>> by_hash;
  std::size_t joined = 0;
  for (const NodeId id : editor.nodes()) {
    if (!editor.contains(id)) continue;
    const Node& node = editor.node(id);
    if (node.outputs.empty() || has_subgraphs(node) || has_attribute_references(node) ||
        random.is_random(node))
      continue;
    std::vector<NodeId>& candidates = by_hash[hash_of(node)];
    const auto same = std::ranges::find_if(candidates, [&](NodeId candidate) {
      return editor.contains(candidate) && are_equal(editor.node(candidate), node);
    });
    if (same != candidates.end()) {
      joined += join(editor, *same, id);
    } else if (candidates.size() < most_candidates) {
      candidates.push_back(id);
    }
  }
  return joined;
}

// Weights

namespace {

/// Bytes from several places: what differs differs here nearly always.
std::uint64_t sample_of(ByteSpan bytes) {
  constexpr std::size_t piece = 64;
  constexpr std::size_t pieces = 16;
  if (bytes.size() <= piece * pieces) return checksum(bytes);
  Checksum sum;
  for (std::size_t i = 0; i < pieces; ++i)
    sum.update(bytes.subspan((bytes.size() - piece) / (pieces - 1) * i, piece));
  return sum.value();
}

ByteSpan bytes_of(const Tensor& tensor) {
  return {static_cast<const std::byte*>(tensor.data()), tensor.nbytes()};
}

/// Initializers of one type and shape, by name.
using Alike = std::vector<std::string_view>;

JoinedWeights join_alike(GraphEditor& editor, const Alike& names) {
  // Those with equal samples are compared as a whole, by checksum first, so that many that differ only
  // elsewhere are each read once or twice.
  std::map<std::uint64_t, Alike> by_sample;
  const auto values = [&](std::string_view name) {
    return tensor_of(*editor.initializer(name), editor.model(), Alignment::any);
  };
  for (const std::string_view name : names) {
    try {
      by_sample[sample_of(bytes_of(values(name)))].push_back(name);
    } catch (const InputError&) {
      // Damaged or stripped: equal to none.
    }
  }
  JoinedWeights joined;
  for (const auto& [sample, candidates] : by_sample) {
    if (candidates.size() < 2) continue;
    std::map<std::uint64_t, Alike> kept;
    for (const std::string_view name : candidates) {
      const Tensor tensor = values(name);
      Alike& equals = kept[checksum(bytes_of(tensor))];
      const auto same = std::ranges::find_if(equals, [&](std::string_view other) {
        return std::ranges::equal(bytes_of(values(other)), bytes_of(tensor));
      });
      if (same == equals.end()) {
        equals.push_back(name);
      } else if (editor.replace(name, *same)) {
        editor.remove_initializer(name);
        ++joined.count;
        joined.bytes += tensor.nbytes();
      }
    }
  }
  return joined;
}

}  // namespace

JoinedWeights join_duplicate_weights(GraphEditor& editor) {
  std::map<std::pair<std::int32_t, std::vector<std::int64_t>>, Alike> alike;
  for (const std::string_view name : editor.initializers()) {
    const TensorData* data = editor.constant(name);
    if (!data || data->deferred || editor.is_graph_output(name) || !editor.is_used(name) ||
        data->data_type == element_type_of(DataType::string))
      continue;
    alike[{data->data_type, data->dims}].push_back(name);
  }
  JoinedWeights joined;
  for (const auto& [type, names] : alike) {
    if (names.size() < 2) continue;
    const JoinedWeights more = join_alike(editor, names);
    joined.count += more.count;
    joined.bytes += more.bytes;
  }
  return joined;
}

}  // namespace polygraph::onnx
