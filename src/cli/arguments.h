#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/tool.h"

namespace polygraph::cli {

/// A command line that does not fit the tables. `what()` names the argument and what is allowed.
class CommandLineError : public UsageError {
 public:
  CommandLineError(std::string problem, std::string remedy, std::string usage)
      : UsageError(std::move(problem), std::move(remedy)), usage_(std::move(usage)) {}
  /// The usage line of the tool that was being read.
  const std::string& usage() const noexcept { return usage_; }

 private:
  std::string usage_;
};

/// One use of an option or a positional argument.
struct Occurrence {
  const Option* option;
  std::vector<std::string> values;
};

/// A command line, understood: which tool, with which arguments in which order.
class Command {
 public:
  explicit Command(Tool root);

  /// From the program itself down to the tool that was chosen.
  const std::vector<std::unique_ptr<const Tool>>& tools() const { return tools_; }
  const Tool& tool() const { return *tools_.back(); }
  /// The tool with its parents: `polygraph inspect model`.
  std::string name() const;
  /// Options in the order of the command line, then positional arguments in the order of the table.
  const std::vector<Occurrence>& occurrences() const { return occurrences_; }
  /// Whether `-h` was met: nothing after it was read.
  bool wants_help() const { return wants_help_; }
  /// The option with a `run_instead` that ended the command line, or null.
  const Option* instead() const { return instead_; }

  /// Hands the values to the options. Throws CommandLineError if one of them refuses.
  void apply() const;

 private:
  friend class Parser;
  std::vector<std::unique_ptr<const Tool>> tools_;
  std::vector<Occurrence> occurrences_;
  bool wants_help_ = false;
  const Option* instead_ = nullptr;
};

/// Reads a command line, without the program's name, against the tables of `root`.
///
/// As with Python's argparse: `--opt value` and `--opt=value`; short flags together (`-vvq`) and with a value
/// (`-oFILE`); long options by any prefix that fits one option only; options before, after and between
/// positional arguments; `--` makes all that follows positional; `-` and negative numbers are values. An
/// option with a variable number of values takes all that follow, up to the next option.
///
/// Throws CommandLineError. Nothing is applied.
Command parse(Tool root, Values arguments);

}  // namespace polygraph::cli
