// Compiled with the headers of TensorRT versions that have algorithm selectors, and driven as TensorRT does
// it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>

#include <filesystem>

#include "compare/temporary_folder.h"
#include "helpers/message.h"
#include "trt/tactics.h"

namespace polygraph::trt::test {
namespace {

using polygraph::test::message;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
namespace apiv = nvinfer1::apiv;
using namespace nvinfer1;  // NOLINT: as in the declarations that are overridden

class FakeIo final : public IAlgorithmIOInfo, public apiv::VAlgorithmIOInfo {
 public:
  explicit FakeIo(nvinfer1::DataType type) : type_(type) { IAlgorithmIOInfo::mImpl = this; }
#if NV_TENSORRT_MAJOR < 10
  TensorFormat getTensorFormat() const noexcept override {
    return TensorFormat::kLINEAR;
  }
#endif
  nvinfer1::DataType getDataType() const noexcept override {
    return type_;
  }
  Dims getStrides() const noexcept override {
    return Dims{2, {4, 1}};
  }
#if NV_TENSORRT_MAJOR >= 10
  std::int64_t getVectorizedDim() const noexcept override {
    return -1;
  }
  std::int64_t getComponentsPerElement() const noexcept override {
    return 1;
  }
#endif

 private:
  nvinfer1::DataType type_;
};

class FakeVariant final : public IAlgorithmVariant, public apiv::VAlgorithmVariant {
 public:
  explicit FakeVariant(std::int64_t tactic) : tactic_(tactic) { IAlgorithmVariant::mImpl = this; }
  std::int64_t getImplementation() const noexcept override { return 9; }
  std::int64_t getTactic() const noexcept override { return tactic_; }

 private:
  std::int64_t tactic_;
};

class FakeAlgorithm final : public IAlgorithm, public apiv::VAlgorithm {
 public:
  explicit FakeAlgorithm(std::int64_t tactic) : variant_(tactic) { IAlgorithm::mImpl = this; }
#if NV_TENSORRT_MAJOR < 10
  const IAlgorithmIOInfo& getAlgorithmIOInfo(std::int32_t) const noexcept override {
    return input_;
  }
#endif
  const IAlgorithmVariant& getAlgorithmVariant() const noexcept override {
    return variant_;
  }
  float getTimingMSec() const noexcept override {
    return 1;
  }
  std::size_t getWorkspaceSize() const noexcept override {
    return 0;
  }
  const IAlgorithmIOInfo* getAlgorithmIOInfoByIndex(std::int32_t index) const noexcept override {
    return index == 0 ? &input_ : index == 1 ? &output_ : nullptr;
  }

 private:
  FakeVariant variant_;
  FakeIo input_{nvinfer1::DataType::kFLOAT};
  FakeIo output_{nvinfer1::DataType::kHALF};
};

class FakeContext final : public IAlgorithmContext, public apiv::VAlgorithmContext {
 public:
  explicit FakeContext(const char* name) : name_(name) { IAlgorithmContext::mImpl = this; }
  const char* getName() const noexcept override { return name_; }
  Dims getDimensions(std::int32_t, OptProfileSelector) const noexcept override { return Dims{2, {4, 4}}; }
  std::int32_t getNbInputs() const noexcept override { return 1; }
  std::int32_t getNbOutputs() const noexcept override { return 1; }

 private:
  const char* name_;
};

Algorithm algorithm(std::int64_t tactic) {
  AlgorithmIo io{.dtype = "DataType.FLOAT", .strides = {4, 1}};
  if (NV_TENSORRT_MAJOR >= 10) {
    io.vectorized_dim = -1;
    io.components_per_element = 1;
  }
  AlgorithmIo output = io;
  output.dtype = "DataType.HALF";
  return {.implementation = 9, .tactic = tactic, .inputs = {io}, .outputs = {output}};
}

// A layer that TensorRT has three algorithms for, with the tactics 1, 2 and 3; it takes the first it may.
class Build {
 public:
  explicit Build(AlgorithmTactics& tactics) : selector_(tactics) {}

  bool run(const char* layer) {
    const FakeContext context(layer);
    const IAlgorithm* const choices[] = {&offered_[0], &offered_[1], &offered_[2]};
    std::int32_t selected[3] = {-1, -1, -1};
    const std::int32_t count = selector_.selectAlgorithms(context, choices, 3, selected);
    if (count == 0) return false;
    selections.emplace_back(selected, selected + count);
    report(layer, offered_[ignores_selection ? 2 : selected[0]]);
    return true;
  }
  void report(const char* layer, const FakeAlgorithm& taken) {
    const FakeContext context(layer);
    const IAlgorithmContext* const contexts[] = {&context};
    const IAlgorithm* const algorithms[] = {&taken};
    selector_.reportAlgorithms(contexts, algorithms, 1);
  }
  std::vector<std::vector<std::int32_t>> selections;
  bool ignores_selection = false;

 private:
  NativeAlgorithmSelector selector_;
  FakeAlgorithm offered_[3]{FakeAlgorithm(1), FakeAlgorithm(2), FakeAlgorithm(3)};
};

TEST(NativeTactics, AreRecorded) {
  const compare::TemporaryFolder folder;
  const std::string path = folder / "replay.json";
  AlgorithmTactics tactics(std::nullopt, "", path);
  Build build(tactics);
  EXPECT_TRUE(build.run("conv"));
  EXPECT_THAT(build.selections, ElementsAre(ElementsAre(0, 1, 2)));
  tactics.finish(false);
  EXPECT_FALSE(std::filesystem::exists(path)) << "there is no engine";
  tactics.finish(true);
  TacticReplayData expected;
  expected.add("conv", algorithm(1));
  EXPECT_EQ(TacticReplayData::load(path), expected);
}

TEST(NativeTactics, AreReplayed) {
  TacticReplayData replay;
  replay.add("conv", algorithm(2));
  AlgorithmTactics tactics(replay, "replay.json", "");
  Build build(tactics);
  EXPECT_TRUE(build.run("conv"));
  EXPECT_TRUE(build.run("another"));
  EXPECT_THAT(build.selections, ElementsAre(ElementsAre(1), ElementsAre(0, 1, 2)));
  tactics.finish(true);
  EXPECT_EQ(tactics.taken().find("conv")->tactic, 2);
}

TEST(NativeTactics, FailTheBuildIfTheyAreNotOffered) {
  TacticReplayData replay;
  replay.add("conv", algorithm(4));
  AlgorithmTactics tactics(replay, "replay.json", "");
  Build build(tactics);
  EXPECT_FALSE(build.run("conv"));
  EXPECT_THAT(
      message<BackendError>([&] { tactics.finish(false); }),
      AllOf(HasSubstr("The tactics of 'replay.json' were not replayed"),
            HasSubstr("layer 'conv': (Implementation: 9, Tactic: 4)"),
            HasSubstr("is none of the 3 algorithms that TensorRT offers"), HasSubstr("Record it again")));
}

TEST(NativeTactics, AreCheckedWhenTheyAreReported) {
  TacticReplayData replay;
  replay.add("conv", algorithm(2));
  AlgorithmTactics tactics(replay, "replay.json", "");
  Build build(tactics);
  build.ignores_selection = true;
  EXPECT_TRUE(build.run("conv"));
  EXPECT_THAT(
      message<BackendError>([&] { tactics.finish(true); }),
      AllOf(HasSubstr("layer 'conv': TensorRT took (Implementation: 9, Tactic: 3)"), HasSubstr("and not")));
}

}  // namespace
}  // namespace polygraph::trt::test
