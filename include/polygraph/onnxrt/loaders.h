#pragma once

#include <polygraph/core/bytes.h>
#include <polygraph/core/loader.h>
#include <polygraph/onnx/model.h>
#include <polygraph/onnxrt/objects.h>

#include <filesystem>
#include <string>
#include <variant>

/// Loaders of the ONNX Runtime backend and their immediately evaluated twins. Each loader is a value: copy
/// it, call it from several threads. Errors are thrown when a loader is called.
namespace polygraph::onnxrt {

/// Loads the ONNX Runtime library; see Library.
class LoadLibrary {
 public:
  using Parameters = ParameterList<0, std::filesystem::path>;
  explicit(false) LoadLibrary(std::filesystem::path path = {}) : path_(std::move(path)) {}
  Library operator()() const { return Library(path_); }
  std::string str() const;

 private:
  std::filesystem::path path_;
};

/// An ONNX model as SessionFromOnnx takes it: a file, an encoded model in memory, or a model that is read
/// already; the latter two also as loaders.
class ModelSource {
 public:
  // All convert: that is the point.
  ModelSource(std::filesystem::path path) : model_(std::move(path)) {}                // NOLINT
  ModelSource(const std::string& path) : ModelSource(std::filesystem::path(path)) {}  // NOLINT
  ModelSource(const char* path) : ModelSource(std::filesystem::path(path)) {}         // NOLINT
  ModelSource(Bytes model_bytes) : model_(Source<Bytes>(std::move(model_bytes))) {}   // NOLINT
  ModelSource(onnx::Model model) : model_(Source<onnx::Model>(std::move(model))) {}   // NOLINT
  ModelSource(Source<Bytes> model_bytes) : model_(std::move(model_bytes)) {}          // NOLINT
  ModelSource(Source<onnx::Model> model) : model_(std::move(model)) {}                // NOLINT
  template <LoaderOf<Bytes> L>
  ModelSource(L loader) : model_(Source<Bytes>(std::move(loader))) {}  // NOLINT
  template <LoaderOf<onnx::Model> L>
  ModelSource(L loader) : model_(Source<onnx::Model>(std::move(loader))) {}  // NOLINT

  const auto& get() const { return model_; }
  std::string str() const;

 private:
  std::variant<std::filesystem::path, Source<Bytes>, Source<onnx::Model>> model_;
};

/// Makes a session of an ONNX model.
///
/// External data is found beside the file that the model comes from; for bytes, not at all. The weights of
/// an onnx::Model stay where they are, in the mapped file or in memory, and are handed over as they are: a
/// model may be larger than the 2 GB that an encoded one may have, also a file.
///
/// Throws InputError if the file is missing or damaged; UsageError for a provider that the library lacks or
/// an option out of range; BackendError if there is no library, or it refuses the model.
/// @code
///   Runner runner(SessionFromOnnx("model.onnx", {.intra_op_threads = 1}));
/// @endcode
class SessionFromOnnx {
 public:
  using Parameters = ParameterList<1, ModelSource, SessionOptions, Source<Library>>;
  explicit SessionFromOnnx(ModelSource model, SessionOptions options = {},
                           Source<Library> library = LoadLibrary());
  Session operator()() const;
  std::string str() const;

 private:
  ModelSource model_;
  SessionOptions options_;
  Source<Library> library_;
};

using polygraph::operator<<;  // loaders can be streamed

inline constexpr Immediately<LoadLibrary> load_library;
inline constexpr Immediately<SessionFromOnnx> session_from_onnx;

}  // namespace polygraph::onnxrt
