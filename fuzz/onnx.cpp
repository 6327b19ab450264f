#include <polygraph/core/bytes.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/model.h>
#include <polygraph/onnx/save.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

namespace {

using namespace polygraph;

void read(const onnx::TensorData& data, const onnx::Model& model) {
  try {
    const Tensor tensor = onnx::tensor_of(data, model);
    tensor.str(100, 2);
    if (tensor.element_count() > 0) tensor.element_as_text(tensor.element_count() - 1);
    onnx::tensor_of(data, model, onnx::Alignment::any).str(100, 2);
  } catch (const InputError&) {
  }
}

void read(const onnx::Graph& graph, const onnx::Model& model) {
  onnx::input_metadata(graph).str();
  onnx::output_metadata(graph).str();
  for (const onnx::TensorData& tensor : graph.initializers) read(tensor, model);
  for (const onnx::Node& node : graph.nodes) {
    for (const onnx::Attribute& attribute : node.attributes) {
      if (const auto* tensor = std::get_if<onnx::Box<onnx::TensorData>>(&attribute.value))
        read(**tensor, model);
      if (const auto* inner = std::get_if<onnx::Box<onnx::Graph>>(&attribute.value)) read(**inner, model);
    }
  }
}

void write_and_read_back(const onnx::Model& model) {
  const Bytes written = onnx::encode_model(model);
  const onnx::Model again = onnx::load_model_from_bytes(written.span(), written.keep_alive());
  if (!std::ranges::equal(onnx::encode_model(again).span(), written.span())) std::abort();
}

}  // namespace

// Whatever the bytes are, there is a model whose tensors can all be read or refused one by one, or an
// InputError. What can be read can be written, and is the same when read back.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const onnx::Model model = onnx::load_model_from_bytes(std::as_bytes(std::span(data, size)));
    const onnx::Model copy = model;
    write_and_read_back(copy);
    read(copy.graph, copy);
  } catch (const InputError&) {
  }
  return 0;
}
