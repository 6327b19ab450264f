#include "cli/arguments.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "cli/help.h"
#include "cli/text.h"

namespace polygraph::cli {
namespace {

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return to_lower(x) == to_lower(y); });
}

bool is_number(const std::string& text) {
  char* end = nullptr;
  std::strtod(text.c_str(), &end);
  return end != text.c_str() && *end == '\0';
}

// Whether the argument is to be read as an option (or as `--`) and not as a value.
bool looks_like_option(const std::string& argument) {
  return argument.size() > 1 && argument[0] == '-' && !is_number(argument);
}

std::size_t least_count(const Option& positional) {
  return positional.arity == Arity::one || positional.arity == Arity::one_or_more ? 1 : 0;
}

std::size_t greatest_count(const Option& positional) {
  return positional.arity == Arity::one || positional.arity == Arity::optional ? 1 : std::string::npos;
}

}  // namespace

class Parser {
 public:
  Parser(Tool root, Values arguments) : command_(std::move(root)), arguments_(arguments) {}

  Command run() && {
    while (next_ < arguments_.size() && !ended_) {
      const std::string& argument = arguments_[next_];
      if (!only_positionals_ && argument == "--") {
        only_positionals_ = true;
        ++next_;
      } else if (!only_positionals_ && looks_like_option(argument)) {
        ++next_;
        argument.starts_with("--") ? read_long(argument) : read_short(argument);
      } else {
        read_positional();
      }
    }
    if (!ended_) finish();
    return std::move(command_);
  }

 private:
  const Tool& tool() const { return command_.tool(); }

  [[noreturn]] void fail(std::string problem, std::string remedy = {}) const {
    throw CommandLineError(std::move(problem), std::move(remedy), usage_line(command_.name(), tool()));
  }

  // --name, --name=value, and every unique prefix of a name.
  void read_long(const std::string& argument) {
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    std::optional<std::string> attached;
    if (equals != std::string::npos) attached = argument.substr(equals + 1);

    const Option* found = find_exact(name);
    if (found == nullptr && name != "--") found = find_by_prefix(name);
    if (found == nullptr) fail_unknown_option(name);
    read_option(*found, std::move(attached));
  }

  // -v, -vvq, -oFILE, -o=FILE, -o FILE.
  void read_short(const std::string& argument) {
    for (std::size_t i = 1; i < argument.size() && !ended_; ++i) {
      const std::string name{'-', argument[i]};
      const Option* option = find_exact(name);
      if (option == nullptr) fail_unknown_option(i == 1 ? argument : name);
      if (option->arity == Arity::none) {
        if (i + 1 < argument.size() && argument[i + 1] == '=') fail_takes_no_value(*option);
        read_option(*option, std::nullopt);
        continue;
      }
      std::optional<std::string> attached;
      if (i + 1 < argument.size()) attached = argument.substr(argument[i + 1] == '=' ? i + 2 : i + 1);
      read_option(*option, std::move(attached));
      return;
    }
  }

  // Two names of the same option are no ambiguity.
  const Option* find_by_prefix(const std::string& prefix) const {
    const Option* found = nullptr;
    bool ambiguous = false;
    std::vector<std::string> candidates;
    for_each_option(tool(), [&](const Option& option) {
      for (const std::string& name : option.names) {
        if (!name.starts_with("--") || !name.starts_with(prefix)) continue;
        ambiguous = ambiguous || (found != nullptr && found != &option);
        found = &option;
        candidates.push_back(name);
      }
    });
    if (ambiguous)
      fail("Ambiguous option " + quoted(prefix) + ": it could be " + join(candidates, ", ") + ".");
    return found;
  }

  const Option* find_exact(std::string_view name) const {
    const Option* found = nullptr;
    for_each_option(tool(), [&](const Option& option) {
      if (std::find(option.names.begin(), option.names.end(), name) != option.names.end()) found = &option;
    });
    return found;
  }

