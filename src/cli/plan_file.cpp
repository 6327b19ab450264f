#include "cli/plan_file.h"

#include <fmt/format.h>
#include <polygraph/core/backend.h>
#include <polygraph/core/backends.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "cli/engine_description.h"
#include "cli/json_output.h"
#include "core/log_format.h"
#include "core/plan.h"

namespace polygraph::cli {
namespace {

struct Plan {
  std::filesystem::path path;
  std::uint64_t size;
  PlanHeader header;
  std::optional<EngineDescription> loaded = {};
  TensorNotes notes = {};    // of the layers' tensors
  std::string problem = {};  // why it is not loaded

  bool is_cut_off() const { return header.size > size; }
};

std::string made_by(const Plan& plan) {
  return fmt::format("{}{}", plan.header.maker(),
                     plan.header.version.empty() ? std::string(" (the plan does not say which version)")
                                                 : " " + plan.header.version);
}

// On one line: what failed, and the first thing that the engine library said.
std::string one_line(const BackendError& error) {
  std::string text = error.problem();
  if (!error.engine_messages().empty()) {
    if (text.ends_with('.')) text.pop_back();
    text += ": " + error.engine_messages().front();
  }
  std::ranges::replace(text, '\n', ' ');
  return text;
}

void load(Plan& plan, const InspectOptions& options) {
  if (plan.is_cut_off()) {
    plan.problem = "The file is cut off.";
    return;
  }
  try {
    plan.loaded = load_backend(plan.header.rtx ? "trt-rtx" : "trt")
                      .describe({plan.path, options.plugins, options.runtime});
  } catch (const BackendError& error) {
    plan.problem = one_line(error);
    log_verbose("{}", error.what());
  }
}

std::string header_text(const Plan& plan) {
  std::string text = "==== TensorRT Engine ====\n";
  text += fmt::format("Made by: {}\n", made_by(plan));
  text += fmt::format("Size: {} bytes\n", plan.size);
  if (plan.is_cut_off())
    text += fmt::format("Damaged: the header says {} bytes; the file is cut off\n", plan.header.size);
  return text + fmt::format(
                    "Inputs, outputs and layers can be told only with {} and a GPU; `polygraph inspect plan` "
                    "tells whether it can be loaded here. {}\n",
                    plan.header.maker(), plan.problem);
}

std::string text_of(const Plan& plan, const InspectOptions& options) {
  if (!plan.loaded) return header_text(plan);
  const std::string build = fmt::format("Made by: {} | Size: {} bytes", made_by(plan), plan.size);
  return engine_description_text(*plan.loaded, build, plan.notes, options);
}

std::string json_of(const Plan& plan) {
  nlohmann::ordered_json json{{"kind", "plan"},
                              {"path", json_text(plan.path.string())},
                              {"backend", plan.header.maker()},
                              {"backend_version", plan.header.version},
                              {"size", plan.size},
                              {"size_in_header", plan.header.size},
                              {"cut_off", plan.is_cut_off()},
                              {"loaded", plan.loaded.has_value()},
                              {"problem", json_text(plan.problem)}};
  if (plan.loaded) json.update(engine_description_json(*plan.loaded, plan.notes));
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

bool is_plan(std::span<const std::byte> bytes) {
  return read_plan_header(bytes).has_value();
}

ModelDescription describe_plan(const MappedFile& file, const InspectOptions& options) {
  const auto header = read_plan_header(file.bytes());
  if (!header)
    throw InputError(
        fmt::format("'{}' is not a plan, an engine of TensorRT or TensorRT-RTX.", file.path().string()),
        "Leave out --model-type: the content says what it is.");
  const auto plan = std::make_shared<Plan>(Plan{.path = file.path(), .size = file.size(), .header = *header});
  load(*plan, options);
  if (plan->loaded && !options.tensor_info.empty())
    plan->notes = read_tensor_notes(options.tensor_info, *plan->loaded);
  return {[plan, &options] { return text_of(*plan, options); }, [plan] { return json_of(*plan); }};
}

}  // namespace polygraph::cli
