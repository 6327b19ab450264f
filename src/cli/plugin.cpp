#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/onnx/official.h>
#include <polygraph/onnx/passes.h>
#include <polygraph/onnx/save.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <system_error>

#include "cli/json_output.h"
#include "cli/logging_options.h"
#include "cli/onnx_options.h"
#include "cli/plugin_config.h"
#include "cli/plugin_folder.h"
#include "cli/tools.h"
#include "core/log_format.h"

namespace polygraph::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* config_file = "config.yaml";
constexpr const char* replaced_file = "replaced.onnx";

struct Arguments {
  OnnxLoading loading;
  PluginSelection selection;
  std::optional<fs::path> config;
  std::optional<fs::path> output;
  bool json = false;
};

OptionGroup plugin_group(Arguments& arguments) {
  const auto names = [](std::string flag, std::string help, std::vector<std::string>& list) {
    return Option{.names = {std::move(flag)},
                  .metavar = "PLUGIN",
                  .help = std::move(help),
                  .arity = Arity::one_or_more,
                  .repeat = Repeat::each,
                  .apply = [&list](Values values) { list.insert(list.end(), values.begin(), values.end()); }};
  };
  return {.title = "Plugins",
          .options = {
              {.names = {"--plugin-dir"},
               .metavar = "FOLDER",
               .help = "The folder with a folder for each plugin, in which its pattern.onnxtxt or its shared "
                       "library is.",
               .arity = Arity::one,
               .completes = Completes::folders,
               .required = true,
               .apply = [&arguments](Values values) { arguments.selection.folder = values.front(); }},
              names("--include", "Only these plugins, by the names of their folders.",
                    arguments.selection.include),
              names("--exclude", "All plugins but these.", arguments.selection.exclude)}};
}

Option json_option(Arguments& arguments) {
  return {.names = {"--json"},
          .help = "Print the result as JSON instead of text.",
          .apply = [&arguments](Values) { arguments.json = true; }};
}

void check_selection(const PluginSelection& selection) {
  if (!selection.include.empty() && !selection.exclude.empty())
    throw UsageError("--include and --exclude do not go together.",
                     "Name what to include, or what to leave out.");
}

onnx::Model load(const OnnxLoading& loading) {
  onnx::Model model = onnx::load_model(loading.model);
  set_data_folder(loading, model);
  return model;
}

std::vector<PluginMatches> find_matches(const Arguments& arguments, onnx::Model& model) {
  check_selection(arguments.selection);
  std::vector<PluginMatches> matches;
  const onnx::GraphEditor editor(model);
  for (const FoundPlugin& found : find_plugins(arguments.selection)) {
    const onnx::Plugin& plugin = *found.plugin;
    matches.push_back({std::string(plugin.name()), std::string(plugin.op()), std::string(plugin.domain()),
                       plugin.find(editor)});
    log_verbose("{}: {} matches", plugin.name(), matches.back().instances.size());
  }
  return matches;
}

std::string times(std::size_t count, std::string_view one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : one.ends_with('h') ? "es" : "s");
}

