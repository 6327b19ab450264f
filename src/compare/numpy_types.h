#pragma once

#include <polygraph/core/data_type.h>

#include <optional>
#include <string_view>

namespace polygraph::compare::detail {

/// Whether NumPy has the type itself; `.npy` holds the others as raw data.
bool has_numpy_type(DataType dtype);

/// Whether a `.npy` header's `descr` is of raw data, whose type it does not say.
bool is_raw(std::string_view descr);

/// The type to read `.npy` data as: nothing if the header says it, or if it is not known.
/// @param raw_type  What raw data is.
std::optional<DataType> type_of_raw(std::string_view descr, std::optional<DataType> raw_type);

}  // namespace polygraph::compare::detail
