#pragma once

#include <polygraph/core/loader.h>
#include <polygraph/core/tensor.h>
#include <polygraph/onnxrt/session_options.h>

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct OrtApi;
struct OrtEnv;
struct OrtSession;

namespace polygraph::onnxrt {

/// The ONNX Runtime library (1.20 or later), found and loaded at run time. A handle; each file is loaded once
/// and stays until the process ends. Thread-safe.
///
/// Without a path these places are searched, in this order; the first library found is it:
/// 1. POLYGRAPH_ONNXRUNTIME: the library, or a folder that has it or below which pip installed it;
/// 2. what `pip install onnxruntime` installed: for VIRTUAL_ENV, for the `python3` of PATH, for CONDA_PREFIX,
///    for the user (`~/.local`) and for the system;
/// 3. `polygraph/onnxruntime` beside this library, where `make install` puts one, and the folder that
/// Polygraph was
///    built with;
/// 4. the dynamic linker's path (`libonnxruntime.so.1`, `libonnxruntime.so`).
///
/// ONNX Runtime is asked not to collect telemetry: the environment's ORT_DISABLE_TELEMETRY is set to 1,
/// unless it is set.
class Library : public Evaluated {
 public:
  /// @param path  The library, or a folder as for POLYGRAPH_ONNXRUNTIME; empty: search.
  /// Throws BackendError if there is none, listing the places searched, if it cannot be loaded, is not ONNX
  /// Runtime, or is too old.
  explicit Library(const std::filesystem::path& path = {});

  /// E.g. `1.23.2`.
  const std::string& version() const;
  /// The number in the middle: 23 for 1.23.2. The first is always 1.
  int minor_version() const;
  const std::filesystem::path& path() const;
  /// The execution providers it was built with, e.g. `CPUExecutionProvider`.
  const std::vector<std::string>& providers() const;

  /// ONNX Runtime's C API, version 16, and the environment that all sessions share.
  const OrtApi& api() const;
  OrtEnv* env() const;

 private:
  struct State;
  const State* state_;  // never destroyed: the library's threads may live until the process ends
};

/// What an input or output of a model is.
enum class ValueKind { unknown, tensor, sequence, map, opaque, sparse_tensor, optional };

/// `tensor`, `sparse tensor`, ...
std::string_view to_string(ValueKind kind);

/// A model ready to run (`OrtSession`). A handle, cheap to copy; thread-safe, `run` too.
class Session : public Evaluated {
 public:
  struct State;
  explicit Session(std::shared_ptr<const State> state) : state_(std::move(state)) {}

  /// The file's name, or "the model in memory": for messages.
  const std::string& model_name() const;
  /// What goes in and comes out. A value that is no tensor has no data type; see `input_kinds`.
  const TensorMetadata& inputs() const;
  const TensorMetadata& outputs() const;
  std::span<const ValueKind> input_kinds() const;
  std::span<const ValueKind> output_kinds() const;
  /// The execution providers in use, in order of preference; the CPU's is the last.
  const std::vector<std::string>& providers() const;

  /// Runs one inference, once; for many with the same shapes a Runner costs less. The outputs are the
  /// caller's. Names and types are checked by ONNX Runtime alone. Throws InputError for a missing input,
  /// BackendError if it fails.
  TensorMap run(const FeedDict& feed) const;

  /// Ends the measuring that SessionOptions::profile began and returns the file with the times, which
  /// `read_profile` sums up. Throws UsageError if there was none.
  std::filesystem::path end_profiling() const;

  const Library& library() const;
  OrtSession* native() const;
  const State& state() const { return *state_; }

 private:
  std::shared_ptr<const State> state_;
};

}  // namespace polygraph::onnxrt
