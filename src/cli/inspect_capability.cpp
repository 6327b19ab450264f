#include <fmt/format.h>
#include <polygraph/core/backends.h>
#include <polygraph/core/files.h>
#include <polygraph/onnx/model.h>
#include <polygraph/onnx/save.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/json_output.h"
#include "cli/logging_options.h"
#include "cli/onnx_options.h"
#include "cli/openvino_options.h"
#include "cli/text.h"
#include "cli/tools.h"
#include "cli/trt_options.h"
#include "core/log_format.h"
#include "onnx/cut_out_nodes.h"
#include "onnx/infer_if_possible.h"

namespace polygraph::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using Row = std::vector<std::string>;

struct Arguments {
  OnnxLoading loading;
  bool trt = false;
  bool trt_rtx = false;
  bool partition = false;
  fs::path output = "polygraphy_capability_dumps";
  std::optional<std::string> json;
  OpenVinoArguments shared;  // --plugins
  TrtArguments network;
};

std::string table(const Row& headings, const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(headings.size());
  const auto widen = [&](const Row& row) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  };
  widen(headings);
  std::ranges::for_each(rows, widen);
  const auto line = [&](const Row& row) {
    std::string text;
    for (std::size_t i = 0; i + 1 < row.size(); ++i) text += fmt::format("{:{}} | ", row[i], widths[i]);
    return text + row.back() + "\n";
  };
  const std::string first = line(headings);
  std::string text = "===== Summary =====\n" + first + std::string(first.size() - 1, '-') + "\n";
  for (const Row& row : rows) text += line(row);
  return text;
}

std::string problem_table(const Capability& capability) {
  std::vector<Row> rows;
  for (const Capability::Problem& problem : capability.problems) {
    std::string node = problem.node;
    if (node.empty() && problem.nodes.size() == 1) node = fmt::format("node {}", problem.nodes.front());
    rows.push_back({join(problem.functions, " -> "), problem.op_type, std::move(node), problem.reason});
  }
  return table({"Stack trace", "Operator", "Node", "Reason"}, rows);
}

// Indices as ranges, the end of which is not part of them: `[0, 2], [5, 6]`.
void add_ranges(const std::vector<std::size_t>& nodes, std::vector<std::string>& ranges) {
  for (std::size_t first = 0; first < nodes.size();) {
    std::size_t last = first;
    while (last + 1 < nodes.size() && nodes[last + 1] == nodes[last] + 1) ++last;
    ranges.push_back(fmt::format("[{}, {}]", nodes[first], nodes[last] + 1));
    first = last + 1;
  }
}

struct Refusal {
  std::string op_type;
  std::string reason;
  std::vector<std::string> ranges;
};

// What is refused for one reason is one row.
std::string part_table(const Capability& capability) {
  std::vector<Refusal> refusals;
  for (const Capability::Problem& problem : capability.problems) {
    auto known = std::ranges::find_if(refusals, [&](const Refusal& refusal) {
      return refusal.op_type == problem.op_type && refusal.reason == problem.reason;
    });
    if (known == refusals.end()) known = refusals.insert(known, {problem.op_type, problem.reason, {}});
    add_ranges(problem.nodes, known->ranges);
  }
  std::vector<Row> rows;
  for (const Refusal& refusal : refusals)
    rows.push_back({refusal.op_type, std::to_string(refusal.ranges.size()), refusal.reason,
                    "[" + join(refusal.ranges, ", ") + "]"});
  return table({"Operator", "Count", "Reason", "Nodes"}, rows);
}

std::string counts_text(const Capability& capability) {
  std::size_t parts = 0;
  std::size_t supported = 0;
  std::size_t nodes = 0;
  for (const Capability::Part& part : capability.parts) {
    nodes += part.nodes.size();
    if (!part.supported) continue;
    ++parts;
    supported += part.nodes.size();
  }
  return fmt::format("{} of {} nodes are in {} supported subgraph(s).\n", supported, nodes, parts);
}

std::string text_of(const Capability& capability, bool partition) {
  if (capability.supported) return fmt::format("Graph is fully supported by {}.\n", capability.parser);
  std::string text = fmt::format("Graph is not fully supported by {}.\n", capability.parser);
  return partition ? text + counts_text(capability) + part_table(capability)
                   : text + problem_table(capability);
}

std::string file_of(const Capability::Part& part) {
  return fmt::format("{}_subgraph-nodes-{}-{}.onnx", part.supported ? "supported" : "unsupported",
                     part.nodes.front(), part.nodes.back());
}

