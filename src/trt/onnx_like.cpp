#include <fmt/format.h>
#include <polygraph/onnx/model.h>
#include <polygraph/trt/loaders.h>

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

#include "trt/layers.h"
#include "trt/network.h"
#include "trt/versions/network.h"
#include "trt/versions/types.h"

namespace polygraph::trt {
namespace {

using Names = std::span<const std::string_view>;

// What TensorRT's numbers are called; versions only ever add to the end.
constexpr std::string_view activations[] = {
    "RELU", "SIGMOID",      "TANH",        "LEAKY_RELU",       "ELU",      "SELU",     "SOFTSIGN", "SOFTPLUS",
    "CLIP", "HARD_SIGMOID", "SCALED_TANH", "THRESHOLDED_RELU", "GELU_ERF", "GELU_TANH"};
constexpr std::string_view poolings[] = {"MAX", "AVERAGE", "MAX_AVERAGE_BLEND"};
constexpr std::string_view paddings[] = {"EXPLICIT_ROUND_DOWN", "EXPLICIT_ROUND_UP", "SAME_UPPER",
                                         "SAME_LOWER",          "CAFFE_ROUND_DOWN",  "CAFFE_ROUND_UP"};
constexpr std::string_view elementwise_operations[] = {"SUM", "PROD",  "MAX",       "MIN", "SUB",
                                                       "DIV", "POW",   "FLOOR_DIV", "AND", "OR",
                                                       "XOR", "EQUAL", "GREATER",   "LESS"};
constexpr std::string_view gather_modes[] = {"DEFAULT", "ELEMENT", "ND"};
constexpr std::string_view scale_modes[] = {"UNIFORM", "CHANNEL", "ELEMENTWISE"};
constexpr std::string_view unary_operations[] = {"EXP",   "LOG",   "SQRT",  "RECIP", "ABS",   "NEG",  "SIN",
                                                 "COS",   "TAN",   "SINH",  "COSH",  "ASIN",  "ACOS", "ATAN",
                                                 "ASINH", "ACOSH", "ATANH", "CEIL",  "FLOOR", "ERF",  "NOT",
                                                 "SIGN",  "ROUND", "ISINF", "ISNAN"};
constexpr std::string_view reduce_operations[] = {"SUM", "PROD", "MAX", "MIN", "AVG", "NONE"};
constexpr std::string_view sample_modes[] = {"STRICT_BOUNDS", "WRAP", "CLAMP", "FILL", "REFLECT"};
constexpr std::string_view topk_operations[] = {"MAX", "MIN"};
constexpr std::string_view matrix_operations[] = {"NONE", "TRANSPOSE", "VECTOR"};
constexpr std::string_view interpolations[] = {"NEAREST", "LINEAR", "CUBIC"};
constexpr std::string_view coordinate_transformations[] = {"ALIGN_CORNERS", "ASYMMETRIC", "HALF_PIXEL"};
constexpr std::string_view resize_selectors[] = {"FORMULA", "UPPER"};
constexpr std::string_view resize_roundings[] = {"HALF_UP", "HALF_DOWN", "FLOOR", "CEIL"};
constexpr std::string_view fill_operations[] = {"LINSPACE", "RANDOM_UNIFORM", "RANDOM_NORMAL"};
constexpr std::string_view scatter_modes[] = {"ELEMENT", "ND"};
constexpr std::string_view box_formats[] = {"CORNER_PAIRS", "CENTER_SIZES"};
constexpr std::string_view loop_outputs[] = {"LAST_VALUE", "CONCATENATE", "REVERSE"};
constexpr std::string_view trip_limits[] = {"COUNT", "WHILE"};

// The attributes of one layer; they are called as in TensorRT's Python interface.
class Attributes {
 public:
  Attributes(onnx::Storage& storage, std::vector<onnx::Attribute>& list) : storage_(storage), list_(list) {}

