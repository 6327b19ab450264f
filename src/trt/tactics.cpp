#include "trt/tactics.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>

#include "core/log_format.h"
#include "trt/build_config.h"
#include "trt/messages.h"

namespace polygraph::trt {

namespace {

constexpr std::size_t most_problems = 5;  // that are shown

constexpr const char* record_again =
    "A replay holds for the network, the configuration, the version of TensorRT and the kind of GPU that it "
    "was recorded with. Record it again: save_tactics (--save-tactics).";

[[noreturn]] void fail_to_replay(const std::string& name, std::vector<std::string> problems) {
  std::ranges::sort(problems);
  const auto repeated = std::ranges::unique(problems);
  problems.erase(repeated.begin(), repeated.end());
  const std::size_t count = problems.size();
  if (count > most_problems) {
    problems.resize(most_problems);
    problems.push_back(fmt::format("and {} more", count - most_problems));
  }
  throw BackendError(fmt::format("The tactics of '{}' were not replayed, and there is no engine.", name),
                     record_again, std::move(problems));
}

void save_taken(const TacticReplayData& taken, const std::string& path) {
  taken.save(path);
  log_info("Saved {} tactics to '{}'", taken.entries().size(), path);
}

// What is wrong with the place is said before the engine is built, which may take long.
void check_writable(const std::string& path) {
  if (!path.empty()) AtomicFile never_committed(path);
}

}  // namespace

AlgorithmTactics::AlgorithmTactics(std::optional<TacticReplayData> wanted, std::string name,
                                   std::string save_to)
    : wanted_(std::move(wanted)), name_(std::move(name)), save_to_(std::move(save_to)) {}

const Algorithm* AlgorithmTactics::wanted_for(const std::string& layer) const {
  return wanted_ ? wanted_->find(layer) : nullptr;
}

std::vector<std::int32_t> AlgorithmTactics::select(const std::string& layer,
                                                   const std::vector<Algorithm>& choices) noexcept {
  std::vector<std::int32_t> selected;
  const Algorithm* const wanted = wanted_for(layer);
  if (wanted == nullptr) {
    if (wanted_)
      log_once(Severity::warning,
               fmt::format("'{}' has no tactic for the layer '{}': TensorRT chooses one", name_, layer));
    for (std::size_t i = 0; i < choices.size(); ++i) selected.push_back(static_cast<std::int32_t>(i));
    return selected;
  }
  const auto found = std::ranges::find(choices, *wanted);
  if (found != choices.end())
    selected.push_back(static_cast<std::int32_t>(found - choices.begin()));
  else
    problems_.push_back(fmt::format("layer '{}': {} is none of the {} algorithms that TensorRT offers", layer,
                                    wanted->str(), choices.size()));
  return selected;
}

void AlgorithmTactics::report(const std::string& layer, Algorithm taken) noexcept {
  const Algorithm* const wanted = wanted_for(layer);
  if (wanted != nullptr && taken != *wanted)
    problems_.push_back(
        fmt::format("layer '{}': TensorRT took {} and not {}", layer, taken.str(), wanted->str()));
  taken_.add(layer, std::move(taken));
}

void AlgorithmTactics::finish(bool built) {
  if (!problems_.empty()) fail_to_replay(name_, problems_);
  if (!built) return;
  if (wanted_) log_info("Replayed {} of {} tactics", taken_.entries().size(), wanted_->entries().size());
  if (!save_to_.empty()) save_taken(taken_, save_to_);
}

TacticReplayData record_tactics(const nvinfer1::ITimingCache& cache) {
  TacticReplayData replay;
  for (const TacticOfKey& entry : tactics_of(cache))
    replay.add(entry.key, {.tactic = static_cast<std::int64_t>(entry.tactic)});
  EngineMessages messages;
  const std::shared_ptr<nvinfer1::IHostMemory> bytes(cache.serialize());
  if (replay.entries().empty() || !bytes || bytes->size() == 0)
    messages.fail<BackendError>("The engine's timing cache tells no tactics.",
                                "Leave save_tactics out: nothing was timed, or this version does not tell.");
  const auto* const data = static_cast<const std::byte*>(bytes->data());
  replay.set_timing_cache({data, data + bytes->size()});
  return replay;
}

void replay_tactics(nvinfer1::ITimingCache& cache, const TacticReplayData& replay, const std::string& name) {
  for (const auto& [key, algorithm] : replay.entries())
    if (!set_tactic(cache, {key, static_cast<std::uint64_t>(algorithm.tactic)}))
      throw InputError(fmt::format("'{}' is damaged: its timing cache does not take the tactic {} for {}.",
                                   name, algorithm.tactic, key),
                       record_again);
}

void check_replayed(const nvinfer1::ITimingCache& cache, const TacticReplayData& replay,
                    const std::string& name) {
  std::vector<std::string> problems;
  std::map<std::string, std::uint64_t> now;
  for (const TacticOfKey& entry : tactics_of(cache)) {
    now[entry.key] = entry.tactic;
    if (replay.find(entry.key) == nullptr)
      problems.push_back(entry.key + ": TensorRT chose a tactic, and the replay has none");
  }
  for (const auto& [key, algorithm] : replay.entries()) {
    const auto found = now.find(key);
    const auto wanted = static_cast<std::uint64_t>(algorithm.tactic);
    if (found == now.end())
      problems.push_back(fmt::format("{}: the entry is gone", key));
    else if (found->second != wanted)
      problems.push_back(fmt::format("{}: TensorRT took {:#x} and not {:#x}", key, found->second, wanted));
  }
  if (!problems.empty()) fail_to_replay(name, std::move(problems));
}

namespace {

// Tactics by the keys of an editable timing cache.
class TimingCacheTactics final : public Tactics {
 public:
  TimingCacheTactics(std::optional<TacticReplayData> wanted, std::string name, std::string save_to,
                     BuildConfig& build)
      : wanted_(std::move(wanted)), name_(std::move(name)), save_to_(std::move(save_to)) {
    make_timing_cache_editable(*build.config, wanted_.has_value());
    if (wanted_ || !build.timing_cache) attach(build);
    cache_ = build.timing_cache;
  }

