#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "onnx/diff_body.h"

namespace polygraph::onnx {

/// Two sets of numbered things, some of them paired.
struct Pairing {
  std::vector<std::uint32_t> to_b;  ///< `no_index`: has no counterpart
  std::vector<std::uint32_t> to_a;

  Pairing(std::size_t a, std::size_t b) : to_b(a, no_index), to_a(b, no_index) {}
  bool are_free(std::uint32_t a, std::uint32_t b) const { return to_b[a] == no_index && to_a[b] == no_index; }
  void pair(std::uint32_t a, std::uint32_t b) {
    to_b[a] = b;
    to_a[b] = a;
  }
};

/// Which node and value of one graph is which of another.
struct BodyMatch {
  Pairing nodes;
  Pairing values;
};

/// Nodes are paired in this order:
///  1. same name and operator, and what comes before or after them has the same structure;
///  2. same structure before and after, then only before, then only after;
///  3. same name and operator - after the next step, if fewer nodes were paired by step 1 than by step 2,
///  since
///     then names are not what holds the models together (exporters number nodes);
///  4. same operator, and taking or making a value that is paired already, in the same position;
///  5. same operator and attributes, in the same order in the file: the fewest insertions and removals, where
///     those are not too many to be found quickly;
///  6. same name, whatever the operator; then whatever stands between the same neighbours.
/// n log n.
BodyMatch match_bodies(const Body& a, const Body& b);

}  // namespace polygraph::onnx
