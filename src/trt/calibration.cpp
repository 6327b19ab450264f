#include "trt/calibration.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/core/loader.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/log_format.h"
#include "trt/cuda.h"

namespace polygraph::trt {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view attempt = "Calibrating";

void check_share(std::string_view name, const std::optional<double>& value, CalibrationBaseClass base_class) {
  if (!value) return;
  if (base_class != CalibrationBaseClass::IInt8LegacyCalibrator)
    throw UsageError(fmt::format("Calibrator: {} is given, and {} does not use it.", name,
                                 enum_names(base_class)[static_cast<std::size_t>(base_class)]),
                     "Leave it out, or take the base class IInt8LegacyCalibrator.");
  if (!(*value >= 0 && *value <= 1))
    throw UsageError(fmt::format("Calibrator: {} is {}, and it must be 0 to 1.", name, *value),
                     "Leave it out for 0.5.");
}

// What is wrong with the place is said before TensorRT calibrates, which may take long.
Bytes read_cache(const fs::path& path) {
  if (path.empty()) return {};
  std::error_code error;
  if (!fs::exists(path, error)) {
    AtomicFile never_committed(path);
    return {};
  }
  const auto file = std::make_shared<MappedFile>(path);
  if (file->size() > 0) log_info("TensorRT is given the calibration cache '{}'", path.native());
  // A copy: the file may be written while TensorRT reads it.
  return Bytes(std::vector<std::byte>(file->bytes().begin(), file->bytes().end()));
}

// Of tensors on the host or on the GPU.
template <class Feed>
const auto& tensor_for(const Feed& feed, const TensorInfo& input, std::int64_t iteration) {
  const auto* const tensor = feed.find(input.name);
  if (tensor == nullptr) {
    std::vector<std::string> names;
    for (const auto& [name, fed] : feed) names.push_back(name);
    throw InputError(fmt::format("{}: iteration {} of the data has no input '{}'.{}", attempt, iteration,
                                 input.name, suggest(input.name, names)),
                     "Each iteration has all of the network's inputs.");
  }
  if (tensor->dtype() != *input.dtype || !input.shape.accepts(tensor->shape()))
    throw InputError(
        fmt::format(
            "{}: in iteration {} of the data '{}' is {} of shape {}, and it has to be {} of shape {}.",
            attempt, iteration, input.name, to_string(tensor->dtype()), tensor->shape().str(),
            to_string(*input.dtype), input.shape.str()),
        "TensorRT calibrates in float32, with the shapes that the last optimization profile is tuned for: "
        "cast the data (Tensor::cast), or give another profile.");
  return *tensor;
}

}  // namespace

Calibrator::Calibrator(State state) : state_(std::make_shared<const State>(std::move(state))) {
  if (!state_->data && !state_->device_data)
    throw UsageError("Calibrator: the function is empty.", "Pass one that returns inputs by number.");
  check_share("quantile", state_->options.quantile, state_->options.base_class);
  check_share("regression_cutoff", state_->options.regression_cutoff, state_->options.base_class);
}

Calibrator::Calibrator(CalibrationData data, CalibratorOptions options, std::string name)
    : Calibrator(State{std::move(data), {}, std::move(options), std::move(name)}) {}

Calibrator Calibrator::on_device(DeviceCalibrationData data, CalibratorOptions options, std::string name) {
  return Calibrator(State{{}, std::move(data), std::move(options), std::move(name)});
}

Calibrator::Calibrator(std::vector<FeedDict> feeds, CalibratorOptions options)
    : Calibrator(
          [feeds = std::move(feeds)](std::int64_t iteration,
                                     const TensorMetadata& /*inputs*/) -> std::optional<FeedDict> {
            if (iteration >= static_cast<std::int64_t>(feeds.size())) return std::nullopt;
            return feeds[static_cast<std::size_t>(iteration)];
          },
          std::move(options)) {}

std::string Calibrator::str() const {
  return polygraph::detail::call_expression(
      state_->data ? "Calibrator" : "Calibrator::on_device",
      {state_->name.empty() ? "/* data */" : state_->name, options_to_cpp(state_->options)}, 1);
}

Calibration::Calibration(Calibrator calibrator, TensorMetadata inputs)
    : calibrator_(std::move(calibrator)), inputs_(std::move(inputs)), cache_(read_cache(options().cache)) {}

bool Calibration::next(void* addresses[], const char* const names[], std::int32_t count) noexcept {
  if (error_) return false;
  try {
    return feed_next({addresses, static_cast<std::size_t>(count)}, {names, static_cast<std::size_t>(count)});
  } catch (...) {
    error_ = std::current_exception();
    return false;
  }
}

bool Calibration::feed_next(std::span<void*> addresses, std::span<const char* const> names) {
  if (asked_for_ == 0 && !cache_.span().empty())
    log_warning(
        "TensorRT does not take the calibration cache '{}', which is of another version, another "
        "base class or damaged: calibrating anew",
        options().cache);
  if (!take_next()) {
    if (fed_ > 0) log_info("Calibrated with {} iteration{} of data", fed_, fed_ == 1 ? "" : "s");
    return false;
  }
  for (std::size_t i = 0; i < names.size(); ++i) addresses[i] = on_device_[names[i]].data();
  ++fed_;
  return true;
}

// Brings the next iteration to the GPU, if there is one.
bool Calibration::take_next() {
  const std::int64_t iteration = asked_for_++;
  if (calibrator_.data()) {
    const std::optional<FeedDict> feed = calibrator_.data()(iteration, inputs_);
    if (feed)
      for (const TensorInfo& input : inputs_) upload(*feed, input);
    return feed.has_value();
  }
  const std::optional<DeviceTensorMap> feed = calibrator_.device_data()(iteration, inputs_);
  if (feed)
    for (const TensorInfo& input : inputs_) take_over(*feed, input);
  return feed.has_value();
}

void Calibration::take_over(const DeviceTensorMap& feed, const TensorInfo& input) {
  const DeviceTensor& tensor = tensor_for(feed, input, asked_for_ - 1);
  if (!cuda::attributes_of(tensor.data()).is_on_gpu())
    throw InputError(fmt::format("{}: in iteration {} of the data '{}' is not on a GPU: the memory at {}.",
                                 attempt, asked_for_ - 1, input.name, tensor.data()),
                     "Copy it there (DeviceTensor::from_host), or give the calibrator data on the host.");
  on_device_.set(input.name, tensor);
}

void Calibration::upload(const FeedDict& feed, const TensorInfo& input) {
  const Tensor& tensor = tensor_for(feed, input, asked_for_ - 1);
  const Tensor host = tensor.contiguous();
  if (on_device_.find(input.name) == nullptr)
    on_device_.set(input.name, DeviceTensor(host.dtype(), host.shape()));
  DeviceTensor device = on_device_[input.name];
  device.copy_from(host, Stream());
  Stream().synchronize();  // `host` may be a copy, which goes
}

void Calibration::write_cache(std::span<const std::byte> bytes) noexcept {
  if (error_ || options().cache.empty()) return;
  try {
    AtomicFile file(options().cache);
    file.write(bytes);
    file.commit();
    log_info("Saved the calibration cache to '{}'", options().cache);
  } catch (...) {
    error_ = std::current_exception();
  }
}

void Calibration::finish() const {
  if (error_) std::rethrow_exception(error_);
  if (asked_for_ > 0 && fed_ == 0)
    throw InputError(fmt::format("{}: the data has no iteration.", attempt),
                     "Give at least one; a generator that was read to its end yields nothing more.");
}

}  // namespace polygraph::trt
