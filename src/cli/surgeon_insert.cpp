#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/passes.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "cli/logging_options.h"
#include "cli/surgeon_attributes.h"
#include "cli/surgeon_edit.h"
#include "cli/tools.h"

namespace polygraph::cli {
namespace {

struct Arguments {
  OnnxLoading loading;
  OnnxSaving saving;
  Reporting reporting;
  std::string op;
  std::string name;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::vector<std::string> attributes;
};

Option list_option(std::string name, std::string metavar, std::string help, bool required,
                   std::vector<std::string>& list) {
  return {.names = {std::move(name)},
          .metavar = std::move(metavar),
          .help = std::move(help),
          .arity = Arity::one_or_more,
          .repeat = Repeat::each,
          .required = required,
          .apply = [&list](Values values) { list.insert(list.end(), values.begin(), values.end()); }};
}

OptionGroup node_group(Arguments& arguments) {
  return {.title = "Node",
          .options = {
              {.names = {"--op"},
               .metavar = "OP",
               .help = "The operator; one that is not of the standard has its domain in front: "
                       "com.example::Blur.",
               .arity = Arity::one,
               .required = true,
               .apply = [&arguments](Values values) { arguments.op = values.front(); }},
              list_option("--inputs", "NAME",
                          "The values that the node takes, in its order; '' for one that is left out.", true,
                          arguments.inputs),
              list_option("--outputs", "NAME",
                          "The values that the node makes, in its order, instead of what made them before. A "
                          "value that is also an input is passed through the node on its way to all others.",
                          true, arguments.outputs),
              {.names = {"--name"},
               .metavar = "NAME",
               .help = "The node's name.",
               .arity = Arity::one,
               .apply = [&arguments](Values values) { arguments.name = values.front(); }},
              list_option("--attrs", "NAME=VALUE",
                          "Attributes: numbers, texts and lists of them, axis=1 alpha=0.5 mode=linear "
                          "axes=[0,1]. A number with a point or in quotes is no whole number.",
                          false, arguments.attributes)}};
}

// A node of another domain needs that domain among the model's imports.
void import_domain(ModelEdit& edit, const std::string& domain) {
  onnx::Model& model = edit.model();
  const bool is_standard = onnx::is_standard_domain(domain);
  const bool known = std::ranges::any_of(model.opset_imports, [&](const onnx::OpsetImport& import) {
    return is_standard ? import.is_standard() : import.domain == domain;
  });
  if (known || is_standard) return;
  model.opset_imports.push_back({.domain = model.storage.intern(domain), .version = 1, .unknown = {}});
  edit.note(fmt::format("Imported the domain '{}', version 1", domain));
}

ExitCode insert(Session& session, const Arguments& arguments) {
  ModelEdit edit("surgeon insert", arguments.loading, arguments.saving);
  onnx::passes::NewNode node;
  node.op_type = arguments.op;
  node.name = arguments.name;
  node.inputs = arguments.inputs;
  node.outputs = arguments.outputs;
  const std::size_t separator = arguments.op.find("::");
  if (separator != std::string::npos) {
    node.domain = arguments.op.substr(0, separator);
    node.op_type = arguments.op.substr(separator + 2);
  }
  if (node.op_type.empty()) throw UsageError("--op: '" + arguments.op + "' names no operator.");
  for (const std::string& attribute : arguments.attributes)
    node.attributes.push_back(parse_attribute(attribute, edit.model().storage));
  import_domain(edit, node.domain);
  onnx::passes::insert_node(edit.model(), node);
  onnx::passes::cleanup(edit.model());
  return edit.finish(session, arguments.reporting);
}

}  // namespace

Tool surgeon_insert_tool(Session& session) {
  auto arguments = std::make_shared<Arguments>();
  Tool tool{
      .name = "insert",
      .summary = "Insert a node, in place of what is between its inputs and outputs.",
      .description =
          "The node takes the inputs and makes the outputs; nodes that made them before are removed if "
          "nothing "
          "else needs them. The other nodes keep their order.",
      .examples = {{"polygraph surgeon insert model.onnx -o new.onnx --op Tanh --inputs y --outputs y",
                    "Pass the value y through a Tanh."},
                   {"polygraph surgeon insert model.onnx -o new.onnx --op a::B --inputs x --outputs y",
                    "Replace all that is between x and y by one node, B of the domain a."}},
  };
  tool.positionals = {model_argument(arguments->loading)};
  tool.groups = {node_group(*arguments),
                 onnx_saving_group(arguments->saving),
                 report_group(arguments->reporting),
                 onnx_editing_group(arguments->loading),
                 shape_inference_group(arguments->loading, nullptr),
                 logging_group(session.logging)};
  tool.long_running = true;
  tool.run = [&session, arguments] { return insert(session, *arguments); };
  return tool;
}

}  // namespace polygraph::cli
