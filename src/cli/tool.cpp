#include "cli/tool.h"

#include <algorithm>

#include "cli/text.h"

namespace polygraph::cli {
namespace {

constexpr std::size_t max_choices_width =
    36;  // longer lists of choices are named in the usage and listed below

std::string upper_case_name(std::string_view name) {
  name.remove_prefix(std::min(name.find_first_not_of('-'), name.size()));
  std::string upper;
  for (const char ch : name) upper += ch == '-' ? '_' : to_upper(ch);
  return upper;
}

}  // namespace

std::string Option::value_name() const {
  if (!metavar.empty()) return metavar;
  if (!choices.empty()) {
    std::string list = "{";
    list += join(choice_values(), ",");
    if (list.size() < max_choices_width) return list += '}';
  }
  return upper_case_name(name());
}

std::string Option::value_syntax() const {
  std::string value = value_name();
  std::string in_brackets = "[";
  switch (arity) {
    case Arity::none:
      return {};
    case Arity::one:
      return value;
    case Arity::optional:
      return in_brackets += value + "]";
    case Arity::one_or_more:
      return value + "...";
    case Arity::zero_or_more:
    case Arity::rest:
      return in_brackets += value + "...]";
  }
  return {};
}

std::vector<std::string> Option::choice_values() const {
  std::vector<std::string> values;
  for (const Choice& choice : choices) values.push_back(choice.value);
  return values;
}

bool Option::lists_choices() const {
  return !choices.empty() && !value_name().starts_with('{');
}

std::vector<std::string> Tool::subtool_names() const {
  std::vector<std::string> names;
  for (const Subtool& subtool : subtools) names.push_back(subtool.name);
  return names;
}

const Option& help_option() {
  static const Option option{.names = {"-h", "--help"}, .help = "Show this help and exit."};
  return option;
}

void for_each_option(const Tool& tool, const std::function<void(const Option&)>& visit) {
  visit(help_option());
  for (const OptionGroup& group : tool.groups)
    for (const Option& option : group.options) visit(option);
}

}  // namespace polygraph::cli
