#include "trt/tactics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/trt/loaders.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "helpers/message.h"
#include "trt/build_config.h"
#include "trt/models.h"

namespace polygraph::trt::test {
namespace {

using polygraph::test::message;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

// An editable timing cache as TensorRT 11 documents it.
class FakeCache final : public nvinfer1::ITimingCache, public nvinfer1::apiv::VTimingCache {
 public:
  FakeCache() { nvinfer1::ITimingCache::mImpl = this; }

  nvinfer1::IHostMemory* serialize() const noexcept override {
    return bytes.empty() ? nullptr : new Memory(bytes);
  }
  bool combine(const nvinfer1::ITimingCache&, bool) noexcept override { return false; }
  bool reset() noexcept override { return false; }
  std::int64_t queryKeys(nvinfer1::TimingCacheKey* buffer, std::int64_t capacity) const noexcept override {
    std::int64_t i = 0;
    for (const auto& [key, value] : entries)
      if (buffer != nullptr && i < capacity) buffer[i++] = to_key(key);
    return static_cast<std::int64_t>(entries.size());
  }
  nvinfer1::TimingCacheValue query(const nvinfer1::TimingCacheKey& key) const noexcept override {
    const auto found = entries.find(key.data[15]);
    return found == entries.end()
               ? nvinfer1::TimingCacheValue{nvinfer1::TimingCacheValue::kINVALID_TACTIC_HASH, NAN}
               : found->second;
  }
  bool update(const nvinfer1::TimingCacheKey& key,
              const nvinfer1::TimingCacheValue& value) noexcept override {
    const auto found = entries.find(key.data[15]);
    if (found == entries.end() || std::isnan(value.timingMSec)) return false;
    found->second = value;
    return true;
  }

  std::map<std::uint8_t, nvinfer1::TimingCacheValue> entries;  // by the last byte of the key
  std::string bytes = "cache";

 private:
  class Memory final : public nvinfer1::IHostMemory, public nvinfer1::apiv::VHostMemory {
   public:
    explicit Memory(std::string text) : text_(std::move(text)) { nvinfer1::IHostMemory::mImpl = this; }
    void* data() const noexcept override { return const_cast<char*>(text_.data()); }
    std::size_t size() const noexcept override { return text_.size(); }
    nvinfer1::DataType type() const noexcept override { return nvinfer1::DataType::kINT8; }

   private:
    std::string text_;
  };
  static nvinfer1::TimingCacheKey to_key(std::uint8_t last) {
    nvinfer1::TimingCacheKey key{};
    key.data[0] = 0xab;
    key.data[15] = last;
    return key;
  }
};

const std::string prefix = "0xab" + std::string(28, '0');

TEST(TimingCacheTactics, AreRecordedByKeyWithTheCache) {
  FakeCache cache;
  cache.entries = {{0x1f, {0xfedcba9876543210U, 0.5f}}, {0x02, {7, 0.25f}}};
  const TacticReplayData replay = record_tactics(cache);
  ASSERT_EQ(replay.entries().size(), 2U);
  EXPECT_EQ(replay.entries()[0].first, prefix + "02");
  EXPECT_EQ(replay.entries()[0].second, (Algorithm{.tactic = 7}));
  EXPECT_EQ(replay.entries()[1].first, prefix + "1f");
  EXPECT_EQ(static_cast<std::uint64_t>(replay.entries()[1].second.tactic), 0xfedcba9876543210U);
  EXPECT_EQ(replay.timing_cache().size(), cache.bytes.size());

  cache.bytes.clear();
  EXPECT_THAT(message<BackendError>([&] { record_tactics(cache); }), HasSubstr("tells no tactics"));
  EXPECT_THAT(message<BackendError>([&] { record_tactics(FakeCache()); }), HasSubstr("tells no tactics"));
}

TEST(TimingCacheTactics, AreSetForAReplayKeepingTheirTimes) {
  FakeCache cache;
  cache.entries = {{1, {10, 0.5f}}, {2, {20, 0.25f}}};
  TacticReplayData replay = record_tactics(cache);
  replay.add(prefix + "01", {.tactic = 11});
  replay_tactics(cache, replay, "r.json");
  EXPECT_EQ(cache.entries[1].tacticHash, 11U);
  EXPECT_EQ(cache.entries[1].timingMSec, 0.5f);
  EXPECT_EQ(cache.entries[2].tacticHash, 20U);
  check_replayed(cache, replay, "r.json");
  for (const std::string& key : {prefix + "03", std::string("conv1"), prefix + "0", prefix + "0g"}) {
    TacticReplayData damaged = replay;
    damaged.add(key, {.tactic = 1});
    EXPECT_THAT(message<InputError>([&] { replay_tactics(cache, damaged, "r.json"); }),
                AllOf(HasSubstr("'r.json' is damaged"), HasSubstr(key)));
  }
}

TEST(TimingCacheTactics, AreCheckedOneByOneAfterTheBuild) {
  FakeCache cache;
  cache.entries = {{1, {10, 0.5f}}, {2, {20, 0.25f}}};
  const TacticReplayData replay = record_tactics(cache);
  cache.entries[1].timingMSec = 3;
  check_replayed(cache, replay, "r.json");  // times are the GPU's

  cache.entries = {{1, {15, 0.5f}}, {3, {30, 0.25f}}};
  EXPECT_THAT(message<BackendError>([&] { check_replayed(cache, replay, "r.json"); }),
              AllOf(HasSubstr("The tactics of 'r.json' were not replayed"),
                    HasSubstr(prefix + "01: TensorRT took 0xf and not 0xa"),
                    HasSubstr(prefix + "02: the entry is gone"),
                    HasSubstr(prefix + "03: TensorRT chose a tactic, and the replay has none"),
                    HasSubstr("Record it again")));
}

TEST(TimingCacheTactics, NeedFlags) {
  const Network network = create_network();
  const std::shared_ptr<nvinfer1::IBuilderConfig> config(network.builder().createBuilderConfig());
  using F = nvinfer1::BuilderFlag;
  make_timing_cache_editable(*config, false);
  EXPECT_TRUE(config->getFlag(F::kEDITABLE_TIMING_CACHE));
  EXPECT_TRUE(config->getFlag(F::kDISABLE_COMPILATION_CACHE));
  EXPECT_FALSE(config->getFlag(F::kERROR_ON_TIMING_CACHE_MISS));
  make_timing_cache_editable(*config, true);
  EXPECT_TRUE(config->getFlag(F::kERROR_ON_TIMING_CACHE_MISS));
}

TEST(Tactics, AreNotToldByTensorRtRtx) {
  const std::string path = (std::filesystem::path(testing::TempDir()) / "polygraph_tactics.json").string();
  for (const ConfigOptions& options :
       {ConfigOptions{.save_tactics = path}, ConfigOptions{.load_tactics = path}})
    EXPECT_THAT(message<BackendError>([&] {
                  engine_bytes_from_network(NetworkFromOnnxPath(identity()), CreateConfig(options));
                }),
                HasSubstr("TensorRT-RTX has no options save_tactics and load_tactics"));
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_THAT(message<UsageError>([&] { create_config({.save_tactics = path, .load_tactics = path}); }),
              HasSubstr("save_tactics and load_tactics do not go together"));
}

}  // namespace
}  // namespace polygraph::trt::test
