#include "core/recognise.h"

#include <algorithm>
#include <string>

namespace polygraph {
namespace {

using namespace std::string_view_literals;

struct Signature {
  std::size_t offset;
  std::string_view magic;
  FileKind kind;
};

constexpr Signature signatures[] = {
    {0, "POLYGRPH"sv, {"an engine saved by Polygraph", "Give it where an engine is expected."}},
    {0, "ftrt"sv, {"a TensorRT engine", "Give it where an engine is expected."}},
    {0, "ptrt"sv, {"a TensorRT engine", "Give it where an engine is expected."}},
    {0,
     "PK\x03\x04"sv,
     {"a ZIP archive, such as a PyTorch checkpoint or an .npz file",
      "Export the PyTorch model with torch.onnx.export, or unpack the archive."}},
    {0,
     "\x80\x02"sv,
     {"a Python pickle, such as a PyTorch checkpoint", "Export the model with torch.onnx.export."}},
    {0,
     "version https://git-lfs"sv,
     {"a Git LFS pointer, not the file that it stands for", "Fetch the file itself with `git lfs pull`."}},
    {0, "\x93NUMPY"sv, {"a NumPy array", "Give it as input data, not as a model."}},
    {0,
     "\x89HDF\r\n\x1a\n"sv,
     {"an HDF5 file, such as a Keras model", "Export the model to ONNX with tf2onnx."}},
    {4, "TFL3"sv, {"a TensorFlow Lite model", "Export the model to ONNX with tf2onnx."}},
    {4, "ORTM"sv, {"a model in ONNX Runtime's own format", "Use the .onnx file that it was made from."}},
    {0, "GGUF"sv, {"a GGUF model", "Export the model to ONNX."}},
    {0, "\x7f\x45LF"sv, {"an ELF program or library", "Name the ONNX file."}},
    {0, "\x1f\x8b"sv, {"compressed by gzip", "Unpack it with gunzip."}},
    {0, "\x28\xb5\x2f\xfd"sv, {"compressed by zstd", "Unpack it with unzstd."}},
    {0, "\x89PNG"sv, {"a PNG picture", "Name the ONNX file."}},
};

constexpr std::size_t looked_at = 4096;

bool is_text(std::string_view start) {
  return std::ranges::all_of(start, [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 ? c != 0x7f : c == '\n' || c == '\r' || c == '\t';
  });
}

bool contains_before(std::string_view text, std::string_view word, std::string_view end) {
  return text.substr(0, text.find(end)).find(word) != std::string_view::npos;
}

FileKind recognise_text(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  std::string_view start = lower;
  start.remove_prefix(std::min(start.find_first_not_of(" \t\r\n"), start.size()));
  if (start.starts_with("<!doctype html") || start.starts_with("<html"))
    return {"an HTML page", "The download probably gave an error page: fetch the model's file itself."};
  if (start.starts_with("<?xml") || start.starts_with("<net"))
    return {"an XML file, such as an OpenVINO IR", "Give it where a network in IR form is expected."};
  if (start.starts_with("ir_version:") || start.starts_with("graph {") || start.starts_with("producer_name:"))
    return {"an ONNX model in protobuf's text form", "Convert it to the binary form with onnx.save."};
  if (start.starts_with('<') && contains_before(start, "ir_version", ">"))
    return {"an ONNX model in ONNX's text form",
            "Convert it to the binary form with onnx.parser and onnx.save."};
  if (start.starts_with('{') || start.starts_with('[')) return {"a JSON file", "Name the ONNX file."};
  return {"a text file", "Name the ONNX file."};
}

}  // namespace

std::optional<FileKind> recognise(std::span<const std::byte> file) {
  const std::string_view start(reinterpret_cast<const char*>(file.data()), std::min(file.size(), looked_at));
  for (const Signature& signature : signatures) {
    if (start.size() >= signature.offset && start.substr(signature.offset).starts_with(signature.magic))
      return signature.kind;
  }
  if (start.size() > 9 && start[8] == '{' && start.substr(0, 8).find('\0') != std::string_view::npos)
    return FileKind{"a safetensors file", "Export the model to ONNX: safetensors hold weights only."};
  if (!start.empty() && std::ranges::all_of(start, [](char c) { return c == 0; }))
    return FileKind{"nothing but zeros", "The download or copy probably broke off: fetch the file again."};
  if (!start.empty() && is_text(start)) return recognise_text(start);
  return std::nullopt;
}

}  // namespace polygraph
