#pragma once

#include <polygraph/core/files.h>

#include <string>

#include "cli/inspect_model.h"

namespace polygraph::cli {

/// What a saved engine says of itself, as text laid out like the description of a model; ends with a newline.
/// Needs no engine library, but for the layers' times of an engine that was built with profiling. Throws
/// InputError if the file is damaged.
std::string engine_text(const MappedFile& file, const InspectOptions& options);

/// The same as JSON, of the form described in docs/json.md.
std::string engine_json(const MappedFile& file, const InspectOptions& options);

}  // namespace polygraph::cli
