#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/official.h>
#include <polygraph/onnx/save.h>

#include <set>
#include <utility>

#include "core/names.h"
#include "onnx/function_calls.h"
#include "onnx/official_library.h"
#include "onnx/weightless.h"

namespace polygraph::onnx::passes {
namespace {

using FunctionId = std::pair<std::string, std::string>;

std::string full_name(const Function& function) {
  return function.domain.empty() ? std::string(function.name)
                                 : fmt::format("{}.{}", function.domain, function.name);
}

/// Domain and name of the functions that the names or patterns mean, all overloads.
std::set<FunctionId> select(const Model& model, const std::vector<std::string>& names) {
  std::set<FunctionId> chosen;
  for (const Function& function : model.functions)
    if (names.empty()) chosen.emplace(function.domain, function.name);
  for (const std::string& name : names) {
    bool found = false;
    for (const Function& function : model.functions) {
      const std::string full = full_name(function);
      if (full != name && function.name != name && !matches(full, name) && !matches(function.name, name))
        continue;
      chosen.emplace(function.domain, function.name);
      found = true;
    }
    if (found) continue;
    std::vector<std::string> candidates;
    for (const Function& function : model.functions) candidates.push_back(full_name(function));
    throw InputError(fmt::format("Cannot inline '{}': {} has no such function.{}", name, model.storage.name(),
                                 suggest(name, candidates)));
  }
  return chosen;
}

}  // namespace

std::size_t inline_functions(Model& model, const std::vector<std::string>& names) {
  const std::set<FunctionId> chosen = select(model, names);
  if (chosen.empty()) return 0;
  const CallExpansion expansion = count_expansion(model, [&](const Function& function) {
    return chosen.contains({std::string(function.domain), std::string(function.name)});
  });
  if (expansion.nodes > most_expanded_nodes)
    throw InputError(
        fmt::format("Cannot inline the functions of {}: the graph would have more than {} nodes.",
                    model.storage.name(), most_expanded_nodes),
        "Inline some of them only.");

  const Weightless weightless(model, {});
  OfficialModule::Result result = official_library().inline_functions(
      encode_model(weightless.model()).span(), std::vector<FunctionId>(chosen.begin(), chosen.end()));
  if (!result.complaints.empty())
    throw InputError(fmt::format("Cannot inline the functions of {}: {}", model.storage.name(),
                                 result.complaints[0].message),
                     "Functions must import the versions of operators that the model imports.");
  Model inlined = load_result(std::move(result.model), model);
  weightless.restore(inlined);
  inlined.storage = model.storage;
  model = std::move(inlined);
  return expansion.calls;
}

}  // namespace polygraph::onnx::passes
