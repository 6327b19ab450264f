#include "trt/narrow_network.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <functional>
#include <set>
#include <unordered_set>

#include "core/log_format.h"
#include "onnx/float_narrowing.h"
#include "trt/layers.h"
#include "trt/network.h"
#include "trt/versions/names.h"
#include "trt/versions/network.h"
#include "trt/wide_sums.h"

namespace polygraph::trt {

using nvinfer1::ILayer;
using nvinfer1::ITensor;
using nvinfer1::LayerType;
using nvinfer1::Weights;
using Type = nvinfer1::DataType;

namespace {

constexpr double vanish_tolerance = 0.1;

onnx::NarrowType narrow_type(Type type) {
  return type == Type::kHALF ? onnx::NarrowType::float16 : onnx::NarrowType::bfloat16;
}

std::string_view type_name(Type type) {
  return to_string(onnx::data_type_of(narrow_type(type)));
}

// Kinds that compute in the type of their inputs, and those that only move values.
bool computes(LayerType type) {
  static const std::set<LayerType> kinds = [] {
    std::set<LayerType> known;
    for (const char* name :
         {"CONVOLUTION", "DECONVOLUTION", "ACTIVATION", "POOLING", "LRN", "SCALE", "SOFTMAX", "ELEMENTWISE",
          "UNARY", "REDUCE", "MATRIX_MULTIPLY", "PARAMETRIC_RELU", "RESIZE", "EINSUM", "NORMALIZATION"})
      if (const auto kind = named_value(layer_types(), name)) known.insert(*kind);
    return known;
  }();
  return kinds.contains(type);
}

bool moves(LayerType type) {
  static const std::set<LayerType> kinds = [] {
    std::set<LayerType> known;
    for (const char* name : {"CONCATENATION", "SHUFFLE", "PADDING", "SLICE", "IDENTITY", "SQUEEZE",
                             "UNSQUEEZE", "GATHER", "SELECT", "SCATTER"})
      if (const auto kind = named_value(layer_types(), name)) known.insert(*kind);
    return known;
  }();
  return kinds.contains(type);
}

bool survives(const Weights& weights, Type type) {
  if (weights.type != Type::kFLOAT || weights.count == 0 || weights.values == nullptr) return true;
  const auto census = onnx::narrowing_census(narrow_type(type), static_cast<const std::byte*>(weights.values),
                                             static_cast<std::size_t>(weights.count));
  const double nonzero = static_cast<double>(census.values - census.zeros);
  return census.overflowing == 0 && static_cast<double>(census.vanishing) <= vanish_tolerance * nonzero;
}

// The weights that a layer holds itself, with how to replace them.
struct HeldWeights {
  Weights weights;
  std::function<void(Weights)> set;
};

std::vector<HeldWeights> held_weights(ILayer& layer) {
  switch (layer.getType()) {
    case LayerType::kCONVOLUTION: {
      auto* conv = static_cast<nvinfer1::IConvolutionLayer*>(&layer);
      return {{conv->getKernelWeights(), [conv](Weights w) { conv->setKernelWeights(w); }},
              {conv->getBiasWeights(), [conv](Weights w) { conv->setBiasWeights(w); }}};
    }
    case LayerType::kDECONVOLUTION: {
      auto* conv = static_cast<nvinfer1::IDeconvolutionLayer*>(&layer);
      return {{conv->getKernelWeights(), [conv](Weights w) { conv->setKernelWeights(w); }},
              {conv->getBiasWeights(), [conv](Weights w) { conv->setBiasWeights(w); }}};
    }
    case LayerType::kSCALE: {
      auto* scale = static_cast<nvinfer1::IScaleLayer*>(&layer);
      return {{scale->getShift(), [scale](Weights w) { scale->setShift(w); }},
              {scale->getScale(), [scale](Weights w) { scale->setScale(w); }},
              {scale->getPower(), [scale](Weights w) { scale->setPower(w); }}};
    }
    default:
      return {};
  }
}

}  // namespace

// What is decided before anything is touched.
struct NarrowNetwork::Plan {
  std::vector<ILayer*> layers;
  std::vector<std::optional<Type>> types;             ///< of each layer, if it is narrowed
  std::unordered_map<const ITensor*, Type> narrowed;  ///< float32 tensors that get another type
  std::unordered_set<const ITensor*> floats;          ///< tensors that were float32

  Plan(const Network& network, std::optional<Type> type);
  std::vector<ITensor*> float_inputs(const ILayer& layer) const {
    std::vector<ITensor*> inputs;
    for (int i = 0; i < layer.getNbInputs(); ++i)
      if (ITensor* const input = layer.getInput(i); input && floats.contains(input)) inputs.push_back(input);
    return inputs;
  }

