#pragma once

/// The ONNX Runtime backend: everything in namespace polygraph::onnxrt.
#include <polygraph/onnxrt/loaders.h>
#include <polygraph/onnxrt/profile.h>
#include <polygraph/onnxrt/runner.h>
#include <polygraph/polygraph.h>
