#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/model.h>

#include <unordered_set>

#include "core/recognise.h"
#include "onnx/reader.h"

namespace polygraph::onnx {
namespace {

[[noreturn]] void fail_as(const Storage& storage, const FileKind& kind) {
  throw InputError(
      fmt::format("Cannot read {} as an ONNX model: it looks like {}.", storage.name(), kind.what),
      std::string(kind.remedy));
}

Model load(Storage storage) {
  Model model;
  model.storage = std::move(storage);
  const ByteSpan bytes = model.storage.bytes();
  if (bytes.empty()) {
    throw InputError(fmt::format("Cannot read {} as an ONNX model: it is empty.", model.storage.name()),
                     "Export or download the model again.");
  }
  bool has_graph = false;
  try {
    has_graph = read_model(model);
  } catch (const InputError&) {
    if (const auto kind = recognise(bytes)) fail_as(model.storage, *kind);
    throw;
  }
  if (!has_graph) {
    if (const auto kind = recognise(bytes)) fail_as(model.storage, *kind);
    throw InputError(fmt::format("Cannot read {} as an ONNX model: there is no graph in its {} bytes.",
                                 model.storage.name(), bytes.size()),
                     "Check that this is the model and not, for example, a single tensor saved as .pb.");
  }
  return model;
}

TensorMetadata metadata(const std::vector<ValueInfo>& infos,
                        const std::unordered_set<std::string_view>& left_out) {
  TensorMetadata result;
  for (const ValueInfo& info : infos) {
    if (left_out.contains(info.name)) continue;
    TensorInfo tensor{std::string(info.name), std::nullopt, PartialShape::unknown_rank()};
    if (info.type) {
      const bool is_tensor =
          info.type->kind == Type::Kind::tensor || info.type->kind == Type::Kind::sparse_tensor;
      if (is_tensor) tensor.dtype = data_type_of(info.type->element_type.value_or(0));
      tensor.shape = partial_shape(*info.type);
    }
    result.add(std::move(tensor));
  }
  return result;
}

}  // namespace

std::optional<std::int64_t> Model::opset() const {
  std::optional<std::int64_t> version;
  for (const OpsetImport& import : opset_imports)
    if (import.is_standard()) version = import.version.value_or(0);
  return version;
}

Model load_model(const std::filesystem::path& path) {
  return load_model(MappedFile(path, MappedFile::Use::parts));
}

Model load_model(const MappedFile& file) {
  return load(Storage(file));
}

Model load_model_from_bytes(std::span<const std::byte> bytes, std::shared_ptr<const void> keep_alive,
                            const std::filesystem::path& folder) {
  return load(Storage(bytes, std::move(keep_alive), folder));
}

TensorMetadata input_metadata(const Graph& graph) {
  std::unordered_set<std::string_view> initializers;
  for (const TensorData& tensor : graph.initializers) initializers.insert(tensor.name);
  for (const SparseTensor& tensor : graph.sparse_initializers) initializers.insert(tensor.values.name);
  return metadata(graph.inputs, initializers);
}

TensorMetadata output_metadata(const Graph& graph) {
  return metadata(graph.outputs, {});
}

}  // namespace polygraph::onnx