  void add(std::string_view name, std::int64_t value) { put(name, value); }
  void add(std::string_view name, float value) { put(name, value); }
  void add(std::string_view name, std::vector<float> values) { put(name, std::move(values)); }
  void add(std::string_view name, double value) { put(name, static_cast<float>(value)); }
  void add(std::string_view name, const nvinfer1::Dims& dims) { put(name, to_vector(dims)); }
  void add(std::string_view name, const char* text) {
    put(name, storage_.intern(text == nullptr ? "" : text));
  }
  void add(std::string_view name, nvinfer1::DataType type) {
    const auto ours = to_data_type(type);
    put(name, storage_.intern(ours ? std::string(to_string(*ours))
                                   : fmt::format("type {}", static_cast<int>(type))));
  }
  template <class E>
  requires std::is_enum_v<E>
  void add(std::string_view name, E value, Names names) {
    const auto index = static_cast<std::size_t>(value);
    put(name, index < names.size() ? names[index] : storage_.intern(std::to_string(index)));
  }
  // Axes as a mask.
  void add_axes(std::string_view name, std::uint32_t mask) {
    std::vector<std::int64_t> axes;
    for (int axis = 0; axis < 32; ++axis)
      if ((mask >> axis & 1U) != 0) axes.push_back(axis);
    put(name, std::move(axes));
  }
  void add(std::string_view name, const nvinfer1::Permutation& permutation,
           const nvinfer1::ITensor* permuted) {
    const int rank = permuted != nullptr ? permuted->getDimensions().nbDims : 0;
    put(name, std::vector<std::int64_t>(permutation.order, permutation.order + std::clamp(rank, 0, 8)));
  }
  // The memory stays TensorRT's, or the model's that the network was made of.
  void add(std::string_view name, const nvinfer1::Weights& weights, std::vector<std::int64_t> dims) {
    const auto type = to_data_type(weights.type);
    if (weights.count == 0 || weights.values == nullptr || !type) return;
    onnx::TensorData data;
    data.name = name;
    data.data_type = onnx::element_type_of(*type);
    data.dims = std::move(dims);
    data.raw_data = {static_cast<const std::byte*>(weights.values),
                     (static_cast<std::size_t>(weights.count) * bit_width(*type) + 7) / 8};
    put(name, onnx::Box<onnx::TensorData>(std::move(data)));
  }
  void add(std::string_view name, const nvinfer1::Weights& weights) { add(name, weights, {weights.count}); }

 private:
  template <class T>
  void put(std::string_view name, T value) {
    onnx::Attribute& attribute = list_.emplace_back();
    attribute.name = name;
    attribute.value = std::move(value);
  }

