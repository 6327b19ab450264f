// Compiled with the headers of TensorRT versions that calibrate, and driven as TensorRT does it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>

#include <cstring>
#include <fstream>

#include "compare/temporary_folder.h"
#include "trt/versions/calibrator.h"
#include "trt_runner/stand_in/loaded.h"

namespace polygraph::trt::test {
namespace {

[[maybe_unused]] const bool stand_in_named = [] {
  setenv("POLYGRAPH_CUDART", POLYGRAPH_STAND_INS "/libcudart.so", 1);
  return true;
}();

using testing::ElementsAre;
using Algorithm = nvinfer1::CalibrationAlgoType;

Calibration calibration_of(CalibratorOptions options) {
  const FeedDict feed{{"x", Tensor::from({1.0f, -2.0f}, Shape{2})}};
  TensorInfo x;
  x.name = "x";
  x.dtype = DataType::float32;
  x.shape = PartialShape(Shape{2});
  return Calibration(Calibrator({feed}, std::move(options)), TensorMetadata{x});
}

TEST(NativeCalibrator, IsOfTheClassAskedFor) {
  using Class = CalibrationBaseClass;
  const std::pair<Class, Algorithm> classes[] = {
      {Class::IInt8EntropyCalibrator2, Algorithm::kENTROPY_CALIBRATION_2},
      {Class::IInt8MinMaxCalibrator, Algorithm::kMINMAX_CALIBRATION},
      {Class::IInt8EntropyCalibrator, Algorithm::kENTROPY_CALIBRATION},
      {Class::IInt8LegacyCalibrator, Algorithm::kLEGACY_CALIBRATION}};
  for (const auto& [base_class, algorithm] : classes) {
    Calibration calibration = calibration_of({.base_class = base_class});
    EXPECT_EQ(make_native_calibrator(calibration)->getAlgorithm(), algorithm);
  }
}

TEST(NativeCalibrator, FeedsAndCaches) {
  const compare::TemporaryFolder folder;
  const std::string path = folder / "calibration.cache";
  {
    Calibration calibration = calibration_of({.cache = path});
    const auto native = make_native_calibrator(calibration);
    EXPECT_EQ(native->getBatchSize(), 1);
    std::size_t size = 7;
    EXPECT_EQ(native->readCalibrationCache(size), nullptr);
    EXPECT_EQ(size, 0U);
    void* address = nullptr;
    const char* name = "x";
    ASSERT_TRUE(native->getBatch(&address, &name, 1));
    std::vector<float> values(2);
    std::memcpy(values.data(), address, 8);
    EXPECT_THAT(values, ElementsAre(1, -2));
    EXPECT_FALSE(native->getBatch(&address, &name, 1));
    native->writeCalibrationCache("x: 3c\0\x01", 7);
    calibration.finish();
  }
  Calibration again = calibration_of({.cache = path});
  std::size_t size = 0;
  const void* const cache = make_native_calibrator(again)->readCalibrationCache(size);
  ASSERT_EQ(size, 7U);
  EXPECT_EQ(std::memcmp(cache, "x: 3c\0\x01", 7), 0);
  EXPECT_EQ(cuda().device_blocks, 0);
}

TEST(NativeCalibrator, TellsItsNumbers) {
  const auto base_class = CalibrationBaseClass::IInt8LegacyCalibrator;
  Calibration plain = calibration_of({.base_class = base_class});
  Calibration given = calibration_of({.base_class = base_class, .quantile = 0.9, .regression_cutoff = 0.25});
  const auto legacy = [](Calibration& calibration) {
    return std::dynamic_pointer_cast<nvinfer1::IInt8LegacyCalibrator>(make_native_calibrator(calibration));
  };
  EXPECT_EQ(legacy(plain)->getQuantile(), 0.5);
  EXPECT_EQ(legacy(plain)->getRegressionCutoff(), 0.5);
  EXPECT_EQ(legacy(given)->getQuantile(), 0.9);
  EXPECT_EQ(legacy(given)->getRegressionCutoff(), 0.25);
  std::size_t size = 3;
  EXPECT_EQ(legacy(given)->readHistogramCache(size), nullptr);
  EXPECT_EQ(size, 0U);
}

}  // namespace
}  // namespace polygraph::trt::test
