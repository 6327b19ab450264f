#pragma once

#include <polygraph/openvino.h>

#include <filesystem>
#include <string>

#include "helpers/message.h"

// Networks made on the spot, and a folder for a test's files.
namespace polygraph::openvino::test {

/// x float32 of `shape` -> y = x, through a layer that the engine keeps.
Network identity_network(const ov::PartialShape& shape = {1, 1, 2, 2});

/// a float32 (2,), b int64 (2,) -> c = a, d = b.
Network two_network();

/// x float32 (rows, width) through `layers` products with constant matrices and Relus; tensors are called
/// `relu_<i>`, the output `y`.
Network dense_network(int layers, std::int64_t rows, std::int64_t width);

/// identity.onnx, as make_identity.py writes it.
std::filesystem::path identity_onnx();

/// A folder that goes with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

using polygraph::test::message;

}  // namespace polygraph::openvino::test
