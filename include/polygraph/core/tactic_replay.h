#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Tactic replays: which algorithm TensorRT chose for each layer, in Polygraphy's JSON, byte for byte.
/// @code
///   TacticReplayData replay = TacticReplayData::load("replay.json");
///   if (const Algorithm* algorithm = replay.find("conv1")) std::cout << algorithm->tactic << "\n";
/// @endcode
/// These are values; they need nothing of TensorRT.
namespace polygraph {

/// What an algorithm reads or writes as one of its inputs or outputs.
struct AlgorithmIo {
  std::string dtype;  ///< as TensorRT's Python interface calls it: `DataType.FLOAT`
  std::vector<std::int64_t> strides = {};
  std::optional<std::int64_t> vectorized_dim = {};
  std::optional<std::int64_t> components_per_element = {};

  /// As Polygraphy prints it: `TensorInfo(DataType.FLOAT, (4, 1), -1, 1)`.
  std::string str() const;
  friend bool operator==(const AlgorithmIo&, const AlgorithmIo&) = default;
};

/// A way to compute a layer. Two are the same if all members are.
struct Algorithm {
  std::int64_t implementation = 0;
  std::int64_t tactic = 0;
  std::vector<AlgorithmIo> inputs = {};
  std::vector<AlgorithmIo> outputs = {};

  /// `(Implementation: 1, Tactic: 2) | Inputs: (...) | Outputs: (...)`
  std::string str() const;
  friend bool operator==(const Algorithm&, const Algorithm&) = default;
};

/// The algorithms of a network's layers by name, in the order in which they were added.
///
/// From TensorRT 11 on, names are those of the entries of a timing cache (`0x` and 32 hexadecimal digits),
/// and of an algorithm only the tactic is known, a hash; the timing cache is part of the replay. Polygraphy
/// has no replays for these versions.
class TacticReplayData {
 public:
  /// Throws InputError if the file cannot be read, is no JSON, or is no tactic replay, saying where.
  static TacticReplayData load(const std::filesystem::path& path);
  /// @param name  What the text is called in errors.
  static TacticReplayData from_json(std::string_view text, const std::string& name);

  std::string to_json() const;
  /// Writes the file, atomically. Throws InputError if it cannot be written.
  void save(const std::filesystem::path& path) const;

  /// A name that is there already gets the new algorithm.
  TacticReplayData& add(std::string name, Algorithm algorithm);
  /// Null if there is no such layer.
  const Algorithm* find(std::string_view name) const;
  const std::vector<std::pair<std::string, Algorithm>>& entries() const { return entries_; }

  /// TensorRT's own format; empty in replays of TensorRT up to 10. In JSON hexadecimal, as `timing_cache`.
  const std::vector<std::byte>& timing_cache() const { return timing_cache_; }
  TacticReplayData& set_timing_cache(std::vector<std::byte> bytes);

  /// As Polygraphy prints it: two lines for each layer.
  std::string str() const;
  friend bool operator==(const TacticReplayData&, const TacticReplayData&) = default;

 private:
  std::vector<std::pair<std::string, Algorithm>> entries_;
  std::vector<std::byte> timing_cache_;
};

}  // namespace polygraph
