#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/openvino/loaders.h>

#include "core/log_format.h"
#include "core/names.h"
#include "openvino/engine.h"

// Exported by the pinned version of the library; its wheel has no header for it.
namespace ov {
void disable_conversion(const std::shared_ptr<Node>& node, const element::Type& to);
}  // namespace ov

namespace polygraph::openvino {

SetLayerPrecisions::SetLayerPrecisions(Source<Network> network,
                                       std::map<std::string, DataType> layer_precisions)
    : network_(std::move(network)), layer_precisions_(std::move(layer_precisions)) {}

Network SetLayerPrecisions::operator()() const {
  for (const auto& [layer, dtype] : layer_precisions_)
    if (dtype != DataType::float32)
      throw InputError(
          fmt::format("Setting the precision of layer '{}' to {}: OpenVINO can only keep layers in float32.",
                      layer, to_string(dtype)),
          "Name the layers that must stay in float32, and allow the narrower type with fp16 or bf16.");
  Network network = network_.get();
  // Layers are known by their own name and by the names of the tensors they compute.
  std::vector<std::string> names;
  std::vector<std::shared_ptr<ov::Node>> nodes;
  for (const auto& node : network->get_ordered_ops()) {
    if (ov::is_type<ov::op::v0::Result>(node) || ov::is_type<ov::op::v0::Parameter>(node)) continue;
    names.push_back(node->get_friendly_name());
    nodes.push_back(node);
    for (const auto& output : node->outputs())
      for (const std::string& name : output.get_names()) {
        if (name == node->get_friendly_name()) continue;
        names.push_back(name);
        nodes.push_back(node);
      }
  }
  std::vector<std::string> patterns;
  for (const auto& [layer, dtype] : layer_precisions_) patterns.push_back(layer);
  for (const std::size_t i : select_names(names, patterns, "Setting layer precisions", "layer")) {
    if (nodes[i]->get_rt_info().contains(keep_float32_key)) continue;
    ov::disable_conversion(nodes[i], ov::element::f16);
    ov::disable_conversion(nodes[i], ov::element::bf16);
    nodes[i]->get_rt_info()[keep_float32_key] = true;
    log_verbose("Layer '{}' is kept in float32", nodes[i]->get_friendly_name());
  }
  return network;
}

std::string SetLayerPrecisions::str() const {
  std::string text = "{";
  for (const auto& [layer, dtype] : layer_precisions_)
    text += fmt::format("{}{{{}, DataType::{}}}", text.size() > 1 ? ", " : "", cpp_literal(layer),
                        to_string(dtype));
  return fmt::format("SetLayerPrecisions({}, {}}})", network_.str(), text);
}

}  // namespace polygraph::openvino
