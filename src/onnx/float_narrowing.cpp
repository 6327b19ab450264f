#include "onnx/float_narrowing.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "core/narrow_float.h"
#include "onnx/float_narrowing_avx2.h"

namespace polygraph::onnx {

NarrowingCensus& NarrowingCensus::operator+=(const NarrowingCensus& other) {
  values += other.values;
  zeros += other.zeros;
  overflowing += other.overflowing;
  vanishing += other.vanishing;
  subnormal += other.subnormal;
  return *this;
}

namespace {

constexpr const NarrowingLimits& limits_of(NarrowType type) {
  return type == NarrowType::float16 ? float16_limits : bfloat16_limits;
}

/// Calls `visit(block)` for pieces of the floats at `source`.
template <class Visitor>
void for_each_block(const std::byte* source, std::size_t count, Visitor visit) {
  std::array<float, 256> block;
  while (count > 0) {
    const std::size_t size = std::min(count, block.size());
    std::memcpy(block.data(), source, size * sizeof(float));
    visit(std::span<const float>(block.data(), size));
    source += size * sizeof(float);
    count -= size;
  }
}

template <class Format>
void encode(const std::byte* source, std::uint16_t* target, std::size_t count) {
  for_each_block(source, count, [&](std::span<const float> block) {
    for (std::size_t i = 0; i < block.size(); ++i) target[i] = Format::encode(block[i]);
    target += block.size();
  });
}

#ifdef __x86_64__
bool has_avx2_and_f16c() {
  static const bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("f16c");
  return has;
}
#endif

}  // namespace

namespace portable {

void narrow(NarrowType type, const std::byte* source, std::uint16_t* target, std::size_t count) {
  if (type == NarrowType::float16)
    encode<detail::Float16Format>(source, target, count);
  else
    encode<detail::BFloat16Format>(source, target, count);
}

NarrowingCensus narrowing_census(NarrowType type, const std::byte* source, std::size_t count) {
  const NarrowingLimits& limits = limits_of(type);
  NarrowingCensus census{.values = count};
  for_each_block(source, count, [&](std::span<const float> block) {
    for (const float value : block) {
      const std::uint32_t magnitude = std::bit_cast<std::uint32_t>(value) & 0x7fffffffu;
      census.zeros += magnitude == 0;
      census.overflowing += magnitude >= limits.overflow && magnitude < NarrowingLimits::infinity;
      census.vanishing += magnitude != 0 && magnitude <= limits.vanish;
      census.subnormal += magnitude > limits.vanish && magnitude < limits.min_normal;
    }
  });
  return census;
}

}  // namespace portable

void narrow(NarrowType type, const std::byte* source, std::uint16_t* target, std::size_t count) {
  std::size_t done = 0;
#ifdef __x86_64__
  if (has_avx2_and_f16c()) {
    done = count / 16 * 16;
    if (type == NarrowType::float16)
      avx2::to_float16(source, target, done);
    else
      avx2::to_bfloat16(source, target, done);
  }
#endif
  portable::narrow(type, source + done * sizeof(float), target + done, count - done);
}

NarrowingCensus narrowing_census(NarrowType type, const std::byte* source, std::size_t count) {
  std::size_t done = 0;
  NarrowingCensus census;
#ifdef __x86_64__
  if (has_avx2_and_f16c()) {
    done = count / 16 * 16;
    const avx2::Counts counts = avx2::count(limits_of(type), source, done);
    census = {done, counts.zeros, counts.overflowing, counts.vanishing, counts.subnormal};
  }
#endif
  return census += portable::narrowing_census(type, source + done * sizeof(float), count - done);
}

namespace {

class NarrowedData final : public DeferredData {
 public:
  NarrowedData(NarrowType type, Tensor values, bool clamp)
      : type_(type), values_(std::move(values)), clamp_(clamp) {}

  std::uint64_t size() const override {
    return static_cast<std::uint64_t>(values_.element_count()) * sizeof(std::uint16_t);
  }

  void read(std::uint64_t offset, std::span<std::byte> out) const override {
    const auto* source = static_cast<const std::byte*>(values_.data()) + 2 * offset;
    const std::size_t count = out.size() / sizeof(std::uint16_t);
    if (reinterpret_cast<std::uintptr_t>(out.data()) % alignof(std::uint16_t) == 0) {
      convert(source, reinterpret_cast<std::uint16_t*>(out.data()), count);
      return;
    }
    std::array<std::uint16_t, 1024> block;
    for (std::size_t done = 0; done < count;) {
      const std::size_t size = std::min(block.size(), count - done);
      convert(source + done * sizeof(float), block.data(), size);
      std::memcpy(out.data() + done * sizeof(std::uint16_t), block.data(), size * sizeof(std::uint16_t));
      done += size;
    }
  }

 private:
  void convert(const std::byte* source, std::uint16_t* target, std::size_t count) const {
    narrow(type_, source, target, count);
    if (!clamp_) return;
    const auto infinity = static_cast<std::uint16_t>(type_ == NarrowType::float16 ? 0x7c00 : 0x7f80);
    for (std::size_t i = 0; i < count; ++i) {
      std::uint32_t bits = 0;
      std::memcpy(&bits, source + i * sizeof(float), sizeof bits);
      const std::uint32_t magnitude = bits & 0x7fffffffu;
      const auto narrow_magnitude = static_cast<std::uint16_t>(target[i] & 0x7fff);
      if (narrow_magnitude == infinity && magnitude < NarrowingLimits::infinity) --target[i];
      if (narrow_magnitude == 0 && magnitude != 0) ++target[i];
    }
  }

  NarrowType type_;
  Tensor values_;
  bool clamp_;
};

}  // namespace

std::shared_ptr<const DeferredData> narrowed_data(NarrowType type, Tensor values, bool clamp) {
  return std::make_shared<NarrowedData>(type, std::move(values), clamp);
}

}  // namespace polygraph::onnx
