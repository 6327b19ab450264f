#include "cli/template_program.h"

#include <fmt/format.h>
#include <polygraph/core/options.h>

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "cli/summary.h"

namespace polygraph::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_described = 12;

std::string literal(std::string_view text) {
  return cpp_literal(text);
}

std::string list_literal(const std::vector<std::string>& texts) {
  return cpp_literal(texts);
}

// What a comment says of a value; names in quotes, so that no character of theirs can end the comment.
std::string value_comment(const TensorInfo& value) {
  const std::string type = value.dtype ? std::string(to_string(*value.dtype)) : "of unknown type";
  std::string dims;
  if (value.shape.has_rank())
    for (const Dimension& dim : value.shape.dims())
      dims += (dims.empty() ? "" : ", ") + (dim.name.empty() ? dim.str() : literal(dim.name));
  return fmt::format("{}: {}{}", literal(value.name), type, value.shape.has_rank() ? " [" + dims + "]" : "");
}

void describe_values(std::string& text, const char* what, const TensorMetadata& values) {
  text += fmt::format("// {}\n", what);
  for (std::size_t i = 0; i < std::min(values.size(), most_described); ++i)
    text += fmt::format("//     {}\n", value_comment(values[i]));
  if (values.size() > most_described)
    text += fmt::format("//     and {} more\n", values.size() - most_described);
}

void describe_ops(std::string& text, const ModelSummary& summary) {
  std::vector<std::pair<std::string, std::size_t>> ops(summary.ops.begin(), summary.ops.end());
  std::ranges::stable_sort(ops, std::greater(), &std::pair<std::string, std::size_t>::second);
  text += "// Operators:\n";
  for (std::size_t i = 0; i < std::min(ops.size(), most_described); ++i)
    text += fmt::format("//     {} of {}\n", ops[i].second, literal(ops[i].first));
  if (ops.size() > most_described) text += fmt::format("//     and {} more\n", ops.size() - most_described);
}

// The first node that has something to show: an input and an output.
const onnx::Node* example_node(const onnx::Graph& graph) {
  const auto is_name = [](std::string_view name) { return !name.empty(); };
  const auto found = std::ranges::find_if(graph.nodes, [&](const onnx::Node& node) {
    return !node.inputs.empty() && is_name(node.inputs[0]) && !node.outputs.empty() &&
           is_name(node.outputs[0]);
  });
  return found == graph.nodes.end() ? nullptr : &*found;
}

std::string query_of(const onnx::Node& node) {
  const auto has_wildcards = [](std::string_view text) {
    return text.find_first_of("*?[]") != std::string_view::npos;
  };
  if (!node.name.empty() && !has_wildcards(node.name))
    return fmt::format("{{.name = {}}}", literal(node.name));
  const bool is_standard = onnx::is_standard_domain(node.domain);
  return fmt::format(
      "{{.op_type = {}}}",
      literal(is_standard ? std::string(node.op_type) : fmt::format("{}::{}", node.domain, node.op_type)));
}

std::string loading_code(const OnnxLoading& loading) {
  std::string code;
  if (loading.external_data_dir)
    code += fmt::format("  model.storage.set_folder({});  // where its external data is\n",
                        literal(loading.external_data_dir->string()));
  if (loading.infer_shapes) code += "  onnx::infer_shapes_officially(model);\n";
  if (loading.selects_outputs()) {
    std::string selection;
    const auto add = [&](const char* field, const std::vector<std::string>& names) {
      if (names.empty()) return;
      selection += fmt::format("{}.{} = {}", selection.empty() ? "" : ", ", field, list_literal(names));
    };
    add("outputs", loading.outputs.outputs);
    add("op_types", loading.outputs.op_types);
    add("exclude", loading.outputs.exclude);
    code += fmt::format("  onnx::passes::modify_outputs(model, {{{}}});\n", selection);
  }
  return code;
}

