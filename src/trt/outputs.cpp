#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/trt/loaders.h>

#include <algorithm>
#include <set>

#include "core/names.h"
#include "trt/layers.h"
#include "trt/messages.h"
#include "trt/network.h"

namespace polygraph::trt {

namespace {

constexpr std::string_view attempt = "Modifying the network's outputs";

// A tensor that can be marked.
struct Candidate {
  std::string layer_type;
  nvinfer1::ITensor* tensor;
  bool markable_at_large;  ///< neither constant nor shape, and not inside of a loop
};

std::vector<Candidate> candidates_of(const nvinfer1::INetworkDefinition& network) {
  std::vector<Candidate> candidates;
  bool inside_loop = false;
  for (nvinfer1::ILayer* layer : layers_of(network)) {
    const nvinfer1::LayerType type = layer->getType();
    if (begins_loop(type)) inside_loop = true;
    if (ends_loop(type)) inside_loop = false;
    const bool fixed = type == nvinfer1::LayerType::kCONSTANT || type == nvinfer1::LayerType::kSHAPE;
    for (int i = 0; i < layer->getNbOutputs(); ++i)
      candidates.push_back({layer_type_name(type), layer->getOutput(i), !fixed && !inside_loop});
  }
  return candidates;
}

std::vector<std::string> names_of(const std::vector<Candidate>& candidates) {
  std::vector<std::string> names;
  for (const Candidate& candidate : candidates) names.emplace_back(candidate.tensor->getName());
  return names;
}

bool asks_for_all(const std::vector<std::string>& outputs) {
  using Names = std::vector<std::string>;
  return outputs == Names{"*"} || outputs == Names{"mark-all"} || outputs == Names{"mark", "all"};
}

using Tensors = std::vector<nvinfer1::ITensor*>;

Tensors of_types(const std::vector<Candidate>& candidates, const std::vector<std::string>& types) {
  std::set<std::string> known;
  for (const Candidate& candidate : candidates) known.insert(candidate.layer_type);
  const std::vector<std::string> names(known.begin(), known.end());
  for (const std::string& type : types)
    if (!known.contains(type))
      throw InputError(fmt::format("{}: no layer has the type '{}'.{}", attempt, type, suggest(type, names)),
                       "Types are TensorRT's, e.g. 'CONVOLUTION', 'MATRIX_MULTIPLY'.");
  Tensors tensors;
  for (const Candidate& candidate : candidates)
    if (std::find(types.begin(), types.end(), candidate.layer_type) != types.end())
      tensors.push_back(candidate.tensor);
  return tensors;
}

// What the options leave; the network itself is not touched.
Tensors wanted(const nvinfer1::INetworkDefinition& network, const OutputOptions& options) {
  const std::vector<Candidate> candidates = candidates_of(network);
  Tensors tensors = outputs_of(network);
  if (asks_for_all(options.outputs)) {
    tensors.clear();
    for (const Candidate& candidate : candidates)
      if (candidate.markable_at_large) tensors.push_back(candidate.tensor);
  } else if (!options.outputs.empty()) {
    tensors.clear();
    for (const std::size_t i : select_names(names_of(candidates), options.outputs, attempt, "tensor"))
      tensors.push_back(candidates[i].tensor);
  }
  if (!options.mark_layer_types.empty()) tensors = of_types(candidates, options.mark_layer_types);
  if (!options.exclude_outputs.empty()) {
    const auto excluded = select_names(trt::names_of(tensors), options.exclude_outputs, attempt, "output");
    for (auto i = excluded.rbegin(); i != excluded.rend(); ++i)
      tensors.erase(tensors.begin() + static_cast<std::ptrdiff_t>(*i));
  }
  if (tensors.empty())
    throw InputError(fmt::format("{}: no output would be left.", attempt),
                     "Name at least one tensor that stays an output.");
  return tensors;
}

}  // namespace

ModifyNetworkOutputs::ModifyNetworkOutputs(Source<Network> network, OutputOptions options)
    : network_(std::move(network)), options_(std::move(options)) {}

Network ModifyNetworkOutputs::operator()() const {
  Network network = network_.get();
  const Tensors tensors = wanted(*network, options_);
  const Tensors before = outputs_of(*network);
  for (nvinfer1::ITensor* tensor : before) network->unmarkOutput(*tensor);
  for (nvinfer1::ITensor* tensor : tensors) network->markOutput(*tensor);
  return network;
}

std::string ModifyNetworkOutputs::str() const {
  return cpp_expression<1>("ModifyNetworkOutputs", network_, options_);
}

}  // namespace polygraph::trt
