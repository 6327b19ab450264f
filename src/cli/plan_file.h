#pragma once

#include <polygraph/core/files.h>

#include <cstddef>
#include <span>

#include "cli/inspect_model.h"

namespace polygraph::cli {

/// Whether the bytes begin like a plan of TensorRT or TensorRT-RTX.
bool is_plan(std::span<const std::byte> bytes);

/// Loads a plan with the library that it needs and tells what the engine says of itself. Without the library
/// or a GPU, what the plan's first bytes say: who made it, and whether all of it is there. Throws InputError
/// if the file is no plan, and for files that the options name and that are missing or damaged.
ModelDescription describe_plan(const MappedFile& file, const InspectOptions& options);

}  // namespace polygraph::cli
