#include <fmt/format.h>
#include <polygraph/core/byte_count.h>
#include <polygraph/core/error.h>
#include <polygraph/trt/loaders.h>

#include <algorithm>

#include "core/log_format.h"
#include "trt/build_config.h"
#include "trt/layers.h"
#include "trt/library.h"
#include "trt/messages.h"
#include "trt/network.h"
#include "trt/versions/build.h"
#include "trt/versions/calibrator.h"
#include "trt/versions/library.h"
#include "trt/versions/names.h"
#include "trt/versions/types.h"

namespace polygraph::trt {

namespace {

constexpr std::string_view attempt = "Creating the configuration";

void require(bool given, std::string_view name, bool other_given, std::string_view other) {
  if (given && !other_given)
    throw UsageError(fmt::format("{}: {} was given without {}.", attempt, name, other),
                     fmt::format("Give {}, too, or leave {} out.", other, name));
}

void refuse_both(const std::string& one, std::string_view name, const std::string& other,
                 std::string_view other_name) {
  if (!one.empty() && !other.empty())
    throw UsageError(fmt::format("{}: {} and {} do not go together.", attempt, name, other_name),
                     "Give one of them.");
}

void check_range(std::string_view name, const std::optional<int>& value, int least, int most) {
  if (value && (*value < least || *value > most))
    throw UsageError(
        most == INT_MAX
            ? fmt::format("{}: {} is {}, and it must be {} or more.", attempt, name, *value, least)
            : fmt::format("{}: {} is {}, and it must be {} to {}.", attempt, name, *value, least, most),
        "Leave it out for the default.");
}

}  // namespace

CreateConfig::CreateConfig(ConfigOptions options, std::vector<Profile> profiles,
                           std::optional<Calibrator> calibrator)
    : options_(std::move(options)), profiles_(std::move(profiles)), calibrator_(std::move(calibrator)) {}

Config CreateConfig::operator()() const {
  require(options_.exclude_lean_runtime, "exclude_lean_runtime", options_.version_compatible,
          "version_compatible");
  require(options_.allow_gpu_fallback, "allow_gpu_fallback", options_.use_dla, "use_dla");
  require(calibrator_.has_value(), "a calibrator", options_.int8, "int8");
  refuse_both(options_.save_tactics, "save_tactics", options_.load_tactics, "load_tactics");
  check_range("builder_optimization_level", options_.builder_optimization_level, 0, 5);
  check_range("max_aux_streams", options_.max_aux_streams, 0, INT_MAX);
  for (const auto& [kind, size] : options_.memory_pool_limits)
    parse_memory_size(size, "memory_pool_limits, " + kind);
  return Config(options_, profiles_, calibrator_);
}

std::string CreateConfig::str() const {
  return cpp_expression<0>("CreateConfig", options_, profiles_, calibrator_);
}

PostprocessConfig::PostprocessConfig(Source<Config> config, Config::Step function, std::string name)
    : config_(std::move(config)), function_(std::move(function)), name_(std::move(name)) {
  if (!function_)
    throw UsageError("PostprocessConfig: the function is empty.",
                     "Pass a function that takes an nvinfer1::IBuilderConfig& and a const Network&.");
}

Config PostprocessConfig::operator()() const {
  Config config = config_.get();
  config.add_step(function_);
  return config;
}

std::string PostprocessConfig::str() const {
  return fmt::format("PostprocessConfig({}, {})", config_.str(), name_.empty() ? "/* function */" : name_);
}

std::size_t parse_memory_size(std::string_view text, std::string_view option) {
  if (const auto bytes = parse_byte_count(text)) return static_cast<std::size_t>(*bytes);
  throw UsageError(fmt::format("{}: '{}' is no size of memory.", option, text),
                   "Give bytes, or with K, M, G or T: 512M.");
}

namespace {

[[noreturn]] void fail_not_available(std::string_view name, const Library& library) {
  std::string_view since;
  for_each_field<ConfigOptions>([&](const auto& field) {
    if (field.name == name) since = field.since;
  });
  throw BackendError(
      fmt::format("{}: {} {} has no option {}.", attempt, flavour_name, library.version(), name),
      since.empty() ? std::string("Leave it out.")
                    : fmt::format("Leave it out, or use TensorRT {}{}.", since,
                                  since.find("to") == std::string_view::npos ? " or later" : ""));
}

[[noreturn]] void fail_int8(const Library& library) {
  if (!strongly_typed_only)
    throw UsageError(
        fmt::format(
            "{}: int8 was given, and the network is strongly typed: its types are those of the model.",
            attempt),
        "Leave int8 out: what QuantizeLinear and DequantizeLinear nodes say holds without it. Or leave "
        "strongly_typed out.");
  throw BackendError(fmt::format("{}: {} {} has no option int8, and does not calibrate.", attempt,
                                 flavour_name, library.version()),
                     "Leave it out: a model with QuantizeLinear and DequantizeLinear nodes runs in INT8 "
                     "without it. Quantize "
                     "the model first, e.g. with onnxruntime.quantization.quantize_static; or calibrate with "
                     "TensorRT 8.5 to "
                     "10.");
}

bool has_quantization(const nvinfer1::INetworkDefinition& network) {
  const auto layers = layers_of(network);
  return std::any_of(layers.begin(), layers.end(), [](const nvinfer1::ILayer* layer) {
    return layer->getType() == nvinfer1::LayerType::kQUANTIZE;
  });
}

class Settings {
 public:
  Settings(const Network& network, const Config& config, BuildConfig& build)
      : network_(network),
        options_(config.options()),
        calibrated_(config.calibrator().has_value()),
        build_(build),
        native_(*build.config) {}