  onnx::Storage& storage_;
  std::vector<onnx::Attribute>& list_;
};

template <class Layer>
void add_convolution(Attributes& to, const Layer& layer) {
  to.add("num_output_maps", std::int64_t{layer.getNbOutputMaps()});
  to.add("kernel_size_nd", layer.getKernelSizeNd());
  to.add("stride_nd", layer.getStrideNd());
  to.add("dilation_nd", layer.getDilationNd());
  to.add("num_groups", std::int64_t{layer.getNbGroups()});
  to.add("padding_mode", layer.getPaddingMode(), paddings);
  to.add("pre_padding", layer.getPrePadding());
  to.add("post_padding", layer.getPostPadding());
  to.add("kernel", layer.getKernelWeights());
  to.add("bias", layer.getBiasWeights());
}

void add_pooling(Attributes& to, const nvinfer1::IPoolingLayer& layer) {
  to.add("type", layer.getPoolingType(), poolings);
  to.add("window_size_nd", layer.getWindowSizeNd());
  to.add("stride_nd", layer.getStrideNd());
  to.add("padding_mode", layer.getPaddingMode(), paddings);
  to.add("pre_padding", layer.getPrePadding());
  to.add("post_padding", layer.getPostPadding());
  to.add("blend_factor", layer.getBlendFactor());
  to.add("average_count_excludes_padding", std::int64_t{layer.getAverageCountExcludesPadding()});
}

void add_resize(Attributes& to, const nvinfer1::IResizeLayer& layer) {
  float scales[nvinfer1::Dims::MAX_DIMS] = {};
  const int count = layer.getScales(nvinfer1::Dims::MAX_DIMS, scales);
  if (count <= 0 && layer.getNbInputs() < 2) to.add("shape", layer.getOutputDimensions());
  if (count > 0) to.add("scales", std::vector<float>(scales, scales + count));
  to.add("resize_mode", layer.getResizeMode(), interpolations);
  to.add("coordinate_transformation", layer.getCoordinateTransformation(), coordinate_transformations);
  to.add("selector_for_single_pixel", layer.getSelectorForSinglePixel(), resize_selectors);
  to.add("nearest_rounding", layer.getNearestRounding(), resize_roundings);
  to.add("cubic_coeff", layer.getCubicCoeff());
  to.add("exclude_outside", std::int64_t{layer.getExcludeOutside()});
}

void add_shuffle(Attributes& to, const nvinfer1::IShuffleLayer& layer) {
  to.add("first_transpose", layer.getFirstTranspose(), layer.getInput(0));
  if (layer.getNbInputs() < 2) to.add("reshape_dims", layer.getReshapeDimensions());
  to.add("second_transpose", layer.getSecondTranspose(), layer.getOutput(0));
  to.add("zero_is_placeholder", std::int64_t{layer.getZeroIsPlaceholder()});
}

void add_slice(Attributes& to, const nvinfer1::ISliceLayer& layer) {
  // Further inputs take their place.
  if (layer.getNbInputs() < 2) {
    to.add("start", layer.getStart());
    to.add("shape", layer.getSize());
    to.add("stride", layer.getStride());
  }
  to.add("mode", layer.getMode(), sample_modes);
}

void add_attributes(Attributes& to, nvinfer1::ILayer& any) {
  using namespace nvinfer1;
  switch (any.getType()) {
    case LayerType::kCONVOLUTION:
      return add_convolution(to, static_cast<IConvolutionLayer&>(any));
    case LayerType::kDECONVOLUTION:
      return add_convolution(to, static_cast<IDeconvolutionLayer&>(any));
    case LayerType::kPOOLING:
      return add_pooling(to, static_cast<IPoolingLayer&>(any));
    case LayerType::kRESIZE:
      return add_resize(to, static_cast<IResizeLayer&>(any));
    case LayerType::kSHUFFLE:
      return add_shuffle(to, static_cast<IShuffleLayer&>(any));
    case LayerType::kSLICE:
      return add_slice(to, static_cast<ISliceLayer&>(any));
    case LayerType::kACTIVATION: {
      const auto& layer = static_cast<IActivationLayer&>(any);
      to.add("type", layer.getActivationType(), activations);
      to.add("alpha", layer.getAlpha());
      return to.add("beta", layer.getBeta());
    }
    case LayerType::kLRN: {
      const auto& layer = static_cast<ILRNLayer&>(any);
      to.add("window_size", std::int64_t{layer.getWindowSize()});
      to.add("alpha", layer.getAlpha());
      to.add("beta", layer.getBeta());
      return to.add("k", layer.getK());
    }
    case LayerType::kSCALE: {
      const auto& layer = static_cast<IScaleLayer&>(any);
      to.add("mode", layer.getMode(), scale_modes);
      to.add("channel_axis", std::int64_t{layer.getChannelAxis()});
      to.add("shift", layer.getShift());
      to.add("scale", layer.getScale());
      return to.add("power", layer.getPower());
    }
    case LayerType::kSOFTMAX:
      return to.add_axes("axes", static_cast<ISoftMaxLayer&>(any).getAxes());
    case LayerType::kCONCATENATION:
      return to.add("axis", std::int64_t{static_cast<IConcatenationLayer&>(any).getAxis()});
    case LayerType::kELEMENTWISE:
      return to.add("op", static_cast<IElementWiseLayer&>(any).getOperation(), elementwise_operations);
    case LayerType::kUNARY:
      return to.add("op", static_cast<IUnaryLayer&>(any).getOperation(), unary_operations);
    case LayerType::kPADDING: {
      const auto& layer = static_cast<IPaddingLayer&>(any);
      to.add("pre_padding_nd", layer.getPrePaddingNd());
      return to.add("post_padding_nd", layer.getPostPaddingNd());
    }
    case LayerType::kREDUCE: {
      const auto& layer = static_cast<IReduceLayer&>(any);
      to.add("op", layer.getOperation(), reduce_operations);
      to.add_axes("axes", layer.getReduceAxes());
      return to.add("keep_dims", std::int64_t{layer.getKeepDimensions()});
    }
    case LayerType::kTOPK: {
      const auto& layer = static_cast<ITopKLayer&>(any);
      to.add("op", layer.getOperation(), topk_operations);
      if (layer.getNbInputs() < 2) to.add("k", std::int64_t{layer.getK()});
      return to.add_axes("axes", layer.getReduceAxes());
    }
    case LayerType::kGATHER: {
      const auto& layer = static_cast<IGatherLayer&>(any);
      to.add("axis", std::int64_t{layer.getGatherAxis()});
      to.add("num_elementwise_dims", std::int64_t{layer.getNbElementWiseDims()});
      return to.add("mode", layer.getMode(), gather_modes);
    }
    case LayerType::kMATRIX_MULTIPLY: {
      const auto& layer = static_cast<IMatrixMultiplyLayer&>(any);
      to.add("op0", layer.getOperation(0), matrix_operations);
      return to.add("op1", layer.getOperation(1), matrix_operations);
    }
    case LayerType::kCONSTANT: {
      const auto& layer = static_cast<IConstantLayer&>(any);
      to.add("shape", layer.getDimensions());
      return to.add("weights", layer.getWeights(), to_vector(layer.getDimensions()));
    }
    case LayerType::kFILL: {
      const auto& layer = static_cast<IFillLayer&>(any);
      if (layer.getNbInputs() == 0) to.add("shape", layer.getDimensions());
      return to.add("operation", layer.getOperation(), fill_operations);
    }
    case LayerType::kQUANTIZE:
      return to.add("axis", std::int64_t{static_cast<IQuantizeLayer&>(any).getAxis()});
    case LayerType::kDEQUANTIZE:
      return to.add("axis", std::int64_t{static_cast<IDequantizeLayer&>(any).getAxis()});
    case LayerType::kEINSUM:
      return to.add("equation", static_cast<IEinsumLayer&>(any).getEquation());
    case LayerType::kASSERTION:
      return to.add("message", static_cast<IAssertionLayer&>(any).getMessage());
    case LayerType::kSCATTER: {
      const auto& layer = static_cast<IScatterLayer&>(any);
      to.add("mode", layer.getMode(), scatter_modes);
      return to.add("axis", std::int64_t{layer.getAxis()});
    }
    case LayerType::kONE_HOT:
      return to.add("axis", std::int64_t{static_cast<IOneHotLayer&>(any).getAxis()});
    case LayerType::kGRID_SAMPLE: {
      const auto& layer = static_cast<IGridSampleLayer&>(any);
      to.add("interpolation_mode", layer.getInterpolationMode(), interpolations);
      to.add("align_corners", std::int64_t{layer.getAlignCorners()});
      return to.add("sample_mode", layer.getSampleMode(), sample_modes);
    }
    case LayerType::kNMS: {
      const auto& layer = static_cast<INMSLayer&>(any);
      to.add("bounding_box_format", layer.getBoundingBoxFormat(), box_formats);
      return to.add("topk_box_limit", std::int64_t{layer.getTopKBoxLimit()});
    }
    case LayerType::kITERATOR: {
      const auto& layer = static_cast<IIteratorLayer&>(any);
      to.add("axis", std::int64_t{layer.getAxis()});
      return to.add("reverse", std::int64_t{layer.getReverse()});
    }
    case LayerType::kLOOP_OUTPUT: {
      const auto& layer = static_cast<ILoopOutputLayer&>(any);
      to.add("kind", layer.getLoopOutput(), loop_outputs);
      return to.add("axis", std::int64_t{layer.getAxis()});
    }
    case LayerType::kTRIP_LIMIT:
      return to.add("kind", static_cast<ITripLimitLayer&>(any).getTripLimit(), trip_limits);
    default:
      add_newer_attributes(to, any);
  }
}

class Picture {
 public:
  explicit Picture(const Network& network) : network_(network) {
    model_.ir_version = 8;
    model_.producer_name = model_.storage.intern("polygraph");
    model_.doc_string = model_.storage.intern("A picture of a network of TensorRT: no ONNX operators");
    model_.storage.hold(std::make_shared<Network>(network));
    model_.opset_imports.push_back({.version = 1});
    model_.metadata_props = {
        {.key = "library", .value = flavour_name},
        {.key = "strongly_typed", .value = network.state().strongly_typed ? "true" : "false"}};
  }

