#include <polygraph/core/bytes.h>
#include <polygraph/core/files.h>

namespace polygraph {

Bytes::Bytes(std::vector<std::byte> bytes) {
  auto owned = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
  bytes_ = *owned;
  keep_alive_ = std::move(owned);
}

Bytes::Bytes(std::span<const std::byte> bytes, std::shared_ptr<const void> keep_alive)
    : bytes_(bytes), keep_alive_(std::move(keep_alive)) {}

Bytes BytesFromPath::operator()() const {
  MappedFile file(path_);
  return Bytes(file.bytes(), file.keep_alive());
}

std::string BytesFromPath::str() const {
  return cpp_expression<1>("BytesFromPath", path_);
}

Bytes SaveBytes::operator()() const {
  Bytes bytes = bytes_.get();
  write_file(path_, bytes.span());
  return bytes;
}

std::string SaveBytes::str() const {
  return cpp_expression<2>("SaveBytes", bytes_, path_);
}

}  // namespace polygraph
