#include <algorithm>
#include <array>
#include <limits>

#include "onnx/layout_graph.h"

// Brandes and Köpf, "Fast and Simple Horizontal Coordinate Assignment" (2001): vertices are joined to blocks
// that stand straight below one another, blocks are pushed together, and that is done from all four corners;
// the result is the mean of the two middle ones. Blocks are pushed in topological order, not recursively.
namespace polygraph::onnx::layout {
namespace {

/// Pairs of vertices that must not be joined: their edge crosses one between two bends, which shall be
/// straight.
class Conflicts {
 public:
  Conflicts(const LayeredGraph& graph, const Order& order, const std::vector<std::uint32_t>& position) {
    for (std::size_t i = 1; i < order.size(); ++i) {
      const std::vector<Vertex>& layer = order[i];
      std::uint32_t first = 0;
      std::size_t next = 0;
      for (std::size_t at = 0; at < layer.size(); ++at) {
        const auto inner = inner_neighbour(graph, layer[at]);
        if (at + 1 < layer.size() && !inner) continue;
        const std::uint32_t last =
            inner ? position[*inner] : static_cast<std::uint32_t>(order[i - 1].size() - 1);
        for (; next <= at; ++next)
          for (const Vertex upper : graph.above[layer[next]]) {
            const bool is_outside = position[upper] < first || position[upper] > last;
            if (is_outside && !(graph.is_bend(upper) && graph.is_bend(layer[next])))
              pairs_.push_back(key(upper, layer[next]));
          }
        first = last;
      }
    }
    std::sort(pairs_.begin(), pairs_.end());
  }

  bool contain(Vertex a, Vertex b) const {
    return std::binary_search(pairs_.begin(), pairs_.end(), key(a, b));
  }

 private:
  static const Vertex* inner_neighbour(const LayeredGraph& graph, Vertex v) {
    if (!graph.is_bend(v)) return nullptr;
    const Vertex& upper = graph.above[v].front();
    return graph.is_bend(upper) ? &upper : nullptr;
  }
  static std::uint64_t key(Vertex a, Vertex b) {
    return std::uint64_t{std::min(a, b)} << 32 | std::max(a, b);
  }

