#include "cli/completion.h"
#include "cli/completion_tree.h"
#include "cli/text.h"

namespace polygraph::cli {
namespace {

std::string option_line(const std::string& condition, const Option& option, const std::string& tool_words) {
  std::string line = condition;
  for (const std::string& name : option.names)
    line +=
        name.starts_with("--") ? " -l " + fish_quoted(name.substr(2)) : " -s " + fish_quoted(name.substr(1));
  const bool needs_value =
      option.arity == Arity::one || option.arity == Arity::one_or_more || option.arity == Arity::rest;
  const bool files = option.completes == Completes::files || option.completes == Completes::folders;
  if (needs_value) line += files ? " -r -F" : " -x";
  if (!option.choices.empty())
    line += " -a " + fish_quoted(choice_words(option));
  else if (option.completes == Completes::tools)
    line += " -a " + fish_quoted(tool_words);
  return line + " -d " + fish_quoted(first_sentence(option.help)) + "\n";
}

}  // namespace

std::string fish_completion(const Tool& root) {
  std::string enter;
  std::string rules;
  const std::string tool_words = subtool_words(root);
  for (const auto& [path, tool] : all_tools(root)) {
    const std::string condition =
        "complete -c polygraph -n " + fish_quoted("__polygraph_at " + fish_quoted(path));
    for (const Subtool& subtool : tool.subtools) {
      enter += "            case " + fish_quoted(path + "/" + subtool.name) + "\n                set tool " +
               fish_quoted(path.empty() ? subtool.name : path + " " + subtool.name) + "\n";
      rules += condition + " -a " + fish_quoted(subtool.name) + " -d " + fish_quoted(subtool.summary) + "\n";
    }
    for (const Option& argument : tool.positionals) {
      if (!argument.choices.empty())
        rules += condition + " -a " + fish_quoted(choice_words(argument)) + "\n";
      else if (argument.completes == Completes::tools)
        rules += condition + " -a " + fish_quoted(tool_words) + "\n";
      else if (argument.completes == Completes::files)
        rules += condition + " -F\n";
      else if (argument.completes == Completes::folders)
        rules += condition + " -x -a '(__fish_complete_directories)'\n";
    }
    for_each_option(tool, [&](const Option& option) { rules += option_line(condition, option, tool_words); });
  }
  return "# Completion of polygraph for fish. Made by: polygraph completion fish\n"
         "# To use it in every shell, write it to ~/.config/fish/completions/polygraph.fish\n\n"
         "function __polygraph_at\n"
         "    set -l tool ''\n"
         "    set -l words (commandline -opc)\n"
         "    for word in $words[2..-1]\n"
         "        switch \"$tool/$word\"\n" +
         enter +
         "        end\n"
         "    end\n"
         "    test \"$tool\" = \"$argv[1]\"\n"
         "end\n\n"
         "complete -c polygraph -f\n" +
         rules;
}

}  // namespace polygraph::cli
