#include "cli/help.h"

#include <algorithm>

#include "cli/text.h"

namespace polygraph::cli {
namespace {

constexpr int text_column = 26;  // where the second column starts; longer names put it on the next line

class HelpWriter {
 public:
  explicit HelpWriter(const TextStyle& style) : style_(style) {}

  std::string text() && { return std::move(text_); }

  void heading(std::string_view title) {
    if (!text_.empty()) text_ += '\n';
    text_ += bold(title) + ":\n";
  }

  void paragraph(std::string_view text) {
    if (text.empty()) return;
    if (!text_.empty()) text_ += '\n';
    text_ += wrap(text, style_.width, 0, 0) + "\n";
  }

  void group_description(std::string_view text) {
    if (!text.empty()) text_ += indented(text, style_.width, 2) + "\n\n";
  }

  void usage(const std::string& line) {
    if (!text_.empty()) text_ += '\n';
    const int hanging = 4;
    text_ += wrap(line, style_.width, hanging, 0) + "\n";
  }

  void example(const Example& example) {
    text_ += indented(example.command, style_.width, 2) + "\n";
    if (!example.purpose.empty()) text_ += indented(example.purpose, style_.width, 6) + "\n";
  }

  void row(const std::string& name, std::string_view text) {
    constexpr int name_column = 2;
    const auto end = name_column + static_cast<int>(name.size());
    text_.append(static_cast<std::size_t>(name_column), ' ');
    // A name that does not fit breaks where its values are separated, as the usage line does.
    text_ += wrap(name, style_.width, name_column + 4, name_column);
    if (text.empty()) {
      text_ += '\n';
      return;
    }
    if (end + 2 > text_column) {
      text_ += '\n';
      text_.append(text_column, ' ');
    } else {
      text_.append(static_cast<std::size_t>(text_column - end), ' ');
    }
    text_ += wrap(text, style_.width, text_column, text_column) + "\n";
  }

  void option(const Option& option) {
    std::string text = option.help;
    if (!option.default_text.empty()) text += " Default: " + option.default_text + ".";
    row(invocation(option), text);
    choices(option);
  }

 private:
  void choices(const Option& option) {
    const bool explained = std::any_of(option.choices.begin(), option.choices.end(),
                                       [](const Choice& c) { return !c.help.empty(); });
    if (!explained) {
      // Others stand in the value's name already.
      if (!option.lists_choices()) return;
      text_ +=
          indented("One of " + join(option.choice_values(), ", ") + ".", style_.width, text_column) + "\n";
      return;
    }
    std::size_t longest = 0;
    for (const Choice& choice : option.choices) longest = std::max(longest, choice.value.size());
    const int column = text_column + static_cast<int>(longest) + 2;
    for (const Choice& choice : option.choices) {
      std::string name = choice.value;
      name.resize(longest + 2, ' ');
      text_ += std::string(text_column, ' ') + name + wrap(choice.help, style_.width, column, column) + "\n";
    }
  }

  std::string bold(std::string_view text) const {
    return style_.bold ? "\x1b[1m" + std::string(text) + "\x1b[0m" : std::string(text);
  }

  TextStyle style_;
  std::string text_;
};

}  // namespace

std::string usage_line(const std::string& name, const Tool& tool) {
  std::string line = "usage: " + name + " [options]";
  for_each_option(tool, [&](const Option& option) {
    if (option.required)
      line += " " + option.name() + (option.arity == Arity::none ? "" : " " + option.value_syntax());
  });
  for (const Option& positional : tool.positionals) line += " " + positional.value_syntax();
  if (!tool.subtools.empty()) line += " TOOL ...";
  return line;
}

std::string invocation(const Option& option) {
  if (option.is_positional()) return option.value_syntax();
  std::string text = join(option.names, ", ");
  if (option.arity != Arity::none) text += " " + option.value_syntax();
  return text;
}

std::string help_text(const std::string& name, const Tool& tool, const TextStyle& style) {
  HelpWriter writer(style);
  if (!tool.examples.empty()) writer.heading(tool.examples.size() == 1 ? "Example" : "Examples");
  for (const Example& example : tool.examples) writer.example(example);
  writer.usage(usage_line(name, tool));
  writer.paragraph(tool.summary);
  writer.paragraph(tool.description);
  if (!tool.positionals.empty()) {
    writer.heading("Arguments");
    for (const Option& positional : tool.positionals) writer.option(positional);
  }
  if (!tool.subtools.empty()) {
    writer.heading("Tools");
    for (const Subtool& subtool : tool.subtools) writer.row(subtool.name, subtool.summary);
  }
  // Options without a heading of their own come first, with the help option.
  writer.heading("Options");
  writer.option(help_option());
  for (const OptionGroup& group : tool.groups)
    if (group.title.empty())
      for (const Option& option : group.options) writer.option(option);
  for (const OptionGroup& group : tool.groups) {
    if (group.title.empty()) continue;
    writer.heading(group.title);
    writer.group_description(group.description);
    for (const Option& option : group.options) writer.option(option);
  }
  if (!tool.subtools.empty()) writer.paragraph("'" + name + " TOOL -h' shows the help of a tool.");
  return std::move(writer).text();
}

}  // namespace polygraph::cli