std::string json_of(const Capability& capability, const Arguments& arguments) {
  Json problems = Json::array();
  for (const Capability::Problem& problem : capability.problems)
    problems.push_back({{"op_type", problem.op_type},
                        {"node", problem.node},
                        {"nodes", problem.nodes},
                        {"functions", problem.functions},
                        {"reason", problem.reason}});
  Json json{
      {"parser", capability.parser}, {"supported", capability.supported}, {"problems", std::move(problems)}};
  if (arguments.partition) {
    json["parts"] = Json::array();
    for (const Capability::Part& part : capability.parts) {
      Json entry{{"supported", part.supported}, {"nodes", part.nodes}};
      if (!capability.supported) entry["file"] = (arguments.output / file_of(part)).string();
      json["parts"].push_back(std::move(entry));
    }
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

void save_parts(const Capability& capability, const Arguments& arguments) {
  onnx::Model model = onnx::load_model(arguments.loading.model);
  set_data_folder(arguments.loading, model);
  onnx::infer_shapes_if_possible(model);  // what becomes an input should have a type
  for (const Capability::Part& part : capability.parts)
    onnx::save_model(onnx::cut_out_nodes(model, part.nodes), arguments.output / file_of(part));
  log_info("Saved {} subgraphs in '{}'.", capability.parts.size(), arguments.output.string());
}

void check_output(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_directory(folder, error))
    throw UsageError(fmt::format("--output: '{}' is not a folder.", folder.string()),
                     "Name a folder; it is made if it does not exist.");
}

ExitCode inspect_capability(Session& session, const Arguments& arguments) {
  refuse_model("--json", arguments.json, arguments.loading.model);
  check_output(arguments.output);
  if (arguments.trt && arguments.trt_rtx)
    throw UsageError("--trt and --trt-rtx do not go together.", "Ask one after the other.");
  ModelRequest request = trt_request(arguments.network, arguments.shared);
  request.model = arguments.loading.model;
  request.in_memory = model_with_data_folder(arguments.loading);
  const Capability capability =
      load_backend(arguments.trt_rtx ? "trt-rtx" : "trt").capability(request, arguments.partition);
  if (!capability.supported) {
    if (arguments.partition) save_parts(capability, arguments);
    write_file(arguments.output / "results.txt",
               arguments.partition ? part_table(capability) : problem_table(capability));
  }
  write_answer(
      session, arguments.json, [&] { return text_of(capability, arguments.partition); },
      [&] { return json_of(capability, arguments); });
  return capability.supported ? ExitCode::passed : ExitCode::failed;
}

OptionGroup parser_group(Arguments& arguments) {
  OptionGroup group{.title = "Parser"};
  group.options = {{.names = {"--trt"},
                    .help = "Ask TensorRT's parser. This is what is done without --trt-rtx.",
                    .apply = [&arguments](Values) { arguments.trt = true; }},
                   {.names = {"--trt-rtx"}, .help = "Ask TensorRT-RTX's.", .apply = [&arguments](Values) {
                      arguments.trt_rtx = true;
                    }}};
  const auto take = [&](OptionGroup from, std::initializer_list<std::string_view> names) {
    for (Option& option : from.options)
      if (std::ranges::find(names, option.names.front()) != names.end())
        group.options.push_back(std::move(option));
  };
  take(trt_network_group(arguments.network), {"--strongly-typed", "--plugin-instancenorm", "--onnx-flags"});
  take(openvino_network_group(arguments.shared), {"--plugins"});
  group.options.push_back(data_folder_option(arguments.loading));
  return group;
}

OptionGroup output_group(Arguments& arguments) {
  OptionGroup group;
  group.options = {
      {.names = {"--with-partitioning"},
       .help = "Take the model apart at the nodes that are not supported, and save each part as a model.",
       .apply = [&arguments](Values) { arguments.partition = true; }},
      {.names = {"-o", "--output"},
       .metavar = "FOLDER",
       .help = "Where to save the table of what is not supported, results.txt, and the parts.",
       .arity = Arity::one,
       .default_text = arguments.output.string(),
       .completes = Completes::folders,
       .apply = [&arguments](Values values) { arguments.output = values.front(); }},
      json_option("the answer", arguments.json)};
  return group;
}

}  // namespace

Tool inspect_capability_tool(Session& session) {
  auto arguments = std::make_shared<Arguments>();
  Tool tool{
      .name = "capability",
      .summary = "Tell which parts of an ONNX model TensorRT supports.",
      .description =
          "The ONNX parser of TensorRT or TensorRT-RTX is asked, and no engine is built; that of "
          "TensorRT-RTX needs no "
          "GPU. The exit status is 1 if the model is not fully supported.",
      .examples = {{"polygraph inspect capability identity.onnx --trt-rtx",
                    "Whether TensorRT-RTX can parse it."},
                   {"polygraph inspect capability model.onnx --with-partitioning -o parts",
                    "The parts that TensorRT supports and those that it does not, as models."}},
  };
  tool.positionals = {{.names = {"model_file"},
                       .metavar = "MODEL_FILE",
                       .help = "The ONNX model.",
                       .arity = Arity::one,
                       .completes = Completes::files,
                       .apply = [arguments](Values values) { arguments->loading.model = values.front(); }}};
  tool.groups = {output_group(*arguments), parser_group(*arguments), logging_group(session.logging)};
  tool.long_running = true;
  tool.run = [&session, arguments] { return inspect_capability(session, *arguments); };
  return tool;
}

}  // namespace polygraph::cli
