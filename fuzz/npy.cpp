#include <polygraph/core/error.h>
#include <polygraph/core/npy.h>

#include <cstddef>
#include <cstdint>
#include <span>

// Whatever the bytes are, load_npy gives a tensor whose elements can all be read, or an InputError.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using polygraph::DataType;
  if (size == 0) return 0;
  // The last byte chooses the type of data that does not name its own, so that seeds stay .npy files.
  const auto types = polygraph::all_data_types();
  const std::size_t choice = data[size - 1] % (types.size() + 1);
  std::optional<DataType> as;
  if (choice < types.size()) as = types[choice];
  for (const std::optional<DataType> type : {as, std::optional<DataType>()}) {
    try {
      const polygraph::Tensor tensor = polygraph::load_npy(std::as_bytes(std::span(data, size)), type);
      tensor.str(100, 2);
      tensor.nbytes();
      if (tensor.element_count() > 0) tensor.element_as_text(tensor.element_count() - 1);
      if (tensor.dtype() != DataType::string) tensor.cast(DataType::float32);
    } catch (const polygraph::InputError&) {
    }
  }
  return 0;
}
