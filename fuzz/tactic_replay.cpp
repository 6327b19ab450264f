// Tactic replays: what can be read is written the same way again and again.
#include <polygraph/core/error.h>
#include <polygraph/core/tactic_replay.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using polygraph::TacticReplayData;
  try {
    const TacticReplayData replay =
        TacticReplayData::from_json({reinterpret_cast<const char*>(data), size}, "input");
    if (!(TacticReplayData::from_json(replay.to_json(), "output") == replay)) std::abort();
    replay.str();
  } catch (const polygraph::InputError&) {
    // foreign bytes
  }
  return 0;
}
