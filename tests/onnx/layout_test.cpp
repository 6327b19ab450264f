#include "onnx/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>

namespace polygraph::onnx {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr LayoutBox box{100, 40};

/// Boxes of one layer must not touch, and edges must lead down and pass every layer between.
void expect_sound(std::span<const LayoutBox> boxes, std::span<const LayoutEdge> edges,
                  const LayeredLayout& drawn) {
  ASSERT_EQ(drawn.x.size(), boxes.size());
  ASSERT_EQ(drawn.bends.size(), edges.size());
  std::vector<std::vector<std::size_t>> rows(drawn.layers.size());
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    rows.at(drawn.layer_of[i]).push_back(i);
    EXPECT_GE(drawn.x[i] - boxes[i].width / 2, -0.01f);
    EXPECT_LE(drawn.x[i] + boxes[i].width / 2, drawn.width + 0.01f);
    EXPECT_LE(boxes[i].height, drawn.layers[drawn.layer_of[i]].height);
  }
  for (std::vector<std::size_t>& row : rows) {
    std::sort(row.begin(), row.end(), [&](auto a, auto b) { return drawn.x[a] < drawn.x[b]; });
    for (std::size_t i = 1; i < row.size(); ++i)
      EXPECT_GT(drawn.x[row[i]] - boxes[row[i]].width / 2, drawn.x[row[i - 1]] + boxes[row[i - 1]].width / 2);
  }
  for (std::size_t i = 1; i < drawn.layers.size(); ++i)
    EXPECT_GT(drawn.layers[i].top, drawn.layers[i - 1].top + drawn.layers[i - 1].height);
  for (std::size_t i = 0; i < edges.size(); ++i) {
    const std::uint32_t from = drawn.layer_of[edges[i].from];
    const std::uint32_t to = drawn.layer_of[edges[i].to];
    if (!drawn.bends[i].empty()) {
      EXPECT_EQ(drawn.bends[i].size(), to - from - 1);
    }
  }
}

TEST(Layout, OfNothingIsEmpty) {
  const LayeredLayout drawn = lay_out({}, {});
  EXPECT_THAT(drawn.layers, IsEmpty());
  EXPECT_EQ(drawn.width, 0);
}

TEST(Layout, PutsAChainStraightDown) {
  const std::vector<LayoutBox> boxes(4, box);
  const std::vector<LayoutEdge> edges{{0, 1}, {1, 2}, {2, 3}};
  const LayeredLayout drawn = lay_out(boxes, edges);
  expect_sound(boxes, edges, drawn);
  EXPECT_THAT(drawn.layer_of, ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(drawn.x, ElementsAre(50, 50, 50, 50));
  EXPECT_EQ(drawn.width, 100);
}

TEST(Layout, RoutesASkippingEdgeBesideTheBoxes) {
  const std::vector<LayoutBox> boxes(5, box);
  const std::vector<LayoutEdge> edges{{0, 1}, {1, 2}, {2, 3}, {3, 4}, {0, 4}};
  const LayeredLayout drawn = lay_out(boxes, edges);
  expect_sound(boxes, edges, drawn);
  ASSERT_THAT(drawn.bends[4], SizeIs(3));
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_GT(std::abs(drawn.bends[4][i] - drawn.x[i + 1]), box.width / 2);
    EXPECT_NEAR(drawn.bends[4][i], drawn.bends[4][0], 0.01) << "the way past the boxes is straight";
  }
}

TEST(Layout, LetsEdgesOfOneValueRunTogether) {
  const std::vector<LayoutBox> boxes(5, box);
  const std::vector<LayoutEdge> edges{{0, 1}, {1, 2}, {2, 3}, {3, 4}, {0, 3, 7}, {0, 4, 7}, {0, 4, 8}};
  const LayeredLayout drawn = lay_out(boxes, edges);
  ASSERT_THAT(drawn.bends[5], SizeIs(3));
  EXPECT_EQ(drawn.bends[4][0], drawn.bends[5][0]);
  EXPECT_EQ(drawn.bends[4][1], drawn.bends[5][1]);
  EXPECT_NE(drawn.bends[6][0], drawn.bends[5][0]);
}

TEST(Layout, PutsSourcesRightAboveWhatUsesThem) {
  const std::vector<LayoutBox> boxes(5, box);
  const LayeredLayout drawn = lay_out(boxes, std::vector<LayoutEdge>{{0, 1}, {1, 2}, {2, 3}, {4, 3}});
  EXPECT_EQ(drawn.layer_of[4], 2u);
}

TEST(Layout, UncrossesWhatNeedNotCross) {
  const std::vector<LayoutBox> boxes(8, box);
  const std::vector<LayoutEdge> edges{{0, 7}, {1, 6}, {2, 5}, {3, 4}};
  const LayeredLayout drawn = lay_out(boxes, edges);
  for (const LayoutEdge& edge : edges) EXPECT_EQ(drawn.x[edge.from], drawn.x[edge.to]);
}

TEST(Layout, DrawsCycles) {
  const std::vector<LayoutBox> boxes(4, box);
  const std::vector<LayoutEdge> edges{{0, 1}, {1, 2}, {2, 0}, {3, 3}};
  const LayeredLayout drawn = lay_out(boxes, edges);
  expect_sound(boxes, edges, drawn);
  EXPECT_THAT(drawn.layers, SizeIs(3));
}

TEST(Layout, IsSoundForRandomGraphs) {
  std::mt19937 random(1);
  for (int round = 0; round < 60; ++round) {
    const auto count = 1 + random() % 80;
    std::vector<LayoutBox> boxes;
    for (std::size_t i = 0; i < count; ++i)
      boxes.push_back({static_cast<float>(20 + random() % 200), static_cast<float>(10 + random() % 90)});
    std::vector<LayoutEdge> edges;
    for (std::size_t i = 0; i < 2 * count; ++i) {
      auto from = static_cast<std::uint32_t>(random() % count);
      auto to = static_cast<std::uint32_t>(random() % count);
      if (round % 4 != 0 && from > to) std::swap(from, to);
      edges.push_back({from, to, static_cast<std::uint32_t>(random() % 3)});
    }
    const LayeredLayout drawn = lay_out(boxes, edges);
    expect_sound(boxes, edges, drawn);
    EXPECT_EQ(lay_out(boxes, edges).x, drawn.x) << "the same again";
  }
}

TEST(Layout, GrowsAboutLinearly) {
  const auto seconds = [](std::uint32_t count) {
    const std::vector<LayoutBox> boxes(count, box);
    std::vector<LayoutEdge> edges;
    for (std::uint32_t i = 1; i < count; ++i) {
      edges.push_back({i - 1, i, 0});
      if (i >= 5) edges.push_back({i - 5, i, 1});
      if (i % 100 == 0) edges.push_back({0, i, 2});  // one value used all the way down
      if (i % 1000 == 0) edges.push_back({i - 1000, i, 3});
    }
    const auto start = std::chrono::steady_clock::now();
    const LayeredLayout drawn = lay_out(boxes, edges);
    EXPECT_EQ(drawn.layers.size(), count);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  seconds(1000);
  // Far above what it takes, and far below what anything quadratic would.
  EXPECT_LT(seconds(200'000), 30.0);
}

}  // namespace
}  // namespace polygraph::onnx
