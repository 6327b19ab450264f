// The tools that tell about the program itself.

#include <polygraph/core/backends.h>

#include <memory>

#include "cli/arguments.h"
#include "cli/completion.h"
#include "cli/help.h"
#include "cli/man_page.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "cli/tools.h"

namespace polygraph::cli {
namespace {

struct NamedTool {
  std::string name;
  Tool tool;
};

// The tool that the words lead to, from the program itself down.
NamedTool find_tool(Session& session, const std::vector<std::string>& words) {
  NamedTool found{"polygraph", polygraph_tool(session)};
  for (const std::string& word : words) {
    const std::vector<Subtool> subtools = found.tool.subtools;
    const Subtool* next = nullptr;
    for (const Subtool& subtool : subtools)
      if (subtool.name == word) next = &subtool;
    if (next == nullptr) {
      const std::vector<std::string> names = found.tool.subtool_names();
      throw UsageError("There is no tool '" + word + "' in '" + found.name + "'." +
                       (names.empty() ? " It has no tools." : suggest(word, names)));
    }
    found = {found.name + " " + word, next->make()};
  }
  return found;
}

Option tool_argument(std::vector<std::string>& words) {
  return {.names = {"tool"},
          .help = "The tool, e.g. `inspect model`; without it, the program.",
          .arity = Arity::zero_or_more,
          .completes = Completes::tools,
          .apply = [&words](Values values) { words.assign(values.begin(), values.end()); }};
}

}  // namespace

ExitCode print_version(Session& session) {
  session.output.write("Polygraph " POLYGRAPH_VERSION "\n");
  const int fd = session.output.fd();
  for (const BackendInfo& info : find_backends()) {
    std::string line;
    if (info.backend != nullptr)
      line = std::string(info.backend->name()) + " " + info.backend->version();
    else
      line = info.name + ": not available. " + info.problem + " " + info.remedy;
    // Programs get one line for each engine, however long.
    if (is_terminal(fd)) line = wrap(line, style_for(fd).width, 4, 0);
    session.output.write(line + "\n");
  }
  return ExitCode::passed;
}

Tool version_tool(Session& session) {
  Tool tool{
      .name = "version",
      .summary = "Show the version of Polygraph and of every engine.",
      .description = "One line for Polygraph, then one for each engine: its version, or what to install.",
      .examples = {{"polygraph version", "What is installed."}}};
  tool.run = [&session] { return print_version(session); };
  return tool;
}

Tool help_tool(Session& session) {
  auto words = std::make_shared<std::vector<std::string>>();
  Tool tool{.name = "help",
            .summary = "Show the help of a tool.",
            .examples = {{"polygraph help inspect model", "The same as `polygraph inspect model -h`."}}};
  tool.positionals = {tool_argument(*words)};
  tool.run = [&session, words] {
    const NamedTool found = find_tool(session, *words);
    session.output.write(help_text(found.name, found.tool, style_for(session.output.fd())));
    return ExitCode::passed;
  };
  return tool;
}

Tool man_tool(Session& session) {
  auto words = std::make_shared<std::vector<std::string>>();
  Tool tool{.name = "man",
            .summary = "Print a manual page.",
            .description = "The page is made for man(1); it goes to standard output.",
            .examples = {{"polygraph man inspect model | man -l -", "Read the page of a tool."},
                         {"polygraph man > /usr/local/share/man/man1/polygraph.1",
                          "Install the page of the program."}}};
  tool.positionals = {tool_argument(*words)};
  tool.run = [&session, words] {
    const NamedTool found = find_tool(session, *words);
    session.output.write(man_page(found.name, found.tool));
    return ExitCode::passed;
  };
  return tool;
}

Tool completion_tool(Session& session) {
  auto shell = std::make_shared<std::string>();
  Tool tool{.name = "completion",
            .summary = "Print a completion script for a shell.",
            .description = "The script completes tools, options, their values and files.",
            .examples = {{"source <(polygraph completion bash)", "Completion in this bash or zsh."},
                         {"polygraph completion fish > ~/.config/fish/completions/polygraph.fish",
                          "Completion in every fish from now on."}}};
  tool.positionals = {{.names = {"shell"},
                       .help = "The shell to complete in.",
                       .arity = Arity::one,
                       .choices = {{"bash"}, {"zsh"}, {"fish"}},
                       .apply = [shell](Values values) { *shell = values.front(); }}};
  tool.run = [&session, shell] {
    const Tool root = polygraph_tool(session);
    if (*shell == "bash") session.output.write(bash_completion(root));
    if (*shell == "zsh") session.output.write(zsh_completion(root));
    if (*shell == "fish") session.output.write(fish_completion(root));
    return ExitCode::passed;
  };
  return tool;
}

}  // namespace polygraph::cli
