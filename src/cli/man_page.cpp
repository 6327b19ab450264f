#include "cli/man_page.h"

#include <algorithm>

#include "cli/help.h"
#include "cli/text.h"

namespace polygraph::cli {
namespace {

// Text as roff shows it unchanged; words in `backquotes` become bold.
std::string roff(std::string_view text) {
  std::string result;
  bool bold = false;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) result += "\\&";
    line_start = c == '\n';
    switch (c) {
      case '\\':
        result += "\\e";
        break;
      case '-':
        result += "\\-";
        break;
      case '~':
        result += "\\(ti";
        break;
      case '^':
        result += "\\(ha";
        break;
      case '`':
        bold = !bold;
        result += bold ? "\\fB" : "\\fR";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string quoted_argument(std::string_view text) {
  std::string escaped;
  for (const char c : text) escaped += c == '"' ? std::string("\\(dq") : roff({&c, 1});
  return "\"" + escaped + "\"";
}

// Paragraphs are separated by empty lines.
std::string paragraphs(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t end = text.find("\n\n");
    if (!result.empty()) result += ".PP\n";
    result += roff(text.substr(0, end)) + "\n";
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
  }
  return result;
}

std::string option_entry(const Option& option) {
  std::string tag;
  if (!option.is_positional())
    for (const std::string& name : option.names)
      tag += (tag.empty() ? "\\fB" : ", \\fB") + roff(name) + "\\fR";
  if (option.is_positional() || option.arity != Arity::none)
    tag += (tag.empty() ? "\\fI" : " \\fI") + roff(option.value_syntax()) + "\\fR";
  std::string text = ".TP\n" + tag + "\n" + roff(option.help) + "\n";
  if (!option.default_text.empty()) text += "Default: " + roff(option.default_text) + ".\n";
  const bool explained = std::any_of(option.choices.begin(), option.choices.end(),
                                     [](const Choice& c) { return !c.help.empty(); });
  if (explained) {
    text += ".RS\n";
    for (const Choice& choice : option.choices)
      text += ".TP\n\\fB" + roff(choice.value) + "\\fR\n" + roff(choice.help) + "\n";
    text += ".RE\n";
  } else if (option.lists_choices()) {
    text += "One of " + roff(join(option.choice_values(), ", ")) + ".\n";
  }
  return text;
}

std::string dashed(std::string name) {
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

// What stands after "usage: ".
std::string synopsis(const std::string& name, const Tool& tool) {
  constexpr std::string_view prefix = "usage: ";
  return usage_line(name, tool).substr(prefix.size() + name.size());
}

std::string see_also(const std::string& name, const Tool& tool) {
  std::vector<std::string> pages;
  if (const std::size_t space = name.rfind(' '); space != std::string::npos)
    pages.push_back(name.substr(0, space));
  for (const Subtool& subtool : tool.subtools) pages.push_back(name + " " + subtool.name);
  if (pages.empty()) return {};
  std::string text = ".SH SEE ALSO\n";
  for (std::size_t i = 0; i < pages.size(); ++i)
    text += ".BR " + roff(dashed(pages[i])) + " (1)" + (i + 1 < pages.size() ? "," : "") + "\n";
  return text;
}

}  // namespace

std::string man_page(const std::string& name, const Tool& tool) {
  std::string title = dashed(name);
  for (char& c : title)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  std::string page =
      ".TH " + quoted_argument(title) + " 1 \"\" \"Polygraph " POLYGRAPH_VERSION "\" \"Polygraph\"\n";
  page += ".SH NAME\n" + roff(dashed(name)) + " \\- " + roff(tool.summary) + "\n";
  page += ".SH SYNOPSIS\n\\fB" + roff(name) + "\\fR" + roff(synopsis(name, tool)) + "\n";
  page += ".SH DESCRIPTION\n" + paragraphs(tool.description.empty() ? tool.summary : tool.description);
  if (!tool.examples.empty()) {
    page += ".SH EXAMPLES\n";
    for (const Example& example : tool.examples)
      page += ".TP\n\\fB" + roff(example.command) + "\\fR\n" + roff(example.purpose) + "\n";
  }
  if (!tool.positionals.empty()) {
    page += ".SH ARGUMENTS\n";
    for (const Option& positional : tool.positionals) page += option_entry(positional);
  }
  if (!tool.subtools.empty()) {
    page += ".SH TOOLS\n";
    for (const Subtool& subtool : tool.subtools)
      page += ".TP\n\\fB" + roff(subtool.name) + "\\fR\n" + roff(subtool.summary) + "\n";
  }
  page += ".SH OPTIONS\n" + option_entry(help_option());
  for (const OptionGroup& group : tool.groups) {
    if (!group.title.empty()) page += ".SS " + quoted_argument(group.title) + "\n";
    if (!group.description.empty()) page += paragraphs(group.description);
    for (const Option& option : group.options) page += option_entry(option);
  }
  page += ".SH EXIT STATUS\n";
  const std::pair<const char*, const char*> statuses[] = {
      {"0", "Done, or the answer is yes."},
      {"1", "The answer is no: a mismatch, a finding."},
      {"2", "Wrong usage: an unknown option, a bad value."},
      {"3", "Bad input: a missing or damaged file, a wrong shape; or output that cannot be written."},
      {"4", "An engine library is missing or failed."},
      {"130", "Interrupted."},
  };
  for (const auto& [status, meaning] : statuses)
    page += std::string(".TP\n\\fB") + status + "\\fR\n" + roff(meaning) + "\n";
  return page + see_also(name, tool);
}

}  // namespace polygraph::cli
