#include "trt/calibration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>

#include <cstring>
#include <fstream>
#include <thread>

#include "compare/temporary_folder.h"
#include "helpers/message.h"
#include "trt_runner/stand_in/loaded.h"

namespace polygraph::trt::test {
namespace {

using polygraph::test::message;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

TensorMetadata inputs() {
  TensorMetadata metadata;
  for (const auto& [name, dtype] : {std::pair{"a", DataType::float32}, {"b", DataType::int64}}) {
    TensorInfo info;
    info.name = name;
    info.dtype = dtype;
    info.shape = PartialShape(Shape{2});
    metadata.add(std::move(info));
  }
  return metadata;
}

FeedDict feed(float a, std::int64_t b) {
  return {{"a", Tensor::from({a, -a}, Shape{2})}, {"b", Tensor::from<std::int64_t>({b, b + 1}, Shape{2})}};
}

// What TensorRT does: it asks for the inputs, in an order of its own, until there are no more.
class Driver {
 public:
  explicit Driver(Calibration& calibration) : calibration_(calibration) {}
  bool next() {
    const char* const names[] = {"b", "a"};
    return calibration_.next(addresses_, names, 2);
  }
  std::vector<float> a() const { return values<float>(addresses_[1]); }
  std::vector<std::int64_t> b() const { return values<std::int64_t>(addresses_[0]); }

 private:
  template <class T>
  static std::vector<T> values(const void* address) {  // the stand-in's device memory is the host's
    std::vector<T> copy(2);
    std::memcpy(copy.data(), address, 2 * sizeof(T));
    return copy;
  }
  Calibration& calibration_;
  void* addresses_[2] = {};
};

class TrtCalibration : public testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(cuda().device_blocks, 0); }
  std::string cache_path() const { return (folder_ / "calibration.cache").string(); }
  std::string cached() const {
    std::ifstream file(cache_path());
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }
  compare::TemporaryFolder folder_;
};

TEST(TrtCalibrator, PrintsItself) {
  EXPECT_EQ(Calibrator(std::vector<FeedDict>{}).str(), "Calibrator(/* data */)");
  const CalibrationData data = [](std::int64_t, const TensorMetadata&) { return std::nullopt; };
  EXPECT_EQ(Calibrator(data, {.cache = "c", .base_class = CalibrationBaseClass::IInt8MinMaxCalibrator},
                       "feed_function(generated_inputs())")
                .str(),
            "Calibrator(feed_function(generated_inputs()), {.cache = \"c\", .base_class = "
            "CalibrationBaseClass::IInt8MinMaxCalibrator})");
}

TEST(TrtCalibrator, RefusesWhatItsBaseClassDoesNotUse) {
  const std::vector<FeedDict> none;
  EXPECT_THAT(message<UsageError>([&] { Calibrator(none, {.quantile = 0.9}); }),
              HasSubstr("quantile is given, and IInt8EntropyCalibrator2 does not use it"));
  const auto legacy = CalibrationBaseClass::IInt8LegacyCalibrator;
  EXPECT_THAT(
      message<UsageError>([&] { Calibrator(none, {.base_class = legacy, .regression_cutoff = 1.5}); }),
      HasSubstr("regression_cutoff is 1.5, and it must be 0 to 1"));
  EXPECT_NO_THROW(Calibrator(none, {.base_class = legacy, .quantile = 0.9, .regression_cutoff = 1}));
  EXPECT_THAT(message<UsageError>([] { Calibrator{CalibrationData()}; }), HasSubstr("the function is empty"));
}

TEST_F(TrtCalibration, FeedsAllIterationsFromTheGpu) {
  Calibration calibration(Calibrator({feed(1, 10), feed(2, 20)}, {.cache = cache_path()}), inputs());
  EXPECT_TRUE(calibration.cache().empty());
  Driver driver(calibration);
  ASSERT_TRUE(driver.next());
  EXPECT_THAT(driver.a(), ElementsAre(1, -1));
  EXPECT_THAT(driver.b(), ElementsAre(10, 11));
  EXPECT_EQ(cuda().device_blocks, 2);
  ASSERT_TRUE(driver.next());
  EXPECT_THAT(driver.a(), ElementsAre(2, -2));
  EXPECT_THAT(driver.b(), ElementsAre(20, 21));
  EXPECT_EQ(cuda().device_blocks, 2) << "the same memory again";
  EXPECT_FALSE(driver.next());
  calibration.write_cache(bytes("scales\0of all"));
  EXPECT_EQ(cached(), "scales");
  calibration.finish();
}

