#include <fmt/format.h>
#include <polygraph/onnx/types.h>

#include <algorithm>
#include <utility>

#include "core/python_repr.h"

namespace polygraph::onnx {
namespace {

// TensorProto.DataType.
constexpr std::pair<std::int32_t, DataType> numbers[] = {
    {1, DataType::float32},     {2, DataType::uint8},           {3, DataType::int8},
    {4, DataType::uint16},      {5, DataType::int16},           {6, DataType::int32},
    {7, DataType::int64},       {8, DataType::string},          {9, DataType::boolean},
    {10, DataType::float16},    {11, DataType::float64},        {12, DataType::uint32},
    {13, DataType::uint64},     {14, DataType::complex64},      {15, DataType::complex128},
    {16, DataType::bfloat16},   {17, DataType::float8e4m3fn},   {18, DataType::float8e4m3fnuz},
    {19, DataType::float8e5m2}, {20, DataType::float8e5m2fnuz}, {21, DataType::uint4},
    {22, DataType::int4},       {23, DataType::float4},         {24, DataType::float8e8m0},
    {25, DataType::uint2},      {26, DataType::int2},
};

}  // namespace

std::optional<DataType> data_type_of(std::int32_t element_type) {
  if (element_type < 1 || element_type > static_cast<std::int32_t>(std::size(numbers))) return std::nullopt;
  return numbers[element_type - 1].second;
}

std::int32_t element_type_of(DataType dtype) {
  return std::ranges::find(numbers, dtype, &std::pair<std::int32_t, DataType>::second)->first;
}

std::string element_type_name(std::int32_t element_type) {
  if (const auto dtype = data_type_of(element_type)) return std::string(polygraph::to_string(*dtype));
  switch (element_type) {
    case 0:
      return "undefined";
    case 27:
      return "float6e2m3";
    case 28:
      return "float6e3m2";
    default:
      return fmt::format("unknown({})", element_type);
  }
}

const std::string_view* find_entry(const std::vector<StringEntry>& entries, std::string_view key) {
  const auto found = std::ranges::find(entries, key, &StringEntry::key);
  return found == entries.end() ? nullptr : &found->value;
}

std::string to_string(const Type& type) {
  const auto element = [&] { return type.element ? to_string(*type.element) : std::string("undefined"); };
  const auto tensor = [&](std::string_view word) {
    const std::string name = element_type_name(type.element_type.value_or(0));
    if (!type.shape) return fmt::format("{}({})", word, name);
    return fmt::format("{}({}, shape={})", word, name, partial_shape(type).str());
  };
  switch (type.kind) {
    case Type::Kind::none:
      return {};
    case Type::Kind::tensor:
      return tensor("tensor");
    case Type::Kind::sparse_tensor:
      return tensor("sparse_tensor");
    case Type::Kind::sequence:
      return fmt::format("sequence({})", element());
    case Type::Kind::optional:
      return fmt::format("optional({})", element());
    case Type::Kind::map:
      return fmt::format("map({}, {})", element_type_name(type.element_type.value_or(0)), element());
    case Type::Kind::opaque:
      return type.opaque_domain.empty() ? fmt::format("opaque({})", type.opaque_name)
                                        : fmt::format("opaque({}.{})", type.opaque_domain, type.opaque_name);
  }
  return {};
}

PartialShape partial_shape(const Type& type) {
  if (!type.shape) return PartialShape::unknown_rank();
  std::vector<Dimension> dims;
  dims.reserve(type.shape->dims.size());
  for (const DimensionInfo& dim : type.shape->dims) {
    if (const auto* size = std::get_if<std::int64_t>(&dim.value))
      dims.emplace_back(*size);
    else if (const auto* name = std::get_if<std::string_view>(&dim.value))
      dims.emplace_back(std::string(*name));
    else
      dims.emplace_back();
  }
  return PartialShape(std::move(dims));
}

}  // namespace polygraph::onnx