  void apply() {
    set_flags();
    set_precisions();
    set_dla();
    set_pools();
    set_lists();
    set_quantization();
    set_levels();
  }

 private:
  bool strongly_typed() const { return network_.state().strongly_typed; }

  void set_flag(std::string_view name, bool wanted) {
    const auto flag = named_value(builder_flags(), name);
    if (!flag) {
      if (wanted) fail_not_available(name, network_.library());
      return;
    }
    if (wanted)
      native_.setFlag(*flag);
    else
      native_.clearFlag(*flag);
    if (wanted && !native_.getFlag(*flag))
      throw BackendError(
          fmt::format("{}: {} {} refuses {}.", attempt, flavour_name, network_.library().version(), name),
          "Leave it out.");
  }

  void set_flags() {
    const ConfigOptions& o = options_;
    set_flag("tf32", o.tf32);
    // In this order: some need others.
    const std::pair<std::string_view, bool> flags[] = {
        {"sparse_weights", o.sparse_weights},
        {"refittable", o.refittable},
        {"strip_plan", o.strip_plan},
        {"weight_streaming", o.weight_streaming},
        {"version_compatible", o.version_compatible},
        {"exclude_lean_runtime", o.exclude_lean_runtime},
        {"direct_io", o.direct_io},
        {"trt_safety_restricted", o.trt_safety_restricted},
        {"error_on_timing_cache_miss", o.error_on_timing_cache_miss},
        {"disable_compilation_cache", o.disable_compilation_cache}};
    for (const auto& [name, wanted] : flags)
      if (wanted) set_flag(name, true);
  }

  void set_precisions() {
    const ConfigOptions& o = options_;
    if (strongly_typed()) {
      if (o.fp8) fail_not_available("fp8", network_.library());
      if (o.int8) fail_int8(network_.library());
      if (o.precision_constraints != PrecisionConstraints::none)
        log_verbose("precision_constraints: types of a strongly typed network always hold");
      if (o.bf16 && !to_native_type(DataType::bfloat16)) fail_not_available("bf16", network_.library());
      if (o.bf16) build_.narrow_to = to_native_type(DataType::bfloat16);
      if (o.fp16) build_.narrow_to = nvinfer1::DataType::kHALF;
      return;
    }
    for (const auto& [name, wanted] :
         {std::pair{"fp16", o.fp16}, {"bf16", o.bf16}, {"fp8", o.fp8}, {"int8", o.int8}})
      if (wanted) set_flag(name, true);
    if (o.int8 && !calibrated_ && !has_quantization(*network_))
      throw UsageError(
          fmt::format("{}: int8 was given, and the network does not say how to quantize: it has no "
                      "QuantizeLinear and DequantizeLinear nodes.",
                      attempt),
          "Give a calibrator, quantize the ONNX model first, or leave int8 out.");
    if (o.precision_constraints == PrecisionConstraints::obey) set_flag("obey", true);
    if (o.precision_constraints == PrecisionConstraints::prefer) set_flag("prefer", true);
  }

