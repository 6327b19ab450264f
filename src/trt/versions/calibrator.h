#pragma once

#include <NvInfer.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "trt/calibration.h"
#include "trt/versions/version.h"

// The calibrators of TensorRT up to 10.

namespace polygraph::trt {

#if POLYGRAPH_TENSORRT < 1100
/// Passes on what TensorRT asks its calibrator.
template <class Base>
class NativeCalibrator : public Base {
 public:
  explicit NativeCalibrator(Calibration& calibration) : calibration_(calibration) {}
  std::int32_t getBatchSize() const noexcept override { return 1; }  // networks have no implicit batch
  bool getBatch(void* addresses[], const char* names[], std::int32_t count) noexcept override {
    return calibration_.next(addresses, names, count);
  }
  const void* readCalibrationCache(std::size_t& size) noexcept override {
    size = calibration_.cache().size();
    return size == 0 ? nullptr : calibration_.cache().data();
  }
  void writeCalibrationCache(const void* data, std::size_t size) noexcept override {
    calibration_.write_cache({static_cast<const std::byte*>(data), size});
  }

 protected:
  const CalibratorOptions& options() const { return calibration_.options(); }

 private:
  Calibration& calibration_;
};

class NativeLegacyCalibrator final : public NativeCalibrator<nvinfer1::IInt8LegacyCalibrator> {
 public:
  using NativeCalibrator::NativeCalibrator;
  double getQuantile() const noexcept override { return options().quantile.value_or(0.5); }
  double getRegressionCutoff() const noexcept override { return options().regression_cutoff.value_or(0.5); }
  const void* readHistogramCache(std::size_t& size) noexcept override {
    size = 0;
    return nullptr;
  }
  void writeHistogramCache(const void* /*data*/, std::size_t /*size*/) noexcept override {}
};

inline std::shared_ptr<nvinfer1::IInt8Calibrator> make_native_calibrator(Calibration& calibration) {
  switch (calibration.options().base_class) {
    case CalibrationBaseClass::IInt8MinMaxCalibrator:
      return std::make_shared<NativeCalibrator<nvinfer1::IInt8MinMaxCalibrator>>(calibration);
    case CalibrationBaseClass::IInt8EntropyCalibrator:
      return std::make_shared<NativeCalibrator<nvinfer1::IInt8EntropyCalibrator>>(calibration);
    case CalibrationBaseClass::IInt8LegacyCalibrator:
      return std::make_shared<NativeLegacyCalibrator>(calibration);
    case CalibrationBaseClass::IInt8EntropyCalibrator2:
      break;
  }
  return std::make_shared<NativeCalibrator<nvinfer1::IInt8EntropyCalibrator2>>(calibration);
}
#endif

/// Has the configuration calibrate, with the shapes that the profile, if there is one, is tuned for; null if
/// this version does not calibrate.
/// @return  TensorRT's calibrator, which has to live until the engine is built, as has `calibration`.
inline std::shared_ptr<void> set_calibrator([[maybe_unused]] nvinfer1::IBuilderConfig& config,
                                            [[maybe_unused]] Calibration& calibration,
                                            [[maybe_unused]] const nvinfer1::IOptimizationProfile* profile) {
#if POLYGRAPH_TENSORRT < 1100
  auto made = make_native_calibrator(calibration);
  config.setInt8Calibrator(made.get());
  if (profile != nullptr && !config.setCalibrationProfile(profile)) return nullptr;
  return made;
#else
  return nullptr;
#endif
}

}  // namespace polygraph::trt
