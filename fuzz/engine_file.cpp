#include <polygraph/core/engine_file.h>
#include <polygraph/core/error.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace polygraph;

// A description that was understood says the same when it is written and read again.
void check_round_trip(const EngineInfo& info) {
  for (const bool pretty : {false, true}) {
    const std::string text = engine_info_to_json(info, pretty);
    if (engine_info_to_json(engine_info_from_json(text), pretty) != text)
      throw std::logic_error("the description changes when it is written and read again");
  }
}

void read_description(std::string_view text) {
  try {
    check_round_trip(engine_info_from_json(text));
  } catch (const InputError&) {
  }
}

void read_engine(std::span<const std::byte> bytes) {
  try {
    const Bytes owned(std::vector<std::byte>(bytes.begin(), bytes.end()));
    const EngineFile file = EngineFile::read(owned, "fuzz");
    check_round_trip(file.info);
    file.verify("fuzz");
  } catch (const InputError&) {
  }
}

}  // namespace

// Whatever the bytes are, they are an engine, or an InputError says why not. Checksums keep chance away from
// the description, so that the bytes are also read as one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> bytes = std::as_bytes(std::span(data, size));
  read_engine(bytes);
  read_description({reinterpret_cast<const char*>(data), size});
  return 0;
}
