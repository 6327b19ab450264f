#pragma once

#include <span>
#include <string>

namespace polygraph::trt {

/// What to do about a build that failed with these messages of TensorRT's.
std::string build_remedy(std::span<const std::string> messages);

/// Whether a build ended because the configuration's progress monitor asked for that.
bool is_cancelled(std::span<const std::string> messages);

/// Whether TensorRT complains that there is too little memory.
bool lacks_memory(std::span<const std::string> messages);

/// Whether it finds no GPU, or none of its driver.
bool lacks_driver(std::span<const std::string> messages);

}  // namespace polygraph::trt
