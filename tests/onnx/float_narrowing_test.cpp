#include "onnx/float_narrowing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/tensor.h>

#include <bit>
#include <cstring>
#include <limits>
#include <vector>

#include "onnx/float_operators.h"

namespace polygraph::onnx {
namespace {

using testing::Each;
using testing::ElementsAre;

std::vector<std::byte> bytes_of(const std::vector<std::uint32_t>& patterns) {
  std::vector<std::byte> bytes(patterns.size() * 4);
  std::memcpy(bytes.data(), patterns.data(), bytes.size());
  return bytes;
}

/// Every 16-bit upper half with lower halves around the places where rounding turns.
std::vector<std::uint32_t> interesting_floats() {
  std::vector<std::uint32_t> patterns;
  for (std::uint32_t high = 0; high <= 0xffff; ++high)
    for (const std::uint32_t low :
         {0u, 1u, 0x0fffu, 0x1000u, 0x1001u, 0x2fffu, 0x3000u, 0x3001u, 0x7fffu, 0x8000u, 0x8001u, 0xefffu,
          0xf000u, 0xf001u, 0xffffu, high * 40503u & 0xffffu})
      patterns.push_back(high << 16 | low);
  return patterns;
}

class Narrowing : public testing::TestWithParam<NarrowType> {
 protected:
  static std::uint16_t expected(float value) {
    return GetParam() == NarrowType::float16 ? float16(value).bits : bfloat16(value).bits;
  }
};

TEST_P(Narrowing, EqualsTheScalarConversionForEveryKindOfFloat) {
  const std::vector<std::uint32_t> patterns = interesting_floats();
  const std::vector<std::byte> source = bytes_of(patterns);
  std::vector<std::uint16_t> fast(patterns.size());
  std::vector<std::uint16_t> slow(patterns.size());
  narrow(GetParam(), source.data(), fast.data(), fast.size());
  portable::narrow(GetParam(), source.data(), slow.data(), slow.size());
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    const std::uint16_t bits = expected(std::bit_cast<float>(patterns[i]));
    ASSERT_EQ(fast[i], bits) << std::hex << patterns[i];
    ASSERT_EQ(slow[i], bits) << std::hex << patterns[i];
  }
}

TEST_P(Narrowing, EveryNarrowValueComesBack) {
  std::vector<float> values;
  for (std::uint32_t bits = 0; bits <= 0xffff; ++bits) {
    const auto narrow_bits = static_cast<std::uint16_t>(bits);
    values.push_back(GetParam() == NarrowType::float16 ? float(float16::from_bits(narrow_bits))
                                                       : float(bfloat16::from_bits(narrow_bits)));
  }
  std::vector<std::uint16_t> result(values.size());
  narrow(GetParam(), reinterpret_cast<const std::byte*>(values.data()), result.data(), result.size());
  for (std::size_t i = 0; i < result.size(); ++i) ASSERT_EQ(result[i], i);
}

TEST_P(Narrowing, TakesFloatsThatAreNotAligned) {
  const std::vector<std::uint32_t> patterns(37, std::bit_cast<std::uint32_t>(1.5f));
  std::vector<std::byte> source(1);
  const std::vector<std::byte> bytes = bytes_of(patterns);
  source.insert(source.end(), bytes.begin(), bytes.end());
  std::vector<std::uint16_t> result(patterns.size());
  narrow(GetParam(), source.data() + 1, result.data(), result.size());
  EXPECT_THAT(result, Each(expected(1.5f)));
}

TEST_P(Narrowing, CensusCountsWhatTheConversionDoes) {
  const std::vector<std::uint32_t> patterns = interesting_floats();
  const std::vector<std::byte> source = bytes_of(patterns);
  const bool is_fp16 = GetParam() == NarrowType::float16;
  NarrowingCensus wanted{.values = patterns.size()};
  for (const std::uint32_t pattern : patterns) {
    const float value = std::bit_cast<float>(pattern);
    const std::uint16_t magnitude = expected(value) & 0x7fff;
    wanted.zeros += value == 0;
    wanted.overflowing +=
        std::abs(value) <= std::numeric_limits<float>::max() && magnitude == (is_fp16 ? 0x7c00 : 0x7f80);
    wanted.vanishing += value != 0 && magnitude == 0;
    wanted.subnormal += magnitude != 0 && std::abs(value) < (is_fp16 ? 0x1p-14f : 0x1p-126f);
  }
  for (const NarrowingCensus& census :
       {narrowing_census(GetParam(), source.data(), patterns.size()),
        portable::narrowing_census(GetParam(), source.data(), patterns.size())}) {
    EXPECT_EQ(census.values, wanted.values);
    EXPECT_EQ(census.zeros, wanted.zeros);
    EXPECT_EQ(census.overflowing, wanted.overflowing);
    EXPECT_EQ(census.vanishing, wanted.vanishing);
    EXPECT_EQ(census.subnormal, wanted.subnormal);
  }
}

TEST_P(Narrowing, DeferredDataIsReadInPieces) {
  std::vector<float> values(1000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) / 3;
  const auto data = narrowed_data(GetParam(), Tensor::from<float>(values, Shape{1000}));
  ASSERT_EQ(data->size(), 2000u);
  std::vector<std::byte> out(2000);
  data->read(0, std::span(out).first(128));
  data->read(128, std::span(out).subspan(128));
  std::vector<std::byte> shifted(2001);
  data->read(0, std::span(shifted).subspan(1));
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, out.data() + 2 * i, 2);
    EXPECT_EQ(bits, expected(values[i]));
    std::memcpy(&bits, shifted.data() + 1 + 2 * i, 2);
    EXPECT_EQ(bits, expected(values[i]));
  }
}

