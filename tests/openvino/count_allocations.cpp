#include "openvino/count_allocations.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {
std::atomic<std::size_t> allocations = 0;

void* allocate(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size ? size : 1)) return memory;
  throw std::bad_alloc();
}
}  // namespace

// Visible, so that the libraries of the process use them too.
#define POLYGRAPH_VISIBLE __attribute__((visibility("default")))
POLYGRAPH_VISIBLE void* operator new(std::size_t size) {
  return allocate(size);
}
POLYGRAPH_VISIBLE void* operator new[](std::size_t size) {
  return allocate(size);
}
POLYGRAPH_VISIBLE void operator delete(void* memory) noexcept {
  std::free(memory);
}
POLYGRAPH_VISIBLE void operator delete[](void* memory) noexcept {
  std::free(memory);
}
POLYGRAPH_VISIBLE void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
POLYGRAPH_VISIBLE void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}

std::size_t count_allocations(const std::function<void()>& f) {
  const std::size_t before = allocations;
  f();
  return allocations - before;
}
