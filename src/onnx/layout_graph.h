#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace polygraph::onnx::layout {

using Vertex = std::uint32_t;
using Order = std::vector<std::vector<Vertex>>;  // the vertices of each layer, from left to right

constexpr float gap_between_boxes = 28;
constexpr float gap_at_bends = 18;
constexpr float gap_between_layers = 54;

/// For each vertex its neighbours: lists of one array.
class Neighbours {
 public:
  Neighbours() = default;
  /// @param pairs  (vertex, neighbour), grouped by nothing; neighbours keep their order.
  Neighbours(std::size_t vertices, const std::vector<std::pair<Vertex, Vertex>>& pairs)
      : begin_(vertices + 1), list_(pairs.size()) {
    for (const auto& [vertex, neighbour] : pairs) ++begin_[vertex + 1];
    for (std::size_t i = 1; i < begin_.size(); ++i) begin_[i] += begin_[i - 1];
    std::vector<std::uint32_t> next(begin_.begin(), begin_.end() - 1);
    for (const auto& [vertex, neighbour] : pairs) list_[next[vertex]++] = neighbour;
  }
  std::span<const Vertex> operator[](Vertex vertex) const {
    return std::span(list_).subspan(begin_[vertex], begin_[vertex + 1] - begin_[vertex]);
  }

 private:
  std::vector<std::uint32_t> begin_;
  std::vector<Vertex> list_;
};

/// A graph whose edges all lead from one layer to the next: the boxes, then a bend for each layer that a
/// longer edge passes.
struct LayeredGraph {
  std::size_t boxes = 0;
  std::vector<float> widths;         // of boxes and bends
  std::vector<std::uint32_t> layer;  // of boxes and bends
  std::size_t layers = 0;
  Neighbours above;
  Neighbours below;

  std::size_t size() const { return widths.size(); }
  bool is_bend(Vertex vertex) const { return vertex >= boxes; }
  float gap(Vertex left, Vertex right) const {
    return is_bend(left) && is_bend(right) ? gap_at_bends : gap_between_boxes;
  }
};

/// The layers with their vertices in an order with few crossings.
Order order_layers(const LayeredGraph& graph);

/// The middle of each vertex, by the method of Brandes and Köpf.
std::vector<float> place_in_layers(const LayeredGraph& graph, const Order& order);

}  // namespace polygraph::onnx::layout
