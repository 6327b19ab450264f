#pragma once

#include <polygraph/onnx/storage.h>

#include <optional>
#include <string_view>

namespace polygraph::onnx {

/// What a file is that was taken for an ONNX model, and what to do with it.
struct FileKind {
  std::string_view what;    ///< e.g. "a TensorRT engine"
  std::string_view remedy;  ///< a sentence
};

/// Tells files that are often taken for ONNX models by their first bytes; nullopt if it is none of them.
std::optional<FileKind> recognise(ByteSpan file);

}  // namespace polygraph::onnx
