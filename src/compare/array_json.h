#pragma once

#include <polygraph/core/tensor.h>

#include <optional>
#include <string_view>

#include "compare/json_scanner.h"
#include "compare/json_text.h"

// Arrays in JSON: `{"array": "<base64 of a .npy file>", "polygraphy_class": "ndarray"}`. Types that NumPy
// lacks are raw data there; a member "dtype" in front, which Polygraphy ignores, names them.

namespace polygraph::compare::detail {

/// The key, and in old files the value, that mark an object's class.
inline constexpr std::string_view class_key = "polygraphy_class";
inline constexpr std::string_view legacy_class_prefix = "__polygraphy_encoded_";
inline constexpr std::string_view legacy_class_value = "polygraphy_serialized_json_type";

/// If `key` marks the class of an object, reads the marker's value and sets `name`. A member of that name
/// that is no text is not a marker.
bool read_class(JsonScanner& scanner, std::string_view key, std::string& name);

void write_array(JsonWriter& writer, const Tensor& tensor);

/// Reads an `ndarray`, or a `LazyArray` around one, straight into a tensor.
/// @param raw_type  What raw data is that does not say; without it 2 bytes are bfloat16 and others an error.
Tensor read_array(JsonScanner& scanner, std::optional<DataType> raw_type);

}  // namespace polygraph::compare::detail
