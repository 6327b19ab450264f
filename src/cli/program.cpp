#include "cli/program.h"

#include <polygraph/compare/rank_group.h>
#include <polygraph/core/log.h>
#include <unistd.h>

#include <new>
#include <system_error>

#include "cli/arguments.h"
#include "cli/help.h"
#include "cli/interrupt.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "cli/tools.h"

namespace polygraph::cli {
namespace {

constexpr int log_prefix_width = 4;  // "[!] "

void report(const std::string& message) noexcept {
  end_silently_when_interrupted();
  try {
    std::string text = message;
    if (is_terminal(STDERR_FILENO))
      text = wrap(text, style_for(STDERR_FILENO).width - log_prefix_width, 0, 0);
    log_text(Severity::critical, text);
  } catch (...) {
    // No memory is left even for that.
    constexpr std::string_view last_words = "[!] Out of memory\n";
    [[maybe_unused]] const ssize_t ignored = write(STDERR_FILENO, last_words.data(), last_words.size());
  }
}

// Whether this process is one of several that mpirun launched, and not the first.
bool is_follower() noexcept {
  try {
    return compare::launched_rank().rank != 0;
  } catch (...) {  // of another MPI: `run` says so
    return false;
  }
}

ExitCode run_command(Session& session, Values arguments) {
  const Command command = parse(polygraph_tool(session), arguments);
  const Tool& tool = command.tool();
  if (command.wants_help()) {
    session.output.write(help_text(command.name(), tool, style_for(session.output.fd())));
    return ExitCode::passed;
  }
  if (command.instead() != nullptr) return command.instead()->run_instead();
  command.apply();
  LogOptions log = session.logging.resolve();
  if (tool.spreads_over_ranks && is_follower()) log.log_file.clear();
  set_log_options(std::move(log));
  if (tool.long_running) watch_for_interrupts();
  report_crashes();
  // mpirun ends the other ranks when one has failed.
  if (tool.spreads_over_ranks && is_follower()) end_silently_when_interrupted();
  return tool.run();
}

// Calls `work` and turns what it throws into a message and an exit status.
template <class Work>
ExitCode guarded(const Work& work) {
  try {
    return work();
  } catch (const CommandLineError& error) {
    // All ranks have the same command line: the first one complains.
    if (is_follower()) return ExitCode::passed;
    report(std::string(error.what()) + "\n" + error.usage());
    return error.exit_code();
  } catch (const Error& error) {
    report(error.what());
    return error.exit_code();
  } catch (const std::bad_alloc&) {
    report("Out of memory.\nUse a smaller input, or a machine with more memory.");
    return ExitCode::input;
  } catch (const std::system_error& error) {
    report(std::string("The system refused: ") + error.what() + ".");
    return ExitCode::input;
  } catch (const std::exception& error) {
    report(std::string("Unexpected failure: ") + error.what() +
           ".\nPlease report it with the command line and the input.");
    return ExitCode::backend;
  } catch (...) {
    report("Unexpected failure of an unknown kind.\nPlease report it with the command line and the input.");
    return ExitCode::backend;
  }
}

}  // namespace

Tool polygraph_tool(Session& session) {
  Tool tool{
      .name = "polygraph",
      .summary = "Build, run, inspect, compare and debug deep-learning models.",
      .examples = {{"polygraph inspect model identity.onnx",
                    "What goes into a model, what comes out, and how big it is."},
                   {"polygraph run model.onnx --onnxrt --openvino", "Whether two engines compute the same."},
                   {"polygraph help inspect model", "The help of a tool."}},
  };
  tool.groups = {{.options = {{.names = {"-v", "--version"},
                               .help = "Show the version of Polygraph and of every engine, and exit.",
                               .run_instead = [&session] { return print_version(session); }}}}};
  const auto add = [&](const char* name, const char* summary, Tool (*make)(Session&)) {
    tool.subtools.push_back({name, summary, [make, &session] { return make(session); }});
  };
  add("check", "Find what is wrong with a model, or with its results.", check_tool);
  add("convert", "Turn a model into an engine, or into another model.", convert_tool);
  add("data", "Join files of saved inputs and outputs.", data_tool);
  add("diff", "Show what differs between two ONNX models.", diff_tool);
  add("inspect", "Show what is in a file.", inspect_tool);
  add("plugin", "Let plugins of an engine take over parts of an ONNX model.", plugin_tool);
  add("run", "Run a model with several engines and compare what they give.", run_tool);
  add("surgeon", "Change an ONNX model.", surgeon_tool);
  add("template", "Write a program to start from.", template_tool);
  add("completion", "Print a completion script for a shell.", completion_tool);
  add("man", "Print a manual page.", man_tool);
  add("help", "Show the help of a tool.", help_tool);
  add("doctor", "Show which backends work here, and what the others lack.", doctor_tool);
  add("version", "Show the version of Polygraph and of every engine.", version_tool);
  return tool;
}

int run_program(Session& session, Values arguments) noexcept {
  ExitCode code = guarded([&] {
    session.arguments = arguments;
    return run_command(session, arguments);
  });
  const ExitCode flushed = guarded([&] {
    session.output.flush();
    return ExitCode::passed;
  });
  if (code == ExitCode::passed) code = flushed;
  if (session.at_end) {
    const ExitCode ended = guarded([&] {
      session.at_end(static_cast<int>(code));
      return ExitCode::passed;
    });
    if (code == ExitCode::passed) code = ended;
  }
  return static_cast<int>(code);
}

}  // namespace polygraph::cli
