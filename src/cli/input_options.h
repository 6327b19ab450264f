#pragma once

#include <polygraph/compare/data_loader.h>
#include <polygraph/core/tensor.h>

#include "cli/onnx_options.h"

/// Inputs as the options of `data_group` ask for them.
namespace polygraph::cli {

/// How they are made up.
compare::DataLoaderOptions data_loader_options(const DataLoading& data);

/// Those of one iteration: from files, or made up.
FeedDict inputs_for(const TensorMetadata& inputs, const DataLoading& data);

}  // namespace polygraph::cli