 private:
  // Why the layer stays in float32; empty if it need not.
  std::string obstacle(ILayer& layer, Type type);
  std::unordered_set<const ITensor*> sizes_;    ///< computed from shapes alone
  std::unordered_set<const ITensor*> fragile_;  ///< constants, moved perhaps, that do not survive
  std::unordered_map<const ITensor*, Weights> constants_;
  WideSums sums_;
};

std::string NarrowNetwork::Plan::obstacle(ILayer& layer, Type type) {
  const LayerType kind = layer.getType();
  if (!computes(kind) && !moves(kind)) return "layers of its kind stay in float32";
  if (kind == LayerType::kDECONVOLUTION && type != Type::kHALF)
    return "TensorRT has no deconvolution in bfloat16";
  bool fragile = false;
  for (ITensor* input : float_inputs(layer)) {
    if (input->isShapeTensor() || sizes_.contains(input)) return "it computes sizes";
    const auto constant = constants_.find(input);
    fragile |=
        fragile_.contains(input) || (constant != constants_.end() && !survives(constant->second, type));
  }
  for (int i = 0; i < layer.getNbOutputs(); ++i)
    if (layer.getOutput(i)->isShapeTensor()) return "it computes sizes";
  if (fragile && moves(kind))
    for (int i = 0; i < layer.getNbOutputs(); ++i) fragile_.insert(layer.getOutput(i));
  for (const HeldWeights& held : held_weights(layer)) fragile |= !survives(held.weights, type);
  return fragile ? fmt::format("a constant of it does not survive in {}", type_name(type)) : std::string();
}

NarrowNetwork::Plan::Plan(const Network& network, std::optional<Type> type)
    : layers(layers_of(*network)), sums_(layers) {
  for (ITensor* input : inputs_of(*network))
    if (input->getType() == Type::kFLOAT) floats.insert(input);
  for (ILayer* layer : layers)
    for (int i = 0; i < layer->getNbOutputs(); ++i)
      if (layer->getOutput(i)->getType() == Type::kFLOAT) floats.insert(layer->getOutput(i));

  const auto& asked = network.state().layer_precisions;
  std::size_t in_float32 = 0;
  std::size_t computing = 0;
  for (ILayer* layer : layers) {
    const LayerType kind = layer->getType();
    if (kind == LayerType::kCONSTANT)
      constants_[layer->getOutput(0)] = static_cast<nvinfer1::IConstantLayer*>(layer)->getWeights();
    // What comes of shapes, and of shapes and constants.
    bool from_sizes = kind == LayerType::kSHAPE;
    bool from_others = layer->getNbInputs() == 0 && kind != LayerType::kSHAPE;
    for (int i = 0; i < layer->getNbInputs() && kind != LayerType::kSHAPE; ++i) {
      const ITensor* const input = layer->getInput(i);
      if (input == nullptr || constants_.contains(input)) continue;
      (sizes_.contains(input) ? from_sizes : from_others) = true;
    }
    if (from_sizes && !from_others)
      for (int i = 0; i < layer->getNbOutputs(); ++i) sizes_.insert(layer->getOutput(i));

    const auto explicitly = asked.find(layer->getName());
    const bool is_asked = explicitly != asked.end();
    std::optional<Type> wanted = is_asked ? std::optional(explicitly->second) : type;
    if (wanted == Type::kFLOAT) wanted.reset();
    types.emplace_back();
    if (float_inputs(*layer).empty()) {
      if (is_asked && wanted)
        throw BackendError(fmt::format("The layer '{}' is to compute in {}, and it has no float32 inputs.",
                                       layer->getName(), type_name(*wanted)),
                           "Leave its precision out.");
      continue;
    }
    computing += computes(kind) ? 1 : 0;
    if (!wanted) {
      in_float32 += computes(kind) ? 1 : 0;
      continue;
    }
    std::string reason = obstacle(*layer, *wanted);
    if (!is_asked && wanted == Type::kHALF && reason.empty() && sums_.contains(*layer))
      reason = "sums may not fit in float16";
    if (!reason.empty()) {
      if (is_asked)
        throw BackendError(fmt::format("The layer '{}' ({}) cannot compute in {}: {}.", layer->getName(),
                                       layer_type_name(kind), type_name(*wanted), reason),
                           "Leave its precision out, or change the ONNX model.");
      log_extra_verbose("The layer '{}' stays in float32: {}", layer->getName(), reason);
      in_float32 += computes(kind) ? 1 : 0;
      continue;
    }
    types.back() = wanted;
    for (int i = 0; i < layer->getNbOutputs(); ++i)
      if (floats.contains(layer->getOutput(i))) narrowed.emplace(layer->getOutput(i), *wanted);
  }
  if (type && computing > 0 && in_float32 == computing)
    throw BackendError(
        fmt::format("None of the {} layers that compute in float32 can compute in {}, which is "
                    "asked for.",
                    computing, type_name(*type)),
        "Leave it out for an FP32 engine; the log says with -vv why each layer stays.");
}

NarrowNetwork::NarrowNetwork(const Network& network, std::optional<Type> type) : network_(network) {
  const Plan plan(network, type);
  try {
    rewrite(plan);
    restore_output_types(plan);
  } catch (...) {
    undo();
    throw;
  }
}

NarrowNetwork::~NarrowNetwork() {
  undo();
}

void NarrowNetwork::undo() {
  for (auto step = undo_.rbegin(); step != undo_.rend(); ++step) (*step)();
  undo_.clear();
}

ITensor& NarrowNetwork::cast(ITensor& tensor, Type type) {
  auto& made = casts_[&tensor];
  for (const auto& [to, result] : made)
    if (to == type) return *result;
  ILayer* const layer = add_cast(*network_, tensor, type);
  if (layer == nullptr)
    throw BackendError(fmt::format("TensorRT cannot convert the tensor '{}'.", tensor.getName()),
                       "Keep the layers that use it in float32 (SetLayerPrecisions).");
  // Those of earlier builds are still there, and names are unique.
  layer->setName(fmt::format("polygraph cast {} of {}", network_.state().casts++, tensor.getName()).c_str());
  return *made.emplace_back(type, layer->getOutput(0)).second;
}

void NarrowNetwork::narrow_weights(ILayer& layer, Type type) {
  for (const HeldWeights& held : held_weights(layer)) {
    const Weights before = held.weights;
    if (before.type != Type::kFLOAT || before.count == 0 || before.values == nullptr) continue;
    auto values = std::make_shared<std::vector<std::uint16_t>>(static_cast<std::size_t>(before.count));
    onnx::narrow(narrow_type(type), static_cast<const std::byte*>(before.values), values->data(),
                 values->size());
    held.set({type, values->data(), before.count});
    weights_.push_back(std::move(values));
    undo_.emplace_back([set = held.set, before] { set(before); });
  }
}

void NarrowNetwork::rewrite(const Plan& plan) {
  for (std::size_t i = 0; i < plan.layers.size(); ++i) {
    ILayer& layer = *plan.layers[i];
    const Type wanted = plan.types[i].value_or(Type::kFLOAT);
    (plan.types[i] ? narrowed_ : kept_) +=
        computes(layer.getType()) && !plan.float_inputs(layer).empty() ? 1 : 0;
    if (plan.types[i]) narrow_weights(layer, wanted);
    if (layer.getType() == LayerType::kCONSTANT) continue;
    for (int k = 0; k < layer.getNbInputs(); ++k) {
      ITensor* const input = layer.getInput(k);
      if (input == nullptr || !plan.floats.contains(input)) continue;
      const auto narrowed = plan.narrowed.find(input);
      const Type has = narrowed == plan.narrowed.end() ? Type::kFLOAT : narrowed->second;
      if (has == wanted) continue;
      layer.setInput(k, cast(*input, wanted));
      undo_.emplace_back([&layer, k, input] { layer.setInput(k, *input); });
    }
  }
  for (const auto& [tensor, type] : plan.narrowed)
    if (tensor->getType() != type)
      throw BackendError(fmt::format("The tensor '{}' is to be {}, and TensorRT makes it another type ({}).",
                                     tensor->getName(), type_name(type), static_cast<int>(tensor->getType())),
                         "Keep the layer that computes it in float32 (SetLayerPrecisions).");
}

// The network's outputs keep their types, names and order.
void NarrowNetwork::restore_output_types(const Plan& plan) {
  const std::vector<ITensor*> outputs = outputs_of(*network_);
  std::vector<ITensor*> replacements;
  for (ITensor* output : outputs) {
    replacements.push_back(output);
    if (!plan.narrowed.contains(output)) continue;
    const std::string name = output->getName();
    ITensor& wide = cast(*output, Type::kFLOAT);
    output->setName((name + " narrow").c_str());
    const std::string wide_name = wide.getName();
    wide.setName(name.c_str());
    wide.setAllowedFormats(output->getAllowedFormats());
    replacements.back() = &wide;
    undo_.emplace_back([&wide, wide_name, output, name] {
      wide.setName(wide_name.c_str());
      output->setName(name.c_str());
    });
  }
  if (replacements == outputs) return;
  for (ITensor* output : outputs) network_->unmarkOutput(*output);
  for (ITensor* output : replacements) network_->markOutput(*output);
  undo_.emplace_back([this, outputs, replacements] {
    for (ITensor* output : replacements) network_->unmarkOutput(*output);
    for (ITensor* output : outputs) network_->markOutput(*output);
  });
}

}  // namespace polygraph::trt
