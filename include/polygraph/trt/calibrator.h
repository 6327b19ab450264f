#pragma once

#include <polygraph/core/options.h>
#include <polygraph/core/tensor.h>
#include <polygraph/trt/device_tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// This header needs nothing of TensorRT.
namespace polygraph::trt {

/// How TensorRT makes scales of the values that it saw, by the names of its classes.
enum class CalibrationBaseClass {
  IInt8EntropyCalibrator2,  ///< loses the least information, a scale for each tensor; the usual one
  IInt8MinMaxCalibrator,    ///< the largest value seen
  IInt8EntropyCalibrator,   ///< as IInt8EntropyCalibrator2, after layers were fused
  IInt8LegacyCalibrator,    ///< by `quantile` and `regression_cutoff`
};
inline constexpr std::string_view calibration_base_class_names[] = {
    "IInt8EntropyCalibrator2", "IInt8MinMaxCalibrator", "IInt8EntropyCalibrator", "IInt8LegacyCalibrator"};
constexpr std::span<const std::string_view> enum_names(CalibrationBaseClass) {
  return calibration_base_class_names;
}
constexpr std::string_view enum_type_name(CalibrationBaseClass) {
  return "CalibrationBaseClass";
}

/// How an engine is calibrated.
struct CalibratorOptions {
  /// What calibration found, in TensorRT's own format. If the file is there and not empty, no data is needed;
  /// else it is written.
  std::string cache = {};
  CalibrationBaseClass base_class = CalibrationBaseClass::IInt8EntropyCalibrator2;
  /// These two are for IInt8LegacyCalibrator alone; its default is 0.5 for both.
  std::optional<double> quantile = std::nullopt;
  std::optional<double> regression_cutoff = std::nullopt;

  static constexpr auto fields() {
    using O = CalibratorOptions;
    return std::tuple(
        Field{"cache", &O::cache,
              "What calibration found: read in place of calibrating if the file is there, written otherwise.",
              "FILE"},
        Field{"base_class", &O::base_class, "How TensorRT makes scales of the values that it saw.", "NAME"},
        Field{"quantile", &O::quantile,
              "For IInt8LegacyCalibrator: the share of values to keep within the range, 0 to 1.", "X"},
        Field{"regression_cutoff", &O::regression_cutoff,
              "For IInt8LegacyCalibrator: where it stops to look for a smaller range, 0 to 1.", "X"});
  }
  friend bool operator==(const CalibratorOptions&, const CalibratorOptions&) = default;
};

/// Inputs to calibrate with, by number from 0; nothing at the end. It is told what the network needs: types
/// are float32, int32, int64 or bool (TensorRT calibrates in float32), shapes are those that the last
/// optimization profile is tuned for.
using CalibrationData =
    std::function<std::optional<FeedDict>(std::int64_t iteration, const TensorMetadata& inputs)>;

/// The same for data that is on the GPU already, and is used where it is. It has to be there when the
/// function returns; the tensors are kept until the next iteration is asked for.
using DeviceCalibrationData =
    std::function<std::optional<DeviceTensorMap>(std::int64_t iteration, const TensorMetadata& inputs)>;

/// INT8 calibration: data that TensorRT runs through the network to find the range of each tensor, for
/// networks that do not say themselves how to quantize. A handle; const use is thread-safe if `data` is. It
/// is asked for iteration 0 at each build that calibrates.
///
/// TensorRT 8.5 to 10 calibrate. TensorRT 11 and TensorRT-RTX take INT8 only from models with QuantizeLinear
/// and DequantizeLinear nodes, for which no version needs a calibrator.
/// @code
///   Calibrator calibrator(images, {.cache = "calibration.cache"});  // std::vector<FeedDict>
///   Engine engine = engine_from_network(network, CreateConfig({.int8 = true}, {}, calibrator));
/// @endcode
class Calibrator {
 public:
  /// @param name  The expression that makes the data, for when the calibrator is printed.
  /// Throws UsageError if `data` is empty, for numbers out of range, and for numbers that the base class does
  /// not use.
  explicit Calibrator(CalibrationData data, CalibratorOptions options = {}, std::string name = {});
  /// The feeds one behind the other.
  explicit Calibrator(std::vector<FeedDict> feeds, CalibratorOptions options = {});

  /// With data on the GPU; the rest as for the constructor. Memory that is not on a GPU is an error of the
  /// build.
  static Calibrator on_device(DeviceCalibrationData data, CalibratorOptions options = {},
                              std::string name = {});

  /// One of the two is empty.
  const CalibrationData& data() const { return state_->data; }
  const DeviceCalibrationData& device_data() const { return state_->device_data; }
  const CalibratorOptions& options() const { return state_->options; }
  /// The C++ expression that makes it.
  std::string str() const;

  friend bool operator==(const Calibrator& a, const Calibrator& b) { return a.state_ == b.state_; }
  friend std::string cpp_literal(const Calibrator& calibrator) { return calibrator.str(); }

 private:
  struct State {
    CalibrationData data;
    DeviceCalibrationData device_data;
    CalibratorOptions options;
    std::string name;
  };
  explicit Calibrator(State state);
  std::shared_ptr<const State> state_;
};

}  // namespace polygraph::trt