TEST_P(Narrowing, ClampingKeepsNumbersFiniteAndNotZero) {
  const float inf = std::numeric_limits<float>::infinity();
  const float huge = std::numeric_limits<float>::max();
  const auto data = narrowed_data(
      GetParam(), Tensor::from<float>({huge, -huge, inf, 0x1p-149f, -0x1p-149f, 0.f, 1.f}, Shape{7}), true);
  std::vector<std::uint16_t> bits(7);
  data->read(0, std::as_writable_bytes(std::span(bits)));
  const std::uint16_t infinity = expected(inf);
  EXPECT_THAT(bits,
              ElementsAre(infinity - 1, (infinity - 1) | 0x8000, infinity, 1, 0x8001, 0, expected(1.f)));
}

INSTANTIATE_TEST_SUITE_P(Both, Narrowing, testing::Values(NarrowType::float16, NarrowType::bfloat16),
                         [](const auto& which) {
                           return which.param == NarrowType::float16 ? "fp16" : "bf16";
                         });

TEST(FloatOperators, AreFoundInTheVersionOfTheOpset) {
  EXPECT_EQ(find_float_operator("Add", 12)->since, 1);
  EXPECT_EQ(find_float_operator("Add", 13)->since, 13);
  EXPECT_EQ(find_float_operator("Add", 99)->since, 13);
  EXPECT_EQ(find_float_operator("Resize", 9), nullptr);
  EXPECT_EQ(find_float_operator("NoSuchOperator", 20), nullptr);
}

TEST(FloatOperators, SayWhatTheirParametersAllow) {
  const FloatOperator& resize = *find_float_operator("Resize", 13);
  EXPECT_TRUE(resize.allows_float16(FloatOperator::letter(resize.inputs, 0)));
  EXPECT_TRUE(resize.allows_bfloat16(FloatOperator::letter(resize.inputs, 0)));
  EXPECT_FALSE(resize.allows_bfloat16(FloatOperator::letter(resize.inputs, 1)));
  EXPECT_EQ(FloatOperator::letter(resize.inputs, 2), 'F');
  EXPECT_FALSE(resize.allows_float16('F'));
  EXPECT_EQ(FloatOperator::letter(resize.inputs, 3), '-');
  EXPECT_EQ(FloatOperator::letter(resize.inputs, 4), '-');
  const FloatOperator& concat = *find_float_operator("Concat", 13);
  EXPECT_EQ(FloatOperator::letter(concat.inputs, 17), 'a');
  EXPECT_EQ(find_float_operator("SequenceAt", 11)->inputs, "S-");
}

}  // namespace
}  // namespace polygraph::onnx
