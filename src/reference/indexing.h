#pragma once

#include <cstdint>
#include <vector>

#include "reference/call.h"

// Indices that a model computes, before anything is read or written by them.
namespace polygraph::reference {

/// The index into an axis of this size; negative ones count from its end. Fails outside of it.
std::int64_t in_range(const Call& call, std::int64_t index, std::int64_t size);

/// What GatherElements reads and ScatterElements writes: for each element of the indices (input 1) the flat
/// place of the data (input 0) at which it lies, with the index itself on the node's axis. Fails for a place
/// outside of the data.
std::vector<std::int64_t> element_positions(const Call& call);

}  // namespace polygraph::reference
