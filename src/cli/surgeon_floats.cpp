#include "cli/surgeon_floats.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/json_output.h"

namespace polygraph::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_listed = 10;

std::string loss_text(const onnx::NarrowingLoss& loss) {
  std::string text = fmt::format("'{}' ({} values):", loss.name, loss.values);
  const char* separator = " ";
  const auto add = [&](std::uint64_t count, const char* what) {
    if (count == 0) return;
    text += fmt::format("{}{} {}", separator, count, what);
    separator = ", ";
  };
  add(loss.overflowing, "overflow");
  add(loss.vanishing, "become zero");
  add(loss.subnormal, "lose precision");
  if (loss.kept) text += "; stays float32";
  return text;
}

template <class T, class ToText>
void note_first(ModelEdit& edit, const std::vector<T>& list, const char* what, const ToText& text) {
  if (list.empty()) return;
  std::string lines = fmt::format("{}:", what);
  for (std::size_t i = 0; i < std::min(list.size(), most_listed); ++i) lines += "\n    " + text(list[i]);
  if (list.size() > most_listed) lines += fmt::format("\n    and {} more", list.size() - most_listed);
  edit.note(std::move(lines));
}

Json to_json(const onnx::ConvertFloatReport& report, DataType to) {
  Json json{{"to", to_string(to)},
            {"converted_nodes", report.converted_nodes},
            {"converted_weights", report.converted_weights},
            {"bytes_before", report.bytes_before},
            {"bytes_after", report.bytes_after},
            {"casts", report.casts}};
  json["kept"] = Json::array();
  for (const onnx::FloatNode& node : report.kept)
    json["kept"].push_back({{"node", json_text(node.node)},
                            {"op_type", json_text(node.op_type)},
                            {"reason", json_text(node.reason)}});
  json["losses"] = Json::array();
  for (const onnx::NarrowingLoss& loss : report.losses)
    json["losses"].push_back({{"name", json_text(loss.name)},
                              {"values", loss.values},
                              {"overflowing", loss.overflowing},
                              {"vanishing", loss.vanishing},
                              {"subnormal", loss.subnormal},
                              {"kept", loss.kept}});
  return json;
}

}  // namespace

void convert_floats(ModelEdit& edit, DataType to, const onnx::ConvertFloatOptions& options) {
  const onnx::ConvertFloatReport report = to == DataType::float16
                                              ? onnx::passes::convert_to_fp16(edit.model(), options)
                                              : onnx::passes::convert_to_bf16(edit.model(), options);
  edit.note(fmt::format("Converted {} nodes and {} weights ({} -> {}) to {}, with {} casts",
                        report.converted_nodes, report.converted_weights,
                        byte_count_text(report.bytes_before), byte_count_text(report.bytes_after),
                        to_string(to), report.casts));
  note_first(edit, report.kept, "Nodes that stay in float32",
             [](const onnx::FloatNode& node) { return fmt::format("{}: {}", node.node, node.reason); });
  note_first(edit, report.losses, "Constants that lose values", loss_text);
  edit.add_json("floats", to_json(report, to));
}

}  // namespace polygraph::cli
