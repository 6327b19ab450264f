#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/onnx/sparsity.h>
#include <polygraph/onnx/weights.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "core/elements.h"
#include "onnx/attributes.h"
#include "onnx/pruned_data.h"
#include "onnx/scopes.h"
#include "onnx/tensors.h"

namespace polygraph::onnx {
namespace {

constexpr std::string_view weightless_mark = "TRT_WEIGHTLESS";
constexpr std::string_view dense_mark = "TRT_WEIGHTLESS/";
constexpr std::string_view sparse_mark = "TRT_WEIGHTLESS/SPARSE_2_4";

// Tables are large from here on; Gather and Slice of less are shape arithmetic.
constexpr std::int64_t smallest_table = 1024;

std::int64_t element_count(const TensorData& tensor) {
  std::int64_t count = 1;
  for (const std::int64_t dim : tensor.dims)
    if (dim < 0 || __builtin_mul_overflow(count, dim, &count)) return 0;  // the checker's to say
  return count;
}

bool is_constant_node(const Node& node) {
  return is_standard(node, "Constant") && find_attribute(node, "value") != nullptr;
}

// The weight behind an operand of a product: itself, or through one Transpose, or through a QuantizeLinear
// and a DequantizeLinear.
const TensorData* product_weight(std::string_view value, const Scope& scope) {
  if (const TensorData* tensor = scope.weight(value)) return tensor;
  const Node* node = scope.origin(value).node;
  if (node == nullptr || node->inputs.empty()) return nullptr;
  if (is_standard(*node, "Transpose")) return scope.weight(node->inputs[0]);
  if (node->op_type != "DequantizeLinear") return nullptr;
  const Node* quantize = scope.origin(node->inputs[0]).node;
  if (quantize == nullptr || quantize->op_type != "QuantizeLinear" || quantize->inputs.empty())
    return nullptr;
  return scope.weight(quantize->inputs[0]);
}

// Calls `add(value's tensor)` for what a node has in weights.
template <class Add>
void strippable_weights(const Node& node, const Scope& scope, Add&& add) {
  const auto table = [&](const TensorData* tensor) {
    if (tensor != nullptr && element_count(*tensor) >= smallest_table) add(tensor);
  };
  if (!is_standard_domain(node.domain)) {
    if (node.domain == "com.microsoft" &&
        (node.op_type == "QuantizeLinear" || node.op_type == "DequantizeLinear"))
      return;
    for (const std::string_view input : node.inputs) add(scope.weight(input));
  } else if (node.op_type == "Conv" || node.op_type == "ConvTranspose") {
    for (std::size_t i = 1; i < node.inputs.size(); ++i) add(product_weight(node.inputs[i], scope));
  } else if (node.op_type == "Gemm" || node.op_type == "MatMul") {
    for (const std::string_view input : node.inputs) add(product_weight(input, scope));
  } else if ((node.op_type == "Gather" || node.op_type == "Slice") && !node.inputs.empty()) {
    table(scope.weight(node.inputs[0]));
  }
}

// Constants made by nodes become initializers of their graph: only those can be without data.
void make_initializers(Model& model, const std::unordered_set<const TensorData*>& strip) {
  for_each_graph(model, [&](Graph& graph) {
    std::erase_if(graph.nodes, [&](Node& node) {
      if (!is_constant_node(node) || node.outputs.empty()) return false;
      for (Attribute& attribute : node.attributes) {
        auto* tensor = std::get_if<Box<TensorData>>(&attribute.value);
        if (tensor == nullptr || !strip.contains(tensor->get())) continue;
        TensorData moved = std::move(**tensor);
        moved.name = node.outputs.front();
        graph.initializers.push_back(std::move(moved));
        return true;
      }
      return false;
    });
  });
}

// A 64-bit mix of a counter (the finaliser of SplitMix64).
constexpr std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

// The sum of four uniform numbers of 16 bits, with mean 0 and variance 1.
float random_value(std::uint64_t key, std::uint64_t index) {
  const std::uint64_t bits = mix(key + index * 0x9e3779b97f4a7c15u);
  const auto sum = static_cast<std::int32_t>((bits & 0xffff) + ((bits >> 16) & 0xffff) +
                                             ((bits >> 32) & 0xffff) + (bits >> 48));
  constexpr float mean = 2.0f * 65535.0f;
  constexpr float scale = 1.7320508f / 65536.0f;  // 1 / sqrt(4 * 65536^2 / 12)
  return (static_cast<float>(sum) - mean) * scale;
}

class RandomData final : public DeferredData {
 public:
  RandomData(DataType dtype, std::int64_t elements, std::uint64_t key)
      : dtype_(dtype), elements_(elements), key_(key) {}

