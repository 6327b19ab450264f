#include <polygraph/compare/results_json.h>
#include <polygraph/core/error.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace {

void look_at(const polygraph::TensorMap& tensors) {
  for (const auto& [name, tensor] : tensors) {
    tensor.nbytes();
    tensor.str(100, 2);
    if (tensor.element_count() > 0) tensor.element_as_text(tensor.element_count() - 1);
  }
}

}  // namespace

// Whatever the text is, the readers give iterations whose tensors can be read, or an InputError.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace polygraph;
  using namespace polygraph::compare;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    json_kind(text, "the text");
  } catch (const InputError&) {
  }
  try {
    const auto reader = json_feed_reader(text, "the text");
    while (const auto feed = reader->next()) look_at(*feed);
  } catch (const InputError&) {
  }
  try {
    const auto reader = json_results_reader(text, "the text");
    while (const auto results = reader->next())
      for (const auto& [runner, iterations] : *results)
        for (const auto& iteration : iterations) look_at(iteration.outputs);
  } catch (const InputError&) {
  }
  return 0;
}