  [[noreturn]] void fail_unknown_option(const std::string& name) const {
    std::vector<std::string> known;
    for_each_option(tool(), [&](const Option& option) {
      for (const std::string& full : option.names)
        if (full.starts_with("--")) known.push_back(full);
    });
    const std::string near = nearest(name, known);
    fail("Unknown option " + quoted(name) + " for " + quoted(command_.name()) + "." +
         (near.empty() ? "" : " Did you mean " + quoted(near) + "?"));
  }

  [[noreturn]] void fail_takes_no_value(const Option& option) const {
    fail("Option " + option.name() + " takes no value.");
  }

  void read_option(const Option& option, std::optional<std::string> attached) {
    if (&option == &help_option()) {
      if (attached) fail_takes_no_value(option);
      command_.wants_help_ = true;
      ended_ = true;
      return;
    }
    std::vector<std::string> values;
    if (attached) {
      if (option.arity == Arity::none) fail_takes_no_value(option);
      values.push_back(std::move(*attached));
      if (option.arity == Arity::rest) take_values(values, std::string::npos, true);
    } else if (option.arity != Arity::none) {
      const std::size_t most =
          option.arity == Arity::one || option.arity == Arity::optional ? 1 : std::string::npos;
      take_values(values, most, option.arity == Arity::rest);
    }
    if (values.empty() && (option.arity == Arity::one || option.arity == Arity::one_or_more)) {
      std::string remedy;
      if (next_ < arguments_.size() && arguments_[next_] != "--" && !is_option(arguments_[next_]))
        remedy = "If " + quoted(arguments_[next_]) + " is the value, write " + option.name() + "=" +
                 arguments_[next_] + ".";
      fail("Option " + option.name() +
               " needs a value: " + quoted(option.name() + " " + option.value_syntax()) + ".",
           std::move(remedy));
    }
    record(option, std::move(values));
    if (option.run_instead) {
      command_.instead_ = &option;
      ended_ = true;
    }
  }

  bool is_option(const std::string& argument) const {
    return find_exact(argument.substr(0, argument.find('='))) != nullptr;
  }

  void take_values(std::vector<std::string>& values, std::size_t most, bool everything) {
    while (next_ < arguments_.size() && values.size() < most &&
           (everything || !looks_like_option(arguments_[next_])))
      values.push_back(arguments_[next_++]);
  }

  void read_positional() {
    const std::string& argument = arguments_[next_++];
    if (!tool().subtools.empty()) {
      enter_subtool(argument);
      return;
    }
    positionals_.push_back(argument);
    // Once the fixed positional arguments are there, one that takes the rest takes options, too.
    const auto& declared = tool().positionals;
    if (!declared.empty() && declared.back().arity == Arity::rest && positionals_.size() >= declared.size())
      take_values(positionals_, std::string::npos, true);
  }

  void enter_subtool(const std::string& name) {
    const auto& subtools = tool().subtools;
    const auto found =
        std::find_if(subtools.begin(), subtools.end(), [&](const Subtool& s) { return s.name == name; });
    if (found == subtools.end())
      fail("Unknown tool " + quoted(name) + " for " + quoted(command_.name()) + "." +
           suggest(name, tool().subtool_names()));
    check_required();
    command_.tools_.push_back(std::make_unique<const Tool>(found->make()));
  }

  void record(const Option& option, std::vector<std::string> values) {
    if (!option.choices.empty())
      for (std::string& value : values) value = choice_of(option, value);
    command_.occurrences_.push_back({&option, std::move(values)});
  }

  std::string choice_of(const Option& option, const std::string& value) const {
    const std::vector<std::string> allowed = option.choice_values();
    for (const std::string& choice : allowed)
      if (equal_ignoring_case(choice, value)) return choice;
    std::string problem = "Invalid value " + quoted(value) + " for " + option.name() + ".";
    const std::string near = nearest(value, allowed);
    if (!near.empty()) problem += " Did you mean " + quoted(near) + "?";
    problem += " Allowed: " + join(allowed, ", ") + ".";
    const bool takes_all_that_follows = option.arity != Arity::one && !option.is_positional();
    if (near.empty() && takes_all_that_follows && !tool().positionals.empty())
      fail(std::move(problem), positional_remedy(value, tool().positionals.front()));
    fail(std::move(problem));
  }

