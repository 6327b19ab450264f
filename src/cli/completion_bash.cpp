#include "cli/completion.h"
#include "cli/completion_tree.h"
#include "cli/text.h"

namespace polygraph::cli {
namespace {

// What completes the values of an option or a positional argument: words, @files, @folders, or nothing.
std::string candidates(const Option& option, const std::string& tool_words) {
  if (!option.choices.empty()) return choice_words(option);
  switch (option.completes) {
    case Completes::files:
      return "@files";
    case Completes::folders:
      return "@folders";
    case Completes::tools:
      return tool_words;
    case Completes::nothing:
      break;
  }
  return {};
}

bool takes_many(const Option& option) {
  return option.arity == Arity::one_or_more || option.arity == Arity::zero_or_more ||
         option.arity == Arity::rest;
}

bool may_have_none(const Option& option) {
  return option.arity == Arity::optional || option.arity == Arity::zero_or_more;
}

}  // namespace

std::string bash_completion(const Tool& root) {
  const std::vector<ToolNode> nodes = all_tools(root);
  std::string enter;       // case patterns that follow the words of the line down to the tool
  std::string options;     // tool: its options
  std::string values;      // tool and option: how many values, and which
  std::string positional;  // tool: what its arguments are
  const std::string tool_words = subtool_words(root);

  for (const auto& [path, tool] : nodes) {
    for (const std::string& name : tool.subtool_names())
      enter += "      " + shell_quoted(path + ":" + name) +
               ") tool=" + shell_quoted(path.empty() ? name : path + " " + name) + " option= ;;\n";
    std::string names;
    for_each_option(tool, [&](const Option& option) {
      std::string pattern;
      for (const std::string& name : option.names) {
        names += (names.empty() ? "" : " ") + name;
        pattern += (pattern.empty() ? "" : "|") + shell_quoted(path + ":" + name);
      }
      if (option.arity == Arity::none) return;
      values += "    ";
      values += pattern + ") many=" + (takes_many(option) ? "1" : "") +
                " optional=" + (may_have_none(option) ? "1" : "") +
                " words=" + shell_quoted(candidates(option, tool_words)) + " ;;\n";
    });
    options += "    " + shell_quoted(path) + ") words=" + shell_quoted(names) + " ;;\n";
    std::string words = subtool_words(tool);
    for (const Option& argument : tool.positionals)
      words += (words.empty() ? "" : " ") + candidates(argument, tool_words);
    positional += "    " + shell_quoted(path) + ") words=" + shell_quoted(words) + " ;;\n";
  }

  std::string script = R"(# Completion of polygraph for bash. Made by: polygraph completion bash
# To use it in every shell, write it to ~/.local/share/bash-completion/completions/polygraph

_polygraph() {
  local cur=${COMP_WORDS[COMP_CWORD]} tool= option= count=0 only_arguments= attached= many= optional= words= word i
  COMPREPLY=()

  # Follow the line up to the word before the cursor: the tool, and the option whose values stand there.
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    attached=
    if [[ $only_arguments ]]; then continue; fi
    if [[ $word == = ]]; then attached=1; continue; fi
    case "$word" in
      --) only_arguments=1 option= ;;
      -?*) option=$word count=0 ;;
      *) count=$((count + 1)) ;;
    esac
    case "$tool:$word" in
@enter@    esac
  done
  if [[ $cur == = ]]; then cur= attached=1; fi

  if [[ ! $only_arguments && $option ]]; then
    case "$tool:$option" in
@values@      *) option= ;;
    esac
  fi
  local values=$words
  words=
  if [[ $attached && $option ]]; then
    words=$values
  elif [[ $cur == -* && ! $only_arguments ]]; then
    case "$tool" in
@options@    esac
  else
    if [[ $option && ( $many || $count -eq 0 ) ]]; then words=$values; fi
    # Arguments of the tool can stand here unless the option still needs its value.
    if [[ ! $option || $optional || $count -gt 0 ]]; then
      local of_option=$words
      case "$tool" in
@positional@      esac
      words="$of_option $words"
    fi
  fi

  for word in $words; do
    case "$word" in
      @files|@folders)
        local kind=-f
        if [[ $word == @folders ]]; then kind=-d; fi
        compopt -o filenames 2>/dev/null
        while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen "$kind" -- "$cur")
        ;;
      "$cur"*) COMPREPLY+=("$word") ;;
    esac
  done
}
complete -F _polygraph polygraph
)";
  const auto insert = [&](std::string_view mark, const std::string& text) {
    script.replace(script.find(mark), mark.size(), text);
  };
  insert("@enter@", enter);
  insert("@values@", values);
  insert("@options@", options);
  insert("@positional@", positional);
  return script;
}

}  // namespace polygraph::cli
