#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/tactic_replay.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/json_output.h"
#include "cli/logging_options.h"
#include "cli/text.h"
#include "cli/tools.h"
#include "core/log_format.h"
#include "core/python_repr.h"

namespace polygraph::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Json tensors_json(const std::vector<AlgorithmIo>& tensors) {
  const auto number = [](const std::optional<std::int64_t>& value) { return value ? Json(*value) : Json(); };
  Json list = Json::array();
  for (const AlgorithmIo& tensor : tensors)
    list.push_back({{"dtype", tensor.dtype},
                    {"strides", tensor.strides},
                    {"vectorized_dim", number(tensor.vectorized_dim)},
                    {"components_per_element", number(tensor.components_per_element)}});
  return list;
}

Json algorithm_json(const Algorithm& algorithm) {
  return {{"implementation", algorithm.implementation},
          {"tactic", algorithm.tactic},
          {"inputs", tensors_json(algorithm.inputs)},
          {"outputs", tensors_json(algorithm.outputs)}};
}

std::string json_document(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string replay_json(const TacticReplayData& replay) {
  Json layers = Json::array();
  for (const auto& [name, algorithm] : replay.entries()) {
    Json layer{{"name", name}};
    layer.update(algorithm_json(algorithm));
    layers.push_back(std::move(layer));
  }
  return json_document({{"layers", std::move(layers)}});
}

// What several replays chose for each layer.
struct Choices {
  std::size_t files = 0;
  std::vector<std::pair<std::string, std::vector<Algorithm>>> layers;

  void add(const TacticReplayData& replay) {
    ++files;
    for (const auto& [name, algorithm] : replay.entries()) {
      std::vector<Algorithm>& chosen = of(name);
      if (std::ranges::find(chosen, algorithm) == chosen.end()) chosen.push_back(algorithm);
    }
  }

  const std::vector<Algorithm>* find(const std::string& name) const {
    const auto found = std::ranges::find(layers, name, &Layer::first);
    return found == layers.end() ? nullptr : &found->second;
  }

 private:
  using Layer = std::pair<std::string, std::vector<Algorithm>>;

  std::vector<Algorithm>& of(const std::string& name) {
    const auto found = std::ranges::find(layers, name, &Layer::first);
    return found == layers.end() ? layers.emplace_back(name, std::vector<Algorithm>()).second : found->second;
  }
};

// The replays in a folder and below, in the order of their paths; other files are passed over.
Choices choices_in(const fs::path& path, const char* option) {
  Choices choices;
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    if (!fs::exists(path, error))
      throw InputError(fmt::format("{}: there is no '{}'.", option, path.string()),
                       "Name a tactic replay, or a folder with some.");
    choices.add(TacticReplayData::load(path));
    return choices;
  }
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(path))
    if (entry.is_regular_file()) files.push_back(entry.path());
  std::ranges::sort(files);
  for (const fs::path& file : files) try {
      choices.add(TacticReplayData::load(file));
    } catch (const InputError& problem) {
      log_verbose("Passing over '{}': {}", file.string(), problem.problem());
    }
  return choices;
}

struct Suspects {
  Choices good;
  Choices bad;
  Choices suspects;  // chosen in bad replays only
};

Suspects suspects_of(Choices good, Choices bad) {
  Suspects result{.good = std::move(good), .bad = std::move(bad), .suspects = {}};
  for (const auto& [name, chosen] : result.bad.layers) {
    const std::vector<Algorithm>* const innocent = result.good.find(name);
    std::vector<Algorithm> left;
    for (const Algorithm& algorithm : chosen)
      if (innocent == nullptr || std::ranges::find(*innocent, algorithm) == innocent->end())
        left.push_back(algorithm);
    if (!left.empty()) result.suspects.layers.emplace_back(name, std::move(left));
  }
  return result;
}

std::string suspects_text(const Suspects& found) {
  if (found.suspects.layers.empty())
    return "Could not determine potentially bad tactics. Try providing more tactic replay files if "
           "possible.\n";
  std::string text = "Found potentially bad tactics:\n";
  for (const auto& [name, algorithms] : found.suspects.layers) {
    std::vector<std::string> texts;
    for (const Algorithm& algorithm : algorithms) texts.push_back(python_repr(algorithm.str()));
    text += fmt::format("Layer: {}\n    Algorithms: [{}]\n", name, join(texts, ", "));
  }
  return text;
}

