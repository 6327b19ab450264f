#include "cli/run_ranks.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "cli/text.h"

namespace polygraph::cli {
namespace {

// Threads for each rank of this host: mpirun may have bound the process to some processors, and those that it
// has are shared with the other ranks.
int threads_per_rank(int local_size) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  const auto online = static_cast<int>(std::max(::sysconf(_SC_NPROCESSORS_ONLN), 1L));
  const int bound = ::sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : online;
  return std::max(1, std::min(bound, online / local_size));
}

void set_default(Settings& settings, const char* field, const std::string& value) {
  if (std::ranges::find(settings, field, &Settings::value_type::first) == settings.end())
    settings.insert(settings.begin(), {field, value});
}

}  // namespace

HeldLog::HeldLog(bool all) {
  set_log_sink([this, all](Severity severity, std::string_view text) {
    if (!all && severity < Severity::warning) return;
    const std::scoped_lock lock(mutex_);
    lines_.emplace_back(severity, text);
  });
}

HeldLog::~HeldLog() {
  set_log_sink({});
}

HeldLog::Lines HeldLog::take() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(lines_, {});
}

void HeldLog::throw_with_lines() {
  const auto with_lines = [&](const Error& error) {
    std::vector<std::string> messages = error.engine_messages();
    for (auto& [severity, text] : take())
      if (severity >= Severity::warning) messages.push_back(std::move(text));
    return messages;
  };
  try {
    throw;
  } catch (const UsageError& error) {
    throw UsageError(error.problem(), error.remedy(), with_lines(error));
  } catch (const InputError& error) {
    throw InputError(error.problem(), error.remedy(), with_lines(error));
  } catch (const BackendError& error) {
    throw BackendError(error.problem(), error.remedy(), with_lines(error));
  }
}

std::shared_ptr<compare::RankGroup> join_run(Session& session) {
  const compare::LaunchedRank launched = compare::launched_rank();
  std::shared_ptr<compare::RankGroup> ranks;
  try {
    ranks = compare::join_ranks();
  } catch (const Error&) {
    // What is missing here is likely missing everywhere: rank 0 says so first, and mpirun ends the others.
    if (launched.rank != 0) std::this_thread::sleep_for(std::chrono::seconds(5));
    throw;
  }
  session.at_end = [ranks](int status) { ranks->leave(status); };
  if (ranks->size() == 1) return ranks;
  std::string task = POLYGRAPH_VERSION;
  for (const std::string& argument : session.arguments) task += " " + shell_quoted(argument);
  ranks->meet(task);
  return ranks;
}

RunArguments arguments_for_rank(const RunArguments& arguments, const compare::RankGroup& ranks) {
  RunArguments mine = arguments;
  if (ranks.size() == 1) return mine;
  for (const auto& [option, path] : {std::pair{"--html", &arguments.html},
                                     {"--save-heatmaps", &arguments.save_heatmaps},
                                     {"--save-error-metrics-plot", &arguments.save_error_metrics_plot}})
    if (*path)
      throw UsageError(
          fmt::format("{} draws the outputs themselves, and those of other ranks stay there.", option),
          "Leave it out, or run what is to be drawn in one process.");
  const auto measures = [](const Settings& settings) {
    return std::ranges::find(settings, Settings::value_type("time_layers", "true")) != settings.end();
  };
  if (arguments.layer_times || measures(arguments.onnxrt) || measures(arguments.trt.runner) ||
      std::ranges::any_of(arguments.runners, measures, &RunnerArgument::settings))
    throw UsageError(
        "Measuring layers (--layer-times) is for one process, and several ranks share the processors.",
        "Leave it out, or run what is to be measured in one process.");
  if (const int local = compare::launched_rank().local_size; local > 1) {
    const std::string threads = std::to_string(threads_per_rank(local));
    set_default(mine.onnxrt, "intra_op_threads", threads);
    set_default(mine.openvino.request.config, "threads", threads);
    for (RunnerArgument& runner : mine.runners)
      if (runner.backend == "reference") set_default(runner.settings, "threads", threads);
  }
  if (ranks.rank() == 0) return mine;
  mine.save_onnx.reset();
  mine.save_engine.reset();
  const std::string suffix = fmt::format("-rank{}", ranks.rank());
  const auto name_profile = [&](Settings& settings) {
    for (auto& [field, value] : settings)
      if (field == "profile") value += suffix;
  };
  name_profile(mine.onnxrt);
  for (RunnerArgument& runner : mine.runners)
    if (runner.backend == "onnxrt") name_profile(runner.settings);
  return mine;
}

void show_log(const HeldLog::Lines& lines, const std::string& from) {
  for (const auto& [severity, text] : lines)
    if (severity >= Severity::warning)
      log_once(severity, text);
    else
      log_text(severity, fmt::format("{} | {}", from, text));
}

}  // namespace polygraph::cli
