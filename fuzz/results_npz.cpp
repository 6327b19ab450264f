#include <polygraph/core/error.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "compare/npz_first_array.h"
#include "compare/zip.h"

// Whatever the bytes are, an archive's members can be read, or there is an InputError.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace polygraph;
  const auto bytes = std::as_bytes(std::span(data, size));
  try {
    const compare::detail::ZipReader zip(bytes, nullptr, "the archive");
    for (const auto& member : zip.members()) {
      try {
        // Every byte of what is given can be read.
        unsigned sum = 0;
        for (const std::byte byte : zip.read(member).bytes) sum += static_cast<unsigned>(byte);
        if (sum == 1) return 0;
      } catch (const InputError&) {
      }
    }
    const Tensor tensor = compare::detail::npz_first_array(bytes, nullptr, DataType::uint8, "the archive");
    tensor.str(100, 2);
  } catch (const InputError&) {
  }
  return 0;
}
