#include "onnx/payload.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace polygraph::onnx {
namespace {

using TypedField = TensorData::TypedField;

/// The size of the values by type and shape; nullopt if these do not say.
std::optional<std::uint64_t> size_by_shape(const TensorData& data) {
  const std::optional<DataType> dtype = data_type_of(data.data_type);
  if (!dtype || *dtype == DataType::string) return std::nullopt;
  if (std::ranges::any_of(data.dims, [](std::int64_t dim) { return dim < 0; })) return std::nullopt;
  try {
    return packed_size(*dtype, Shape(data.dims).element_count());
  } catch (const InputError&) {
    return std::nullopt;
  }
}

Payload external_payload(const TensorData& data, const Model& model) {
  const ExternalData external = external_data_of(data);
  const MappedFile file = model.storage.external_file(external.location);
  const std::uint64_t rest = file.size() - std::min<std::uint64_t>(external.offset, file.size());
  // Without a length it is the shape that says how much, or else all the rest belongs to the tensor.
  const std::uint64_t size = external.length ? *external.length : size_by_shape(data).value_or(rest);
  if (external.offset > file.size() || size > rest) {
    throw InputError(
        fmt::format("Cannot read the values of tensor '{}' of {}: its external data are {} bytes from byte "
                    "{} of '{}', which has {}.",
                    data.name, model.storage.name(), size, external.offset, external.location, file.size()),
        "Check that the data file was copied whole and belongs to this model.");
  }
  return {file, file.bytes().subspan(external.offset, size)};
}

}  // namespace

std::optional<Payload> raw_payload(const TensorData& data, const Model& model) {
  if (data.deferred) return Payload(*data.deferred);
  if (data.is_external()) return external_payload(data, model);
  if (data.raw_data) {
    const MappedFile* const file = model.storage.file();
    return file && model.storage.offset_of(*data.raw_data) ? Payload(*file, *data.raw_data)
                                                           : Payload(*data.raw_data);
  }
  const std::optional<std::uint64_t> size = size_by_shape(data);
  if (!size || data.typed_field == TypedField::none || !data.string_data.empty()) return std::nullopt;
  const auto dtype = data_type_of(data.data_type);
  if (typed_field_of(*dtype) != data.typed_field) return std::nullopt;
  return Payload(data, *size);
}

void run_in_parallel(std::size_t count, const std::function<void(std::size_t)>& job) {
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr first_error;
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        job(i);
      } catch (...) {
        next = count;
        const std::scoped_lock lock(mutex);
        if (!first_error) first_error = std::current_exception();
      }
    }
  };
  {
    const std::size_t helpers =
        std::min<std::size_t>(count, std::max(1u, std::thread::hardware_concurrency())) - (count > 0);
    std::vector<std::jthread> threads;
    try {
      for (std::size_t i = 0; i < helpers; ++i) threads.emplace_back(work);
    } catch (const std::system_error&) {
      // No more threads to be had: those there are do the work.
    }
    work();
  }
  if (first_error) std::rethrow_exception(first_error);
}

void read_in_parallel(const DeferredData& data, std::span<std::byte> out) {
  run_in_parallel((out.size() + deferred_chunk - 1) / deferred_chunk, [&](std::size_t i) {
    const std::size_t offset = i * deferred_chunk;
    data.read(offset, out.subspan(offset, std::min(deferred_chunk, out.size() - offset)));
  });
}

}  // namespace polygraph::onnx
