#pragma once

/// The TensorRT backend: everything in namespace polygraph::trt.
#include <polygraph/polygraph.h>
#include <polygraph/trt/describe.h>
#include <polygraph/trt/loaders.h>
#include <polygraph/trt/runner.h>
#include <polygraph/trt/script.h>
