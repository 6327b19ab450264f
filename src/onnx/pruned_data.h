#pragma once

#include <polygraph/core/tensor.h>
#include <polygraph/onnx/sparsity.h>
#include <polygraph/onnx/tensor_data.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

namespace polygraph::onnx {

/// Where the groups of four lie: [outer, length, inner] in row-major order, groups along the middle axis.
struct PrunedLayout {
  std::uint64_t outer = 1;
  std::uint64_t length = 1;
  std::uint64_t inner = 1;

  static PrunedLayout of(std::span<const std::int64_t> dims, std::size_t axis) {
    PrunedLayout layout;
    for (std::size_t i = 0; i < dims.size(); ++i)
      (i < axis    ? layout.outer
       : i == axis ? layout.length
                   : layout.inner) *= static_cast<std::uint64_t>(dims[i]);
    return layout;
  }
  std::uint64_t elements() const { return outer * length * inner; }
};

/// The bits of a float without its sign: as integers they are ordered as the magnitudes are.
template <class Bits>
Bits magnitude(const std::byte* data, std::uint64_t index) {
  Bits bits;
  std::memcpy(&bits, data + index * sizeof(Bits), sizeof(Bits));
  return static_cast<Bits>(bits & (static_cast<Bits>(~Bits{0}) >> 1));
}

/// @param data  Floats of the size of Bits, not necessarily aligned.
/// @param only_first  Stop at the first dense group.
template <class Bits>
Sparsity count_groups(const std::byte* data, const PrunedLayout& layout, bool only_first) {
  Sparsity sparsity;
  const std::uint64_t inner = layout.inner;
  for (std::uint64_t row = 0; row < layout.outer * layout.length; row += 4) {
    const std::uint64_t first = row * inner;
    std::uint64_t dense = 0;
    std::uint64_t zeros = 0;
    for (std::uint64_t i = first; i < first + inner; ++i) {
      unsigned nonzero = 0;
      for (std::uint64_t k = 0; k < 4; ++k) nonzero += magnitude<Bits>(data, i + k * inner) != 0;
      dense += nonzero > 2;
      zeros += 4 - nonzero;
    }
    sparsity.groups += inner;
    sparsity.dense_groups += dense;
    sparsity.zeros += zeros;
    if (only_first && dense != 0) return sparsity;
  }
  return sparsity;
}

/// Writes the elements [first, first + count) of a weight after pruning to `out`.
template <class Bits>
void prune_elements(const std::byte* data, const PrunedLayout& layout, std::uint64_t first,
                    std::uint64_t count, std::byte* out) {
  const std::uint64_t inner = layout.inner;
  const std::uint64_t end = first + count;
  for (std::uint64_t begin = first; begin < end;) {
    // A run within one row: its elements have the same place in their groups.
    const std::uint64_t row = begin / inner;
    const std::uint64_t run_end = std::min(end, (row + 1) * inner);
    const std::uint64_t place = row % 4;
    for (std::uint64_t i = begin; i < run_end; ++i) {
      const std::uint64_t group = i - place * inner;
      const Bits own = magnitude<Bits>(data, i);
      unsigned smaller = 0;
      for (std::uint64_t k = 0; k < 4; ++k) {
        const Bits other = magnitude<Bits>(data, group + k * inner);
        smaller += k < place ? other <= own : other < own;  // of equal ones, the first is the smaller
      }
      Bits bits;
      std::memcpy(&bits, data + i * sizeof(Bits), sizeof(Bits));
      if (smaller < 2) bits = 0;
      std::memcpy(out + (i - first) * sizeof(Bits), &bits, sizeof(Bits));
    }
    begin = run_end;
  }
}

/// The values of a weight after pruning, computed from the values before.
template <class Bits>
class PrunedData final : public DeferredData {
 public:
  PrunedData(Tensor values, const PrunedLayout& layout) : values_(std::move(values)), layout_(layout) {}

  std::uint64_t size() const override { return layout_.elements() * sizeof(Bits); }
  void read(std::uint64_t offset, std::span<std::byte> out) const override {
    prune_elements<Bits>(static_cast<const std::byte*>(values_.data()), layout_, offset / sizeof(Bits),
                         out.size() / sizeof(Bits), out.data());
  }

 private:
  Tensor values_;
  PrunedLayout layout_;
};

}  // namespace polygraph::onnx