TEST_F(TrtCalibration, TakesDataThatIsOnTheGpuAsItIs) {
  std::vector<DeviceTensorMap> feeds;
  for (const float i : {1.0f, 2.0f}) {
    const FeedDict host = feed(i, static_cast<std::int64_t>(i) * 10);
    feeds.push_back({{"b", DeviceTensor::from_host(host["b"])}, {"a", DeviceTensor::from_host(host["a"])}});
  }
  const DeviceCalibrationData data = [&](std::int64_t i,
                                         const TensorMetadata&) -> std::optional<DeviceTensorMap> {
    if (i == 2) return std::nullopt;
    return feeds[static_cast<std::size_t>(i)];
  };
  {
    const Calibrator calibrator = Calibrator::on_device(data, {.cache = cache_path()}, "mine()");
    EXPECT_EQ(calibrator.str(), "Calibrator::on_device(mine(), {.cache = \"" + cache_path() + "\"})");
    Calibration calibration(calibrator, inputs());
    Driver driver(calibration);
    ASSERT_TRUE(driver.next());
    EXPECT_THAT(driver.a(), ElementsAre(1, -1));
    EXPECT_THAT(driver.b(), ElementsAre(10, 11));
    ASSERT_TRUE(driver.next());
    EXPECT_THAT(driver.a(), ElementsAre(2, -2));
    EXPECT_EQ(cuda().device_blocks, 4) << "nothing is copied";
    EXPECT_FALSE(driver.next());
    calibration.finish();
  }
  const auto failure = [&] {
    Calibration calibration(Calibrator::on_device(data), inputs());
    EXPECT_FALSE(Driver(calibration).next());
    return message<InputError>([&] { calibration.finish(); });
  };
  alignas(16) float host[2] = {};
  feeds[0].set("a", DeviceTensor::view(host, DataType::float32, Shape{2}));
  EXPECT_THAT(failure(), HasSubstr("'a' is not on a GPU"));
  feeds[0].set("a", DeviceTensor(DataType::float32, Shape{3}));
  EXPECT_THAT(failure(), HasSubstr("of shape (3,), and it has to be float32 of shape (2,)"));
  feeds[0] = DeviceTensorMap{{"b", feeds[1]["b"]}};
  EXPECT_THAT(failure(), HasSubstr("iteration 0 of the data has no input 'a'"));
  EXPECT_THAT(message<UsageError>([] { Calibrator::on_device({}); }), HasSubstr("the function is empty"));
}

TEST_F(TrtCalibration, TakesTheCacheAsItIs) {
  const std::string content("TRT-8503-EntropyCalibration2\nx: 3c010a14\n\0\xff", 43);
  std::ofstream(cache_path()) << content;
  const CalibrationData data = [](std::int64_t, const TensorMetadata&) -> std::optional<FeedDict> {
    throw InputError("nobody needs data");
  };
  Calibration calibration(Calibrator(data, {.cache = cache_path()}), inputs());
  const auto cache = calibration.cache();
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(cache.data()), cache.size()), content);
  calibration.finish();
}

TEST_F(TrtCalibration, ReplacesACacheThatTensorRtDoesNotTake) {
  std::ofstream(cache_path()) << "of another version";
  Calibration calibration(Calibrator({feed(1, 10)}, {.cache = cache_path()}), inputs());
  Driver driver(calibration);
  EXPECT_TRUE(driver.next());
  EXPECT_FALSE(driver.next());
  calibration.write_cache(bytes("new"));
  calibration.finish();
  EXPECT_EQ(cached(), "new");
}

TEST_F(TrtCalibration, AnEmptyCacheIsNone) {
  std::ofstream{cache_path()};
  EXPECT_TRUE(Calibration(Calibrator({feed(1, 10)}, {.cache = cache_path()}), inputs()).cache().empty());
}

TEST_F(TrtCalibration, WithoutACacheNothingIsWritten) {
  Calibration calibration(Calibrator({feed(1, 10)}), inputs());
  calibration.write_cache(bytes("scales"));
  calibration.finish();
  EXPECT_EQ(cached(), "");
}

// What goes wrong inside a call of TensorRT's is told when that is over, and no cache is left of half the
// data.
TEST_F(TrtCalibration, KeepsErrorsOfTheData) {
  const auto failure = [&](const FeedDict& second) {
    Calibration calibration(Calibrator({feed(1, 10), second}, {.cache = cache_path()}), inputs());
    Driver driver(calibration);
    EXPECT_TRUE(driver.next());
    EXPECT_FALSE(driver.next());
    EXPECT_FALSE(driver.next()) << "nor again";
    calibration.write_cache(bytes("half"));
    EXPECT_FALSE(std::filesystem::exists(cache_path()));
    return message<InputError>([&] { calibration.finish(); });
  };
  const Tensor b = feed(1, 10)["b"];
  EXPECT_THAT(failure({{"b", b}}), HasSubstr("iteration 1 of the data has no input 'a'"));
  EXPECT_THAT(
      failure({{"a", Tensor(DataType::float16, Shape{2})}, {"b", b}}),
      AllOf(HasSubstr("in iteration 1 of the data 'a' is float16 of shape (2,), and it has to be float32 "
                      "of shape (2,)"),
            HasSubstr("calibrates in float32")));
  EXPECT_THAT(failure({{"a", Tensor(DataType::float32, Shape{3})}, {"b", b}}), HasSubstr("of shape (3,)"));
}

TEST_F(TrtCalibration, DataWithoutAnyIterationIsAnError) {
  Calibration calibration(Calibrator(std::vector<FeedDict>{}), inputs());
  EXPECT_FALSE(Driver(calibration).next());
  EXPECT_THAT(message<InputError>([&] { calibration.finish(); }), HasSubstr("the data has no iteration"));
}

TEST_F(TrtCalibration, OutOfDeviceMemoryIsToldWhenItIsOver) {
  Calibration calibration(Calibrator({feed(1, 10)}), inputs());
  cuda().mallocs_left = 1;
  EXPECT_FALSE(Driver(calibration).next());
  cuda().mallocs_left = -1;
  EXPECT_THAT(message<BackendError>([&] { calibration.finish(); }), HasSubstr("cudaErrorMemoryAllocation"));
}

TEST_F(TrtCalibration, APlaceThatCannotBeWrittenIsToldBeforehand) {
  EXPECT_THAT(message<InputError>([&] {
                Calibration(Calibrator({feed(1, 10)}, {.cache = (folder_ / "").string()}), inputs());
              }),
              HasSubstr("irectory"));
}

}  // namespace
}  // namespace polygraph::trt::test
