#pragma once

#include <polygraph/core/bytes.h>
#include <polygraph/onnx/model.h>

#include <cstdint>
#include <memory>
#include <string>

namespace polygraph {
class TemporaryFolder;
}

namespace polygraph::trt {

/// Where the weights of a model go that TensorRT's parser is given.
enum class Weights {
  inside,    ///< into the bytes, as long as those are no more than the parser takes
  in_place,  ///< they stay in the model's file where they can: the parser maps them
};

/// A model as TensorRT's parser takes it: bytes, and a path beside which it looks for external data, wherever
/// the model has that. A model too large for protobuf keeps its weights in its own file or, if it was
/// changed, gets a temporary one, which is to live until the model is parsed.
class ParserInput {
 public:
  /// Changes what keeps TensorRT from reading the model first (see `make_readable`).
  /// @param limit  The bytes that the parser takes.
  /// Throws InputError if external data is not there, or a temporary file cannot be written.
  explicit ParserInput(onnx::Model model, Weights weights = Weights::inside,
                       std::uint64_t limit = largest_size);
  ~ParserInput();

  const Bytes& bytes() const { return bytes_; }
  /// Null for a model without a folder.
  const char* path() const { return path_.empty() ? nullptr : path_.c_str(); }

  static const std::uint64_t largest_size;

 private:
  void move_to_temporary_file(const onnx::Model& model);

  std::unique_ptr<TemporaryFolder> folder_;
  Bytes bytes_;
  std::string path_;
};

}  // namespace polygraph::trt