std::string suspects_json(const Suspects& found) {
  Json layers = Json::array();
  for (const auto& [name, algorithms] : found.suspects.layers) {
    Json list = Json::array();
    for (const Algorithm& algorithm : algorithms) list.push_back(algorithm_json(algorithm));
    layers.push_back({{"name", name}, {"algorithms", std::move(list)}});
  }
  return json_document(
      {{"good_replays", found.good.files}, {"bad_replays", found.bad.files}, {"layers", std::move(layers)}});
}

struct DiffArguments {
  fs::path folder;
  std::optional<fs::path> good;
  std::optional<fs::path> bad;
  std::optional<std::string> json;
};

ExitCode diff_tactics(Session& session, const DiffArguments& arguments) {
  Choices good = choices_in(arguments.good.value_or(arguments.folder / "good"), "--good");
  log_info("Loaded {} good tactic replays.", good.files);
  Choices bad = choices_in(arguments.bad.value_or(arguments.folder / "bad"), "--bad");
  log_info("Loaded {} bad tactic replays.", bad.files);
  const Suspects found = suspects_of(std::move(good), std::move(bad));
  write_answer(
      session, arguments.json, [&] { return suspects_text(found); }, [&] { return suspects_json(found); });
  return ExitCode::passed;
}

Option path_option(std::string name, std::string metavar, std::string help, Completes completes,
                   std::function<void(const std::string&)> apply) {
  return {.names = {std::move(name)},
          .metavar = std::move(metavar),
          .help = std::move(help),
          .arity = Arity::one,
          .completes = completes,
          .apply = [apply = std::move(apply)](Values values) { apply(values.front()); }};
}

}  // namespace

Tool inspect_tactics_tool(Session& session) {
  struct Arguments {
    fs::path file;
    std::optional<std::string> json;
  };
  auto arguments = std::make_shared<Arguments>();
  Tool tool{.name = "tactics",
            .summary = "Show the tactics in a tactic replay of TensorRT.",
            .description = "Reads what --save-tactics writes, Polygraphy's, too.",
            .examples = {{"polygraph inspect tactics replay.json", "Which algorithm each layer got."}}};
  tool.positionals = {{.names = {"tactic_replay"},
                       .metavar = "FILE",
                       .help = "The tactic replay.",
                       .arity = Arity::one,
                       .completes = Completes::files,
                       .apply = [arguments](Values values) { arguments->file = values.front(); }}};
  OptionGroup output;
  output.options = {json_option("the tactics", arguments->json)};
  tool.groups = {std::move(output), logging_group(session.logging)};
  tool.run = [&session, arguments] {
    refuse_model("--json", arguments->json, arguments->file);
    const TacticReplayData replay = TacticReplayData::load(arguments->file);
    write_answer(
        session, arguments->json, [&] { return replay.entries().empty() ? "" : replay.str() + "\n"; },
        [&] { return replay_json(replay); });
    return ExitCode::passed;
  };
  return tool;
}

Tool inspect_diff_tactics_tool(Session& session) {
  auto arguments = std::make_shared<DiffArguments>();
  Tool tool{.name = "diff-tactics",
            .summary = "Find tactics that only bad engines have.",
            .description =
                "Given tactic replays of engines that are good and of engines that are not, it tells for "
                "each layer "
                "the algorithms that no good engine has.",
            .examples = {{"polygraph inspect diff-tactics --dir replays",
                          "Replays in the folders replays/good and replays/bad."},
                         {"polygraph inspect diff-tactics --good good.json --bad bad.json", "Two replays."}}};
  OptionGroup input;
  input.options = {
      path_option("--dir", "FOLDER", "Where the folders 'good' and 'bad' are.", Completes::folders,
                  [arguments](const std::string& value) { arguments->folder = value; }),
      path_option("--good", "PATH", "A good tactic replay, or a folder with some.", Completes::files,
                  [arguments](const std::string& value) { arguments->good = value; }),
      path_option("--bad", "PATH", "A bad one, likewise.", Completes::files,
                  [arguments](const std::string& value) { arguments->bad = value; })};
  input.options.front().default_text = "the working folder";
  input.options.push_back(json_option("the tactics", arguments->json));
  tool.groups = {std::move(input), logging_group(session.logging)};
  tool.run = [&session, arguments] { return diff_tactics(session, *arguments); };
  return tool;
}

}  // namespace polygraph::cli