  void finish(bool built) override {
    if (!built) return;
    if (wanted_) {
      check_replayed(*cache_, *wanted_, name_);
      log_info("Replayed {} tactics", wanted_->entries().size());
    }
    if (!save_to_.empty()) save_taken(record_tactics(*cache_), save_to_);
  }

 private:
  void attach(BuildConfig& build) {
    const std::vector<std::byte> bytes = wanted_ ? wanted_->timing_cache() : std::vector<std::byte>();
    EngineMessages messages;
    build.timing_cache.reset(build.config->createTimingCache(bytes.data(), bytes.size()));
    if (!build.timing_cache || messages.mention("deserialize timing cache"))
      messages.fail<InputError>(
          fmt::format("The timing cache in '{}' is damaged or of another version of TensorRT.", name_),
          record_again);
    if (wanted_) replay_tactics(*build.timing_cache, *wanted_, name_);
    // The same kind of GPU has more than one identity; whether its tactics fit is checked one by one.
    if (!build.config->setTimingCache(*build.timing_cache, true))
      messages.fail<InputError>(fmt::format("TensorRT does not take the timing cache in '{}'.", name_),
                                record_again);
  }

  std::optional<TacticReplayData> wanted_;
  std::string name_;
  std::string save_to_;
  std::shared_ptr<nvinfer1::ITimingCache> cache_;
};

void check_kind(const TacticReplayData& replay, const std::string& name) {
  const bool has_cache = !replay.timing_cache().empty();
  if (has_cache == has_editable_timing_cache) return;
  throw InputError(
      fmt::format("'{}' was recorded by TensorRT {}, and this is TensorRT {}.", name,
                  has_cache ? "11 or later" : "up to 10", has_cache ? "up to 10" : "11 or later"),
      "These versions tell tactics in different ways. Record it again: save_tactics (--save-tactics).");
}

}  // namespace

std::shared_ptr<Tactics> make_tactics(const ConfigOptions& options, BuildConfig& build) {
  if (options.save_tactics.empty() && options.load_tactics.empty()) return nullptr;
  if (flavour == Flavour::tensorrt_rtx)
    throw BackendError(
        "TensorRT-RTX has no options save_tactics and load_tactics: it chooses kernels when an engine is "
        "run.",
        "Leave them out, or use TensorRT.");
  check_writable(options.save_tactics);
  std::optional<TacticReplayData> wanted;
  if (!options.load_tactics.empty()) {
    wanted = TacticReplayData::load(options.load_tactics);
    check_kind(*wanted, options.load_tactics);
  }
  if (has_editable_timing_cache)
    return std::make_shared<TimingCacheTactics>(std::move(wanted), options.load_tactics, options.save_tactics,
                                                build);
  // A layer whose time is known from another one like it would not be asked for.
  if (!build.timing_cache) build.config->setFlag(nvinfer1::BuilderFlag::kDISABLE_TIMING_CACHE);
  auto tactics =
      std::make_shared<AlgorithmTactics>(std::move(wanted), options.load_tactics, options.save_tactics);
  tactics->attach(*build.config);
  return tactics;
}

}  // namespace polygraph::trt
