#include "trt/signature.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "trt/versions/run.h"
#include "trt/versions/types.h"

namespace polygraph::trt {

namespace {

using nvinfer1::OptProfileSelector;

bool accepts(const ShapeRange& range, std::span<const std::int64_t> fed, bool on_host) {
  if (on_host && range.min.rank() == 0) return true;  // the profile says nothing of the values
  if (fed.size() != range.min.rank()) return false;
  for (std::size_t i = 0; i < fed.size(); ++i)
    if (fed[i] < range.min[i] || fed[i] > range.max[i]) return false;
  return true;
}

double distance(const ShapeRange& range, std::span<const std::int64_t> fed) {
  double sum = 0;
  for (std::size_t i = 0; i < std::min(fed.size(), range.opt.rank()); ++i)
    sum += std::abs(std::log1p(static_cast<double>(std::max<std::int64_t>(fed[i], 0))) -
                    std::log1p(static_cast<double>(std::max<std::int64_t>(range.opt[i], 0))));
  return sum;
}

}  // namespace

ShapeRange read_range(const nvinfer1::ICudaEngine& engine, const char* input, int profile) {
  const Shape shape(to_vector(engine.getTensorShape(input)));
  const bool on_host = engine.getTensorLocation(input) == nvinfer1::TensorLocation::kHOST;
  if (!on_host && std::ranges::all_of(shape, [](auto dim) { return dim >= 0; })) return {shape, shape, shape};
  auto read = [&](OptProfileSelector selector) {
    if (!on_host) return Shape(to_vector(engine.getProfileShape(input, profile, selector)));
    return Shape(profile_values(engine, input, profile, selector,
                                static_cast<std::size_t>(std::max<std::int64_t>(shape.element_count(), 0))));
  };
  return {read(OptProfileSelector::kMIN), read(OptProfileSelector::kOPT), read(OptProfileSelector::kMAX)};
}

Signature::Signature(const nvinfer1::ICudaEngine& engine) {
  for (int i = 0; i < engine.getNbIOTensors(); ++i) {
    const char* const name = engine.getIOTensorName(i);
    const nvinfer1::DataType type = engine.getTensorDataType(name);
    const std::optional<DataType> dtype = to_data_type(type);
    if (!dtype)
      throw BackendError(
          fmt::format("Reading the engine: '{}' has TensorRT's data type {}, which tensors here "
                      "do not have.",
                      name, static_cast<int>(type)),
          "Convert it within the network (ICastLayer).");
    Tensor tensor{name, *dtype, to_vector(engine.getTensorShape(name)),
                  engine.getTensorLocation(name) == nvinfer1::TensorLocation::kHOST,
                  tensor_format(engine, name) == nvinfer1::TensorFormat::kLINEAR};
    (engine.getTensorIOMode(name) == nvinfer1::TensorIOMode::kINPUT ? inputs_ : outputs_)
        .push_back(std::move(tensor));
  }
  for (Tensor& output : outputs_)
    if (const char* const input = aliased_input(engine, output.name))
      output.aliased_input = input_index(input);
  for (int profile = 0; profile < engine.getNbOptimizationProfiles(); ++profile) {
    Ranges& ranges = profiles_.emplace_back();
    for (const Tensor& input : inputs_) ranges.push_back(read_range(engine, input.name, profile));
  }
}

TensorMetadata Signature::input_metadata(int profile) const {
  TensorMetadata metadata;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const Tensor& input = inputs_[i];
    std::vector<Dimension> dims;
    for (std::size_t axis = 0; axis < input.dims.size(); ++axis) {
      if (input.dims[axis] >= 0 || input.on_host || profiles_.empty()) {
        dims.emplace_back(input.dims[axis]);
        continue;
      }
      Dimension dim(Dimension::unbounded, 0);  // wider with each profile
      for (std::size_t p = 0; p < profiles_.size(); ++p) {
        if (profile >= 0 && static_cast<std::size_t>(profile) != p) continue;
        dim.min = std::min(dim.min, profiles_[p][i].min[axis]);
        dim.max = std::max(dim.max, profiles_[p][i].max[axis]);
      }
      dims.push_back(std::move(dim));
    }
    metadata.add({input.name, input.dtype, PartialShape(std::move(dims))});
  }
  return metadata;
}

TensorMetadata Signature::output_metadata() const {
  TensorMetadata metadata;
  for (const Tensor& output : outputs_) {
    std::vector<Dimension> dims(output.dims.begin(), output.dims.end());
    metadata.add({output.name, output.dtype, PartialShape(std::move(dims))});
  }
  return metadata;
}

int Signature::choose_profile(std::span<const std::vector<std::int64_t>> fed, int only) const {
  int chosen = -1;
  double nearest_distance = 0;
  std::vector<bool> accepted(inputs_.size(), false);  // by any profile
  for (std::size_t p = 0; p < profiles_.size(); ++p) {
    if (only >= 0 && static_cast<std::size_t>(only) != p) continue;
    bool fits = true;
    double sum = 0;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const bool ok = accepts(profiles_[p][i], fed[i], inputs_[i].on_host);
      if (ok) accepted[i] = true;
      fits = fits && ok;
      sum += distance(profiles_[p][i], fed[i]);
    }
    if (fits && (chosen < 0 || sum < nearest_distance)) {
      chosen = static_cast<int>(p);
      nearest_distance = sum;
    }
  }
  if (chosen >= 0) return chosen;

  // An input that no profile accepts is to blame; if there is none, all of them together.
  const bool together = std::ranges::find(accepted, false) == accepted.end();
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < inputs_.size(); ++i)
    if ((together && std::ranges::find(inputs_[i].dims, -1) != inputs_[i].dims.end()) || !accepted[i])
      lines.push_back(fmt::format("'{}' has the {} {}; allowed are {}", inputs_[i].name,
                                  inputs_[i].on_host ? "values" : "shape", Shape(fed[i]).str(),
                                  allowed(i, only)));
  throw InputError(
      fmt::format("Feeding the engine: no optimization profile accepts the shapes{}: {}.",
                  together ? " together" : "", fmt::join(lines, "; ")),
      only >= 0 ? "Feed shapes within the profile, or let the profile be chosen by the shapes."
                : "Feed shapes within a profile, or build the engine with a profile for these shapes.");
}

std::string Signature::allowed(std::size_t input, int only) const {
  std::vector<std::string> texts;
  for (std::size_t p = 0; p < profiles_.size(); ++p) {
    if (only >= 0 && static_cast<std::size_t>(only) != p) continue;
    const ShapeRange& range = profiles_[p][input];
    texts.push_back(fmt::format("profile {}: min {}, opt {}, max {}", p, range.min.str(), range.opt.str(),
                                range.max.str()));
  }
  return fmt::format("{}", fmt::join(texts, "; "));
}

bool Signature::has_output(std::string_view name) const {
  return std::ranges::find(outputs_, name, &Tensor::name) != outputs_.end();
}

std::size_t Signature::input_index(std::string_view name) const {
  for (std::size_t i = 0; i < inputs_.size(); ++i)
    if (inputs_[i].name == name) return i;
  return inputs_.size();
}

}  // namespace polygraph::trt