  void set_dla() {
    if (!options_.use_dla) return;
    if (flavour == Flavour::tensorrt_rtx)
      throw BackendError(fmt::format("{}: TensorRT-RTX does not use DLA.", attempt), "Leave use_dla out.");
    if (network_.builder().getNbDLACores() == 0 && !options_.allow_gpu_fallback)
      throw BackendError(fmt::format("{}: use_dla was given, and this machine has no DLA.", attempt),
                         "Leave it out, or allow the GPU as well (allow_gpu_fallback).");
    native_.setDefaultDeviceType(nvinfer1::DeviceType::kDLA);
    native_.setDLACore(0);
    if (options_.allow_gpu_fallback) set_flag("allow_gpu_fallback", true);
  }

  void set_pools() {
    for (const auto& [kind, text] : options_.memory_pool_limits)
      native_.setMemoryPoolLimit(pick("memory_pool_limits", memory_pools(), kind),
                                 parse_memory_size(text, "memory_pool_limits, " + kind));
  }

  void set_lists() {
    if (!options_.tactic_sources.empty()) {
      nvinfer1::TacticSources mask = 0;
      for (const auto source : pick_all("tactic_sources", tactic_sources(), options_.tactic_sources))
        mask |= 1U << static_cast<unsigned>(source);
      if (!native_.setTacticSources(mask))
        throw BackendError(fmt::format("{}: TensorRT refuses these tactic_sources.", attempt),
                           "Leave them out.");
    }
    if (!options_.preview_features.empty()) {
      const auto on = pick_all("preview_features", preview_features(), options_.preview_features);
      for (const auto& feature : preview_features())
        native_.setPreviewFeature(feature.value, std::find(on.begin(), on.end(), feature.value) != on.end());
    }
  }

  void set_quantization() {
    if (options_.quantization_flags.empty()) return;
    using Flag = Named<bool>;
    constexpr Flag flags[] = {{"calibrate_before_fusion", true}};
    const auto on = pick_all<bool>("quantization_flags", flags, options_.quantization_flags);
    if (!set_quantization_flags(native_, !on.empty()))
      fail_not_available("quantization_flags", network_.library());
  }

  void set_levels() {
    using Native = nvinfer1::ProfilingVerbosity;
    constexpr Native verbosities[] = {Native::kDETAILED, Native::kLAYER_NAMES_ONLY, Native::kNONE};
    native_.setProfilingVerbosity(verbosities[static_cast<int>(options_.profiling_verbosity)]);
    if (options_.engine_capability != EngineCapability::standard)
      native_.setEngineCapability(static_cast<nvinfer1::EngineCapability>(options_.engine_capability));
    const Library& library = network_.library();
    const ConfigOptions defaults;
    if (options_.builder_optimization_level &&
        !set_builder_optimization_level(native_, *options_.builder_optimization_level))
      fail_not_available("builder_optimization_level", library);
    if (options_.max_aux_streams && !set_max_aux_streams(native_, *options_.max_aux_streams))
      fail_not_available("max_aux_streams", library);
    if (options_.hardware_compatibility_level != defaults.hardware_compatibility_level &&
        (flavour == Flavour::tensorrt_rtx ||
         !set_hardware_compatibility(native_, options_.hardware_compatibility_level)))
      fail_not_available("hardware_compatibility_level", library);
    if (options_.runtime_platform != defaults.runtime_platform &&
        !set_runtime_platform(native_, options_.runtime_platform))
      fail_not_available("runtime_platform", library);
    if (options_.tiling_optimization_level != defaults.tiling_optimization_level &&
        !set_tiling_optimization(native_, options_.tiling_optimization_level))
      fail_not_available("tiling_optimization_level", library);
  }

  template <class E>
  E pick(std::string_view option, std::span<const Named<E>> values, std::string_view name) const {
    if (const auto value = named_value(values, name)) return *value;
    std::vector<std::string> names;
    for (const Named<E>& value : values) names.emplace_back(value.name);
    throw UsageError(fmt::format("{}: {} {} has no '{}' among its {}.{}", attempt, flavour_name,
                                 network_.library().version(), name, option, suggest(name, names)));
  }

  template <class E>
  std::vector<E> pick_all(std::string_view option, std::span<const Named<E>> values,
                          const std::vector<std::string>& names) const {
    std::vector<E> picked;
    if (names.size() == 1 && names.front() == "none") return picked;
    for (const std::string& name : names) picked.push_back(pick(option, values, name));
    return picked;
  }

