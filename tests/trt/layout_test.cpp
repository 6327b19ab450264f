#include "trt/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>

#include <numeric>

#include "helpers/message.h"

namespace polygraph::trt::test {
namespace {

using polygraph::test::message;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;

std::vector<std::uint16_t> pack_counting(const Layout& layout, std::size_t count) {
  std::vector<std::uint16_t> row_major(count);
  std::iota(row_major.begin(), row_major.end(), std::uint16_t{1});
  std::vector<std::uint16_t> packed(static_cast<std::size_t>(layout.element_count()), 999);
  pack(layout, DataType::float16, row_major.data(), packed.data());
  std::vector<std::uint16_t> back(count);
  unpack(layout, DataType::float16, packed.data(), back.data());
  EXPECT_EQ(back, row_major);
  return packed;
}

TEST(Layout, HWC8PadsChannels) {
  const Layout layout{.dims = {1, 3, 1, 2}, .strides = {2, 1, 2, 1}, .cut_axis = 1, .vector_size = 8};
  EXPECT_EQ(layout.element_count(), 16);
  EXPECT_THAT(pack_counting(layout, 6), ElementsAre(1, 3, 5, 0, 0, 0, 0, 0, 2, 4, 6, 0, 0, 0, 0, 0));
}

TEST(Layout, CHW4HasPlanesOfVectors) {
  const Layout layout{.dims = {1, 5, 1, 2}, .strides = {4, 2, 2, 1}, .cut_axis = 1, .vector_size = 4};
  EXPECT_THAT(pack_counting(layout, 10), ElementsAre(1, 3, 5, 7, 2, 4, 6, 8, 9, 0, 0, 0, 10, 0, 0, 0));
}

TEST(Layout, AxesCanLieInAnyOrder) {
  const Layout hwc{.dims = {1, 2, 2, 2}, .strides = {8, 1, 4, 2}};
  EXPECT_EQ(hwc.element_count(), 8);
  EXPECT_THAT(pack_counting(hwc, 8), ElementsAre(1, 5, 2, 6, 3, 7, 4, 8));
}

TEST(Layout, RowsCanBePadded) {
  const Layout pitched{.dims = {2, 3}, .strides = {4, 1}};
  EXPECT_EQ(pitched.element_count(), 7);
  EXPECT_THAT(pack_counting(pitched, 6), ElementsAre(1, 2, 3, 0, 4, 5, 6));
}

TEST(Layout, TheLastAxisCanBeCut) {
  const Layout layout{.dims = {2, 3}, .strides = {2, 1}, .cut_axis = 1, .vector_size = 2};
  EXPECT_THAT(pack_counting(layout, 6), ElementsAre(1, 2, 3, 0, 4, 5, 6, 0));
}

TEST(Layout, ScalarsAndNothing) {
  EXPECT_THAT(pack_counting(Layout{}, 1), ElementsAre(1));
  const Layout empty{.dims = {0, 3}, .strides = {1, 1}, .cut_axis = 1, .vector_size = 8};
  EXPECT_EQ(empty.element_count(), 0);
  pack(empty, DataType::float32, nullptr, nullptr);
}

TEST(Layout, TakesTypesOfWholeBytes) {
  const Layout layout{.dims = {1, 2}, .strides = {1, 1}, .cut_axis = 1, .vector_size = 4};
  const std::int8_t bytes[] = {7, -8};
  std::int8_t packed[4] = {1, 1, 1, 1};
  pack(layout, DataType::int8, bytes, packed);
  EXPECT_THAT(packed, ElementsAre(7, -8, 0, 0));
  const std::int64_t longs[] = {7, -8};
  std::int64_t packed_longs[4];
  pack(layout, DataType::int64, longs, packed_longs);
  EXPECT_THAT(packed_longs, ElementsAre(7, -8, 0, 0));
  EXPECT_THAT(message<InputError>([&] { pack(layout, DataType::int4, bytes, packed); }), HasSubstr("int4"));
}

}  // namespace
}  // namespace polygraph::trt::test
