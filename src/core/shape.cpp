#include <polygraph/core/error.h>
#include <polygraph/core/shape.h>

#include <algorithm>

#include "core/python_repr.h"

namespace polygraph {
namespace {

// As Python prints a tuple: one element keeps its comma.
template <class Range, class Print>
std::string tuple_text(const Range& elements, Print print) {
  std::string text = "(";
  std::size_t count = 0;
  for (const auto& element : elements) {
    if (count++ > 0) text += ", ";
    text += print(element);
  }
  return text + (count == 1 ? ",)" : ")");
}

// `name` comes ready to print.
std::string dimension_text(const Dimension& dim, const std::string& name) {
  if (dim.is_static()) return std::to_string(dim.min);
  const bool bounded = dim.max != Dimension::unbounded;
  if (dim.min == 0 && !bounded) return name.empty() ? "-1" : name;
  const std::string range = std::to_string(dim.min) + ".." + (bounded ? std::to_string(dim.max) : "");
  return name.empty() ? range : name + "=" + range;
}

}  // namespace

std::int64_t Shape::element_count() const {
  bool has_zero = false;
  for (std::size_t axis = 0; axis < dims_.size(); ++axis) {
    if (dims_[axis] < 0)
      throw InputError("Shape " + str() + ": dimension " + std::to_string(axis) + " is " +
                           std::to_string(dims_[axis]) + ", but a tensor's dimensions are 0 or more.",
                       "Give every dynamic dimension a size.");
    has_zero |= dims_[axis] == 0;
  }
  if (has_zero) return 0;
  std::int64_t count = 1;
  for (const std::int64_t dim : dims_)
    if (__builtin_mul_overflow(count, dim, &count))
      throw InputError("Shape " + str() + ": the number of elements exceeds 2^63 - 1.",
                       "Check the dimensions.");
  return count;
}

std::string Shape::str() const {
  return tuple_text(dims_, [](std::int64_t dim) { return std::to_string(dim); });
}

std::string Dimension::str() const {
  return dimension_text(*this, name);
}

PartialShape PartialShape::unknown_rank() {
  PartialShape shape;
  shape.has_rank_ = false;
  return shape;
}

bool PartialShape::is_static() const {
  return has_rank_ &&
         std::all_of(dims_.begin(), dims_.end(), [](const Dimension& dim) { return dim.is_static(); });
}

bool PartialShape::accepts(const Shape& shape) const {
  if (!has_rank_) return true;
  return std::equal(dims_.begin(), dims_.end(), shape.begin(), shape.end(),
                    [](const Dimension& dim, std::int64_t size) { return dim.accepts(size); });
}

Shape PartialShape::with_defaults(std::int64_t default_size) const {
  if (!has_rank_)
    throw InputError("Cannot choose default dimensions for a shape whose rank is unknown.",
                     "Give the whole shape.");
  std::vector<std::int64_t> dims;
  dims.reserve(dims_.size());
  for (const Dimension& dim : dims_) {
    const bool choose = dim.is_dynamic() && dim.min == 0;
    dims.push_back(choose ? std::min(default_size, dim.max) : dim.min);
  }
  return Shape(std::move(dims));
}

std::string PartialShape::str() const {
  if (!has_rank_) return "None";
  return tuple_text(dims_, [](const Dimension& dim) {
    return dimension_text(dim, dim.name.empty() ? "" : python_repr(dim.name));
  });
}

}  // namespace polygraph
