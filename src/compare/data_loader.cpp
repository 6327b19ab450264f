#include <fmt/format.h>
#include <polygraph/compare/data_loader.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "compare/random_state.h"
#include "core/log_format.h"
#include "core/names.h"

namespace polygraph::compare {

namespace {

// Whole numbers of 64 bits exactly, others as the shortest text that gives them again.
std::string literal(long double value) {
  if (std::isinf(value))
    return fmt::format("{}std::numeric_limits<long double>::infinity()", value < 0 ? "-" : "");
  const std::string text = fmt::format("{}", value);
  return text.find_first_of(".e") == std::string::npos ? text + ".0L" : text + "L";
}

const ValueRange& range_of(const std::string& name, const DataLoaderOptions& options) {
  static const ValueRange standard;
  auto found = options.val_range.find(name);
  if (found == options.val_range.end()) found = options.val_range.find("");
  return found == options.val_range.end() ? standard : found->second;
}

[[noreturn]] void refuse_range(const std::string& name, const ValueRange& range, const std::string& what) {
  throw UsageError(fmt::format("Making up values for the input '{}' in the range [{}, {}]: {}", name,
                               static_cast<double>(range.min), static_cast<double>(range.max), what),
                   "Give a range whose least value is not above its greatest, within the type.");
}

// An integer type with as many bits as the numbers that are drawn for it.
DataType drawn_type(DataType dtype) {
  switch (dtype) {
    case DataType::int4:
    case DataType::int2:
      return DataType::int8;
    case DataType::uint4:
    case DataType::uint2:
      return DataType::uint8;
    default:
      return dtype;
  }
}

bool is_signed(DataType dtype) {
  return dtype == DataType::int64 || dtype == DataType::int32 || dtype == DataType::int16 ||
         dtype == DataType::int8 || dtype == DataType::int4 || dtype == DataType::int2;
}

template <class T>
void draw_integers(RandomState& random, Tensor& tensor, std::uint64_t low, std::uint64_t range) {
  std::vector<T> bits(static_cast<std::size_t>(tensor.element_count()));
  random.integers<T>(static_cast<T>(low), static_cast<T>(range), bits);
  if (!bits.empty()) std::memcpy(tensor.mutable_data(), bits.data(), bits.size() * sizeof(T));
}

Tensor integers(RandomState& random, const std::string& name, DataType dtype, const Shape& shape,
                const ValueRange& range) {
  const int bits = bit_width(dtype);
  const long double least = is_signed(dtype) ? -std::exp2l(bits - 1) : 0;
  const long double greatest = std::exp2l(is_signed(dtype) ? bits - 1 : bits) - 1;
  const long double low = std::trunc(range.min);
  const long double high = std::trunc(range.max);
  if (!(low <= high)) refuse_range(name, range, "it holds no integer.");
  if (low < least || high > greatest)
    refuse_range(name, range, fmt::format("it is not within {}.", to_string(dtype)));
  // As bits of 64; what is below zero wraps, and so does adding to it.
  const auto first =
      low < 0 ? static_cast<std::uint64_t>(static_cast<std::int64_t>(low)) : static_cast<std::uint64_t>(low);
  const auto distance = static_cast<std::uint64_t>(high - low);

  const DataType drawn = drawn_type(dtype);
  Tensor tensor(drawn, shape);
  switch (bit_width(drawn)) {
    case 8:
      draw_integers<std::uint8_t>(random, tensor, first, distance);
      break;
    case 16:
      draw_integers<std::uint16_t>(random, tensor, first, distance);
      break;
    case 32:
      draw_integers<std::uint32_t>(random, tensor, first, distance);
      break;
    default:
      draw_integers<std::uint64_t>(random, tensor, first, distance);
  }
  return drawn == dtype ? tensor : tensor.cast(dtype);
}

Tensor booleans(RandomState& random, const std::string& name, const Shape& shape, const ValueRange& range) {
  const bool low = range.min != 0;
  const bool high = range.max != 0;
  if (low && !high) refuse_range(name, range, "it holds no boolean.");
  Tensor tensor(DataType::boolean, shape);
  random.booleans(low, high, tensor.mutable_values<bool>());
  return tensor;
}

Tensor floats(RandomState& random, DataType dtype, const Shape& shape, const ValueRange& range) {
  const auto low = static_cast<double>(range.min);
  const auto high = static_cast<double>(range.max);
  double scale = high - low;
  double shift = low;
  if (std::isinf(low)) {
    scale = low;
    shift = 0;
  }
  if (std::isinf(high)) scale = high;
  Tensor tensor(DataType::float64, shape);
  for (double& value : tensor.mutable_values<double>()) value = random.sample() * scale + shift;
  return dtype == DataType::float64 ? tensor : tensor.cast(dtype);
}

// What is said about an input apart from the model: by its name, or the first wildcard that fits.
const TensorInfo* find_override(const TensorMetadata& overrides, const std::string& name) {
  const TensorInfo* by_wildcard = nullptr;
  for (const TensorInfo& info : overrides) {
    if (info.name == name) return &info;
    if (!by_wildcard && is_wildcard(info.name) && matches(name, info.name)) by_wildcard = &info;
  }
  return by_wildcard;
}

bool fits(const PartialShape& shape, const PartialShape& model) {
  return shape.is_static() && model.accepts(shape.with_defaults());
}

// Whether a static shape that was given for an input is meant as its values.
bool is_shape_tensor(DataType dtype, const PartialShape& model, const PartialShape& given) {
  return is_integral(dtype) && given.is_static() && model.has_rank() && model.rank() == 1 &&
         model.is_static() && model[0].min == static_cast<std::int64_t>(given.rank());
}

Tensor values_of(const Shape& shape, DataType dtype) {
  return Tensor::from<std::int64_t>(shape.dims(), Shape{static_cast<std::int64_t>(shape.rank())}).cast(dtype);
}

void warn_of_unknown_names(const TensorMetadata& inputs, const DataLoaderOptions& options) {
  const std::vector<std::string> names = inputs.names();
  for (const auto& [name, range] : options.val_range)
    if (!name.empty() && !inputs.contains(name))
      log_warning("There is no input '{}', for which a range of values was given.{}", name,
                  suggest(name, names));
  for (const TensorInfo& info : options.input_metadata)
    if (std::ranges::none_of(names, [&](const std::string& name) {
          return name == info.name || (is_wildcard(info.name) && matches(name, info.name));
        }))
      log_warning("There is no input '{}', for which a type or shape was given.{}", info.name,
                  suggest(info.name, names));
}

}  // namespace

std::string cpp_literal(const ValueRange& range) {
  return fmt::format("{{{}, {}}}", literal(range.min), literal(range.max));
}

DataLoader::DataLoader(TensorMetadata inputs, DataLoaderOptions options) : options_(std::move(options)) {
  constexpr std::uint64_t last_seed = std::numeric_limits<std::uint32_t>::max();
  if (options_.iterations < 0)
    throw UsageError(fmt::format("Making up inputs: {} iterations cannot be.", options_.iterations),
                     "Give a number of iterations of 0 or more.");
  if (options_.seed > last_seed ||
      (options_.iterations > 1 &&
       static_cast<std::uint64_t>(options_.iterations - 1) > last_seed - options_.seed))
    throw UsageError(
        fmt::format("Making up inputs: the seed {} with {} iterations passes {}, the greatest seed.",
                    options_.seed, options_.iterations, last_seed),
        "Give a smaller seed.");
  if (options_.default_dimension < 0)
    throw UsageError(
        fmt::format("Making up inputs: {} is no size of a dimension.", options_.default_dimension),
        "Give a size of 0 or more.");
  warn_of_unknown_names(inputs, options_);

  for (const TensorInfo& info : inputs) {
    Input input;
    input.name = info.name;
    const TensorInfo* given = find_override(options_.input_metadata, info.name);
    // NumPy's default type stands in for one that nobody tells.
    input.dtype = given && given->dtype ? *given->dtype : info.dtype.value_or(DataType::float64);
    if (given && given->shape.has_rank()) {
      if (fits(given->shape, info.shape)) {
        input.shape = given->shape.with_defaults();
        inputs_.push_back(std::move(input));
        continue;
      }
      if (is_shape_tensor(input.dtype, info.shape, given->shape)) {
        input.shape = given->shape.with_defaults();
        input.is_shape = true;
        log_info("The input '{}' is taken for a shape; its values will be {}.", info.name, input.shape.str());
        inputs_.push_back(std::move(input));
        continue;
      }
      log_warning("The shape {} cannot be that of the input {}; the model's is used.", given->shape.str(),
                  info.str());
    }
    if (!info.shape.has_rank())
      throw InputError(fmt::format("Making up values for the input '{}': its rank is not known.", info.name),
                       "Give a shape for it (input_metadata, --input-shapes).");
    input.shape = info.shape.with_defaults(options_.default_dimension);
    if (info.shape.is_dynamic())
      log_warning("The input {} has open dimensions; values of the shape {} are made up for it.", info.str(),
                  input.shape.str());
    inputs_.push_back(std::move(input));
  }
}

FeedDict DataLoader::operator[](std::int64_t iteration) const {
  if (iteration < 0 || iteration >= options_.iterations)
    throw UsageError(
        fmt::format("Making up the inputs of iteration {}: there are {}.", iteration, options_.iterations),
        "Iterations count from 0.");
  RandomState random(static_cast<std::uint32_t>(options_.seed + static_cast<std::uint64_t>(iteration)));
  FeedDict feed;
  for (const Input& input : inputs_) {
    const ValueRange& range = range_of(input.name, options_);
    if (input.is_shape)
      feed.set(input.name, values_of(input.shape, input.dtype));
    else if (input.dtype == DataType::boolean)
      feed.set(input.name, booleans(random, input.name, input.shape, range));
    else if (is_integral(input.dtype))
      feed.set(input.name, integers(random, input.name, input.dtype, input.shape, range));
    else
      feed.set(input.name, floats(random, input.dtype, input.shape, range));
  }
  return feed;
}

}  // namespace polygraph::compare