  std::uint64_t size() const override { return packed_size(dtype_, elements_); }

  void read(std::uint64_t offset, std::span<std::byte> out) const override {
    const auto bits = static_cast<std::uint64_t>(bit_width(dtype_));
    const auto first = static_cast<std::int64_t>(offset * 8 / bits);
    const std::int64_t count = std::min(static_cast<std::int64_t>(out.size() * 8 / bits), elements_ - first);
    std::array<float, 1024> block;
    for (std::int64_t begin = 0; begin < count; begin += static_cast<std::int64_t>(block.size())) {
      const std::size_t n =
          static_cast<std::size_t>(std::min(static_cast<std::int64_t>(block.size()), count - begin));
      for (std::size_t i = 0; i < n; ++i) block[i] = value(static_cast<std::uint64_t>(first + begin) + i);
      polygraph::detail::store_elements<float>(dtype_, out.data(), begin,
                                               std::span<const float>(block).first(n));
    }
  }

 private:
  float value(std::uint64_t index) const {
    const float normal = random_value(key_, index);
    return dtype_ == DataType::boolean ? static_cast<float>(normal > 0) : normal;
  }

  DataType dtype_;
  std::int64_t elements_;
  std::uint64_t key_;
};

// Prunes what another source computes.
template <class Bits>
class PrunedRandomData final : public DeferredData {
 public:
  PrunedRandomData(RandomData data, const PrunedLayout& layout) : data_(std::move(data)), layout_(layout) {}
  std::uint64_t size() const override { return data_.size(); }

  // The groups that a piece belongs to are in whole blocks of four rows.
  void read(std::uint64_t offset, std::span<std::byte> out) const override {
    const std::uint64_t block = 4 * layout_.inner;
    const std::uint64_t first = offset / sizeof(Bits);
    const std::uint64_t count = out.size() / sizeof(Bits);
    const std::uint64_t begin = first / block * block;
    const std::uint64_t end = (first + count + block - 1) / block * block;
    std::vector<std::byte> values(static_cast<std::size_t>((end - begin) * sizeof(Bits)));
    data_.read(begin * sizeof(Bits), values);
    const PrunedLayout piece{.outer = 1, .length = (end - begin) / layout_.inner, .inner = layout_.inner};
    prune_elements<Bits>(values.data(), piece, first - begin, count, out.data());
  }

