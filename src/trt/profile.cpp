#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/trt/profile.h>

#include <algorithm>

#include "core/log_format.h"
#include "core/names.h"
#include "trt/build_config.h"
#include "trt/layers.h"
#include "trt/messages.h"
#include "trt/versions/build.h"
#include "trt/versions/types.h"

namespace polygraph::trt {

namespace {

std::string shape_literal(const Shape& shape) {
  return fmt::format("{{{}}}", fmt::join(shape.dims(), ", "));
}

bool is_open(const nvinfer1::Dims& dims) {
  return std::any_of(dims.d, dims.d + std::max(dims.nbDims, 0), [](auto dim) { return dim < 0; });
}

bool holds_shape(const nvinfer1::ITensor& input) {
  return input.isShapeTensor();
}

std::string dims_text(const nvinfer1::Dims& dims) {
  return fmt::format("({})", fmt::join(dims.d, dims.d + std::max(dims.nbDims, 0), ", "));
}

// Whether shapes of that range fit the input.
bool fits(const nvinfer1::Dims& dims, const Shape& shape) {
  if (static_cast<std::size_t>(dims.nbDims) != shape.rank()) return false;
  for (std::size_t i = 0; i < shape.rank(); ++i)
    if (shape[i] < 0 || (dims.d[i] >= 0 && dims.d[i] != shape[i])) return false;
  return true;
}

void check_range(const nvinfer1::ITensor& input, const ShapeRange& range) {
  const auto refuse = [&](const std::string& what) {
    throw InputError(fmt::format("The profile for the input '{}', min={}, opt={}, max={}: {}.",
                                 input.getName(), range.min.str(), range.opt.str(), range.max.str(), what),
                     "Give three shapes, each dimension of which is not smaller than in the one before.");
  };
  if (!holds_shape(input))
    for (const Shape* shape : {&range.min, &range.opt, &range.max})
      if (!fits(input.getDimensions(), *shape))
        refuse(fmt::format("{} does not fit the input's shape, {}", shape->str(),
                           dims_text(input.getDimensions())));
  if (range.min.rank() != range.opt.rank() || range.opt.rank() != range.max.rank())
    refuse("the three are of different lengths");
  for (std::size_t i = 0; i < range.min.rank(); ++i)
    if (range.min[i] > range.opt[i] || range.opt[i] > range.max[i])
      refuse(fmt::format("dimension {} does not grow from min to max", i));
}

// Where no entry of the profile names the input: 1 for each open dimension, or each value.
ShapeRange default_range(const nvinfer1::ITensor& input) {
  const nvinfer1::Dims dims = input.getDimensions();
  std::vector<std::int64_t> sizes(dims.d, dims.d + std::max(dims.nbDims, 0));
  if (holds_shape(input)) sizes.assign(static_cast<std::size_t>(dims.nbDims == 0 ? 1 : dims.d[0]), 1);
  for (std::int64_t& size : sizes)
    if (size < 0) size = 1;
  const Shape shape(sizes);
  log_once(Severity::warning,
           fmt::format("No profile names the input '{}', whose {} are open: it is built for {} alone",
                       input.getName(), holds_shape(input) ? "values" : "dimensions", shape.str()));
  return {shape, shape, shape};
}

}  // namespace

std::string Profile::str() const {
  std::string text = "Profile()";
  for (const auto& [name, range] : entries_)
    text += fmt::format(".add({}, {}, {}, {})", cpp_literal(name), shape_literal(range.min),
                        shape_literal(range.opt), shape_literal(range.max));
  return text;
}

bool needs_profile(const nvinfer1::INetworkDefinition& network) {
  if (always_needs_profile()) return true;
  const auto inputs = inputs_of(network);
  return std::any_of(inputs.begin(), inputs.end(), [](const nvinfer1::ITensor* input) {
    return is_open(input->getDimensions()) || holds_shape(*input);
  });
}

nvinfer1::IOptimizationProfile& add_profile(const Network& network, nvinfer1::IBuilderConfig& config,
                                            const Profile& profile) {
  using Selector = nvinfer1::OptProfileSelector;
  const std::vector<nvinfer1::ITensor*> inputs = inputs_of(*network);
  std::vector<std::optional<ShapeRange>> ranges(inputs.size());
  for (const auto& [pattern, range] : profile.entries())
    for (const std::size_t i :
         select_names(names_of(inputs), {pattern}, "Making an optimization profile", "input")) {
      check_range(*inputs[i], range);
      if (!ranges[i]) ranges[i] = range;
    }
  EngineMessages messages;
  // It belongs to the builder.
  nvinfer1::IOptimizationProfile* const native = network.builder().createOptimizationProfile();
  if (native == nullptr)
    messages.fail<BackendError>(fmt::format("{} cannot make an optimization profile.", flavour_name),
                                "See its messages.");
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const nvinfer1::ITensor& input = *inputs[i];
    const bool shape_values = holds_shape(input);
    if (!ranges[i] && !shape_values && !is_open(input.getDimensions())) continue;
    const ShapeRange range = ranges[i] ? *ranges[i] : default_range(input);
    const std::pair<Selector, const Shape*> parts[] = {
        {Selector::kMIN, &range.min}, {Selector::kOPT, &range.opt}, {Selector::kMAX, &range.max}};
    for (const auto& [selector, shape] : parts)
      if (shape_values ? !set_shape_values(*native, input.getName(), selector, shape->dims())
                       : !native->setDimensions(input.getName(), selector, to_dims(shape->dims())))
        messages.fail<InputError>(fmt::format("{} refuses the shape {} for the input '{}'.", flavour_name,
                                              shape->str(), input.getName()),
                                  "See its messages.");
  }
  if (!native->isValid() || config.addOptimizationProfile(native) < 0)
    messages.fail<InputError>(
        fmt::format("{} refuses the optimization profile {}.", flavour_name, profile.str()),
        "Each dimension must grow from min over opt to max.");
  return *native;
}

}  // namespace polygraph::trt
