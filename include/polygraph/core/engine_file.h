#pragma once

#include <polygraph/core/bytes.h>
#include <polygraph/core/tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace polygraph {

/// One layer of a built engine: what runs, and where it came from.
struct EngineLayer {
  std::string name;
  std::string type;       ///< the engine's name for the operation, e.g. "Convolution"
  std::string precision;  ///< the type it computes in, e.g. "float32"
  std::string kernel;     ///< the implementation chosen, e.g. "brgconv_avx2"; empty if there is none
  std::vector<std::string> onnx_nodes;  ///< the nodes of the model that were fused into it
  std::vector<TensorInfo> inputs;
  std::vector<TensorInfo> outputs;

  friend bool operator==(const EngineLayer&, const EngineLayer&) = default;
};

/// What a saved engine says of itself.
struct EngineInfo {
  std::string name;             ///< of the network
  std::string backend;          ///< "OpenVINO"
  std::string backend_version;  ///< as the engine library writes it
  std::string device;           ///< e.g. "CPU"
  std::string device_name;      ///< of the machine it was built on, e.g. the processor's
  std::string instruction_set;  ///< of the processor it was built for, e.g. "AVX2"
  std::string precision_asked;  ///< what the configuration allowed, e.g. "float16, float32"
  std::string precision_hint;   ///< what the engine library was told, e.g. "f32"
  std::string precision_run;    ///< what the layers compute in, most frequent first, e.g. "float32"
  std::string model_name;       ///< file name of the source model; empty if it was not a file
  std::string model_hash;       ///< XXH3-64 of the source model's file, hexadecimal; empty if unknown
  std::map<std::string, std::string> properties;  ///< what else the engine library was told
  TensorMetadata inputs;
  TensorMetadata outputs;
  std::vector<EngineLayer> layers;  ///< in execution order

  friend bool operator==(const EngineInfo&, const EngineInfo&) = default;
};

/// A saved engine: a header that says what it is, and the engine library's own blob.
///
/// Layout (little-endian):
///
/// | offset | size | content |
/// |---|---|---|
/// | 0 | 8 | magic `POLYGRPH` |
/// | 8 | 4 | format version, 1 |
/// | 12 | 4 | size of the description in bytes |
/// | 16 | 8 | offset of the blob, a multiple of 64 |
/// | 24 | 8 | size of the blob; offset + size is the file's size |
/// | 32 | 8 | XXH3-64 of the blob |
/// | 40 | 8 | XXH3-64 of bytes 0 to 40 and the description |
/// | 48 | … | the description: EngineInfo as JSON, UTF-8; then zeros up to the blob |
struct EngineFile {
  EngineInfo info;
  Bytes blob;  ///< shares memory with the bytes it was read from

  /// Whether the bytes begin like a saved engine.
  static bool recognise(std::span<const std::byte> bytes);

  /// Reads the header and checks all of it, without touching the blob.
  /// @param name  What to call the bytes in errors: a file's path.
  /// Throws InputError if the bytes are not a saved engine (saying what they look like), of another format
  /// version, truncated, or damaged in the header.
  static EngineFile read(const Bytes& bytes, const std::string& name);

  /// Reads the whole blob once and compares its checksum. Throws InputError if it is damaged.
  void verify(const std::string& name) const;

 private:
  std::uint64_t blob_checksum_ = 0;
};

/// Writes a saved engine to a file, atomically; the blob goes straight to the file.
/// @param write_blob  Writes the blob to the stream it is given, which can seek back over what it has
/// written. Throws InputError if the file cannot be written, and what `write_blob` throws.
void write_engine_file(const EngineInfo& info, const std::filesystem::path& path,
                       const std::function<void(std::ostream&)>& write_blob);

/// The same into memory, which holds the blob once.
Bytes write_engine_bytes(const EngineInfo& info, const std::function<void(std::ostream&)>& write_blob);

/// The instruction set that decides which engines this processor shares with others, e.g. "AVX2", "AVX512",
/// "AVX512_BF16", "AMX".
std::string cpu_instruction_set();

/// EngineInfo as JSON text (two-space indent if `pretty`), and back. `from_json` throws InputError naming the
/// missing or wrong key.
std::string engine_info_to_json(const EngineInfo& info, bool pretty = false);
EngineInfo engine_info_from_json(std::string_view text);

}  // namespace polygraph
