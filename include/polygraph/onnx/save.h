#pragma once

#include <polygraph/core/bytes.h>
#include <polygraph/core/options.h>
#include <polygraph/onnx/model.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <tuple>

namespace polygraph::onnx {

/// Where the weights of a saved model go.
struct SaveOptions {
  /// The file for weights, relative to the folder of the model and inside it, without `..`; empty: the
  /// model's file name with `.data` behind it. Without a value weights are kept in the model, unless it would
  /// pass 2 GB: then they go to the file of the default name.
  std::optional<std::string> external_data_path = {};
  /// Tensors of fewer bytes stay in the model.
  std::int64_t size_threshold = 1024;
  /// Otherwise each tensor gets a file of its own in the folder of `external_data_path`, named after the
  /// tensor: what is not a letter, digit, `_`, `-` or `.` becomes `_`, and equal names are numbered.
  bool all_tensors_to_one_file = true;

  static constexpr auto fields() {
    return std::tuple(
        Field{"external_data_path", &SaveOptions::external_data_path,
              "The file for weights, relative to the model's folder; empty: named after the model.", "FILE"},
        Field{"size_threshold", &SaveOptions::size_threshold, "Tensors of fewer bytes stay in the model.",
              "N"},
        Field{"all_tensors_to_one_file", &SaveOptions::all_tensors_to_one_file,
              "Otherwise each tensor gets a file of its own."});
  }
  bool operator==(const SaveOptions&) const = default;
};

/// What `save_model` wrote.
struct SaveReport {
  std::uint64_t model_bytes = 0;
  std::uint64_t external_bytes = 0;  ///< written to files beside the model
  std::size_t external_tensors = 0;  ///< in files beside the model, those that were there already included
};

/// The largest encoded model that other tools can read (protobuf's limit): 2 GiB - 1 bytes.
inline constexpr std::uint64_t largest_readable_model = 0x7fff'ffff;

/// Writes a model. Fields that this version of the format does not know, functions, metadata and training
/// information are written as they were read; a model that Google's protobuf wrote by onnx.proto comes out
/// byte for byte.
///
/// What goes to external data are the initializers of the main graph and of graphs inside it, as with the
/// onnx package, at offsets that are multiples of 4096 bytes (of 64 for tensors of less than 4096 bytes), so
/// that they can be mapped; tensors that share their bytes share them again. Values of float_data and the
/// like become raw for it; strings stay in the model. If the model would pass 2 GB even so, tensors in
/// attributes of nodes go as well, never sparse tensors or those in training graphs.
///
/// Weights go from mapped file to file without passing through this process where the kernel can
/// (`copy_file_range`: holes stay holes, extents are shared on file systems that do so), so the memory grows
/// with the structure only. Deferred data is computed by all cores while it is written. Tensors whose
/// external data lies in the folder written to stay there, untouched, unless `external_data_path` is given or
/// a file that is written takes its place; others come into the model, or go to the file that is named.
///
/// All files are written beside their places and renamed together at the end, the model last (see
/// AtomicFile); older files are replaced. The model may be written over the file that it was read from, and
/// over its own data files. The model itself is not changed, and its views stay what they were.
///
/// @param before_commit  Called when all files are complete and before the first takes its place. What it
///                       throws comes through, and nothing is left behind.
/// Throws InputError if something cannot be written or external data cannot be read, or if without external
/// data the structure alone passes 2 GiB.
/// @code
///   onnx::Model model = onnx::load_model("big.onnx");
///   onnx::save_model(model, "out/big.onnx", {.external_data_path = "big.weights"});
/// @endcode
SaveReport save_model(const Model& model, const std::filesystem::path& path, const SaveOptions& options = {},
                      const std::function<void()>& before_commit = {});

/// The encoded model in memory. External data stays a reference; deferred data is computed. Throws
/// InputError, naming the size, if it is larger than `limit`.
Bytes encode_model(const Model& model, std::uint64_t limit = largest_readable_model);

/// The size of the encoded model in bytes, computed without encoding it.
std::uint64_t encoded_size(const Model& model);

}  // namespace polygraph::onnx
