#pragma once

#include <polygraph/onnx/model.h>

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "onnx/payload.h"

namespace polygraph::onnx {

/// What a tensor gets in the encoded model in place of the values that it has.
struct Placement {
  std::optional<Payload> raw;  ///< raw_data; otherwise external data:
  std::string location;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

/// By the address of the tensor in the model.
using Placements = std::unordered_map<const TensorData*, Placement>;

/// Where an encoded model goes, from its first byte to its last.
class ModelSink {
 public:
  virtual void write(ByteSpan bytes) = 0;
  /// For long payloads, and those that are not there yet.
  virtual void write(const Payload& payload) = 0;

 protected:
  ~ModelSink() = default;
};

/// Encodes a model as Google's protobuf does: fields in the order of their numbers, lists of numbers packed
/// where onnx.proto (proto2) packs them, unknown fields last. The model must stay as it is meanwhile.
class ModelWriter {
 public:
  /// Computes all sizes. Throws InputError if graphs or types are nested deeper than `max_nesting`, which
  /// could not be read back.
  ModelWriter(const Model& model, const Placements& placements);

  std::uint64_t size() const { return size_; }
  void write(ModelSink& sink) const;

 private:
  const Model& model_;
  const Placements& placements_;
  std::vector<std::uint64_t> message_sizes_;  // of all messages, each before those inside
  std::uint64_t size_ = 0;
};

}  // namespace polygraph::onnx
