#include <polygraph/core/error.h>
#include <polygraph/trt/describe.h>

#include <string>
#include <string_view>
#include <utility>

#include "core/log_format.h"
#include "core/plan.h"
#include "trt/engine_layers.h"
#include "trt/signature.h"
#include "trt/versions/engine.h"
#include "trt/versions/run.h"
#include "trt/versions/types.h"

namespace polygraph::trt {

namespace {

using nvinfer1::ICudaEngine;

std::string text_of(const char* text) {
  return text != nullptr ? text : "";
}

std::string_view verbosity_name(nvinfer1::ProfilingVerbosity verbosity) {
  switch (verbosity) {
    case nvinfer1::ProfilingVerbosity::kDETAILED:
      return "detailed";
    case nvinfer1::ProfilingVerbosity::kLAYER_NAMES_ONLY:
      return "layer_names_only";
    default:
      return "none";
  }
}

std::string_view capability_name(nvinfer1::EngineCapability capability) {
  const auto index = static_cast<std::size_t>(capability);
  return index < std::size(engine_capability_names) ? engine_capability_names[index] : "unknown";
}

std::string_view major_of(std::string_view version) {
  return version.substr(0, version.find('.'));
}

// A library that has strongly typed networks alone may have loaded the plan of an earlier one.
std::optional<bool> is_strongly_typed(const Engine& engine) {
  if (!engine.library().is_strongly_typed())
    return NV_TENSORRT_MAJOR < 9 ? std::optional(false) : std::nullopt;
  const auto header = read_plan_header(engine.serialized().span());
  const bool by_this_one = !header || major_of(header->version) == major_of(engine.library().version());
  return by_this_one ? std::optional(true) : std::nullopt;
}

DescribedTensor describe_tensor(const ICudaEngine& engine, const char* name) {
  DescribedTensor tensor;
  tensor.name = name;
  tensor.dtype = to_data_type(engine.getTensorDataType(name));
  const std::vector<std::int64_t> dims = to_vector(engine.getTensorShape(name));
  tensor.shape = PartialShape(std::vector<Dimension>(dims.begin(), dims.end()));
  tensor.is_input = engine.getTensorIOMode(name) == nvinfer1::TensorIOMode::kINPUT;
  tensor.on_host = engine.getTensorLocation(name) == nvinfer1::TensorLocation::kHOST;
  if (tensor_format(engine, name) != nvinfer1::TensorFormat::kLINEAR)
    tensor.format = text_of(engine.getTensorFormatDesc(name));
  if (!tensor.is_input) tensor.aliased_input = text_of(aliased_input(engine, name));
  return tensor;
}

void add_tensors(EngineDescription& description, const ICudaEngine& engine) {
  for (int i = 0; i < engine.getNbIOTensors(); ++i)
    description.tensors.push_back(describe_tensor(engine, engine.getIOTensorName(i)));
}

void add_profiles(EngineDescription& description, const ICudaEngine& engine) {
  for (int profile = 0; profile < engine.getNbOptimizationProfiles(); ++profile) {
    std::vector<ShapeRange>& ranges = description.profiles.emplace_back();
    for (const DescribedTensor& tensor : description.tensors)
      if (tensor.is_input) ranges.push_back(read_range(engine, tensor.name.c_str(), profile));
  }
}

void add_memory(EngineDescription& description, const ICudaEngine& engine) {
  description.device_memory = device_memory(engine);
  description.profile_memory = profile_memory(engine);
  description.weights = weights_size(engine);
  description.stripped_weights = stripped_weights_size(engine);
  description.streamable_weights = streamable_weights_size(engine);
}

void add_layers(EngineDescription& description, const Engine& engine) {
  description.layer_count = static_cast<std::size_t>(engine->getNbLayers());
  if (engine->getProfilingVerbosity() == nvinfer1::ProfilingVerbosity::kNONE) return;
  try {
    description.layers = inspect_layers(engine);
  } catch (const BackendError& error) {
    log_warning("The engine's layers cannot be told: {}", error.what());
  }
  if (!description.layers.empty()) description.layer_count = description.layers.size();
}

}  // namespace

EngineDescription describe_engine(const Engine& engine) {
  EngineDescription description;
  description.name = text_of(engine->getName());
  description.backend = flavour_name;
  description.backend_version = engine.library().version();
  description.refittable = engine->isRefittable();
  description.strongly_typed = is_strongly_typed(engine);
  description.profiling_verbosity = verbosity_name(engine->getProfilingVerbosity());
  description.engine_capability = capability_name(engine->getEngineCapability());
  description.hardware_compatibility = hardware_compatibility(*engine);
  description.aux_streams = aux_streams(*engine);
  add_tensors(description, *engine);
  add_profiles(description, *engine);
  add_memory(description, *engine);
  add_layers(description, engine);
  return description;
}

}  // namespace polygraph::trt
