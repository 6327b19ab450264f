#pragma once

#include <polygraph/compare/saved_data.h>
#include <polygraph/core/tensor.h>

#include <filesystem>
#include <memory>
#include <vector>

namespace polygraph::compare::detail {

/// Feeds of one path, not adapted yet.
std::unique_ptr<FeedReader> input_source(const std::filesystem::path& path, const TensorMetadata& inputs);

/// The folders of ONNX test data (`test_data_set_N`, or any with `input_0.pb`) that a path stands for: itself
/// or those in it, in the order of N.
std::vector<std::filesystem::path> test_data_sets(const std::filesystem::path& path);

/// The tensors of `<prefix>_0.pb`, `<prefix>_1.pb`, ... by name, or where they have none of `wanted` by
/// number.
TensorMap load_test_data(const std::filesystem::path& folder, const std::string& prefix,
                         const TensorMetadata& wanted);

}  // namespace polygraph::compare::detail
