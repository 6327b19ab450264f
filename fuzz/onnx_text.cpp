#include <polygraph/core/error.h>
#include <polygraph/onnx/official.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

// Whatever the text is, parse_text gives a model that can be written as text and checked, or an InputError.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace polygraph;
  try {
    const onnx::Model model = onnx::parse_text({reinterpret_cast<const char*>(data), size});
    onnx::check_model(model);
    onnx::to_text(model);
  } catch (const InputError&) {
  }
  return 0;
}
