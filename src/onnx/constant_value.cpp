#include "onnx/constant_value.h"

#include <polygraph/core/error.h>
#include <polygraph/onnx/tensor_data.h>

#include <algorithm>
#include <cstring>

namespace polygraph::onnx {
namespace {

template <class T>
void fill(TensorData& tensor, DataType dtype, std::span<const T> values, bool is_list) {
  tensor.data_type = element_type_of(dtype);
  if (is_list) tensor.dims.push_back(static_cast<std::int64_t>(values.size()));
  tensor.raw_data = std::as_bytes(values);
}

template <class T>
inline constexpr bool is_plain =
    std::is_same_v<T, std::monostate> || std::is_same_v<T, float> || std::is_same_v<T, std::int64_t> ||
    std::is_same_v<T, std::string_view> || std::is_same_v<T, std::vector<float>> ||
    std::is_same_v<T, std::vector<std::int64_t>> || std::is_same_v<T, std::vector<std::string_view>>;

bool same_texts(std::span<const std::string> a, std::span<const std::string> b) {
  return std::ranges::equal(a, b);
}

}  // namespace

const TensorData* constant_value(const Node& node, TensorData& made) {
  for (const Attribute& attribute : node.attributes) {
    if (!attribute.ref_attr_name.empty()) continue;
    made = TensorData();
    if (const auto* tensor = std::get_if<Box<TensorData>>(&attribute.value);
        tensor && attribute.name == "value")
      return tensor->get();
    if (const auto* number = std::get_if<float>(&attribute.value); number && attribute.name == "value_float")
      fill(made, DataType::float32, std::span(number, 1), false);
    else if (const auto* whole = std::get_if<std::int64_t>(&attribute.value);
             whole && attribute.name == "value_int")
      fill(made, DataType::int64, std::span(whole, 1), false);
    else if (const auto* numbers = std::get_if<std::vector<float>>(&attribute.value);
             numbers && attribute.name == "value_floats")
      fill(made, DataType::float32, std::span(*numbers), true);
    else if (const auto* wholes = std::get_if<std::vector<std::int64_t>>(&attribute.value);
             wholes && attribute.name == "value_ints")
      fill(made, DataType::int64, std::span(*wholes), true);
    else
      continue;
    return &made;
  }
  return nullptr;
}

bool same_constant(const TensorData& a, const Model& model_of_a, const TensorData& b,
                   const Model& model_of_b) {
  if (a.data_type != b.data_type || a.dims != b.dims) return false;
  try {
    const Tensor left = tensor_of(a, model_of_a, Alignment::any);
    const Tensor right = tensor_of(b, model_of_b, Alignment::any);
    if (left.dtype() == DataType::string) return same_texts(left.strings(), right.strings());
    return left.nbytes() == right.nbytes() &&
           (left.nbytes() == 0 || std::memcmp(left.data(), right.data(), left.nbytes()) == 0);
  } catch (const InputError&) {
    return false;  // values that cannot be had are equal to none
  }
}

bool same_value(const Attribute& a, const Model& model_of_a, const Attribute& b, const Model& model_of_b) {
  if (a.type() != b.type() || a.ref_attr_name != b.ref_attr_name) return false;
  const auto same = [&]<class T>(const T& left) {
    const T& right = std::get<T>(b.value);
    if constexpr (std::is_same_v<T, Box<TensorData>>) {
      return left && right && same_constant(*left, model_of_a, *right, model_of_b);
    } else if constexpr (std::is_same_v<T, std::vector<TensorData>>) {
      return std::ranges::equal(left, right, [&](const TensorData& x, const TensorData& y) {
        return same_constant(x, model_of_a, y, model_of_b);
      });
    } else if constexpr (std::is_same_v<T, Box<Type>>) {
      return left && right && to_string(*left) == to_string(*right);
    } else if constexpr (is_plain<T>) {
      return left == right;
    } else {
      return false;
    }
  };
  return std::visit(same, a.value);
}

}  // namespace polygraph::onnx
