#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

namespace polygraph {

/// The shape of a tensor that exists: a list of dimensions, each 0 or more. Rank 0 is a scalar.
/// @code
///   Shape shape{1, 3, 224, 224};
///   shape.element_count();  // 150528
///   shape.str();            // "(1, 3, 224, 224)"
/// @endcode
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<std::int64_t> dims) : dims_(dims) {}
  explicit Shape(std::vector<std::int64_t> dims) : dims_(std::move(dims)) {}
  explicit Shape(std::span<const std::int64_t> dims) : dims_(dims.begin(), dims.end()) {}

  std::size_t rank() const { return dims_.size(); }
  std::int64_t operator[](std::size_t axis) const { return dims_[axis]; }
  std::span<const std::int64_t> dims() const { return dims_; }
  auto begin() const { return dims_.begin(); }
  auto end() const { return dims_.end(); }

  /// Replaces the dimensions; allocates nothing if the rank has not grown.
  void assign(std::span<const std::int64_t> dims) { dims_.assign(dims.begin(), dims.end()); }

  /// The product of the dimensions (1 for a scalar, 0 if one is 0). Throws InputError if a dimension is
  /// negative or the product exceeds int64.
  std::int64_t element_count() const;

  /// As Python prints a tuple: `()`, `(5,)`, `(1, 3)`.
  std::string str() const;

  friend bool operator==(const Shape&, const Shape&) = default;

 private:
  std::vector<std::int64_t> dims_;
};

/// One dimension of a tensor in a model: fixed, or dynamic with an optional name and an optional range.
struct Dimension {
  static constexpr std::int64_t unbounded = INT64_MAX;

  std::int64_t min = 0;
  std::int64_t max = unbounded;
  std::string name;  ///< e.g. "batch"; empty if the dimension has no name

  /// A dynamic dimension of any size.
  Dimension() = default;
  /// A fixed size; a negative number makes the dimension dynamic, as in TensorRT and NumPy-like notation.
  /// A template because a literal 0 is a null pointer, too.
  template <std::integral Integer>
  Dimension(Integer size) : Dimension(fixed(static_cast<std::int64_t>(size))) {}  // NOLINT
  /// A dynamic dimension with a range, both ends included.
  Dimension(std::int64_t min_size, std::int64_t max_size) : min(min_size), max(max_size) {}
  /// A dynamic dimension with a name.
  Dimension(std::string dim_name) : name(std::move(dim_name)) {}  // NOLINT
  Dimension(const char* dim_name) : name(dim_name) {}             // NOLINT

  bool is_static() const { return min == max; }
  bool is_dynamic() const { return min != max; }
  bool accepts(std::int64_t size) const { return size >= min && size <= max; }

  /// `5`, `batch`, `1..64`, `batch=1..64`, `1..` without an upper end, or `-1` if nothing is known.
  std::string str() const;

  friend bool operator==(const Dimension&, const Dimension&) = default;

 private:
  static Dimension fixed(std::int64_t size) { return size < 0 ? Dimension() : Dimension(size, size); }
};

/// The shape of a tensor in a model: dimensions that may be dynamic, or no known rank at all.
/// @code
///   PartialShape shape{"batch", 3, {1, 224}};
///   shape.accepts(Shape{8, 3, 100});  // true
///   shape.str();                      // "('batch', 3, 1..224)"
/// @endcode
class PartialShape {
 public:
  /// A scalar.
  PartialShape() = default;
  PartialShape(std::initializer_list<Dimension> dims) : dims_(dims) {}
  explicit PartialShape(std::vector<Dimension> dims) : dims_(std::move(dims)) {}
  PartialShape(const Shape& shape) : dims_(shape.begin(), shape.end()) {}  // NOLINT

  /// A shape of which not even the rank is known.
  static PartialShape unknown_rank();

  bool has_rank() const { return has_rank_; }
  std::size_t rank() const { return dims_.size(); }
  const Dimension& operator[](std::size_t axis) const { return dims_[axis]; }
  std::span<const Dimension> dims() const { return dims_; }

  bool is_static() const;
  bool is_dynamic() const { return !is_static(); }
  bool accepts(const Shape& shape) const;

  /// The shape with every dynamic dimension at its minimum, or where that is 0 at `default_size`, or at its
  /// maximum if that is less. Throws InputError if the rank is unknown.
  Shape with_defaults(std::int64_t default_size = 1) const;

  /// As Polygraphy prints it, `(1, 'batch', -1)`, and for ranges `('batch'=1..64, 1..224)`; `None` if the
  /// rank is unknown. Names are quoted and escaped as Python does.
  std::string str() const;

  friend bool operator==(const PartialShape&, const PartialShape&) = default;

 private:
  std::vector<Dimension> dims_;
  bool has_rank_ = true;
};

}  // namespace polygraph
