#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/official.h>
#include <polygraph/onnx/save.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "onnx/function_calls.h"
#include "onnx/merge_types.h"
#include "onnx/official_library.h"
#include "onnx/payload_check.h"
#include "onnx/weightless.h"

namespace polygraph::onnx {
namespace {

/// Shape inference walks through the body of a function for each of its calls.
void refuse_endless_functions(const Model& model) {
  const CallExpansion expansion = count_expansion(model, [](const Function&) { return true; });
  if (expansion.nodes <= most_expanded_nodes) return;
  throw InputError(fmt::format("The functions of {} call each other so often that written out they have more "
                               "than {} nodes.",
                               model.storage.name(), most_expanded_nodes),
                   "Export the model again with fewer nested functions.");
}

/// Where the brackets of a text are nested too deep, if anywhere: the parser calls itself for each.
std::optional<std::size_t> too_deep(std::string_view text) {
  constexpr int deepest = 300;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    switch (text[i]) {
      case '#':  // a comment, to the end of the line
        i = std::min(text.find('\n', i), text.size());
        break;
      case '"':
        for (++i; i < text.size() && text[i] != '"'; ++i)
          if (text[i] == '\\') ++i;
        break;
      case '(':
      case '[':
      case '{':
      case '<':
        if (++depth > deepest) return i;
        break;
      case ')':
      case ']':
      case '}':
      case '>':
        depth = std::max(depth - 1, 0);
        break;
      default:
        break;
    }
  }
  return std::nullopt;
}

/// `line 3, column 7: what`, of the library's message, which has the position in a heading and the line of
/// text.
std::string position_first(std::string_view message) {
  constexpr std::string_view heading = "[ParseError at position (line: ";
  constexpr std::string_view middle = " column: ";
  constexpr std::string_view context = "Error context: ";
  const std::size_t column = message.find(middle);
  const std::size_t end = message.find(")]\n");
  const std::size_t line_of_text = message.find(context);
  if (!message.starts_with(heading) || column == std::string_view::npos || end == std::string_view::npos ||
      line_of_text == std::string_view::npos)
    return std::string(message);
  const std::size_t what = message.find('\n', line_of_text);
  return fmt::format("line {}, column {}: {}", message.substr(heading.size(), column - heading.size()),
                     message.substr(column + middle.size(), end - column - middle.size()),
                     what == std::string_view::npos ? "" : message.substr(what + 1));
}

}  // namespace

std::vector<CheckFinding> check_model(const Model& model, bool full) {
  const OfficialModule& library = official_library();
  const Weightless weightless(model, {});
  std::vector<CheckFinding> findings;
  std::set<std::pair<std::string, std::string>> seen;
  const auto add = [&](std::string message, std::string node) {
    if (seen.emplace(message, node).second) findings.push_back({std::move(message), std::move(node)});
  };
  for (std::string& problem : check_payloads(weightless, model)) add(std::move(problem), {});
  bool infer = full;
  try {
    if (full) refuse_endless_functions(model);
  } catch (const InputError& error) {
    add(error.problem(), {});
    infer = false;
  }
  for (auto& complaint : library.check(encode_model(weightless.model()).span(), infer).complaints)
    add(std::move(complaint.message), std::move(complaint.node));
  return findings;
}

std::vector<std::string> infer_shapes_officially(Model& model, const ShapeInferenceOptions& options) {
  const OfficialModule& library = official_library();
  refuse_endless_functions(model);
  const Weightless weightless(model, {});
  OfficialModule::Result result =
      library.infer_shapes(encode_model(weightless.model()).span(), options.strict, options.data_propagation);
  if (!result.model.empty())
    merge_types(model, load_model_from_bytes(std::as_bytes(std::span(result.model))));
  std::vector<std::string> complaints;
  complaints.reserve(result.complaints.size());
  for (auto& complaint : result.complaints) complaints.push_back(std::move(complaint.message));
  return complaints;
}

Model parse_text(std::string_view text) {
  const OfficialModule& library = official_library();
  constexpr const char* remedy = "See the syntax in the documentation of ONNX, under 'Syntax'.";
  if (const auto at = too_deep(text)) {
    const std::string_view before = text.substr(0, *at);
    const std::size_t line_start = before.rfind('\n') + 1;
    throw InputError(
        fmt::format("Cannot read the ONNX text: line {}, column {}: brackets are nested too deep.",
                    std::ranges::count(before, '\n') + 1, *at - line_start + 1),
        remedy);
  }
  OfficialModule::Result result = library.parse(text);
  if (!result.complaints.empty())
    throw InputError("Cannot read the ONNX text: " + position_first(result.complaints[0].message), remedy);
  const auto bytes = std::make_shared<const std::string>(std::move(result.model));
  return load_model_from_bytes(std::as_bytes(std::span(*bytes)), bytes);
}

std::string to_text(const Model& model, std::size_t largest_payload) {
  const OfficialModule& library = official_library();
  const Weightless weightless(model, {.limit = largest_payload, .longest_list = 0, .external = false});
  OfficialModule::Result result = library.print(encode_model(weightless.model()).span());
  if (!result.complaints.empty())
    throw InputError(
        fmt::format("Cannot write {} as text: {}", model.storage.name(), result.complaints[0].message));
  // What was held back stands there as external data.
  const std::string begin = fmt::format("[\"location\": \"{}", Weightless::marker);
  std::string_view rest = result.model;
  std::string text;
  for (std::size_t at; (at = rest.find(begin)) != std::string_view::npos;) {
    text += rest.substr(0, at);
    text += "{...}";
    rest.remove_prefix(std::min(rest.find(']', at), rest.size() - 1) + 1);
  }
  return text += rest;
}

}  // namespace polygraph::onnx
