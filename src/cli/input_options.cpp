#include "cli/input_options.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/npy.h>

#include <utility>

namespace polygraph::cli {

compare::DataLoaderOptions data_loader_options(const DataLoading& data) {
  compare::DataLoaderOptions options{.seed = data.seed};
  for (const ValueRange& range : data.ranges) options.val_range[range.name] = {range.low, range.high};
  for (const auto& [name, shape] : data.shapes) {
    TensorInfo info;
    info.name = name;
    info.shape = shape;
    options.input_metadata.add(std::move(info));
  }
  return options;
}

FeedDict inputs_for(const TensorMetadata& inputs, const DataLoading& data) {
  TensorMetadata generated;
  for (const TensorInfo& input : inputs)
    if (!data.files.contains(input.name)) generated.add(input);
  FeedDict feed = compare::DataLoader(std::move(generated), data_loader_options(data))[0];
  for (const auto& [name, file] : data.files) {
    if (!inputs.contains(name))
      throw InputError(fmt::format("The model has no input '{}' to load '{}' for.{}", name, file.string(),
                                   suggest(name, inputs.names())));
    feed.set(name, load_npy(file, inputs[name].dtype));
  }
  return feed;
}

}  // namespace polygraph::cli
