#pragma once

#include <NvInfer.h>
#include <polygraph/trt/objects.h>

#include <string>

#include "trt/versions/version.h"

// Which versions of the library these headers fit, and what holds of all networks.

namespace polygraph::trt {

/// Whether every network is strongly typed, so that there are no flags for precisions.
inline constexpr bool strongly_typed_only = POLYGRAPH_TENSORRT >= 1100;

/// As `getInferLibVersion()` counts.
constexpr int version_number(int major, int minor, int patch) {
  return major < 10 && flavour == Flavour::tensorrt ? major * 1000 + minor * 100 + patch
                                                    : major * 10000 + minor * 100 + patch;
}

/// The text of such a number, and whose it is: `TensorRT 8.5.3`, `TensorRT-RTX 1.6.1`.
std::string describe_version(int number);
/// Its text alone: `8.5.3`.
std::string version_text(int number);

/// The versions of the library that these headers fit: [first, last].
struct VersionRange {
  int first;
  int last;
};
inline constexpr VersionRange fitting_versions =
    flavour == Flavour::tensorrt_rtx
        // The tables of functions were looked at in this version.
        ? VersionRange{version_number(1, 6, 0), version_number(1, 6, 99)}
        // Within a major version functions are only ever added.
        : VersionRange{version_number(NV_TENSORRT_MAJOR, NV_TENSORRT_MINOR, 0),
                       version_number(NV_TENSORRT_MAJOR, NV_TENSORRT_MAJOR < 10 ? 9 : 99, 99)};

/// The number in the library's file name: `libnvinfer.so.11`.
inline constexpr int library_major = flavour == Flavour::tensorrt_rtx ? 1 : NV_TENSORRT_MAJOR;

}  // namespace polygraph::trt
