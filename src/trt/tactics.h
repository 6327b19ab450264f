#pragma once

#include <NvInfer.h>
#include <polygraph/core/tactic_replay.h>
#include <polygraph/trt/config_options.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "trt/versions/tactics.h"

namespace polygraph::trt {

struct BuildConfig;

/// The tactics of one build, which are recorded or replayed (ConfigOptions::save_tactics, load_tactics).
class Tactics {
 public:
  virtual ~Tactics() = default;
  /// To be called when the engine was built, or could not be. Saves what was recorded if it was built. Throws
  /// BackendError if a tactic could not be replayed, saying which.
  virtual void finish(bool built) = 0;
};

/// Has the configuration record or replay what the options say; null if they say neither. The result has to
/// live until the engine is built. Throws InputError if the replay cannot be read or is
/// of another kind, or if the record cannot be written; BackendError if the library has no tactics.
std::shared_ptr<Tactics> make_tactics(const ConfigOptions& options, BuildConfig& build);

/// Tactics by layer, as an algorithm selector learns them. What goes wrong meanwhile is kept, since
/// TensorRT's interface takes no errors: nothing is selected then, so that the build fails, and `finish`
/// tells.
class AlgorithmTactics final : public Tactics, public AlgorithmSelection {
 public:
  /// @param wanted  What to take; none: everything is left to TensorRT.
  /// @param name    What `wanted` is called in errors.
  /// @param save_to  Where to save what is taken; empty: nowhere.
  AlgorithmTactics(std::optional<TacticReplayData> wanted, std::string name, std::string save_to);

  /// One of the choices if it is wanted, none if it is not among them, all if nothing is said of the layer.
  std::vector<std::int32_t> select(const std::string& layer,
                                   const std::vector<Algorithm>& choices) noexcept override;
  void report(const std::string& layer, Algorithm taken) noexcept override;
  void finish(bool built) override;
  /// Has the configuration ask this object.
  void attach(nvinfer1::IBuilderConfig& config) { selector_ = set_algorithm_selection(config, *this); }
  const TacticReplayData& taken() const { return taken_; }

 private:
  const Algorithm* wanted_for(const std::string& layer) const;

  std::optional<TacticReplayData> wanted_;
  std::string name_;
  std::string save_to_;
  TacticReplayData taken_;
  std::vector<std::string> problems_;
  std::shared_ptr<void> selector_;  ///< TensorRT's
};

/// What an editable timing cache holds, as a replay: its entries, and the cache itself.
/// Throws BackendError if it has no entries, or cannot be serialized.
TacticReplayData record_tactics(const nvinfer1::ITimingCache& cache);
/// Sets the tactics of a timing cache, which was made of the replay's, to the replay's entries. Throws
/// InputError for an entry that the cache lacks, or that TensorRT refuses.
void replay_tactics(nvinfer1::ITimingCache& cache, const TacticReplayData& replay, const std::string& name);
/// Compares a timing cache after a build with what was to be replayed, entry by entry. Throws BackendError
/// naming entries that are new, gone, or have another tactic.
void check_replayed(const nvinfer1::ITimingCache& cache, const TacticReplayData& replay,
                    const std::string& name);

}  // namespace polygraph::trt
