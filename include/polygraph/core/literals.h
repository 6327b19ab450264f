#pragma once

#include <polygraph/core/log.h>
#include <polygraph/core/options.h>
#include <polygraph/core/shape.h>
#include <polygraph/core/tensor.h>

#include <string>

/// Values of the core room as C++ literals, beside those of `core/options.h`.
namespace polygraph {

/// `PartialShape{"batch", 3, -1, Dimension(1, 224)}`; the range of a dimension with a name is left out.
std::string cpp_literal(const PartialShape& shape);

/// `{"x", DataType::float32, PartialShape{1, 4}}`
std::string cpp_literal(const TensorInfo& info);
std::string cpp_literal(const TensorMetadata& metadata);

/// The options that differ from their defaults, as a designated initializer list.
std::string cpp_literal(const LogOptions& options);

}  // namespace polygraph
