#pragma once

#include <polygraph/compare/compare_functions.h>
#include <polygraph/compare/script.h>

#include <map>
#include <string>
#include <vector>

#include "cli/option_fields.h"
#include "cli/tool.h"

namespace polygraph::cli {

/// What the command line says of comparisons.
struct CompareArguments {
  std::vector<std::string> functions;        ///< as they are named there, in order
  std::vector<compare::ScriptName> scripts;  ///< functions of one's own; with neither: `simple`
  std::map<std::string, Settings> settings;  ///< of each function: fields of its options
  bool check_shapes = true;
  bool fail_fast = false;
  bool check_average = false;
};

/// `--compare` and what the functions are told. Fills `arguments`, which has to outlive the table.
OptionGroup compare_group(CompareArguments& arguments);

/// The C++ expressions that make the functions that were chosen. Scripts are not compiled. Throws as
/// `compare_functions`.
std::vector<std::string> compare_expressions(const CompareArguments& arguments);

/// The functions that were chosen; options of others are warned about. Throws UsageError for values out of
/// range.
std::vector<compare::CompareFunction> compare_functions(const CompareArguments& arguments);

}  // namespace polygraph::cli
