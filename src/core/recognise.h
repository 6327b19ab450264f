#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace polygraph {

/// What a file is that was taken for a model, and what to do with it where an ONNX model is wanted.
struct FileKind {
  std::string_view what;    ///< e.g. "a TensorRT engine"
  std::string_view remedy;  ///< a sentence
};

/// Tells files that are often taken for models by their first bytes; nullopt if it is none of them.
std::optional<FileKind> recognise(std::span<const std::byte> file);

}  // namespace polygraph