// Code in comments: each line works once its `//` is taken away.
std::string hints(const onnx::Model& model, const onnx::Node& node) {
  const std::string input = literal(node.inputs[0]);
  const auto named = std::ranges::find_if(node.outputs, [](std::string_view name) { return !name.empty(); });
  const std::string output = literal(*named);
  std::string text = fmt::format(R"(
  // Put a node behind that value. What took the value takes the copy from now on.
  //   const std::string_view copy = editor.unique_name("copy");
  //   const std::string_view original = editor.intern({output});
  //   editor.append({{.op_type = "Identity", .inputs = {{original}}, .outputs = {{copy}}}});

  // Change an attribute of all nodes of an operator.
  //   for (onnx::NodeId id : editor.find({{.op_type = "Softmax"}}))
  //     for (onnx::Attribute& attribute : editor.edit(id).attributes)
  //       if (attribute.name == "axis") attribute.value = std::int64_t{{-1}};

  // See who makes and who takes a value.
  //   if (const auto producer = editor.producer({input})) std::cout << editor.describe(*producer) << "\n";
  //   for (const onnx::Use& use : editor.consumers({input})) std::cout << editor.describe(use.node) << "\n";

  // Take a node out, so that what took its result takes its input.
  //   for (onnx::NodeId id : editor.find({{.op_type = "Identity"}})) editor.bypass(id);
)",
                                 fmt::arg("output", output), fmt::arg("input", input));
  if (!model.graph.initializers.empty())
    text += fmt::format(R"(
  // Look at a weight.
  //   const onnx::TensorData* weight = editor.initializer({});
  //   std::cout << onnx::tensor_of(*weight, model).str() << "\n";
)",
                        literal(model.graph.initializers.front().name));
  return text;
}

}  // namespace

std::string edit_program(const onnx::Model& model, const OnnxLoading& loading, const std::string& name) {
  const ModelSummary summary = summary_of(model);
  const fs::path updated = loading.model.stem().string() + "_updated.onnx";
  std::string text = fmt::format(R"(// Loads an ONNX model, edits it and saves the result:
//
//     {name} [MODEL [RESULT]]
//
// A CMakeLists.txt that builds it:
//
//     cmake_minimum_required(VERSION 3.20)
//     project({name} LANGUAGES CXX)
//     find_package(Polygraph REQUIRED)
//     add_executable({name} {name}.cpp)
//     target_link_libraries({name} PRIVATE Polygraph::polygraph)
//
// If CMake does not find Polygraph: -DCMAKE_PREFIX_PATH=<where it is installed>.

#include <polygraph/core/error.h>
#include <polygraph/onnx/editor.h>
#include <polygraph/onnx/model.h>
#include <polygraph/onnx/official.h>
#include <polygraph/onnx/passes.h>
#include <polygraph/onnx/save.h>

#include <cstdint>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string_view>

namespace onnx = polygraph::onnx;

)",
                                 fmt::arg("name", name));
  describe_values(text, "Inputs:", summary.inputs);
  describe_values(text, "Outputs:", summary.outputs);
  describe_ops(text, summary);
  text += R"(void edit(onnx::Model& model) {
  onnx::GraphEditor editor(model);
)";
  if (const onnx::Node* node = example_node(model.graph)) {
    text += fmt::format(R"(
  // Nodes are found by name or operator; both may have wildcards.
  for (onnx::NodeId id : editor.find({}))
    std::cout << editor.describe(id) << " makes " << editor.node(id).outputs[0] << "\n";
)",
                        query_of(*node));
    text += hints(model, *node);
  }
  text +=
      fmt::format(R"(}}

int main(int argc, char** argv) try {{
  const std::filesystem::path source = argc > 1 ? argv[1] : {source};
  const std::filesystem::path result = argc > 2 ? argv[2] : {result};
  onnx::Model model = onnx::load_model(source);  // weights stay in the file
{loading}
  edit(model);

  // What nothing needs any more goes; nodes are put into an order in which they can run.
  onnx::passes::cleanup(model);
  onnx::passes::sort_topologically(model);

  for (const onnx::CheckFinding& finding : onnx::check_model(model)) std::cerr << finding.message << "\n";
  onnx::save_model(model, result);
  std::cout << "Saved " << result << "\n";
  return 0;
}} catch (const polygraph::Error& error) {{
  std::cerr << error.what() << "\n";
  return static_cast<int>(error.exit_code());
}}
)",
                  fmt::arg("source", literal(loading.model.string())),
                  fmt::arg("result", literal(updated.string())), fmt::arg("loading", loading_code(loading)));
  return text;
}

}  // namespace polygraph::cli
