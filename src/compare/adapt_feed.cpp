#include <fmt/format.h>
#include <polygraph/compare/input_data.h>
#include <polygraph/core/error.h>
#include <polygraph/core/log.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

namespace polygraph::compare {
namespace {

[[noreturn]] void refuse(const std::string& name, const std::string& source, const std::string& problem,
                         const std::string& remedy) {
  throw InputError(fmt::format("Cannot use the array '{}' of {} as an input: {}", name, source, problem),
                   remedy);
}

bool same_bytes(const Tensor& a, const Tensor& b) {
  return a.nbytes() == b.nbytes() && (a.nbytes() == 0 || std::memcmp(a.data(), b.data(), a.nbytes()) == 0);
}

/// The first element that does not survive the conversion; nothing if all do.
std::optional<std::int64_t> first_loss(const Tensor& from, const Tensor& to) {
  if (!is_floating(to.dtype())) {
    // Integers wrap, so the way back may hide that a number changed its sign; doubles show it.
    const Tensor back = to.cast(from.dtype());
    const Tensor before = from.cast(DataType::float64), after = to.cast(DataType::float64);
    if (same_bytes(back, from) && same_bytes(before, after)) return std::nullopt;
    const auto a = before.values<double>(), b = after.values<double>();
    for (std::size_t i = 0; i < a.size(); ++i)
      if (!(a[i] == b[i])) return static_cast<std::int64_t>(i);
    return std::nullopt;  // zeros of both signs
  }
  // A number may be rounded, but not to infinity, nor cut off at the end of the range.
  const Tensor before = from.cast(DataType::float64), after = to.cast(DataType::float64);
  const auto a = before.values<double>(), b = after.values<double>();
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]))) continue;
    const bool is_rounding =
        std::isfinite(a[i]) && std::isfinite(b[i]) && std::abs(a[i] - b[i]) <= 0.5 * std::abs(a[i]);
    const bool is_underflow =
        std::isfinite(a[i]) && std::isfinite(b[i]) && std::abs(a[i]) < 1 && std::abs(b[i]) < 1;
    if (!is_rounding && !is_underflow) return static_cast<std::int64_t>(i);
  }
  return std::nullopt;
}

Tensor with_type(const Tensor& tensor, DataType dtype, const std::string& name, const std::string& source) {
  const auto problem = [&](const std::string& why) {
    refuse(
        name, source,
        fmt::format("it is {} and the model wants {}, {}", to_string(tensor.dtype()), to_string(dtype), why),
        fmt::format("Save it as {}.", to_string(dtype)));
  };
  if ((dtype == DataType::string) != (tensor.dtype() == DataType::string)) problem("and text is no number.");
  const bool is_complex = tensor.dtype() == DataType::complex64 || tensor.dtype() == DataType::complex128;
  if (is_complex) problem("which has no imaginary part.");
  const Tensor contiguous = tensor.contiguous();
  Tensor result = contiguous.cast(dtype);
  if (const auto lost = first_loss(contiguous, result))
    problem(fmt::format("which does not have its element {}, {}.", *lost, tensor.element_as_text(*lost)));
  log_once(Severity::warning,
           fmt::format("The array '{}' of {} is {}; it is converted to {}, which the model wants.", name,
                       source, to_string(tensor.dtype()), to_string(dtype)));
  return result;
}

/// The one shape with so many elements that the model accepts; nothing if there is none, or several.
std::optional<Shape> only_shape(const PartialShape& wanted, std::int64_t element_count) {
  if (!wanted.has_rank()) return std::nullopt;
  std::vector<std::int64_t> dims;
  std::optional<std::size_t> open;
  std::int64_t known = 1;
  for (std::size_t axis = 0; axis < wanted.rank(); ++axis) {
    dims.push_back(wanted[axis].is_static() ? wanted[axis].min : -1);
    if (wanted[axis].is_static()) {
      if (__builtin_mul_overflow(known, wanted[axis].min, &known)) return std::nullopt;
    } else if (open) {
      return std::nullopt;
    } else {
      open = axis;
    }
  }
  if (open) {
    if (known == 0 || element_count % known != 0) return std::nullopt;
    dims[*open] = element_count / known;
  } else if (known != element_count) {
    return std::nullopt;
  }
  Shape shape(std::move(dims));
  return wanted.accepts(shape) ? std::optional(shape) : std::nullopt;
}

Tensor with_shape(const Tensor& tensor, const PartialShape& wanted, const std::string& name,
                  const std::string& source) {
  const auto shape = only_shape(wanted, tensor.element_count());
  if (!shape) {
    refuse(name, source,
           fmt::format("its shape is {}, and the model wants {}.", tensor.shape().str(), wanted.str()),
           "Save it in the model's shape.");
  }
  log_once(Severity::warning,
           fmt::format("The array '{}' of {} has the shape {}; it is reshaped to {}, which the model wants.",
                       name, source, tensor.shape().str(), shape->str()));
  return tensor.contiguous().reshaped(*shape);
}

}  // namespace

FeedDict adapt_feed(const FeedDict& feed, const TensorMetadata& inputs, const std::string& source) {
  for (const auto& [name, tensor] : feed) {
    if (inputs.contains(name)) continue;
    throw InputError(fmt::format("Cannot use {} as inputs: the model has no input '{}'.{}", source, name,
                                 suggest(name, inputs.names())),
                     "Name the arrays as the model's inputs; `polygraph inspect model` lists them.");
  }
  FeedDict adapted;
  for (const TensorInfo& info : inputs) {
    const Tensor* found = feed.find(info.name);
    if (!found) {
      throw InputError(fmt::format("Cannot use {} as inputs: it has no array for the input '{}'.{}", source,
                                   info.name, suggest(info.name, feed.names())),
                       "Each iteration needs an array for each of the model's inputs.");
    }
    Tensor tensor = *found;
    if (info.dtype && *info.dtype != tensor.dtype())
      tensor = with_type(tensor, *info.dtype, info.name, source);
    if (info.shape.has_rank() && !info.shape.accepts(tensor.shape()))
      tensor = with_shape(tensor, info.shape, info.name, source);
    adapted.set(info.name, tensor.contiguous());
  }
  return adapted;
}

}  // namespace polygraph::compare
