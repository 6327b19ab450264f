#include <fmt/format.h>
#include <polygraph/onnx/sparsity.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/json_output.h"
#include "cli/logging_options.h"
#include "cli/onnx_options.h"
#include "cli/summary.h"
#include "cli/tools.h"

namespace polygraph::cli {
namespace {

struct Arguments {
  OnnxLoading loading;
  std::optional<std::string> json;  // a file, or `-` for standard output
};

struct Finding {
  const onnx::PrunableWeight* weight;
  onnx::Sparsity sparsity;
};

std::string tensor_text(const onnx::TensorData& tensor) {
  return fmt::format("{} [dtype={}, shape={}]", tensor.name, onnx::element_type_name(tensor.data_type),
                     Shape(tensor.dims).str());
}

std::string percentage(std::uint64_t part, std::uint64_t whole) {
  return fmt::format("{:.1f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string text_of(const std::vector<Finding>& findings, const onnx::PrunableWeights& weights) {
  std::string text = "==== Sparsity ====\n";
  std::size_t sparse = 0;
  for (const auto& [weight, sparsity] : findings) {
    if (sparsity.is_2_4()) {
      ++sparse;
      text += fmt::format("Found sparse tensor: {} | 2:4 along axis {}\n", tensor_text(*weight->tensor),
                          weight->axis);
    } else {
      text += fmt::format(
          "Found non-sparse tensor: {} | {} of {} groups along axis {} ({}) have more than two values that "
          "are "
          "not zero\n",
          tensor_text(*weight->tensor), sparsity.dense_groups, sparsity.groups, weight->axis,
          percentage(sparsity.dense_groups, sparsity.groups));
    }
  }
  for (const auto& [tensor, reason] : weights.skipped)
    text += fmt::format("Skipped tensor: {} | {}\n", tensor_text(*tensor), reason);
  if (findings.empty())
    text += "No weight of a Conv, MatMul or Gemm can have 2:4 sparsity.\n";
  else
    text += fmt::format("{} of {} weight{} that can have 2:4 sparsity {} it.\n", sparse, findings.size(),
                        findings.size() == 1 ? "" : "s", sparse == 1 ? "has" : "have");
  return text;
}

nlohmann::ordered_json tensor_json(const onnx::TensorData& tensor) {
  return {{"name", json_text(tensor.name)},
          {"dtype", onnx::element_type_name(tensor.data_type)},
          {"shape", tensor.dims}};
}

std::string json_of(const std::vector<Finding>& findings, const onnx::PrunableWeights& weights) {
  nlohmann::ordered_json json{{"weights", nlohmann::ordered_json::array()},
                              {"skipped", nlohmann::ordered_json::array()}};
  for (const auto& [weight, sparsity] : findings) {
    auto entry = tensor_json(*weight->tensor);
    entry["axis"] = weight->axis;
    entry["sparse"] = sparsity.is_2_4();
    entry["groups"] = sparsity.groups;
    entry["dense_groups"] = sparsity.dense_groups;
    entry["zeros"] = sparsity.zeros;
    json["weights"].push_back(std::move(entry));
  }
  for (const auto& [tensor, reason] : weights.skipped) {
    auto entry = tensor_json(*tensor);
    entry["reason"] = reason;
    json["skipped"].push_back(std::move(entry));
  }
  return json.dump(2) + "\n";
}

void skip_external(onnx::PrunableWeights& weights) {
  for (const onnx::PrunableWeight& weight : weights.weights)
    if (weight.tensor->is_external())
      weights.skipped.push_back({weight.tensor, "its data is external, which is ignored"});
  std::erase_if(weights.weights,
                [](const onnx::PrunableWeight& weight) { return weight.tensor->is_external(); });
}

ExitCode inspect_sparsity(Session& session, const Arguments& arguments) {
  onnx::Model model = onnx::load_model(arguments.loading.model);
  set_data_folder(arguments.loading, model);
  onnx::PrunableWeights weights = onnx::prunable_weights(model);
  if (arguments.loading.ignore_external_data) skip_external(weights);
  std::vector<Finding> findings;
  for (const onnx::PrunableWeight& weight : weights.weights)
    findings.push_back({&weight, onnx::measure_sparsity(weight, model)});
  write_answer(
      session, arguments.json, [&] { return text_of(findings, weights); },
      [&] { return json_of(findings, weights); });
  return ExitCode::passed;
}

}  // namespace

Tool inspect_sparsity_tool(Session& session) {
  auto arguments = std::make_shared<Arguments>();
  Tool tool{
      .name = "sparsity",
      .summary = "Tell which weights have 2:4 structured sparsity.",
      .description =
          "Weights of Conv, MatMul and Gemm are 2:4 sparse if of each four neighbours along the axis that is "
          "summed over at most two are not zero; GPUs since NVIDIA's Ampere multiply such weights faster. "
          "`surgeon prune` makes weights so.",
      .examples = {{"polygraph inspect sparsity identity.onnx",
                    "Each weight that could be sparse, and how "
                    "far it is."}},
  };
  tool.positionals = {model_argument(arguments->loading)};
  tool.groups = {{.options = {json_option("the findings", arguments->json)}},
                 onnx_loading_group(arguments->loading),
                 logging_group(session.logging)};
  tool.long_running = true;
  tool.run = [&session, arguments] { return inspect_sparsity(session, *arguments); };
  return tool;
}

}  // namespace polygraph::cli
