#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/layer_times.h>

namespace polygraph {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const LayerTimes times{.inferences = 2,
                       .seconds = 12,
                       .layers = {{"a", "Conv", "cpu", 2, 3},
                                  {"b", "Relu", "cpu", 4, 1},
                                  {"c", "Conv", "gpu", 2, 5},
                                  {"d", "Add", "cpu", 2, 1}}};

std::vector<std::string> names(const std::vector<LayerTime>& layers) {
  std::vector<std::string> names;
  for (const LayerTime& layer : layers) names.push_back(layer.name);
  return names;
}

TEST(LayerTimes, SumUp) {
  EXPECT_DOUBLE_EQ(times.layer_seconds(), 10);
  EXPECT_DOUBLE_EQ(LayerTimes().layer_seconds(), 0);
}

TEST(LayerTimes, AreSortedByTimeAndElseAsTheyRan) {
  EXPECT_THAT(names(times.longest_first()), ElementsAre("c", "a", "b", "d"));
}

TEST(LayerTimes, AreSummedUpByType) {
  const std::vector<TypeTime> types = times.by_type();
  ASSERT_EQ(types.size(), 3u);
  EXPECT_EQ(types[0].type, "Conv");
  EXPECT_EQ(types[0].layers, 2);
  EXPECT_EQ(types[0].calls, 4);
  EXPECT_DOUBLE_EQ(types[0].seconds, 8);
  EXPECT_EQ(types[1].type, "Relu");
  EXPECT_EQ(types[2].type, "Add");
  EXPECT_THAT(LayerTimes().by_type(), IsEmpty());
}

}  // namespace
}  // namespace polygraph
