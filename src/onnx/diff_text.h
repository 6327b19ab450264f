#pragma once

#include <polygraph/onnx/graph.h>

#include <string>

namespace polygraph::onnx {

/// One line that shows the value of an attribute; long lists are cut.
std::string attribute_text(const Attribute& attribute);

/// Whether two types are written with the same fields.
bool same_type(const Type& a, const Type& b);

}  // namespace polygraph::onnx
