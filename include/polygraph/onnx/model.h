#pragma once

#include <polygraph/core/files.h>
#include <polygraph/core/loader.h>
#include <polygraph/core/tensor.h>
#include <polygraph/onnx/graph.h>
#include <polygraph/onnx/storage.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace polygraph::onnx {

/// TrainingInfoProto.
struct TrainingInfo {
  Box<Graph> initialization;
  Box<Graph> algorithm;
  std::vector<StringEntry> initialization_bindings;
  std::vector<StringEntry> update_bindings;
  UnknownFields unknown;
};

/// ModelProto: an ONNX model whose weights stay in the file.
///
/// A value: copying copies the structure, never the weights. Texts and payloads are views into `storage`;
/// give a text of your own to `storage.intern` before assigning it to a field.
struct Model : Evaluated {
  std::optional<std::int64_t> ir_version;
  std::string_view producer_name;
  std::string_view producer_version;
  std::string_view domain;
  std::optional<std::int64_t> model_version;
  std::string_view doc_string;
  std::vector<OpsetImport> opset_imports;
  Graph graph;
  std::vector<Function> functions;
  std::vector<TrainingInfo> training_info;
  std::vector<StringEntry> metadata_props;
  UnknownFields unknown;  ///< among them configuration (devices)
  Storage storage;

  /// The version of the standard operators, or nullopt if the model imports none.
  std::optional<std::int64_t> opset() const;
};

/// Graphs nested deeper than this (a sub-graph in an attribute of a node of a sub-graph, and so on), and
/// types nested deeper than this, are refused. Google's protobuf stops at about 32.
inline constexpr int max_nesting = 64;

/// Reads the structure of an ONNX model. The file is mapped: the time and the memory grow with the structure,
/// not with the weights, whose pages are not touched; sizes are not limited to 2 GiB.
///
/// Throws InputError if the file is missing, cannot be read, is not an ONNX model (saying what it looks like)
/// or is damaged, with the offset and the path of the field, e.g. `model.graph.node[3].attribute[0]`.
/// @code
///   onnx::Model model = onnx::load_model("model.onnx");
///   for (const onnx::Node& node : model.graph.nodes) { ... node.op_type ... }
/// @endcode
Model load_model(const std::filesystem::path& path);

/// The same for a file that is mapped already.
Model load_model(const MappedFile& file);

/// The same for an encoded model in memory, which is not copied.
/// @param keep_alive  Held by the model and by views of its tensors; if null, the caller keeps the bytes
/// alive.
/// @param folder      Where external data is; if empty, reading a tensor with external data fails.
Model load_model_from_bytes(std::span<const std::byte> bytes, std::shared_ptr<const void> keep_alive = {},
                            const std::filesystem::path& folder = {});

/// The inputs of a graph that are not initializers, as other tools expect them. Values that are no tensors
/// have no dtype.
TensorMetadata input_metadata(const Graph& graph);
TensorMetadata output_metadata(const Graph& graph);

}  // namespace polygraph::onnx