  const Network& network_;
  const ConfigOptions& options_;
  bool calibrated_;
  BuildConfig& build_;
  nvinfer1::IBuilderConfig& native_;
};

// Without one TensorRT keeps a cache of its own, which serves later builds of the process, too.
void attach_timing_cache(const Config& config, BuildConfig& build) {
  const std::string& path = config.options().load_timing_cache;
  if (path.empty() && config.options().save_timing_cache.empty()) return;
  const Bytes bytes = path.empty() ? Bytes() : read_timing_cache(path);
  EngineMessages messages;
  build.timing_cache.reset(build.config->createTimingCache(bytes.data(), bytes.size()));
  // TensorRT itself warns and goes on with an empty one.
  if (!bytes.empty() && messages.mention("deserialize timing cache")) {
    if (!messages.mention("Cuda Runtime"))
      messages.fail<InputError>(
          fmt::format("The timing cache '{}' is damaged or of another kind.", path),
          "Delete the file, or name another one; it is made anew by save_timing_cache.");
    log_warning("The timing cache '{}' can be read only where there is a GPU: building without one", path);
    build.timing_cache.reset(build.config->createTimingCache(nullptr, 0));
  }
  if (!build.timing_cache)
    messages.fail<BackendError>(fmt::format("{} cannot make a timing cache.", flavour_name),
                                "See its messages.");
  if (!build.config->setTimingCache(*build.timing_cache, false))
    messages.fail<InputError>(
        fmt::format("The timing cache '{}' does not fit this {} or this GPU.", path, flavour_name),
        "Use a timing cache for each version of the library and each kind of GPU.");
}

// What the calibrator has to give for an input: TensorRT calibrates in float32.
TensorInfo calibration_input(const nvinfer1::ITensor& input, const nvinfer1::IOptimizationProfile* profile) {
  TensorInfo info;
  info.name = input.getName();
  info.dtype = to_data_type(input.getType());
  constexpr DataType kept[] = {DataType::float32, DataType::int32, DataType::int64, DataType::boolean};
  if (!info.dtype || std::ranges::find(kept, *info.dtype) == std::end(kept)) info.dtype = DataType::float32;
  nvinfer1::Dims dims = input.getDimensions();
  const bool is_open = std::any_of(dims.d, dims.d + std::max(dims.nbDims, 0), [](auto d) { return d < 0; });
  if (is_open && profile != nullptr)
    dims = profile->getDimensions(input.getName(), nvinfer1::OptProfileSelector::kOPT);
  info.shape = PartialShape(Shape(to_vector(dims)));
  return info;
}

void calibrate(const Network& network, const Calibrator& calibrator,
               const nvinfer1::IOptimizationProfile* profile, BuildConfig& build) {
  if (has_quantization(*network)) {
    log_verbose("The network says itself how to quantize (Q/DQ layers): the calibrator is not used");
    return;
  }
  TensorMetadata inputs;
  for (const nvinfer1::ITensor* input : inputs_of(*network)) inputs.add(calibration_input(*input, profile));
  build.calibration = std::make_shared<Calibration>(calibrator, std::move(inputs));
  EngineMessages messages;
  build.native_calibrator = set_calibrator(*build.config, *build.calibration, profile);
  if (!build.native_calibrator)
    messages.fail<BackendError>(fmt::format("{}: {} {} does not take the calibrator.", attempt, flavour_name,
                                            network.library().version()),
                                "See its messages.");
}

}  // namespace

BuildConfig make_build_config(const Network& network, const Config& config) {
  EngineMessages messages;
  BuildConfig build;
  build.config.reset(network.builder().createBuilderConfig());
  if (!build.config)
    messages.fail<BackendError>(fmt::format("{} cannot make a configuration.", flavour_name),
                                "See its messages.");
  Settings(network, config, build).apply();
  attach_timing_cache(config, build);
  build.tactics = make_tactics(config.options(), build);
  const nvinfer1::IOptimizationProfile* last_profile = nullptr;
  for (const Profile& profile : config.profiles())
    last_profile = &add_profile(network, *build.config, profile);
  if (config.profiles().empty() && needs_profile(*network))
    last_profile = &add_profile(network, *build.config, Profile());
  if (config.calibrator()) calibrate(network, *config.calibrator(), last_profile, build);
  for (const Config::Step& step : config.steps()) step(*build.config, network);
  return build;
}

}  // namespace polygraph::trt
