#include <algorithm>
#include <cstddef>

#include "onnx/layout_graph.h"

// Crossings: the fewer, the easier a drawing is to read. Finding the least is NP-hard; sweeps that put each
// vertex where its neighbours in the layer before are on average come close.
namespace polygraph::onnx::layout {
namespace {

/// Vertices in the order in which a walk along the edges meets them: what belongs together stands together.
Order first_order(const LayeredGraph& graph) {
  std::vector<std::vector<Vertex>> sources(graph.layers);
  for (Vertex v = 0; v < graph.size(); ++v)
    if (graph.above[v].empty()) sources[graph.layer[v]].push_back(v);
  Order order(graph.layers);
  std::vector<bool> seen(graph.size());
  std::vector<Vertex> stack;
  for (const std::vector<Vertex>& layer : sources)
    for (const Vertex source : layer) {
      stack.push_back(source);
      while (!stack.empty()) {
        const Vertex v = stack.back();
        stack.pop_back();
        if (seen[v]) continue;
        seen[v] = true;
        order[graph.layer[v]].push_back(v);
        const auto next = graph.below[v];
        stack.insert(stack.end(), next.rbegin(), next.rend());
      }
    }
  return order;
}

/// Sums of a list of numbers up to a place, in logarithmic time.
class RunningSums {
 public:
  explicit RunningSums(std::size_t size) : sums_(size + 1) {}
  void add(std::size_t place) {
    for (++place; place < sums_.size(); place += place & (~place + 1)) ++sums_[place];
  }
  std::size_t up_to(std::size_t place) const {
    std::size_t sum = 0;
    for (++place; place > 0; place &= place - 1) sum += sums_[place];
    return sum;
  }

 private:
  std::vector<std::uint32_t> sums_;
};

class Sweeper {
 public:
  explicit Sweeper(const LayeredGraph& graph)
      : graph_(graph), order_(first_order(graph)), position_(graph.size()) {
    for (std::size_t layer = 0; layer < order_.size(); ++layer) number(layer);
  }

  const Order& order() const { return order_; }

  void sweep_down() {
    for (std::size_t layer = 1; layer < order_.size(); ++layer) sort(layer, graph_.above);
  }
  void sweep_up() {
    for (std::size_t layer = order_.size() - 1; layer-- > 0;) sort(layer, graph_.below);
  }

  std::size_t crossings() const {
    std::size_t count = 0;
    std::vector<std::uint32_t> ends;
    for (std::size_t layer = 1; layer < order_.size(); ++layer) {
      RunningSums sums(order_[layer].size());
      std::size_t edges = 0;
      for (const Vertex upper : order_[layer - 1]) {
        ends.clear();
        for (const Vertex lower : graph_.below[upper]) ends.push_back(position_[lower]);
        for (const std::uint32_t end : ends) count += edges - sums.up_to(end);
        for (const std::uint32_t end : ends) sums.add(end);
        edges += ends.size();
      }
    }
    return count;
  }

 private:
  void number(std::size_t layer) {
    for (std::uint32_t i = 0; i < order_[layer].size(); ++i) position_[order_[layer][i]] = i;
  }

  /// Vertices without a neighbour on that side keep their places.
  void sort(std::size_t layer, const Neighbours& neighbours) {
    std::vector<Vertex>& vertices = order_[layer];
    wishes_.clear();
    places_.clear();
    for (std::uint32_t i = 0; i < vertices.size(); ++i) {
      const auto others = neighbours[vertices[i]];
      if (others.empty()) continue;
      double sum = 0;
      for (const Vertex other : others) sum += position_[other];
      wishes_.emplace_back(sum / static_cast<double>(others.size()), vertices[i]);
      places_.push_back(i);
    }
    std::stable_sort(wishes_.begin(), wishes_.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::size_t i = 0; i < places_.size(); ++i) vertices[places_[i]] = wishes_[i].second;
    number(layer);
  }

  const LayeredGraph& graph_;
  Order order_;
  std::vector<std::uint32_t> position_;
  std::vector<std::pair<double, Vertex>> wishes_;
  std::vector<std::uint32_t> places_;
};

}  // namespace

Order order_layers(const LayeredGraph& graph) {
  constexpr std::size_t most_rounds = 12;
  constexpr std::size_t patience = 3;
  const std::size_t rounds = std::clamp<std::size_t>(1'000'000 / graph.size(), 2, most_rounds);

  Sweeper sweeper(graph);
  Order best = sweeper.order();
  std::size_t least = sweeper.crossings();
  for (std::size_t round = 0, since_best = 0; round < rounds && least > 0 && since_best < patience; ++round) {
    sweeper.sweep_down();
    sweeper.sweep_up();
    const std::size_t crossings = sweeper.crossings();
    ++since_best;
    if (crossings < least) {
      least = crossings;
      best = sweeper.order();
      since_best = 0;
    }
  }
  return best;
}

}  // namespace polygraph::onnx::layout
