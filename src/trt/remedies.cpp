#include "trt/remedies.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace polygraph::trt {

namespace {
bool mention(std::span<const std::string> messages, std::string_view text) {
  return std::ranges::any_of(messages,
                             [&](const std::string& line) { return line.find(text) != std::string::npos; });
}
}  // namespace

std::string build_remedy(std::span<const std::string> messages) {
  constexpr const char* cublas =
      "Install the cuBLAS that this version of TensorRT needs, or do without: tactic_sources 'none'.";
  constexpr const char* cudnn =
      "Install the cuDNN that this version of TensorRT needs, or do without: tactic_sources 'none'.";
  constexpr std::pair<std::string_view, const char*> remedies[] = {
      {"cublas", cublas},
      {"cuBLAS", cublas},
      {"cudnn", cudnn},
      {"cuDNN", cudnn},
      {"graphScope",
       "TensorRT cannot take the conditions or loops of this model apart. Where they depend on shapes alone "
       "they can be folded: polygraph surgeon sanitize model.onnx -o folded.onnx --override-input-shapes ... "
       "--fold-constants."},
      {"cannot be negative",
       "The shapes are too small for the model: give an optimization profile for inputs with open dimensions "
       "(--trt-min-shapes, --trt-opt-shapes, --trt-max-shapes)."},
      {"any implementation",
       "Try another precision, or larger limits of memory (memory_pool_limits); what remains has to be "
       "written in another way, or as a plugin."},
  };
  if (lacks_memory(messages))
    return "End what else uses the GPU's memory, lower the limit of the workspace (memory_pool_limits), or "
           "build for smaller shapes.";
  for (const auto& [text, remedy] : remedies)
    if (mention(messages, text)) return remedy;
  return "See the messages; `-vvv` shows all that TensorRT says. Another precision, or `polygraph surgeon "
         "sanitize --fold-constants`, may help.";
}

bool is_cancelled(std::span<const std::string> messages) {
  return mention(messages, "canceled by user");
}

bool lacks_driver(std::span<const std::string> messages) {
  return mention(messages, "driver version is insufficient") || mention(messages, "no CUDA-capable device");
}

bool lacks_memory(std::span<const std::string> messages) {
  return mention(messages, "OutOfMemory") || mention(messages, "out of memory");
}

}  // namespace polygraph::trt
