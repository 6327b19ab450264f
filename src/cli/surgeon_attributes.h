#pragma once

#include <polygraph/onnx/graph.h>

#include <string_view>

namespace polygraph::cli {

/// The attribute that `name=value` stands for: a whole number, a number with a point or an exponent, a text,
/// or a list of them in brackets: `axis=1`, `alpha=0.5`, `mode=linear`, `axes=[0,1]`. Quotes around a value
/// make it a text, as in `name='53'`. In a list of whole numbers and others, all are taken as the latter.
/// Texts are kept by `storage`. Throws UsageError.
onnx::Attribute parse_attribute(std::string_view text, onnx::Storage& storage);

}  // namespace polygraph::cli
