#include "compare/tensor_pipe.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <utility>

namespace polygraph::compare {
namespace {

constexpr std::size_t most_pending = 64 * 1024;

}  // namespace

void TensorPipe::wait() const {
  pollfd entry{.fd = fd_, .events = POLLIN, .revents = 0};
  const int milliseconds = seconds_ > 0 ? static_cast<int>(std::min(std::ceil(seconds_ * 1e3), 2e9)) : -1;
  int ready = 0;
  do ready = ::poll(&entry, 1, milliseconds);
  while (ready < 0 && errno == EINTR);
  if (ready == 0) throw PipeTimeout();
}

void TensorPipe::send(const std::byte* data, std::size_t size) const {
  while (size > 0) {
    const ssize_t count = ::send(fd_, data, size, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw PipeClosed();
    data += count;
    size -= static_cast<std::size_t>(count);
  }
}

void TensorPipe::flush() {
  send(pending_.data(), pending_.size());
  pending_.clear();
}

void TensorPipe::write_bytes(const void* data, std::size_t size) {
  const auto* bytes = static_cast<const std::byte*>(data);
  if (pending_.size() + size > most_pending) flush();
  if (size > most_pending) {
    send(bytes, size);
  } else if (size > 0) {
    pending_.insert(pending_.end(), bytes, bytes + size);
  }
}

void TensorPipe::read_bytes(void* data, std::size_t size) {
  auto* bytes = static_cast<std::byte*>(data);
  while (size > 0) {
    wait();
    const ssize_t count = ::recv(fd_, bytes, size, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw PipeClosed();
    bytes += count;
    size -= static_cast<std::size_t>(count);
  }
}

void TensorPipe::write(std::string_view text) {
  write<std::uint64_t>(text.size());
  write_bytes(text.data(), text.size());
}

std::string TensorPipe::read_text() {
  std::string text(read<std::uint64_t>(), '\0');
  read_bytes(text.data(), text.size());
  return text;
}

void TensorPipe::write(const TensorMetadata& metadata) {
  write<std::uint64_t>(metadata.size());
  for (const TensorInfo& info : metadata) {
    write(info.name);
    write(info.dtype);
    write<bool>(info.shape.has_rank());
    write<std::uint64_t>(info.shape.rank());
    for (const Dimension& dim : info.shape.dims()) {
      write(dim.min);
      write(dim.max);
      write(dim.name);
    }
  }
}

TensorMetadata TensorPipe::read_metadata() {
  TensorMetadata metadata;
  for (auto left = read<std::uint64_t>(); left > 0; --left) {
    TensorInfo info;
    info.name = read_text();
    info.dtype = read<std::optional<DataType>>();
    const bool has_rank = read<bool>();
    std::vector<Dimension> dims(read<std::uint64_t>());
    for (Dimension& dim : dims) {
      dim.min = read<std::int64_t>();
      dim.max = read<std::int64_t>();
      dim.name = read_text();
    }
    info.shape = has_rank ? PartialShape(std::move(dims)) : PartialShape::unknown_rank();
    metadata.add(std::move(info));
  }
  return metadata;
}

void TensorPipe::write(const TensorMap& tensors) {
  write<std::uint64_t>(tensors.size());
  for (const auto& [name, any] : tensors) {
    const Tensor tensor = any.contiguous();
    write(name);
    write(tensor.dtype());
    write<std::uint64_t>(tensor.shape().rank());
    for (const std::int64_t dim : tensor.shape()) write(dim);
    if (tensor.dtype() == DataType::string)
      for (const std::string& text : tensor.strings()) write(text);
    else
      write_bytes(tensor.data(), tensor.nbytes());
  }
}

void TensorPipe::read(TensorMap& tensors) {
  TensorMap received;
  for (auto left = read<std::uint64_t>(); left > 0; --left) {
    std::string name = read_text();
    const auto dtype = read<DataType>();
    std::vector<std::int64_t> dims(read<std::uint64_t>());
    for (std::int64_t& dim : dims) dim = read<std::int64_t>();
    Shape shape(std::move(dims));
    Tensor* known = tensors.find(name);
    const bool fits = known && known->dtype() == dtype && known->shape() == shape;
    Tensor tensor = fits ? std::move(*known) : Tensor(dtype, std::move(shape));
    if (dtype == DataType::string)
      for (std::string& text : tensor.mutable_strings()) text = read_text();
    else
      read_bytes(tensor.mutable_data(), tensor.nbytes());
    received.set(std::move(name), std::move(tensor));
  }
  tensors = std::move(received);
}

}  // namespace polygraph::compare
