// `data concat` and `data merge`.

#include <fmt/format.h>
#include <polygraph/compare/saved_data.h>
#include <polygraph/core/log.h>

#include <filesystem>
#include <map>
#include <memory>
#include <vector>

#include "cli/logging_options.h"
#include "cli/text.h"
#include "cli/tools.h"

namespace polygraph::cli {
namespace {

using compare::SavedKind;
namespace fs = std::filesystem;

struct Arguments {
  std::vector<fs::path> paths;
  fs::path output;
};

/// Results or inputs; anything else is refused.
SavedKind kind_of(const fs::path& path) {
  const SavedKind kind = compare::saved_kind(path);
  if (kind == SavedKind::accuracy_results)
    throw InputError(fmt::format("Cannot join '{}': it holds {}.", path.string(), compare::to_string(kind)),
                     "Name files of inputs or outputs.");
  return kind;
}

/// Warns of the first iteration whose arrays have other names than the first of all.
class NameCheck {
 public:
  void look_at(const std::string& of, const TensorMap& tensors, const fs::path& path) {
    const auto [known, is_new] = names_.try_emplace(of, tensors.names());
    if (is_new || warned_ || known->second == tensors.names()) return;
    warned_ = true;
    log_text(Severity::warning,
             fmt::format("An iteration of '{}' has other names than those before: {}, not {}.", path.string(),
                         join(tensors.names(), ", "), join(known->second, ", ")));
  }

 private:
  std::map<std::string, std::vector<std::string>> names_;
  bool warned_ = false;
};

void concat_inputs(const Arguments& arguments) {
  const auto writer = compare::feed_writer(arguments.output);
  NameCheck names;
  for (const fs::path& path : arguments.paths) {
    const auto reader = compare::feed_reader({path});
    while (const auto feed = reader->next()) {
      names.look_at({}, *feed, path);
      writer->add(*feed);
    }
  }
  writer->finish();
}

void concat_results(const Arguments& arguments) {
  const auto writer = compare::results_writer(arguments.output);
  NameCheck names;
  for (const fs::path& path : arguments.paths) {
    const auto reader = compare::results_reader({path});
    while (const auto results = reader->next()) {
      for (const auto& [runner, iterations] : *results)
        for (const auto& iteration : iterations) names.look_at(runner, iteration.outputs, path);
      writer->add(*results);
    }
  }
  writer->finish();
}

ExitCode concat(const Arguments& arguments) {
  const SavedKind kind = kind_of(arguments.paths.front());
  for (const fs::path& path : arguments.paths) {
    if (kind_of(path) == kind) continue;
    throw InputError(fmt::format("Cannot append '{}' to '{}': it holds {}, not {}.", path.string(),
                                 arguments.paths.front().string(), compare::to_string(kind_of(path)),
                                 compare::to_string(kind)),
                     "Name files of one kind. `polygraph data merge` makes inputs of results.");
  }
  if (kind == SavedKind::inputs)
    concat_inputs(arguments);
  else
    concat_results(arguments);
  return ExitCode::passed;
}

/// The arrays of one iteration after the other, those of all runners together.
class Source {
 public:
  explicit Source(const fs::path& path) : path_(path) {
    if (kind_of(path) == SavedKind::inputs)
      feeds_ = compare::feed_reader({path});
    else
      results_ = compare::results_reader({path});
  }

  /// Adds the next iteration's arrays; false at the end.
  bool merge_into(TensorMap& merged) {
    if (feeds_) {
      const auto feed = feeds_->next();
      if (feed) merge(*feed, merged);
      return feed.has_value();
    }
    const auto results = results_->next();
    if (!results) return false;
    for (const auto& [runner, iterations] : *results)
      for (const auto& iteration : iterations) merge(iteration.outputs, merged);
    return true;
  }

  const fs::path& path() const { return path_; }

 private:
  void merge(const TensorMap& from, TensorMap& into) {
    for (const auto& [name, tensor] : from) {
      if (into.contains(name) && !warned_) {
        warned_ = true;
        log_text(Severity::warning,
                 fmt::format(
                     "'{}' has an array '{}' again, which replaces the one before. To append iterations, use "
                     "`polygraph data concat`.",
                     path_.string(), name));
      }
      into.set(name, tensor);
    }
  }

  fs::path path_;
  std::unique_ptr<compare::FeedReader> feeds_;
  std::unique_ptr<compare::ResultsReader> results_;
  bool warned_ = false;
};

ExitCode merge(const Arguments& arguments) {
  std::vector<Source> sources;
  for (const fs::path& path : arguments.paths) sources.emplace_back(path);
  const auto writer = compare::feed_writer(arguments.output);
  bool warned = false;
  for (std::size_t iteration = 0;; ++iteration) {
    TensorMap merged;
    const Source* ended = nullptr;
    bool any = false;
    for (Source& source : sources) {
      const bool has_more = source.merge_into(merged);
      any = any || has_more;
      if (!has_more) ended = &source;
    }
    if (!any) break;
    if (ended && !warned) {
      warned = true;
      log_text(Severity::warning,
               fmt::format("'{}' ends after {} iterations, before other files do: what follows is "
                           "without its arrays.",
                           ended->path().string(), iteration));
    }
    writer->add(merged);
  }
  writer->finish();
  return ExitCode::passed;
}

Tool join_tool(Session& session, Tool tool, ExitCode (*run)(const Arguments&)) {
  auto arguments = std::make_shared<Arguments>();
  tool.positionals = {
      {.names = {"paths"},
       .metavar = "PATH",
       .help = "Files, or folders with a JSON file for each iteration.",
       .arity = Arity::one_or_more,
       .completes = Completes::files,
       .apply = [arguments](Values values) { arguments->paths.assign(values.begin(), values.end()); }}};
  tool.groups = {
      {.options = {{.names = {"-o", "--output"},
                    .metavar = "PATH",
                    .help = "What to write: .npz, a file of JSON with another extension, or without an "
                            "extension a folder with a JSON file for each iteration.",
                    .arity = Arity::one,
                    .completes = Completes::files,
                    .required = true,
                    .apply = [arguments](Values values) { arguments->output = values.front(); }}}},
      logging_group(session.logging)};
  tool.long_running = true;
  tool.run = [arguments, run] { return run(*arguments); };
  return tool;
}

}  // namespace

Tool data_concat_tool(Session& session) {
  return join_tool(
      session,
      {.name = "concat",
       .summary = "Append the iterations of files to one another.",
       .description = "All files hold inputs, or all hold outputs; iterations of runners of one name are "
                      "joined. With one file, it converts between formats.",
       .examples = {{"polygraph data concat first.json second.json -o all.json",
                     "The iterations of the one, then those of the other."},
                    {"polygraph data concat outputs.json -o outputs.npz", "The same as a NumPy archive."}}},
      &concat);
}

Tool data_merge_tool(Session& session) {
  return join_tool(
      session,
      {.name = "merge",
       .summary = "Make inputs of the arrays that files have for the same iterations.",
       .description = "Iteration by iteration, the arrays of all files come together; outputs of all runners "
                      "count, so that one model's outputs can become the next one's inputs.",
       .examples = {{"polygraph data merge outputs.json inputs.json -o next_inputs.json",
                     "Outputs of one model and further inputs, as inputs."}}},
      &merge);
}

}  // namespace polygraph::cli
