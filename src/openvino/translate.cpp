#include "openvino/translate.h"

#include <polygraph/core/log.h>

#include <algorithm>
#include <functional>
#include <mutex>
#include <openvino/core/log.hpp>
#include <set>

namespace polygraph::openvino {

namespace {

struct TypePair {
  DataType dtype;
  ov::element::Type type;
};

const TypePair type_pairs[] = {
    {DataType::float32, ov::element::f32},
    {DataType::float64, ov::element::f64},
    {DataType::float16, ov::element::f16},
    {DataType::bfloat16, ov::element::bf16},
    {DataType::float8e4m3fn, ov::element::f8e4m3},
    {DataType::float8e5m2, ov::element::f8e5m2},
    {DataType::float8e8m0, ov::element::f8e8m0},
    {DataType::float4, ov::element::f4e2m1},
    {DataType::int64, ov::element::i64},
    {DataType::int32, ov::element::i32},
    {DataType::int16, ov::element::i16},
    {DataType::int8, ov::element::i8},
    {DataType::int4, ov::element::i4},
    {DataType::uint64, ov::element::u64},
    {DataType::uint32, ov::element::u32},
    {DataType::uint16, ov::element::u16},
    {DataType::uint8, ov::element::u8},
    {DataType::uint4, ov::element::u4},
    {DataType::uint2, ov::element::u2},
    {DataType::boolean, ov::element::boolean},
    {DataType::string, ov::element::string},
};

}  // namespace

DataType to_data_type(const ov::element::Type& type) {
  for (const TypePair& pair : type_pairs)
    if (pair.type == type) return pair.dtype;
  throw InputError("OpenVINO's element type '" + type.get_type_name() + "' has no equivalent in ONNX.",
                   "Convert the tensor to a type of ONNX in the model.");
}

ov::element::Type to_element_type(DataType dtype) {
  for (const TypePair& pair : type_pairs)
    if (pair.dtype == dtype) return pair.type;
  throw InputError("OpenVINO has no tensors of type " + std::string(to_string(dtype)) + ".",
                   "Convert the tensor to a type that OpenVINO has.");
}

PartialShape to_partial_shape(const ov::PartialShape& shape) {
  if (shape.rank().is_dynamic()) return PartialShape::unknown_rank();
  std::vector<Dimension> dims;
  for (const ov::Dimension& dim : shape) {
    const auto longest = dim.get_max_length();
    dims.emplace_back(dim.get_min_length(), longest < 0 ? Dimension::unbounded : longest);
  }
  return PartialShape(std::move(dims));
}

std::string port_name(const ov::Output<const ov::Node>& port) {
  // A Result has no name that a user knows; the layer behind it has.
  const ov::Node* node = port.get_node();
  const bool is_result = ov::is_type<ov::op::v0::Result>(node) && node->get_input_size() == 1;
  const std::string& own_name = (is_result ? node->get_input_node_ptr(0) : node)->get_friendly_name();
  // Where OpenVINO removes an Identity, the values on both of its sides are names of one port.
  const auto& names = port.get_names();
  return names.empty() || names.contains(own_name) ? own_name : *std::min_element(names.begin(), names.end());
}

TensorMetadata to_metadata(const std::vector<ov::Output<const ov::Node>>& ports) {
  TensorMetadata metadata;
  for (const auto& port : ports) {
    TensorInfo info;
    info.name = port_name(port);
    if (port.get_element_type().is_static()) info.dtype = to_data_type(port.get_element_type());
    info.shape = to_partial_shape(port.get_partial_shape());
    metadata.add(std::move(info));
  }
  return metadata;
}

std::vector<std::string> readable_lines(std::string_view what) {
  std::vector<std::string> lines;
  while (!what.empty()) {
    const std::size_t end = what.find('\n');
    std::string_view line = what.substr(0, end);
    what.remove_prefix(end == std::string_view::npos ? what.size() : end + 1);
    // "Check 'condition' failed at src/...:123:" and "Exception from src/...:123:" are for OpenVINO's
    // authors.
    if (line.starts_with("Exception from ")) continue;
    if (line.starts_with("Check '") && line.find("' failed at ") != std::string_view::npos) continue;
    while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    if (lines.empty() || lines.back() != line) lines.emplace_back(line);
  }
  return lines;
}

// OpenVINO has one callback for the process, and it may come from any thread.
struct EngineMessages::Listeners {
  std::mutex mutex;
  std::set<EngineMessages*> all;

  static Listeners& instance() {
    static auto* const listeners = [] {
      auto* made = new Listeners;  // never destroyed: OpenVINO's threads may log at exit
      ov::util::set_log_callback([made](std::string_view text) {
        while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
        log_text(Severity::verbose, "OpenVINO: " + std::string(text));
        const std::lock_guard lock(made->mutex);
        for (EngineMessages* listener : made->all) listener->lines_.emplace_back(text);
      });
      return made;
    }();
    return *listeners;
  }
};

EngineMessages::EngineMessages() {
  Listeners& listeners = Listeners::instance();
  const std::lock_guard lock(listeners.mutex);
  listeners.all.insert(this);
}

EngineMessages::~EngineMessages() {
  Listeners& listeners = Listeners::instance();
  const std::lock_guard lock(listeners.mutex);
  listeners.all.erase(this);
}

std::vector<std::string> EngineMessages::take() {
  const std::lock_guard lock(Listeners::instance().mutex);
  return std::exchange(lines_, {});
}

}  // namespace polygraph::openvino
