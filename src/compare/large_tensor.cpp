#include "compare/large_tensor.h"

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace polygraph::compare::detail {

Tensor unfilled_tensor(DataType dtype, const Shape& shape) {
  constexpr std::size_t huge_page = 2 << 20;
  const std::size_t size = packed_size(dtype, shape.element_count());
  if (size < 2 * huge_page) return {dtype, shape};
  const std::size_t reserved = size + huge_page;
  void* const memory =
      ::mmap(nullptr, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return {dtype, shape};
  const std::shared_ptr<void> owner(memory, [reserved](void* begin) { ::munmap(begin, reserved); });
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  std::byte* const data = static_cast<std::byte*>(memory) + (huge_page - address % huge_page) % huge_page;
  ::madvise(data, size, MADV_HUGEPAGE);
  return Tensor::view(static_cast<void*>(data), dtype, shape, owner);
}

}  // namespace polygraph::compare::detail