  onnx::Model draw() && {
    onnx::Graph& graph = model_.graph;
    const char* const name = network_->getName();
    graph.name = model_.storage.intern(name != nullptr ? name : "");
    for (const nvinfer1::ITensor* input : inputs_of(*network_)) graph.inputs.push_back(info_of(*input));
    for (const nvinfer1::ITensor* output : outputs_of(*network_)) graph.outputs.push_back(info_of(*output));
    for (const onnx::ValueInfo& value : graph.inputs) described_.insert(value.name);
    for (const onnx::ValueInfo& value : graph.outputs) described_.insert(value.name);
    for (nvinfer1::ILayer* layer : layers_of(*network_)) add(*layer);
    return std::move(model_);
  }

 private:
  onnx::ValueInfo info_of(const nvinfer1::ITensor& tensor) {
    onnx::Type type;
    type.kind = onnx::Type::Kind::tensor;
    if (const auto dtype = to_data_type(tensor.getType())) type.element_type = onnx::element_type_of(*dtype);
    if (const nvinfer1::Dims dims = tensor.getDimensions(); dims.nbDims >= 0) {
      onnx::ShapeInfo shape;
      for (const std::int64_t size : to_vector(dims))
        shape.dims.push_back({.value = size < 0 ? onnx::DimensionInfo{}.value : size});
      type.shape = onnx::Box<onnx::ShapeInfo>(std::move(shape));
    }
    return {.name = model_.storage.intern(tensor.getName()), .type = onnx::Box<onnx::Type>(std::move(type))};
  }

