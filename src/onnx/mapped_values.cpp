#include "onnx/mapped_values.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>

namespace polygraph::onnx {

MappedValues::MappedValues(const TensorData& data, const Model& model)
    : tensor(tensor_of(data, model, Alignment::any)) {
  if (tensor.dtype() == DataType::string || tensor.nbytes() == 0) return;
  const ByteSpan bytes(static_cast<const std::byte*>(tensor.data()), tensor.nbytes());
  // What came through a pipe is memory that cannot be read again.
  if (!data.is_external()) {
    is_mapped = model.storage.offset_of(bytes).has_value() && !model.storage.path().empty() &&
                std::filesystem::is_regular_file(model.storage.path());
  } else if (tensor.is_read_only()) {
    is_mapped = std::filesystem::is_regular_file(model.storage.folder() / external_data_of(data).location);
  }
}

void MappedValues::drop(std::size_t begin, std::size_t end) const {
  if (!is_mapped) return;
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto address = reinterpret_cast<std::uintptr_t>(tensor.data());
  const std::uintptr_t first = (address + begin + page - 1) / page * page;
  const std::uintptr_t last = (address + end) / page * page;
  if (first < last) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

}  // namespace polygraph::onnx
