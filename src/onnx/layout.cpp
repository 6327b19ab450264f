#include "onnx/layout.h"

#include <algorithm>
#include <limits>
#include <queue>

#include "onnx/layout_graph.h"

namespace polygraph::onnx {
namespace {

using layout::LayeredGraph;
using layout::Neighbours;
using layout::Order;
using layout::Vertex;

using Pairs = std::vector<std::pair<Vertex, Vertex>>;

constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

/// The boxes in an order in which edges lead forward; a cycle is cut at its box of the lowest number.
std::vector<Vertex> topological_order(std::size_t boxes, const Neighbours& successors) {
  std::vector<std::uint32_t> waits_for(boxes);
  for (Vertex box = 0; box < boxes; ++box)
    for (const Vertex next : successors[box]) ++waits_for[next];
  std::vector<Vertex> order;
  order.reserve(boxes);
  std::vector<bool> taken(boxes);
  std::priority_queue<Vertex, std::vector<Vertex>, std::greater<>> ready;
  for (Vertex box = 0; box < boxes; ++box)
    if (waits_for[box] == 0) ready.push(box);
  Vertex first_left = 0;
  while (order.size() < boxes) {
    if (ready.empty()) {
      while (taken[first_left]) ++first_left;
      ready.push(first_left);
    }
    const Vertex box = ready.top();
    ready.pop();
    if (taken[box]) continue;
    taken[box] = true;
    order.push_back(box);
    for (const Vertex next : successors[box])
      if (!taken[next] && --waits_for[next] == 0) ready.push(next);
  }
  return order;
}

/// As near to the top as their predecessors allow; then those with more edges below than above as near to
/// those as they get.
std::vector<std::uint32_t> assign_layers(const std::vector<Vertex>& order, const Neighbours& successors) {
  std::vector<std::uint32_t> rank(order.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) rank[order[i]] = i;
  std::vector<std::uint32_t> layer(order.size());
  std::vector<std::uint32_t> predecessors(order.size());
  for (const Vertex box : order)
    for (const Vertex next : successors[box])
      if (rank[next] > rank[box]) {
        layer[next] = std::max(layer[next], layer[box] + 1);
        ++predecessors[next];
      }
  for (auto box = order.rbegin(); box != order.rend(); ++box) {
    std::uint32_t lowest = none;
    std::uint32_t below = 0;
    for (const Vertex next : successors[*box])
      if (rank[next] > rank[*box]) {
        lowest = std::min(lowest, layer[next]);
        ++below;
      }
    if (below > predecessors[*box]) layer[*box] = lowest - 1;
  }
  return layer;
}

/// The edges of one value, which share their bends.
struct Bundle {
  std::vector<std::uint32_t> edges;
  std::uint32_t from_layer = 0;
  std::uint32_t to_layer = 0;  // the last one
  Vertex first_bend = none;