  static std::string positional_remedy(const std::string& value, const Option& positional) {
    return "If " + quoted(value) + " is the " + positional.value_name() +
           ", put it before the options or after '--'.";
  }

  void check_required() const {
    for_each_option(tool(), [&](const Option& option) {
      if (option.required && !was_given(option))
        fail("Option " + option.name() +
             " is required: " + quoted(option.name() + " " + option.value_syntax()) + ".");
    });
  }

  bool was_given(const Option& option) const {
    return std::any_of(command_.occurrences_.begin(), command_.occurrences_.end(),
                       [&](const Occurrence& occurrence) { return occurrence.option == &option; });
  }

  // Shares the positional values out among the declared arguments: each takes what it may and leaves the
  // later ones what they need.
  void finish() {
    if (!tool().subtools.empty())
      fail("No tool given for " + quoted(command_.name()) +
           ". Available: " + join(tool().subtool_names(), ", ") + ".");
    check_required();
    std::size_t needed_later = 0;
    for (const Option& positional : tool().positionals) needed_later += least_count(positional);
    std::size_t position = 0;
    for (const Option& positional : tool().positionals) {
      const std::size_t required = least_count(positional);
      needed_later -= required;
      const std::size_t least = is_replaced(positional) ? 0 : required;
      const std::size_t left = positionals_.size() - position;
      if (left < least) fail_missing(positional);
      const std::size_t count =
          std::min(greatest_count(positional), std::max(least, left - std::min(left, needed_later)));
      const auto first = positionals_.begin() + static_cast<std::ptrdiff_t>(position);
      position += count;
      if (count > 0 || positional.arity == Arity::zero_or_more || positional.arity == Arity::rest)
        record(positional, {first, first + static_cast<std::ptrdiff_t>(count)});
    }
    if (position < positionals_.size())
      fail("Unexpected argument " + quoted(positionals_[position]) + " for " + quoted(command_.name()) + ".");
  }

  bool is_replaced(const Option& positional) const {
    return std::ranges::any_of(command_.occurrences_, [&](const Occurrence& occurrence) {
      return std::ranges::find(occurrence.option->names, positional.replaced_by) !=
             occurrence.option->names.end();
    });
  }

  [[noreturn]] void fail_missing(const Option& positional) const {
    std::string remedy;
    // The value may have gone to an option that takes all it can get.
    for (const Occurrence& occurrence : command_.occurrences_)
      if (!occurrence.option->is_positional() && occurrence.option->arity != Arity::one &&
          occurrence.option->choices.empty() && !occurrence.values.empty())
        remedy = quoted(occurrence.values.back()) + " was read as a value of " + occurrence.option->name() +
                 ". " + positional_remedy(occurrence.values.back(), positional);
    fail(quoted(command_.name()) + " needs " + positional.value_name() + ".", std::move(remedy));
  }

  Command command_;
  Values arguments_;
  std::size_t next_ = 0;
  std::vector<std::string> positionals_;
  bool only_positionals_ = false;
  bool ended_ = false;
};

Command::Command(Tool root) {
  tools_.push_back(std::make_unique<const Tool>(std::move(root)));
}

std::string Command::name() const {
  std::string name;
  for (const auto& tool : tools_) name += (name.empty() ? "" : " ") + tool->name;
  return name;
}

void Command::apply() const {
  for (std::size_t i = 0; i < occurrences_.size(); ++i) {
    const Option& option = *occurrences_[i].option;
    if (!option.apply) continue;
    if (option.repeat == Repeat::last &&
        std::any_of(occurrences_.begin() + static_cast<std::ptrdiff_t>(i) + 1, occurrences_.end(),
                    [&](const Occurrence& later) { return later.option == &option; }))
      continue;
    try {
      option.apply(occurrences_[i].values);
    } catch (const UsageError& error) {
      const std::string name = option.is_positional() ? option.value_name() : join(option.names, ", ");
      throw CommandLineError(name + ": " + error.problem(), error.remedy(), usage_line(this->name(), tool()));
    }
  }
}

Command parse(Tool root, Values arguments) {
  return Parser(std::move(root), arguments).run();
}

}  // namespace polygraph::cli
