#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

// What a plan says of itself in its first bytes. NVIDIA documents little of it. That of TensorRT is what
// `trtexec --getPlanVersionOnly` reads, and for 8.5 what plans that TensorRT 8.5.3 wrote have in common. That
// of TensorRT-RTX is what its plans have in common, built from several models with each option in turn; read
// for 1.6 alone beyond the version.
namespace polygraph {

/// What TensorRT-RTX 1.6 notes of the configuration.
struct PlanOptions {
  bool refittable = false;
  bool strip_plan = false;
  bool weight_streaming = false;
  bool tf32 = false;
  friend bool operator==(const PlanOptions&, const PlanOptions&) = default;
};

struct PlanHeader {
  bool rtx = false;          ///< made by TensorRT-RTX
  std::uint64_t size = 0;    ///< of the whole plan, which the header says; 0 if it does not
  std::string version = {};  ///< of the library that made it, e.g. `1.6.1`; empty if it does not say
  std::optional<std::uint64_t> weights = {};  ///< bytes of them in the plan; nullopt if it does not say
  std::optional<PlanOptions> options = {};

  const char* maker() const { return rtx ? "TensorRT-RTX" : "TensorRT"; }
};

/// Nullopt if the bytes are not the beginning of a plan. What is beyond their end, or not as it is known, is
/// left out.
std::optional<PlanHeader> read_plan_header(std::span<const std::byte> bytes);

}  // namespace polygraph
