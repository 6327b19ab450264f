#pragma once

#include <google/protobuf/io/coded_stream.h>
#include <onnx/onnx_pb.h>

#include <stdexcept>
#include <string>

#include "onnx/official_module.h"

namespace polygraph::onnx_official {

using polygraph::onnx::OfficialModule;

/// Reads an encoded model; nesting may be as deep as Polygraph's own reader allows.
inline ::onnx::ModelProto decode(OfficialModule::Encoded bytes) {
  if (bytes.size() > 0x7fff'ffff)
    throw std::runtime_error("the model without its weights is larger than 2 GiB");
  ::onnx::ModelProto model;
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                                static_cast<int>(bytes.size()));
  stream.SetTotalBytesLimit(0x7fff'ffff);
  stream.SetRecursionLimit(400);  // a nested graph takes three levels, a nested type two
  if (!model.ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage())
    throw std::runtime_error("the encoded model cannot be read by protobuf");
  return model;
}

inline std::string encode(const ::onnx::ModelProto& model) {
  std::string bytes;
  if (!model.SerializePartialToString(&bytes)) throw std::runtime_error("the model is larger than 2 GiB");
  return bytes;
}

/// Takes the library's heading off a message that carries one of its own, and space at its ends.
std::string tidy(std::string message);

}  // namespace polygraph::onnx_official
