#pragma once

#include <polygraph/onnx/model.h>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace polygraph::trt {

/// The nodes of an ONNX model that TensorRT's messages about a failure name, in the model's order.
///
/// A part that TensorRT compiles as a whole stands in messages as `{ForeignNode[a...b]}`, the names of its
/// first and its last layer: all nodes on the ways from `a` to `b` are taken for it. Layers are called as
/// nodes are, or as the values they make, or `node_of_` such a value; the parser names nodes by their number.
/// @code
///   failing_nodes(model, std::vector<std::string>{"no implementation for node {ForeignNode[conv...add]}"});
/// @endcode
std::vector<std::size_t> failing_nodes(const onnx::Model& model, std::span<const std::string> messages);

/// E.g. `12 nodes of the model are concerned: 'conv' (Conv) to 'add' (Add)`; up to three are all named.
std::string describe_nodes(const onnx::Model& model, std::span<const std::size_t> nodes);

/// The nodes as a model of their own. What they take and do not make becomes inputs; what others or the model
/// take from them becomes outputs.
onnx::Model model_of_nodes(const onnx::Model& model, std::span<const std::size_t> nodes);

/// Throws a BackendError that says of the nodes what can be said; if `dump` is not empty, they are saved
/// there.
/// @param model  May be null: the network was not made of one.
[[noreturn]] void fail_naming_nodes(const std::string& problem, const std::string& remedy,
                                    std::vector<std::string> messages, const onnx::Model* model,
                                    const std::filesystem::path& dump);

}  // namespace polygraph::trt
