#pragma once

#include <polygraph/core/bytes.h>
#include <polygraph/core/loader.h>
#include <polygraph/core/options.h>
#include <polygraph/onnx/convert_float.h>
#include <polygraph/onnx/fold_constants.h>
#include <polygraph/onnx/model.h>
#include <polygraph/onnx/official_loaders.h>
#include <polygraph/onnx/passes.h>
#include <polygraph/onnx/save.h>
#include <polygraph/onnx/simplify.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

/// Loaders of ONNX models and their immediately evaluated twins; this header has them all. Names and order of
/// arguments are Polygraphy's where the thing exists there; its GsFromOnnx is not needed: a Model is a graph
/// to edit. Each loader is a value: copy it, call it from several threads. Errors are thrown when a loader is
/// called.
///
/// A Model is a value: a loader that is given one works on a copy, which costs as much as the structure, and
/// yields that.
/// @code
///   auto load = ModifyOutputs(extend(OnnxFromPath("m.onnx"), edit), {.outputs = {"*"}});
///   SaveOnnx(load, "all_outputs.onnx")();
/// @endcode
namespace polygraph::onnx {

/// How OnnxFromPath treats external data.
struct LoadOptions {
  std::string external_data_dir = {};
  bool ignore_external_data = false;

  static constexpr auto fields() {
    return std::tuple(
        Field{"external_data_dir", &LoadOptions::external_data_dir,
              "The folder of external data; without it the model's own.", "PATH"},
        Field{"ignore_external_data", &LoadOptions::ignore_external_data,
              "Load a model whose external data is missing; what needs its values fails then."});
  }
  bool operator==(const LoadOptions&) const = default;
};

/// Reads the structure of an ONNX model; its weights stay in the file (see `load_model`). External data is
/// read when it is needed, too, but its files are looked for at once, unless told not to.
/// Throws InputError if the file or its external data is missing or damaged.
class OnnxFromPath {
 public:
  using Parameters = ParameterList<1, std::filesystem::path, LoadOptions>;
  explicit OnnxFromPath(std::filesystem::path path, LoadOptions options = {});
  Model operator()() const;
  std::string str() const;

 private:
  std::filesystem::path path_;
  LoadOptions options_;
};

/// Reads an ONNX model from memory, which the model keeps; external data is not found. Throws InputError if
/// the bytes are damaged.
class OnnxFromBytes {
 public:
  using Parameters = ParameterList<1, Source<Bytes>>;
  explicit OnnxFromBytes(Source<Bytes> serialized_onnx);
  Model operator()() const;
  std::string str() const;

 private:
  Source<Bytes> serialized_onnx_;
};

/// Writes a model to a file and passes it on (see `save_model`). Folders that are missing are made. Throws
/// InputError if something cannot be written.
class SaveOnnx {
 public:
  using Parameters = ParameterList<2, Source<Model>, std::filesystem::path, SaveOptions>;
  SaveOnnx(Source<Model> model, std::filesystem::path path, SaveOptions options = {});
  Model operator()() const;
  std::string str() const;

 private:
  Source<Model> model_;
  std::filesystem::path path_;
  SaveOptions options_;
};

/// Writes a model with its weights in files beside it, whatever its size, and yields the model that was
/// written: its tensors refer to those files. SaveOptions::external_data_path is the default name if it is
/// not set. Throws InputError if something cannot be written.
class ConvertToExternalData {
 public:
  using Parameters = ParameterList<2, Source<Model>, std::filesystem::path, SaveOptions>;
  ConvertToExternalData(Source<Model> model, std::filesystem::path path, SaveOptions options = {});
  Model operator()() const;
  std::string str() const;

 private:
  Source<Model> model_;
  std::filesystem::path path_;
  SaveOptions options_;
};

/// The encoded model; external data stays a reference. Throws InputError if it is larger than 2 GiB.
class BytesFromOnnx {
 public:
  using Parameters = ParameterList<1, Source<Model>>;
  explicit BytesFromOnnx(Source<Model> model);
  Bytes operator()() const;
  std::string str() const;

 private:
  Source<Model> model_;
};

/// Which outputs a model shall have. Marking by name and by type add up, and replace the outputs there are.
struct OutputOptions {
  std::vector<std::string> outputs = {};
  std::vector<std::string> exclude_outputs = {};
  std::vector<std::string> mark_types = {};

  static constexpr auto fields() {
    return std::tuple(
        Field{"outputs", &OutputOptions::outputs,
              "Values to mark: literal names, or wildcards; `*` alone, or `mark all`: every output of every "
              "node "
              "but Constant's.",
              "NAME"},
        Field{"exclude_outputs", &OutputOptions::exclude_outputs,
              "Outputs to unmark, after marking; literal names, or wildcards.", "NAME"},
        Field{"mark_types", &OutputOptions::mark_types, "Operators whose outputs to mark; wildcards.", "OP"});
  }
  bool operator==(const OutputOptions&) const = default;
};

/// Marks and unmarks outputs (see `passes::modify_outputs`). Throws InputError, with the nearest name, for
/// what matches nothing, and if no output would be left.
class ModifyOutputs {
 public:
  using Parameters = ParameterList<1, Source<Model>, OutputOptions>;
  explicit ModifyOutputs(Source<Model> model, OutputOptions options = {});
  Model operator()() const;
  std::string str() const;

 private:
  Source<Model> model_;
  OutputOptions options_;
};

/// Bounds data-dependent sizes that have no bound (see `passes::set_upper_bounds`), and logs which.
class SetUpperBound {
 public:
  using Parameters = ParameterList<2, Source<Model>, std::map<std::string, std::int64_t>>;
  /// @param upper_bounds  By name of the value; the empty name holds for all others.
  SetUpperBound(Source<Model> model, std::map<std::string, std::int64_t> upper_bounds);
  Model operator()() const;
  std::string str() const;

 private:
  Source<Model> model_;
  std::map<std::string, std::int64_t> upper_bounds_;
};

/// Cuts a sub-graph out (see `passes::extract_subgraph`). Throws InputError if a name does not exist, or if
/// the outputs depend on inputs that are not named.
class ExtractSubgraph {
 public:
  using Boundaries = std::optional<std::vector<passes::Boundary>>;
  using Parameters = ParameterList<1, Source<Model>, Boundaries, Boundaries>;
  /// @param inputs   nullopt: those that the model has.
  /// @param outputs  Likewise.
  explicit ExtractSubgraph(Source<Model> model, Boundaries inputs = {}, Boundaries outputs = {});
  Model operator()() const;
  std::string str() const;

 private:
  Source<Model> model_;
  Boundaries inputs_;
  Boundaries outputs_;
};

using polygraph::operator<<;  // loaders can be streamed

inline constexpr Immediately<OnnxFromPath> onnx_from_path;
inline constexpr Immediately<OnnxFromBytes> onnx_from_bytes;
inline constexpr Immediately<SaveOnnx> save_onnx;
inline constexpr Immediately<ConvertToExternalData> convert_to_external_data;
inline constexpr Immediately<BytesFromOnnx> bytes_from_onnx;
inline constexpr Immediately<ModifyOutputs> modify_outputs;
inline constexpr Immediately<SetUpperBound> set_upper_bound;
inline constexpr Immediately<ExtractSubgraph> extract_subgraph;

}  // namespace polygraph::onnx
