#pragma once

#include <polygraph/core/shape.h>

namespace polygraph {

/// The shapes of an input that an engine is built for: the smallest, the one it is tuned for, and the
/// largest. For an input that is a shape itself (a shape tensor), its values.
struct ShapeRange {
  Shape min;
  Shape opt;
  Shape max;

  friend bool operator==(const ShapeRange&, const ShapeRange&) = default;
};

}  // namespace polygraph