 private:
  RandomData data_;
  PrunedLayout layout_;
};

}  // namespace

WeightReport passes::strip_weights(Model& model, const StripOptions& options) {
  std::vector<std::string> names;
  for_each_graph(model, [&](Graph& graph) {
    for (const TensorData& tensor : graph.initializers) names.emplace_back(tensor.name);
  });
  const std::unordered_set<std::string_view> known(names.begin(), names.end());
  const std::unordered_set<std::string_view> excluded(options.exclude.begin(), options.exclude.end());
  for (const std::string& name : options.exclude)
    if (!known.contains(name))
      throw InputError(fmt::format("Stripping weights of {}: there is no initializer '{}' to exclude.{}",
                                   model.storage.name(), name, suggest(name, names)),
                       "Name initializers as `inspect model --show layers` lists them.");

  std::unordered_set<const TensorData*> strip;
  for_each_scope(model, [&](const Scope& scope) {
    for (const Node& node : scope.graph().nodes)
      strippable_weights(node, scope, [&](const TensorData* tensor) {
        if (tensor == nullptr || element_count(*tensor) < 1 || excluded.contains(tensor->name)) return;
        if (!data_type_of(tensor->data_type) || data_type_of(tensor->data_type) == DataType::uint8 ||
            data_type_of(tensor->data_type) == DataType::string)
          return;
        strip.insert(tensor);
      });
  });
  std::unordered_set<const TensorData*> sparse;
  for (const PrunableWeight& weight : prunable_weights(model).weights)
    if (strip.contains(weight.tensor) && is_2_4_sparse(weight, model)) sparse.insert(weight.tensor);

  WeightReport report;
  for_each_tensor(model, [&](TensorData& tensor) {
    if (!strip.contains(&tensor)) return;
    const bool is_sparse = sparse.contains(&tensor);
    report.bytes += stored_size(tensor);
    clear_data(tensor);
    tensor.raw_data = model.storage.intern(ByteSpan());
    tensor.doc_string = is_sparse ? sparse_mark : dense_mark;
  });
  make_initializers(model, strip);
  for_each_graph(model, [&](Graph& graph) {
    for (const TensorData& tensor : graph.initializers) {
      if (tensor.doc_string == sparse_mark) report.sparse.emplace_back(tensor.name);
      if (tensor.doc_string == sparse_mark || tensor.doc_string == dense_mark)
        report.weights.emplace_back(tensor.name);
    }
  });
  if (!model.doc_string.ends_with(weightless_mark))
    model.doc_string = model.doc_string.empty()
                           ? weightless_mark
                           : model.storage.intern(fmt::format("{}-{}", model.doc_string, weightless_mark));
  return report;
}

WeightReport passes::reconstruct_weights(Model& model, std::uint64_t seed) {
  std::unordered_map<const TensorData*, std::size_t> axes;
  for (const PrunableWeight& weight : prunable_weights(model).weights)
    axes.emplace(weight.tensor, weight.axis);

  WeightReport report;
  for_each_tensor(model, [&](TensorData& tensor) {
    const bool sparse = tensor.doc_string == sparse_mark;
    if (!sparse && tensor.doc_string != dense_mark) return;
    const std::optional<DataType> dtype = data_type_of(tensor.data_type);
    if (!dtype || *dtype == DataType::string) {
      report.skipped.emplace_back(tensor.name);
      return;
    }
    const Shape shape{std::span<const std::int64_t>(tensor.dims)};
    const std::uint64_t key =
        mix(seed) ^ checksum(std::as_bytes(std::span(tensor.name.data(), tensor.name.size())));
    RandomData random(*dtype, shape.element_count(), key);
    report.bytes += random.size();
    report.weights.emplace_back(tensor.name);
    std::shared_ptr<const DeferredData> data;
    const auto axis = axes.find(&tensor);
    if (sparse && axis != axes.end()) {
      report.sparse.emplace_back(tensor.name);
      const PrunedLayout layout = PrunedLayout::of(tensor.dims, axis->second);
      if (*dtype == DataType::float32)
        data = std::make_shared<PrunedRandomData<std::uint32_t>>(random, layout);
      else
        data = std::make_shared<PrunedRandomData<std::uint16_t>>(random, layout);
    } else {
      data = std::make_shared<RandomData>(random);
    }
    set_data(tensor, *dtype, shape, std::move(data));
  });
  if (report.weights.empty() && report.skipped.empty())
    throw InputError(
        fmt::format("Reconstructing weights of {}: no initializer is marked as stripped.",
                    model.storage.name()),
        "Strip the weights first (`polygraph surgeon weight-strip`), or give the stripped model.");
  return report;
}

Model StripWeights::operator()() const {
  Model model = model_.get();
  passes::strip_weights(model, options_);
  return model;
}

Model ReconstructWeights::operator()() const {
  Model model = model_.get();
  passes::reconstruct_weights(model, seed_);
  return model;
}

std::string ReconstructWeights::str() const {
  return seed_ == 1 ? cpp_expression<1>("ReconstructWeights", model_)
                    : cpp_expression<1>("ReconstructWeights", model_, seed_);
}

}  // namespace polygraph::onnx
