#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace polygraph::onnx {

/// The size of a box to be placed.
struct LayoutBox {
  float width = 0;
  float height = 0;
};

/// An edge between two boxes. Edges of one box with the same `value` run together as far as they can.
struct LayoutEdge {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  std::uint32_t value = 0;
};

/// A drawing of a directed graph in layers: edges lead from one layer to a later one, downwards.
struct LayeredLayout {
  struct Layer {
    float top = 0;
    float height = 0;  ///< of its highest box
  };
  std::vector<Layer> layers;
  std::vector<std::uint32_t> layer_of;  ///< of each box
  std::vector<float> x;                 ///< the middle of each box; its top is that of its layer
  /// For each edge, where it passes each of the layers between its ends, from `from` to `to`. Empty between
  /// neighbouring layers, for edges that do not lead downwards (of a cycle), and for very long ones that
  /// there are too many of to give each a way of its own.
  std::vector<std::vector<float>> bends;
  float width = 0;
  float height = 0;
};

/// Places boxes in layers with few crossings and mostly straight edges (Sugiyama's method: longest-path
/// layers, barycentre sweeps, coordinates after Brandes and Köpf). O((n + e) log (n + e)) in boxes and edges,
/// for graphs with cycles, too; the same input gives the same drawing. Edges name boxes that exist.
LayeredLayout lay_out(std::span<const LayoutBox> boxes, std::span<const LayoutEdge> edges);

}  // namespace polygraph::onnx
