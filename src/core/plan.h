#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

// What a plan says of itself in its first bytes. TensorRT documents none of it; this is what plans have that
// TensorRT 8.5 and TensorRT-RTX 1.6 wrote.
namespace polygraph {

struct PlanHeader {
  bool rtx = false;          ///< made by TensorRT-RTX
  std::uint64_t size = 0;    ///< of the whole plan, which the header says; 0 if it does not
  std::string version = {};  ///< of the library that made it, e.g. `1.6.1`; empty if it does not say
};

/// Nullopt if the bytes are not the beginning of a plan.
std::optional<PlanHeader> read_plan_header(std::span<const std::byte> bytes);

}  // namespace polygraph
