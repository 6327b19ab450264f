#include "compare/message.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace polygraph::compare::detail {
namespace {

// Elements of tensors begin at multiples of this, so that they can be used where they are.
constexpr std::size_t alignment = 16;

constexpr std::size_t padding(std::size_t position) {
  return (alignment - position % alignment) % alignment;
}

}  // namespace

void MessageWriter::write_bytes(const void* data, std::size_t size) {
  const auto* bytes = static_cast<const std::byte*>(data);
  bytes_.insert(bytes_.end(), bytes, bytes + size);
}

void MessageWriter::write(std::string_view text) {
  write_size(text.size());
  write_bytes(text.data(), text.size());
}

void MessageWriter::write(const std::vector<std::string>& texts) {
  write_size(texts.size());
  for (const std::string& text : texts) write(text);
}

void MessageWriter::write(const Tensor& tensor) {
  write(tensor.dtype());
  write_size(tensor.shape().rank());
  for (const std::int64_t dim : tensor.shape()) write(dim);
  if (tensor.dtype() == DataType::string) {
    for (const std::string& text : tensor.strings()) write(text);
    return;
  }
  const Tensor packed = tensor.contiguous();
  bytes_.resize(bytes_.size() + padding(bytes_.size()));
  write_bytes(packed.data(), packed.nbytes());
}

void MessageWriter::write(const TensorMap& tensors) {
  write_size(tensors.size());
  for (const auto& [name, tensor] : tensors) {
    write(name);
    write(tensor);
  }
}

void MessageReader::fail() {
  throw InputError("A message from another rank is damaged.",
                   "Run the same version of Polygraph on every host.");
}

const std::byte* MessageReader::take(std::size_t size) {
  if (size > message_.size() - position_) fail();
  const std::byte* const at = message_.data() + position_;
  position_ += size;
  return at;
}

void MessageReader::read_bytes(void* data, std::size_t size) {
  const std::byte* const from = take(size);
  if (size > 0) std::memcpy(data, from, size);
}

bool MessageReader::read_bool() {
  const auto value = read<std::uint8_t>();
  if (value > 1) fail();
  return value == 1;
}

std::size_t MessageReader::read_size(std::size_t least) {
  const auto count = read<std::uint64_t>();
  if (count > (message_.size() - position_) / least) fail();
  return static_cast<std::size_t>(count);
}

std::string MessageReader::read_text() {
  const std::size_t size = read_size();
  return {reinterpret_cast<const char*>(take(size)), size};
}

std::vector<std::string> MessageReader::read_texts() {
  std::vector<std::string> texts(read_size(sizeof(std::uint64_t)));
  for (std::string& text : texts) text = read_text();
  return texts;
}

DataType MessageReader::read_data_type() {
  return read_enum<DataType>(all_data_types().size());
}

Shape MessageReader::read_shape() {
  std::vector<std::int64_t> dims(read_size(sizeof(std::int64_t)));
  for (std::int64_t& dim : dims)
    if ((dim = read<std::int64_t>()) < 0) fail();
  Shape shape(std::move(dims));
  shape.element_count();  // throws if there are too many
  return shape;
}

Tensor MessageReader::read_tensor() {
  const DataType dtype = read_data_type();
  Shape shape = read_shape();
  const std::int64_t count = shape.element_count();
  if (dtype == DataType::string) {
    if (static_cast<std::uint64_t>(count) > (message_.size() - position_) / sizeof(std::uint64_t)) fail();
    Tensor tensor(dtype, std::move(shape));
    for (std::string& text : tensor.mutable_strings()) text = read_text();
    return tensor;
  }
  const std::size_t size = packed_size(dtype, count);
  take(padding(position_));
  const std::byte* const data = take(size);
  if (dtype == DataType::boolean &&
      std::any_of(data, data + size, [](std::byte byte) { return byte > std::byte{1}; }))
    fail();
  return Tensor::view(static_cast<const void*>(data), dtype, std::move(shape), message_.keep_alive());
}

TensorMap MessageReader::read_tensors() {
  TensorMap tensors;
  for (std::size_t left = read_size(2 * sizeof(std::uint64_t)); left > 0; --left) {
    std::string name = read_text();
    tensors.set(std::move(name), read_tensor());
  }
  return tensors;
}

void MessageReader::expect_end() const {
  if (position_ != message_.size()) fail();
}

void write_error(MessageWriter& writer, const std::exception_ptr& error) {
  const auto put = [&](ExitCode code, const std::string& problem, const std::string& remedy,
                       const std::vector<std::string>& messages) {
    writer.write(code);
    writer.write(problem);
    writer.write(remedy);
    writer.write(messages);
  };
  try {
    std::rethrow_exception(error);
  } catch (const Error& known) {
    put(known.exit_code(), known.problem(), known.remedy(), known.engine_messages());
  } catch (const std::bad_alloc&) {
    put(ExitCode::input, "Out of memory.",
        "Use a smaller input, fewer ranks per host, or a machine with more memory.", {});
  } catch (const std::exception& other) {
    put(ExitCode::backend, fmt::format("Unexpected failure: {}.", other.what()),
        "Please report it with the command line and the input.", {});
  } catch (...) {
    put(ExitCode::backend, "Unexpected failure of an unknown kind.",
        "Please report it with the command line and the input.", {});
  }
}

std::exception_ptr read_error(MessageReader& reader, const std::string& from) {
  const auto code = static_cast<ExitCode>(reader.read<std::underlying_type_t<ExitCode>>());
  std::string problem = fmt::format("{}: {}", from, reader.read_text());
  if (!from.empty())
    problem.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(from.front())));
  std::string remedy = reader.read_text();
  std::vector<std::string> messages = reader.read_texts();
  switch (code) {
    case ExitCode::usage:
      return std::make_exception_ptr(UsageError(std::move(problem), std::move(remedy), std::move(messages)));
    case ExitCode::input:
      return std::make_exception_ptr(InputError(std::move(problem), std::move(remedy), std::move(messages)));
    default:
      return std::make_exception_ptr(
          BackendError(std::move(problem), std::move(remedy), std::move(messages)));
  }
}

}  // namespace polygraph::compare::detail