  std::vector<std::uint64_t> pairs_;
};

std::vector<std::uint32_t> positions(const LayeredGraph& graph, const Order& order) {
  std::vector<std::uint32_t> result(graph.size());
  for (const std::vector<Vertex>& layer : order)
    for (std::uint32_t i = 0; i < layer.size(); ++i) result[layer[i]] = i;
  return result;
}

/// The block of each vertex, named by its first vertex: vertices are joined to the middle of their neighbours
/// in the layer before.
std::vector<Vertex> join_to_blocks(const LayeredGraph& graph, const Order& order, const Neighbours& before,
                                   const Conflicts& conflicts) {
  const std::vector<std::uint32_t> position = positions(graph, order);
  std::vector<Vertex> block(graph.size());
  std::vector<bool> has_next(graph.size());  // joined to one in the layer after
  for (Vertex v = 0; v < graph.size(); ++v) block[v] = v;
  std::vector<Vertex> others;
  for (const std::vector<Vertex>& layer : order) {
    std::uint32_t free_from = 0;  // joining further left would cross
    for (const Vertex v : layer) {
      others.assign(before[v].begin(), before[v].end());
      if (others.empty()) continue;
      std::sort(others.begin(), others.end(), [&](Vertex a, Vertex b) { return position[a] < position[b]; });
      for (const std::size_t middle : {(others.size() - 1) / 2, others.size() / 2}) {
        const Vertex other = others[middle];
        if (has_next[other] || position[other] < free_from || conflicts.contain(v, other)) continue;
        has_next[other] = true;
        block[v] = block[other];
        free_from = position[other] + 1;
        break;
      }
    }
  }
  return block;
}

/// Pushes all blocks as far left as they go, then each back to the right as far as its neighbours let it.
std::vector<float> push_together(const LayeredGraph& graph, const Order& order,
                                 const std::vector<Vertex>& block) {
  struct Next {
    Vertex left, right;
    float distance;
  };
  std::vector<Next> neighbours;
  std::vector<std::uint32_t> waits_for(graph.size());
  for (const std::vector<Vertex>& layer : order)
    for (std::size_t i = 1; i < layer.size(); ++i) {
      const Vertex left = layer[i - 1];
      const Vertex right = layer[i];
      const float distance = (graph.widths[left] + graph.widths[right]) / 2 + graph.gap(left, right);
      neighbours.push_back({block[left], block[right], distance});
      ++waits_for[block[right]];
    }
  std::vector<std::uint32_t> begin(graph.size() + 1);
  for (const Next& next : neighbours) ++begin[next.left + 1];
  for (std::size_t i = 1; i < begin.size(); ++i) begin[i] += begin[i - 1];
  std::vector<Next> by_left(neighbours.size());
  std::vector<std::uint32_t> place(begin.begin(), begin.end() - 1);
  for (const Next& next : neighbours) by_left[place[next.left]++] = next;

  std::vector<float> x(graph.size());
  std::vector<Vertex> sequence;
  for (Vertex v = 0; v < graph.size(); ++v)
    if (block[v] == v && waits_for[v] == 0) sequence.push_back(v);
  for (std::size_t i = 0; i < sequence.size(); ++i)
    for (std::uint32_t k = begin[sequence[i]]; k < begin[sequence[i] + 1]; ++k) {
      const Next& next = by_left[k];
      x[next.right] = std::max(x[next.right], x[next.left] + next.distance);
      if (--waits_for[next.right] == 0) sequence.push_back(next.right);
    }
  for (auto v = sequence.rbegin(); v != sequence.rend(); ++v) {
    float most = std::numeric_limits<float>::max();
    for (std::uint32_t k = begin[*v]; k < begin[*v + 1]; ++k)
      most = std::min(most, x[by_left[k].right] - by_left[k].distance);
    if (begin[*v] != begin[*v + 1]) x[*v] = std::max(x[*v], most);
  }
  for (Vertex v = 0; v < graph.size(); ++v) x[v] = x[block[v]];
  return x;
}

struct Extent {
  float left;
  float right;
};

Extent extent(const LayeredGraph& graph, const std::vector<float>& x) {
  Extent result{std::numeric_limits<float>::max(), std::numeric_limits<float>::lowest()};
  for (Vertex v = 0; v < graph.size(); ++v) {
    result.left = std::min(result.left, x[v] - graph.widths[v] / 2);
    result.right = std::max(result.right, x[v] + graph.widths[v] / 2);
  }
  return result;
}

}  // namespace

std::vector<float> place_in_layers(const LayeredGraph& graph, const Order& order) {
  const Conflicts conflicts(graph, order, positions(graph, order));
  std::array<std::vector<float>, 4> ways;
  for (std::size_t way = 0; way < ways.size(); ++way) {
    const bool from_below = way / 2 == 1;
    const bool from_right = way % 2 == 1;
    Order turned = order;
    if (from_below) std::reverse(turned.begin(), turned.end());
    if (from_right)
      for (std::vector<Vertex>& layer : turned) std::reverse(layer.begin(), layer.end());
    const std::vector<Vertex> block =
        join_to_blocks(graph, turned, from_below ? graph.below : graph.above, conflicts);
    ways[way] = push_together(graph, turned, block);
    if (from_right)
      for (float& x : ways[way]) x = -x;
  }

  std::array<Extent, 4> extents{};
  std::size_t narrowest = 0;
  for (std::size_t way = 0; way < ways.size(); ++way) {
    extents[way] = extent(graph, ways[way]);
    if (extents[way].right - extents[way].left < extents[narrowest].right - extents[narrowest].left)
      narrowest = way;
  }
  for (std::size_t way = 0; way < ways.size(); ++way) {
    const float shift = way % 2 == 1 ? extents[narrowest].right - extents[way].right
                                     : extents[narrowest].left - extents[way].left;
    for (float& x : ways[way]) x += shift;
  }
  std::vector<float> x(graph.size());
  for (Vertex v = 0; v < graph.size(); ++v) {
    std::array<float, 4> candidates{ways[0][v], ways[1][v], ways[2][v], ways[3][v]};
    std::sort(candidates.begin(), candidates.end());
    x[v] = (candidates[1] + candidates[2]) / 2;
  }
  return x;
}

}  // namespace polygraph::onnx::layout
