#pragma once

namespace polygraph::trt {

struct ConfigOptions {};

}  // namespace polygraph::trt
