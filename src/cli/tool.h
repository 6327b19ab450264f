#pragma once

#include <polygraph/core/error.h>

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The tables that say what the program accepts. Parsing, help, completions and man pages are all made from
/// them.
namespace polygraph::cli {

using Values = std::span<const std::string>;

/// How many values follow an option, or stand for a positional argument.
enum class Arity {
  none,          ///< a flag
  one,           ///< `--opt VALUE`
  optional,      ///< `--opt [VALUE]`
  one_or_more,   ///< `--opt VALUE...`, up to the next option
  zero_or_more,  ///< `--opt [VALUE...]`, up to the next option
  rest,          ///< everything that follows, options of other programs included
};

/// What an option that is given several times means.
enum class Repeat {
  last,  ///< the last one counts, as if the others were not there
  each,  ///< every one is applied, in the order of the command line
};

/// What completes a value, where no choices are given.
enum class Completes { nothing, files, folders, tools };

/// A value that an option accepts.
struct Choice {
  std::string value;
  std::string help = {};
};

/// An option, or a positional argument.
struct Option {
  /// `{"-o", "--output"}`, in the order in which help shows them; for a positional argument, its one name.
  std::vector<std::string> names = {};
  /// What a value is called in help texts; empty: made from the choices or the last name.
  std::string metavar = {};
  std::string help = {};
  Arity arity = Arity::none;
  /// If not empty, the only values accepted. Case is ignored; `apply` sees them as they are spelled here.
  std::vector<Choice> choices = {};
  /// What holds without the option, as help says it.
  std::string default_text = {};
  Repeat repeat = Repeat::last;
  Completes completes = Completes::nothing;
  /// For options; a positional argument is required if its arity is `one` or `one_or_more`.
  bool required = false;
  /// For a positional argument that is required: the option that takes its place, by a name of it.
  std::string replaced_by = {};
  /// Receives the values once the whole command line has been understood; none for a flag. May throw
  /// UsageError: the option's name is put in front of the message.
  std::function<void(Values)> apply = {};
  /// If set, the option ends the command line where it stands and this runs in place of the tool
  /// (`--version`).
  std::function<ExitCode()> run_instead = {};

  bool is_positional() const { return !names.front().starts_with('-'); }
  /// The name for messages: the last one, the long one by convention.
  const std::string& name() const { return names.back(); }
  /// The metavar, or what takes its place.
  std::string value_name() const;
  /// The value part of help texts: `FILE`, `[FILE]`, `FILE...`; empty for a flag.
  std::string value_syntax() const;
  std::vector<std::string> choice_values() const;
  /// Whether help lists the choices under the option's text, since the value's name does not show them.
  bool lists_choices() const;
};

/// Options under one heading. Groups are values: a function returns one, and tools share it by calling that.
struct OptionGroup {
  std::string title = {};
  std::string description = {};
  std::vector<Option> options = {};
};

/// A command line that works, and what it is for.
struct Example {
  std::string command;
  std::string purpose;
};

struct Tool;

/// A row in the list of a tool's subtools. Its own tables are made only when it is chosen.
struct Subtool {
  std::string name;
  std::string summary;
  std::function<Tool()> make;
};

/// A command of the program: it has either subtools, or positionals and a `run` function.
struct Tool {
  std::string name = {};
  std::string summary = {};      ///< one line
  std::string description = {};  ///< more, in paragraphs separated by empty lines; may be empty
  std::vector<Example> examples = {};
  std::vector<Option> positionals = {};
  std::vector<OptionGroup> groups = {};
  std::vector<Subtool> subtools = {};
  /// Whether SIGINT and SIGTERM end the tool by way of `InterruptWatcher`: for tools that run for long or
  /// write files.
  bool long_running = false;
  /// Whether the processes that mpirun launches do the work together, so that only the first one of them
  /// writes.
  bool spreads_over_ranks = false;
  std::function<ExitCode()> run = {};

  std::vector<std::string> subtool_names() const;
};

/// Calls `visit(const Option&)` for `-h/--help`, which every tool has, and for all options of the tool.
void for_each_option(const Tool& tool, const std::function<void(const Option&)>& visit);

/// The option every tool has.
const Option& help_option();

}  // namespace polygraph::cli