void print_counts(Session& session, const Arguments& arguments, const std::vector<PluginMatches>& matches,
                  const std::optional<fs::path>& config) {
  if (arguments.json) {
    Json result;
    result["plugins"] = Json::array();
    for (const PluginMatches& plugin : matches)
      result["plugins"].push_back(
          {{"name", plugin.name}, {"op", plugin.op}, {"matches", plugin.instances.size()}});
    if (config) result["config"] = config->string();
    session.output.write(result.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
    return;
  }
  std::string text;
  for (const PluginMatches& plugin : matches)
    text += fmt::format("{}: {}\n", plugin.name, times(plugin.instances.size(), "match"));
  if (config) text += fmt::format("Saved to {}\n", config->string());
  session.output.write(text);
}

ExitCode list(Session& session, const Arguments& arguments) {
  onnx::Model model = load(arguments.loading);
  print_counts(session, arguments, find_matches(arguments, model), {});
  return ExitCode::passed;
}

fs::path beside_model(const Arguments& arguments, const char* name) {
  return arguments.loading.model.parent_path() / name;
}

ExitCode match(Session& session, const Arguments& arguments) {
  onnx::Model model = load(arguments.loading);
  const fs::path config = arguments.output ? *arguments.output : beside_model(arguments, config_file);
  refuse_model("--output", config.string(), arguments.loading.model);
  const std::vector<PluginMatches> matches = find_matches(arguments, model);
  std::vector<PluginMatches> found;
  std::ranges::copy_if(matches, std::back_inserter(found),
                       [](const PluginMatches& plugin) { return !plugin.instances.empty(); });
  write_file(config, to_config(found));
  print_counts(session, arguments, matches, config);
  return ExitCode::passed;
}

/// How often a plugin was put in place.
struct Replaced {
  std::string name;
  std::size_t asked = 0;
  std::size_t done = 0;
};

std::vector<Replaced> replace_all(const Arguments& arguments, onnx::Model& model,
                                  const std::vector<PluginMatches>& config) {
  const std::vector<FoundPlugin> plugins = find_plugins(arguments.selection);
  std::vector<Replaced> counts;
  onnx::GraphEditor editor(model);
  for (const PluginMatches& wanted : config) {
    const auto found = std::ranges::find_if(
        plugins, [&](const FoundPlugin& candidate) { return candidate.plugin->name() == wanted.name; });
    if (found == plugins.end()) {
      if (!arguments.selection.include.empty() || !arguments.selection.exclude.empty()) continue;
      throw InputError(
          fmt::format("There is no plugin '{}' in '{}'.", wanted.name, arguments.selection.folder.string()),
          "Name the folder that the configuration was made with, or delete the plugin from it.");
    }
    Replaced& count = counts.emplace_back(Replaced{.name = wanted.name, .asked = wanted.instances.size()});
    for (const onnx::PluginInstance& instance : wanted.instances) {
      if (found->plugin->replace(editor, instance))
        ++count.done;
      else
        log_warning(
            "{}: the instance that makes '{}' was not replaced: a value it names is not there (any more).",
            wanted.name, instance.outputs.front());
    }
  }
  return counts;
}

/// What is wrong with the model, but for operators that only the engine knows: those of the plugins.
void check_result(const onnx::Model& model, const std::vector<PluginMatches>& config) {
  if (const auto dangling = onnx::dangling_values(model); !dangling.empty())
    throw InputError(
        fmt::format("Cannot replace: nothing would make the value '{}' any more.", dangling.front()),
        "Delete the instance that makes it from the configuration, or name the value among its outputs.");
  std::set<std::string_view> operators;
  for (const PluginMatches& plugin : config) operators.insert(plugin.op);
  std::set<std::string_view> plugin_nodes;
  for (const onnx::Node& node : model.graph.nodes)
    if (operators.contains(node.op_type)) plugin_nodes.insert(node.name);
  for (const onnx::CheckFinding& finding : onnx::check_model(model)) {
    const bool is_about_plugin =
        plugin_nodes.contains(finding.node) || std::ranges::any_of(operators, [&](std::string_view op) {
          return finding.message.find(op) != std::string::npos;
        });
    if (!is_about_plugin)
      throw InputError("Cannot save the model: it would be invalid. " + finding.message,
                       "`polygraph check lint` on the model before shows whether it was valid.");
  }
}

ExitCode replace(Session& session, const Arguments& arguments) {
  check_selection(arguments.selection);
  const fs::path config_path = arguments.config ? *arguments.config : beside_model(arguments, config_file);
  const fs::path output = arguments.output ? *arguments.output : beside_model(arguments, replaced_file);
  const std::vector<PluginMatches> config = read_config(config_path);
  onnx::Model model = load(arguments.loading);
  const std::vector<Replaced> counts = replace_all(arguments, model, config);
  onnx::passes::cleanup(model);
  onnx::passes::sort_topologically(model);
  check_result(model, config);
  onnx::save_model(model, output);
  if (arguments.json) {
    Json result;
    result["plugins"] = Json::array();
    for (const Replaced& count : counts)
      result["plugins"].push_back(
          {{"name", count.name}, {"instances", count.asked}, {"replaced", count.done}});
    result["output"] = output.string();
    session.output.write(result.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
    return ExitCode::passed;
  }
  std::string text;
  for (const Replaced& count : counts)
    text += fmt::format("{}: {} of {} replaced\n", count.name, count.done, times(count.asked, "instance"));
  session.output.write(text + fmt::format("Saved to {}\n", output.string()));
  return ExitCode::passed;
}

Tool plugin_subtool(Session& session, Tool tool, const std::shared_ptr<Arguments>& arguments,
                    OptionGroup group, ExitCode (*run)(Session&, const Arguments&)) {
  group.options.push_back(json_option(*arguments));
  tool.positionals = {model_argument(arguments->loading)};
  tool.groups = {std::move(group), plugin_group(*arguments), onnx_loading_group(arguments->loading),
                 logging_group(session.logging)};
  std::erase_if(tool.groups[2].options,
                [](const Option& option) { return option.name() == "--ignore-external-data"; });
  tool.long_running = true;
  tool.run = [&session, arguments, run] { return run(session, *arguments); };
  return tool;
}

Option file_option(std::vector<std::string> names, std::string help, std::optional<fs::path>& file,
                   std::string default_text) {
  return {.names = std::move(names),
          .metavar = "FILE",
          .help = std::move(help),
          .arity = Arity::one,
          .default_text = std::move(default_text),
          .completes = Completes::files,
          .apply = [&file](Values values) { file = values.front(); }};
}

}  // namespace

Tool plugin_tool(Session& session) {
  Tool tool{
      .name = "plugin",
      .summary = "Let plugins of an engine take over parts of an ONNX model.",
      .examples = {{"polygraph plugin match model.onnx --plugin-dir plugins", "Where each plugin fits."},
                   {"polygraph plugin replace model.onnx --plugin-dir plugins", "Put them there."}}};
  tool.groups = {logging_group(session.logging)};
  tool.subtools = {
      {"match", "Find where plugins fit and write it to a file.",
       [&session] { return plugin_match_tool(session); }},
      {"list", "Count where plugins fit.", [&session] { return plugin_list_tool(session); }},
      {"replace", "Put plugins where they fit.", [&session] { return plugin_replace_tool(session); }}};
  return tool;
}

Tool plugin_match_tool(Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  OptionGroup group;
  group.options = {file_option({"-o", "--output"}, "Where to write the matches, as YAML.", arguments->output,
                               "config.yaml beside the model")};
  return plugin_subtool(
      session,
      {.name = "match",
       .summary = "Find where plugins fit and write it to a file.",
       .description = "The file can be edited before 'plugin replace' reads it: what is deleted from "
                      "it is not replaced.",
       .examples = {{"polygraph plugin match model.onnx --plugin-dir plugins",
                     "Writes config.yaml beside the model."}}},
      arguments, std::move(group), match);
}

Tool plugin_list_tool(Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  return plugin_subtool(session,
                        {.name = "list",
                         .summary = "Count where plugins fit.",
                         .examples = {{"polygraph plugin list model.onnx --plugin-dir plugins",
                                       "How often each plugin fits."}}},
                        arguments, {}, list);
}

Tool plugin_replace_tool(Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  OptionGroup group;
  group.options = {file_option({"-o", "--output"}, "Where to save the model.", arguments->output,
                               "replaced.onnx beside the model"),
                   file_option({"--config"}, "The file that 'plugin match' wrote.", arguments->config,
                               "config.yaml beside the model")};
  return plugin_subtool(
      session,
      {.name = "replace",
       .summary = "Put plugins where they fit.",
       .description = "Each instance in the file becomes one node; nodes that nothing uses any more "
                      "are removed. A model that would be invalid is not written.",
       .examples = {{"polygraph plugin replace model.onnx --plugin-dir plugins -o with_plugins.onnx",
                     "What config.yaml beside the model says."}}},
      arguments, std::move(group), replace);
}

}  // namespace polygraph::cli
