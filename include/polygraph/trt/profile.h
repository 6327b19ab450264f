#pragma once

#include <polygraph/core/shape_range.h>

#include <string>
#include <utility>
#include <vector>

namespace polygraph::trt {

using polygraph::ShapeRange;

/// An optimization profile: the shapes that the inputs of an engine may have together.
/// @code
///   Profile().add("image", {1, 3, 64, 64}, {1, 3, 224, 224}, {8, 3, 640, 640})
/// @endcode
///
/// Names may be wildcards (`*`, `?`, `[...]`). Inputs that no name matches get 1 for each dimension that is
/// open, with a warning.
class Profile {
 public:
  Profile& add(std::string name, Shape min, Shape opt, Shape max) {
    entries_.emplace_back(std::move(name), ShapeRange{std::move(min), std::move(opt), std::move(max)});
    return *this;
  }
  /// The same shape for all three.
  Profile& add(std::string name, const Shape& shape) { return add(std::move(name), shape, shape, shape); }

  const std::vector<std::pair<std::string, ShapeRange>>& entries() const { return entries_; }
  /// The C++ expression that makes it.
  std::string str() const;
  friend bool operator==(const Profile&, const Profile&) = default;
  friend std::string cpp_literal(const Profile& profile) { return profile.str(); }

 private:
  std::vector<std::pair<std::string, ShapeRange>> entries_;
};

}  // namespace polygraph::trt