  std::uint32_t bends() const { return to_layer - from_layer - 1; }
};

std::vector<Bundle> bundle_edges(std::span<const LayoutEdge> edges, const std::vector<std::uint32_t>& layer) {
  std::vector<std::uint32_t> downwards;
  for (std::uint32_t i = 0; i < edges.size(); ++i)
    if (layer[edges[i].from] < layer[edges[i].to]) downwards.push_back(i);
  std::stable_sort(downwards.begin(), downwards.end(), [&](std::uint32_t a, std::uint32_t b) {
    return std::pair(edges[a].from, edges[a].value) < std::pair(edges[b].from, edges[b].value);
  });
  std::vector<Bundle> bundles;
  for (const std::uint32_t i : downwards) {
    const LayoutEdge& edge = edges[i];
    const LayoutEdge* last = bundles.empty() ? nullptr : &edges[bundles.back().edges.front()];
    if (!last || last->from != edge.from || last->value != edge.value)
      bundles.push_back({{}, layer[edge.from], layer[edge.to], none});
    bundles.back().edges.push_back(i);
    bundles.back().to_layer = std::max(bundles.back().to_layer, layer[edge.to]);
  }
  return bundles;
}

/// Adds the bends of the bundles to the graph, the shortest first, and connects everything. Bundles that
/// would make too many of them get none.
void add_bends(LayeredGraph& graph, std::vector<Bundle>& bundles, std::span<const LayoutEdge> edges) {
  std::vector<std::uint32_t> by_length(bundles.size());
  for (std::uint32_t i = 0; i < bundles.size(); ++i) by_length[i] = i;
  std::stable_sort(by_length.begin(), by_length.end(),
                   [&](auto a, auto b) { return bundles[a].bends() < bundles[b].bends(); });
  std::size_t budget = 4 * graph.boxes + 4096;
  Pairs above;
  Pairs below;
  const auto connect = [&](Vertex upper, Vertex lower) {
    below.emplace_back(upper, lower);
    above.emplace_back(lower, upper);
  };
  for (const std::uint32_t index : by_length) {
    Bundle& bundle = bundles[index];
    if (bundle.bends() > budget) break;
    budget -= bundle.bends();
    bundle.first_bend = static_cast<Vertex>(graph.size());
    Vertex previous = edges[bundle.edges.front()].from;
    for (std::uint32_t i = 0; i < bundle.bends(); ++i) {
      const auto bend = static_cast<Vertex>(graph.size());
      graph.widths.push_back(0);
      graph.layer.push_back(bundle.from_layer + 1 + i);
      connect(previous, bend);
      previous = bend;
    }
    for (const std::uint32_t i : bundle.edges) {
      const std::uint32_t passed = graph.layer[edges[i].to] - bundle.from_layer - 1;
      connect(passed == 0 ? edges[i].from : bundle.first_bend + passed - 1, edges[i].to);
    }
  }
  const auto once = [](Pairs& pairs) {
    std::sort(pairs.begin(), pairs.end());
    pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  };
  once(above);
  once(below);
  graph.above = Neighbours(graph.size(), above);
  graph.below = Neighbours(graph.size(), below);
}

}  // namespace

LayeredLayout lay_out(std::span<const LayoutBox> boxes, std::span<const LayoutEdge> edges) {
  LayeredLayout result;
  result.bends.resize(edges.size());
  if (boxes.empty()) return result;

  Pairs pairs;
  for (const LayoutEdge& edge : edges)
    if (edge.from != edge.to) pairs.emplace_back(edge.from, edge.to);
  const Neighbours successors(boxes.size(), pairs);

  LayeredGraph graph;
  graph.boxes = boxes.size();
  for (const LayoutBox& box : boxes) graph.widths.push_back(box.width);
  graph.layer = assign_layers(topological_order(boxes.size(), successors), successors);
  graph.layers = *std::max_element(graph.layer.begin(), graph.layer.end()) + std::size_t{1};
  std::vector<Bundle> bundles = bundle_edges(edges, graph.layer);
  add_bends(graph, bundles, edges);
  const std::vector<float> x = layout::place_in_layers(graph, layout::order_layers(graph));

  float left = std::numeric_limits<float>::max();
  float right = std::numeric_limits<float>::lowest();
  for (Vertex v = 0; v < graph.size(); ++v) {
    left = std::min(left, x[v] - graph.widths[v] / 2);
    right = std::max(right, x[v] + graph.widths[v] / 2);
  }
  result.width = right - left;
  result.layer_of.assign(graph.layer.begin(),
                         graph.layer.begin() + static_cast<std::ptrdiff_t>(boxes.size()));
  result.layers.resize(graph.layers);
  for (Vertex box = 0; box < boxes.size(); ++box) {
    result.x.push_back(x[box] - left);
    float& height = result.layers[result.layer_of[box]].height;
    height = std::max(height, boxes[box].height);
  }
  float top = 0;
  for (LayeredLayout::Layer& layer : result.layers) {
    layer.top = top;
    top += layer.height + layout::gap_between_layers;
  }
  result.height = top - layout::gap_between_layers;
  for (const Bundle& bundle : bundles) {
    if (bundle.first_bend == none) continue;
    for (const std::uint32_t i : bundle.edges)
      for (std::uint32_t bend = 0; bend + bundle.from_layer + 1 < graph.layer[edges[i].to]; ++bend)
        result.bends[i].push_back(x[bundle.first_bend + bend] - left);
  }
  return result;
}

}  // namespace polygraph::onnx
