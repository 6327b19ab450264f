#pragma once

#include <polygraph/core/files.h>

#include <cstddef>
#include <span>
#include <string>

#include "cli/inspect_model.h"

namespace polygraph::cli {

/// A kind of model file that `inspect model` can describe.
struct ModelKind {
  const char* name;  ///< for `--model-type`
  const char* help;
  /// Whether a file with these bytes is one; null for the kind that is assumed where no other fits.
  bool (*recognise)(std::span<const std::byte> bytes);
  /// The description, which refers to both arguments.
  ModelDescription (*describe)(const MappedFile& file, const InspectOptions& options);
  /// The picture, as an HTML page; null for kinds that have none.
  std::string (*html)(const MappedFile& file, const InspectOptions& options);
};

/// All kinds, the one that is assumed last. A new kind is one more row.
std::span<const ModelKind> model_kinds();

/// The kind of that name, or, if the name is empty, the one that the file's content shows. Throws InputError
/// if the file is empty.
const ModelKind& kind_of_model(const MappedFile& file, const std::string& name);

}  // namespace polygraph::cli
