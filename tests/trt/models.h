#pragma once

#include <polygraph/trt.h>

#include <filesystem>
#include <string>

namespace polygraph::trt::test {

/// y = Identity(x), float32, as a file.
inline std::filesystem::path identity() {
  return std::filesystem::path(POLYGRAPH_FUZZ_CORPUS) / "onnx/identity.onnx";
}

inline std::filesystem::path magika() {
  return std::filesystem::path(POLYGRAPH_DEPS) / "magika/models/standard_v3_3/model.onnx";
}

inline std::filesystem::path rapidocr(const std::string& name) {
  return std::filesystem::path(POLYGRAPH_DEPS) / "rapidocr_onnxruntime/models" / (name + ".onnx");
}

inline const char* const rapidocr_names[] = {"ch_PP-OCRv4_det_infer", "ch_PP-OCRv4_rec_infer",
                                             "ch_ppocr_mobile_v2.0_cls_infer"};

/// The shapes that those models take.
inline Profile magika_profile() {
  return Profile().add("bytes", {1, 2048}, {2, 2048}, {4, 2048});
}
inline Profile rapidocr_profile(const std::string& name) {
  if (name.find("rec") != std::string::npos) return Profile().add("x", {1, 3, 48, 320});
  if (name.find("cls") != std::string::npos) return Profile().add("x", {1, 3, 48, 192});
  return Profile().add("x", {1, 3, 64, 64});
}

}  // namespace polygraph::trt::test
