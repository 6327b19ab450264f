#pragma once

#include <NvInfer.h>
#include <NvOnnxParser.h>
#include <polygraph/onnx/model.h>
#include <polygraph/trt/objects.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace polygraph::trt {

/// In the order of destruction's reverse: parser and network use what stands before them.
struct Network::State {
  Library library;
  std::vector<std::shared_ptr<const void>> kept;  ///< memory of weights
  std::shared_ptr<nvinfer1::IBuilder> builder;
  std::shared_ptr<nvinfer1::INetworkDefinition> network;
  std::shared_ptr<nvonnxparser::IParser> parser;
  std::string model_name;
  std::shared_ptr<const onnx::Model> model;     ///< that it was made of, for messages; may be null
  std::filesystem::path dump_failing_subgraph;  ///< where to save what cannot be built; may be empty
  bool strongly_typed = false;
  int casts = 0;  ///< added by NarrowNetwork so far
  /// Where types are part of the network, what SetLayerPrecisions asked for: to be done when it is built.
  std::map<std::string, nvinfer1::DataType> layer_precisions;
};

/// A network with nothing in it.
std::shared_ptr<Network::State> make_network(const Library& library, bool strongly_typed);

/// Gives the parser its flags. Throws UsageError or BackendError for those that it lacks.
void apply_parser_options(nvonnxparser::IParser& parser, const NetworkOptions& options,
                          const Library& library);

/// Changes what keeps TensorRT from reading a model: outputs without a type, dimensions that share the name
/// `?`. Returns whether there was any.
bool make_readable(onnx::Model& model);

}  // namespace polygraph::trt
