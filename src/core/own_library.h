#pragma once

#include <filesystem>

namespace polygraph {

/// The file that this library, `libpolygraph.so`, was loaded from; empty if it cannot be told.
std::filesystem::path own_library();

}  // namespace polygraph
