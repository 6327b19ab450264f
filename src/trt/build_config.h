#pragma once

#include <NvInfer.h>
#include <polygraph/trt/objects.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "trt/calibration.h"
#include "trt/tactics.h"

namespace polygraph::trt {

/// TensorRT's configuration for a network, with what it uses.
struct BuildConfig {
  // All that is null if there is none, and outlives the configuration.
  std::shared_ptr<Calibration> calibration;
  std::shared_ptr<void> native_calibrator;
  std::shared_ptr<Tactics> tactics;
  std::shared_ptr<nvinfer1::ITimingCache> timing_cache;
  std::shared_ptr<nvinfer1::IBuilderConfig> config;
  /// Where types are part of the network: the one that it is to be rewritten to.
  std::optional<nvinfer1::DataType> narrow_to;
};

/// Sets all options and profiles, and runs the configuration's steps. Throws UsageError for values that do
/// not exist, BackendError for options that this version lacks, naming the versions that have them.
BuildConfig make_build_config(const Network& network, const Config& config);

/// Adds the profile to the configuration, and returns TensorRT's, which is the builder's. Throws InputError
/// for inputs that do not exist and shapes that do not fit them.
nvinfer1::IOptimizationProfile& add_profile(const Network& network, nvinfer1::IBuilderConfig& config,
                                            const Profile& profile);
/// Whether an input has open dimensions or holds a shape.
bool needs_profile(const nvinfer1::INetworkDefinition& network);

/// The bytes of a timing cache's file, read under its lock; empty, with a warning, if there is none.
Bytes read_timing_cache(const std::filesystem::path& path);
/// Adds what the file has already, and replaces it, under its lock (`FILE.lock`).
void save_timing_cache(const BuildConfig& config, const std::filesystem::path& path);

/// `64`, `512M`, `1.5G` as bytes. Throws UsageError for anything else.
std::size_t parse_memory_size(std::string_view text, std::string_view option);

}  // namespace polygraph::trt
