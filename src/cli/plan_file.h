#pragma once

#include <polygraph/core/files.h>

#include <span>
#include <string>

#include "cli/inspect_model.h"

namespace polygraph::cli {

/// Whether the bytes begin like a plan of TensorRT or TensorRT-RTX.
bool is_plan(std::span<const std::byte> bytes);

/// What a plan says of itself without its library and a GPU: who made it, and whether all of it is there.
std::string plan_text(const MappedFile& file, const InspectOptions& options);
/// The same as JSON, of the form described in docs/json.md.
std::string plan_json(const MappedFile& file, const InspectOptions& options);

}  // namespace polygraph::cli