  // The tensor's name, and what is known of it; an input that is left out has none.
  std::string_view describe(const nvinfer1::ITensor* tensor) {
    if (tensor == nullptr) return {};
    onnx::ValueInfo info = info_of(*tensor);
    const std::string_view name = info.name;
    if (described_.insert(name).second) model_.graph.value_info.push_back(std::move(info));
    return name;
  }

  void add(nvinfer1::ILayer& layer) {
    onnx::Node& node = model_.graph.nodes.emplace_back();
    node.name = model_.storage.intern(layer.getName() != nullptr ? layer.getName() : "");
    node.op_type = model_.storage.intern(layer_type_name(layer.getType()));
    for (int i = 0; i < layer.getNbInputs(); ++i) node.inputs.push_back(describe(layer.getInput(i)));
    for (int i = 0; i < layer.getNbOutputs(); ++i) node.outputs.push_back(describe(layer.getOutput(i)));
    Attributes attributes(model_.storage, node.attributes);
    add_attributes(attributes, layer);
  }

  const Network& network_;
  onnx::Model model_;
  std::unordered_set<std::string_view> described_;
};

}  // namespace

onnx::Model OnnxLikeFromNetwork::operator()() const {
  const Network network = network_.get();
  return Picture(network).draw();
}

std::string OnnxLikeFromNetwork::str() const {
  return cpp_expression<1>("OnnxLikeFromNetwork", network_);
}

}  // namespace polygraph::trt
