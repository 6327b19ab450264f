#include "cli/completion.h"
#include "cli/completion_tree.h"
#include "cli/text.h"

namespace polygraph::cli {
namespace {

std::string function_name(const std::string& path) {
  std::string name = "_polygraph";
  if (!path.empty()) name += "_" + path;
  for (char& c : name)
    if (c == ' ' || c == '-') c = '_';
  return name;
}

// Text within a spec of _arguments: colons and brackets have a meaning there.
std::string spec_text(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == ':' || c == '[' || c == ']' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

std::string action(const Option& option, const std::string& tool_words) {
  if (!option.choices.empty()) return "(" + choice_words(option) + ")";
  switch (option.completes) {
    case Completes::files:
      return "_files";
    case Completes::folders:
      return "_files -/";
    case Completes::tools:
      return "(" + tool_words + ")";
    case Completes::nothing:
      break;
  }
  return " ";
}

std::string value_spec(const Option& option, const std::string& tool_words) {
  const std::string message = spec_text(option.value_name()) + ":" + action(option, tool_words);
  switch (option.arity) {
    case Arity::none:
      return {};
    case Arity::one:
      return ":" + message;
    case Arity::optional:
      return "::" + message;
    case Arity::one_or_more:
    case Arity::zero_or_more:
      return ":*-*:" + message;
    case Arity::rest:
      return ":*::" + message;
  }
  return {};
}

std::string option_spec(const std::string& name, const Option& option, const std::string& tool_words) {
  const bool equals = name.starts_with("--") && option.arity == Arity::one;
  return "    " +
         shell_quoted((option.repeat == Repeat::each ? "*" : "") + name + (equals ? "=" : "") + "[" +
                      spec_text(first_sentence(option.help)) + "]" + value_spec(option, tool_words)) +
         " \\\n";
}

std::string positional_spec(const Option& option, const std::string& tool_words) {
  const std::string message = spec_text(option.value_name()) + ":" + action(option, tool_words);
  switch (option.arity) {
    case Arity::none:
    case Arity::one:
      return "    " + shell_quoted(":" + message) + " \\\n";
    case Arity::optional:
      return "    " + shell_quoted("::" + message) + " \\\n";
    case Arity::one_or_more:
    case Arity::zero_or_more:
    case Arity::rest:
      return "    " + shell_quoted("*:" + message) + " \\\n";
  }
  return {};
}

}  // namespace

std::string zsh_completion(const Tool& root) {
  const std::string tool_words = subtool_words(root);
  std::string script =
      "#compdef polygraph\n"
      "# Completion of polygraph for zsh. Made by: polygraph completion zsh\n"
      "# To use it in every shell, write it to a folder of $fpath, named _polygraph\n\n";
  for (const auto& [path, tool] : all_tools(root)) {
    std::string specs;
    for_each_option(tool, [&](const Option& option) {
      for (const std::string& name : option.names) specs += option_spec(name, option, tool_words);
    });
    script += function_name(path) + "() {\n";
    if (tool.subtools.empty()) {
      for (const Option& argument : tool.positionals) specs += positional_spec(argument, tool_words);
      script += "  _arguments -s -S \\\n" + specs + "    && return 0\n}\n\n";
      continue;
    }
    script += "  local curcontext=\"$curcontext\" state line\n  _arguments -C -s -S \\\n" + specs +
              "    '1: :->tool' \\\n    '*:: :->arguments' && return 0\n  case $state in\n    tool)\n"
              "      local -a tools=(\n";
    for (const Subtool& subtool : tool.subtools)
      script += "        " + shell_quoted(subtool.name + ":" + subtool.summary) + "\n";
    script += "      )\n      _describe tool tools\n      ;;\n    arguments)\n      case $line[1] in\n";
    for (const Subtool& subtool : tool.subtools)
      script += "        " + subtool.name + ") " +
                function_name(path.empty() ? subtool.name : path + " " + subtool.name) + " ;;\n";
    script += "      esac\n      ;;\n  esac\n}\n\n";
  }
  // Sourced, the script registers itself; from $fpath, it is the function's body.
  return script +
         "if [ \"$funcstack[1]\" = _polygraph ]; then\n  _polygraph \"$@\"\nelse\n  compdef _polygraph "
         "polygraph\nfi\n";
}

}  // namespace polygraph::cli
