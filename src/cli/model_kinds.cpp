#include "cli/model_kinds.h"

#include <polygraph/core/engine_file.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>

#include <nlohmann/json.hpp>

#include "cli/inspect_engine.h"
#include "cli/inspect_html.h"
#include "cli/inspect_statistics.h"
#include "cli/plan_file.h"
#include "core/log_format.h"

namespace polygraph::cli {
namespace {

onnx::Model load(const MappedFile& file, const InspectOptions& options) {
  onnx::Model model = onnx::load_model(file);
  if (!options.external_data_folder.empty()) model.storage.set_folder(options.external_data_folder);
  return model;
}

std::string onnx_text(const MappedFile& file, const InspectOptions& options) {
  const onnx::Model model = load(file, options);
  std::string text = describe_onnx(model, options);
  if (options.stats) text += "\n" + statistics_text(inspect_statistics(model));
  return text;
}

std::string onnx_json(const MappedFile& file, const InspectOptions& options) {
  const onnx::Model model = load(file, options);
  nlohmann::ordered_json json = onnx_to_json(model, options);
  if (options.stats) json["statistics"] = statistics_json(inspect_statistics(model));
  // Names that are not UTF-8 are shown with replacement characters, as everywhere.
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string onnx_html(const MappedFile& file, const InspectOptions& options) {
  onnx::Model model = load(file, options);
  const std::string note = complete_shapes(model, false);  // for the shapes on edges
  if (!note.empty()) log_verbose("{}", note);
  return onnx_to_html(model, options);
}

// Text and JSON have nothing in common that would take long to find twice.
template <auto text, auto json>
ModelDescription describe(const MappedFile& file, const InspectOptions& options) {
  return {[&] { return text(file, options); }, [&] { return json(file, options); }};
}

constexpr ModelKind kinds[] = {
    {"engine", "A saved engine.", EngineFile::recognise, describe<engine_text, engine_json>, nullptr},
    {"plan", "An engine of TensorRT or TensorRT-RTX.", is_plan, describe_plan, nullptr},
    {"onnx", "An ONNX model.", nullptr, describe<onnx_text, onnx_json>, onnx_html},
};

}  // namespace

std::span<const ModelKind> model_kinds() {
  return kinds;
}

const ModelKind& kind_of_model(const MappedFile& file, const std::string& name) {
  if (file.size() == 0)
    throw InputError("The model '" + file.path().string() + "' is empty (0 bytes).",
                     "The download or copy that made it probably failed: fetch the file again.");
  for (const ModelKind& kind : kinds) {
    const bool fits =
        name.empty() ? kind.recognise == nullptr || kind.recognise(file.bytes()) : kind.name == name;
    if (!fits) continue;
    log_verbose("'{}' is read as a model of type '{}', {}", file.path().string(), kind.name,
                name.empty() ? "by its content" : "as --model-type says");
    return kind;
  }
  throw UsageError("There is no model type '" + name + "'.");
}

}  // namespace polygraph::cli
