#include "cli/plan_file.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/json_output.h"
#include "core/plan.h"

namespace polygraph::cli {
namespace {

const char* maker(const PlanHeader& header) {
  return header.rtx ? "TensorRT-RTX" : "TensorRT";
}

bool is_cut_off(const PlanHeader& header, const MappedFile& file) {
  return header.size > file.size();
}

}  // namespace

bool is_plan(std::span<const std::byte> bytes) {
  return read_plan_header(bytes).has_value();
}

std::string plan_text(const MappedFile& file, const InspectOptions&) {
  const PlanHeader header = read_plan_header(file.bytes()).value_or(PlanHeader{});
  std::string text = "==== TensorRT Engine ====\n";
  text += fmt::format(
      "Made by: {}{}\n", maker(header),
      header.version.empty() ? std::string(" (the plan does not say which version)") : " " + header.version);
  text += fmt::format("Size: {} bytes\n", file.size());
  if (is_cut_off(header, file))
    text += fmt::format("Damaged: the header says {} bytes; the file is cut off\n", header.size);
  return text +
         fmt::format(
             "Inputs, outputs and layers can be told only with {} and a GPU; `polygraph inspect plan` tells "
             "whether it can be loaded here\n",
             maker(header));
}

std::string plan_json(const MappedFile& file, const InspectOptions&) {
  const PlanHeader header = read_plan_header(file.bytes()).value_or(PlanHeader{});
  const nlohmann::ordered_json json{{"kind", "plan"},
                                    {"path", json_text(file.path().string())},
                                    {"backend", maker(header)},
                                    {"backend_version", header.version},
                                    {"size", file.size()},
                                    {"size_in_header", header.size},
                                    {"cut_off", is_cut_off(header, file)}};
  return json.dump(2) + "\n";
}

}  // namespace polygraph::cli
