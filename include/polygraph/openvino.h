#pragma once

/// The OpenVINO backend: everything in namespace polygraph::openvino.
#include <polygraph/openvino/loaders.h>
#include <polygraph/openvino/runner.h>
#include <polygraph/polygraph.h>
