#include "onnx_official/infer.h"

#include <onnx/shape_inference/implementation.h>

#include <string_view>

namespace polygraph::onnx_official {
namespace {

/// Runs the library; throws what it throws. With `throwing`, complaints about nodes are thrown at the end of
/// each graph, all in one text; without it they are swallowed and the nodes' outputs left open.
void run(::onnx::ModelProto& model, bool check_types, bool data_propagation, bool throwing) {
  const ::onnx::ShapeInferenceOptions options(check_types, throwing ? 1 : 0, data_propagation);
  ::onnx::shape_inference::DataValueMap values;
  ::onnx::shape_inference::InferShapes(model, ::onnx::OpSchemaRegistry::Instance(), options, &values);
}

/// `(op_type:Add, node name: n1): message`, as the library writes it, taken apart. Node names may hold
/// anything, so the end of one is looked for from where the message begins.
OfficialModule::Complaint complaint(std::string_view line) {
  constexpr std::string_view name_mark = ", node name: ";
  const std::size_t end = line.find("): ");
  std::string node;
  if (line.starts_with("(op_type:") && end != std::string_view::npos) {
    const std::size_t name = line.find(name_mark);
    if (name < end) node = line.substr(name + name_mark.size(), end - name - name_mark.size());
  }
  return {tidy(std::string(line)), std::move(node)};
}

/// One complaint for each line that begins one; other lines belong to the one before.
std::vector<OfficialModule::Complaint> split(std::string_view text) {
  constexpr std::string_view heading = "Inference error(s): ";
  if (const std::size_t at = text.find(heading); at != std::string_view::npos)
    text.remove_prefix(at + heading.size());
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (lines.empty() || line.starts_with("(op_type:"))
      lines.emplace_back(line);
    else if (!line.empty())
      lines.back() += "\n" + std::string(line);
  }
  std::vector<OfficialModule::Complaint> complaints;
  for (const std::string& line : lines) complaints.push_back(complaint(line));
  return complaints;
}

}  // namespace

::onnx::ModelProto infer_shapes(OfficialModule::Encoded bytes, bool check_types, bool data_propagation,
                                std::vector<OfficialModule::Complaint>& complaints) {
  ::onnx::ModelProto model = decode(bytes);
  try {
    run(model, check_types, data_propagation, true);
    return model;
  } catch (const std::exception& error) {
    for (OfficialModule::Complaint& found : split(error.what())) complaints.push_back(std::move(found));
  }
  // An error in a sub-graph, thrown, kept what is known of the node around it from being used.
  model = decode(bytes);
  try {
    run(model, check_types, data_propagation, false);
  } catch (const std::exception&) {  // the same error again: it ends inference wherever it occurs
  }
  return model;
}

}  // namespace polygraph::onnx_official
