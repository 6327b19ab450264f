#pragma once

#include <polygraph/core/engine_description.h>

#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "cli/inspect_model.h"

namespace polygraph::cli {

/// The values that a tensor had when the engine was run.
struct TensorNote {
  double min;
  double max;
  double mean;
};
using TensorNotes = std::map<std::string, TensorNote, std::less<>>;

/// What saved results (the first iteration of the first runner) say of the tensors of an engine's layers.
/// Tensors without elements and those of text are left out. Throws InputError if the file is missing, damaged
/// or something else.
TensorNotes read_tensor_notes(const std::filesystem::path& results, const EngineDescription& engine);

/// An engine of TensorRT as Polygraphy prints it, heading included; ends with a line break. What differs from
/// Polygraphy is listed in docs/differences.md.
/// @param build  A line about where the engine comes from, which the engine itself does not know.
std::string engine_description_text(const EngineDescription& engine, std::string_view build,
                                    const TensorNotes& notes, const InspectOptions& options);

/// The same as JSON, without what the plan's header says: the members that docs/json.md lists for loaded
/// plans.
nlohmann::ordered_json engine_description_json(const EngineDescription& engine, const TensorNotes& notes);

}  // namespace polygraph::cli
