#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/onnx/sparsity.h>
#include <polygraph/onnx/weights.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cli/json_output.h"
#include "cli/logging_options.h"
#include "cli/metadata_text.h"
#include "cli/surgeon_edit.h"
#include "cli/tools.h"

namespace polygraph::cli {
namespace {

struct Arguments {
  OnnxLoading loading;
  OnnxSaving saving;
  Reporting reporting;
  onnx::StripOptions strip;
  std::uint64_t seed = 1;
};

nlohmann::ordered_json names_json(const std::vector<std::string>& names) {
  auto json = nlohmann::ordered_json::array();
  for (const std::string& name : names) json.push_back(json_text(name));
  return json;
}

std::string count_text(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

// One name per line; lines may end as on Windows.
std::vector<std::string> read_name_list(const std::filesystem::path& path) {
  const MappedFile file(path);
  const std::string_view text(reinterpret_cast<const char*>(file.bytes().data()), file.size());
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) names.emplace_back(line);
    begin = end + 1;
  }
  return names;
}

ExitCode strip(Session& session, const Arguments& arguments) {
  // By the rules of the format a tensor without data is no tensor: there is nothing to check afterwards.
  OnnxSaving saving = arguments.saving;
  saving.check = false;
  ModelEdit edit("surgeon weight-strip", arguments.loading, saving);
  const onnx::WeightReport report = onnx::passes::strip_weights(edit.model(), arguments.strip);
  edit.note(fmt::format("Stripped {} ({}), {} of them 2:4 sparse",
                        count_text(report.weights.size(), "weight"), byte_count_text(report.bytes),
                        report.sparse.size()));
  edit.add_json("stripped", names_json(report.weights));
  edit.add_json("sparse", names_json(report.sparse));
  return edit.finish(session, arguments.reporting);
}

ExitCode reconstruct(Session& session, const Arguments& arguments) {
  ModelEdit edit("surgeon weight-reconstruct", arguments.loading, arguments.saving);
  const onnx::WeightReport report = onnx::passes::reconstruct_weights(edit.model(), arguments.seed);
  edit.note(fmt::format("Reconstructed {} ({}) with random values, {} of them 2:4 sparse",
                        count_text(report.weights.size(), "weight"), byte_count_text(report.bytes),
                        report.sparse.size()));
  for (const std::string& name : report.skipped)
    edit.note(fmt::format("Skipped '{}': its type cannot be filled", name));
  edit.add_json("reconstructed", names_json(report.weights));
  edit.add_json("sparse", names_json(report.sparse));
  edit.add_json("skipped", names_json(report.skipped));
  return edit.finish(session, arguments.reporting);
}

ExitCode prune(Session& session, const Arguments& arguments) {
  ModelEdit edit("surgeon prune", arguments.loading, arguments.saving);
  const onnx::PrunableWeights pruned = onnx::passes::prune_weights(edit.model());
  auto names = nlohmann::ordered_json::array();
  for (const onnx::PrunableWeight& weight : pruned.weights) {
    edit.note(fmt::format("Pruned '{}' along axis {}", weight.tensor->name, weight.axis));
    names.push_back(json_text(weight.tensor->name));
  }
  auto skipped = nlohmann::ordered_json::array();
  for (const auto& [tensor, reason] : pruned.skipped) {
    edit.note(fmt::format("Skipped '{}': {}", tensor->name, reason));
    skipped.push_back({{"name", json_text(tensor->name)}, {"reason", reason}});
  }
  edit.add_json("pruned", std::move(names));
  edit.add_json("skipped", std::move(skipped));
  return edit.finish(session, arguments.reporting);
}

// What all three have, with `own` options in front.
Tool weights_tool(Session& session, const std::shared_ptr<Arguments>& arguments, OptionGroup own) {
  Tool tool;
  tool.positionals = {model_argument(arguments->loading)};
  if (!own.options.empty()) tool.groups.push_back(std::move(own));
  tool.groups.push_back(onnx_saving_group(arguments->saving));
  tool.groups.push_back(report_group(arguments->reporting));
  tool.groups.push_back(onnx_editing_group(arguments->loading));
  tool.groups.push_back(logging_group(session.logging));
  tool.long_running = true;
  return tool;
}

}  // namespace

Tool surgeon_prune_tool(Session& session) {
  auto arguments = std::make_shared<Arguments>();
  Tool tool = weights_tool(session, arguments, {});
  tool.name = "prune";
  tool.summary = "Make weights 2:4 sparse by setting the smaller half to zero.";
  tool.description =
      "Of each four neighbours along the axis that a Conv, MatMul or Gemm sums over, the two of smallest "
      "magnitude become zero. The model computes something else then: this is for measuring how much faster "
      "sparse weights are, or as a start for training.";
  tool.examples = {{"polygraph surgeon prune model.onnx -o pruned.onnx", "A model for --sparse-weights."}};
  tool.run = [&session, arguments] { return prune(session, *arguments); };
  return tool;
}

Tool surgeon_weight_strip_tool(Session& session) {
  auto arguments = std::make_shared<Arguments>();
  Tool tool = weights_tool(
      session, arguments,
      {.title = "Weight stripping",
       .options = {{.names = {"--exclude-list"},
                    .metavar = "FILE",
                    .help = "A text file with the names of initializers to keep, one on each line.",
                    .arity = Arity::one,
                    .completes = Completes::files,
                    .apply = [arguments](Values values) {
                      arguments->strip.exclude = read_name_list(values.front());
                    }}}});
  tool.name = "weight-strip";
  tool.summary = "Take the weights out of a model, to share its structure.";
  tool.description =
      "What remains says how fast an engine will be, and whether weights were 2:4 sparse, but not what they "
      "were: initializers keep their type and shape and are marked TRT_WEIGHTLESS. `weight-reconstruct` puts "
      "random values in their place. Fold constants first (`surgeon sanitize --fold-constants`), so that "
      "weights are found behind what is computed from constants.";
  tool.examples = {{"polygraph surgeon weight-strip model.onnx -o stripped.onnx", "A few kilobytes."}};
  tool.run = [&session, arguments] { return strip(session, *arguments); };
  return tool;
}

Tool surgeon_weight_reconstruct_tool(Session& session) {
  auto arguments = std::make_shared<Arguments>();
  Tool tool = weights_tool(session, arguments,
                           {.title = "Weight reconstruction",
                            .options = {{.names = {"--seed"},
                                         .metavar = "N",
                                         .help = "Another number, other weights.",
                                         .arity = Arity::one,
                                         .default_text = "1",
                                         .apply = [arguments](Values values) {
                                           arguments->seed =
                                               static_cast<std::uint64_t>(parse_count(values.front(), 0));
                                         }}}});
  tool.name = "weight-reconstruct";
  tool.summary = "Give a model without weights random ones.";
  tool.description =
      "Each initializer that `weight-strip` marked gets random values of mean 0 and variance 1, 2:4 sparse "
      "where the weights were. The same seed gives the same weights everywhere. The marks stay, so that the "
      "model is not mistaken for the real one.";
  tool.examples = {{"polygraph surgeon weight-reconstruct stripped.onnx -o proxy.onnx",
                    "A model to build engines from that are as fast as those of the real one."}};
  tool.run = [&session, arguments] { return reconstruct(session, *arguments); };
  return tool;
}

}  // namespace polygraph::cli
