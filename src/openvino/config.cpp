#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/openvino/loaders.h>

#include <algorithm>
#include <set>

#include "core/log_format.h"
#include "openvino/properties.h"
#include "openvino/translate.h"

namespace polygraph::openvino {

CreateConfig::CreateConfig(ConfigOptions options) : options_(std::move(options)) {}

Config CreateConfig::operator()() const {
  constexpr std::string_view attempt = "Creating the configuration";
  if (options_.fp32 && (options_.tf32 || options_.fp16 || options_.bf16))
    throw UsageError(fmt::format("{}: fp32 excludes tf32, fp16 and bf16, and both were given.", attempt),
                     "Leave fp32 out to allow a narrower type; FP32 stays allowed.");
  auto check_positive = [&](const char* name, const std::optional<int>& value) {
    if (value && *value < 1)
      throw UsageError(fmt::format("{}: {} is {}, and it must be 1 or more.", attempt, name, *value),
                       "Leave it out for the default.");
  };
  check_positive("threads", options_.threads);
  check_positive("streams", options_.streams);
  return Config(options_);
}

std::string CreateConfig::str() const {
  return cpp_expression<0>("CreateConfig", options_);
}

PostprocessConfig::PostprocessConfig(Source<Config> config, std::function<void(Config&)> function)
    : config_(std::move(config)), function_(std::move(function)) {
  if (!function_)
    throw UsageError("PostprocessConfig: the function is empty.", "Pass a function that takes a Config&.");
}

Config PostprocessConfig::operator()() const {
  Config config = config_.get();
  function_(config);
  return config;
}

std::string PostprocessConfig::str() const {
  return fmt::format("PostprocessConfig({}, /* function */)", config_.str());
}

namespace {

ov::hint::PerformanceMode performance_mode(PerformanceHint hint) {
  switch (hint) {
    case PerformanceHint::throughput:
      return ov::hint::PerformanceMode::THROUGHPUT;
    case PerformanceHint::cumulative_throughput:
      return ov::hint::PerformanceMode::CUMULATIVE_THROUGHPUT;
    case PerformanceHint::latency:
      break;
  }
  return ov::hint::PerformanceMode::LATENCY;
}

bool can_compute_in(const Runtime& runtime, const char* capability) {
  const auto capabilities = runtime.native().get_property(device, ov::device::capabilities);
  return std::find(capabilities.begin(), capabilities.end(), capability) != capabilities.end();
}

// Unknown names are refused here, since OpenVINO names the property but not its neighbours.
void check_property(const Runtime& runtime, const std::string& name) {
  std::vector<std::string> known;
  for (const ov::PropertyName& property : runtime.native().get_property(device, ov::supported_properties))
    if (property.is_mutable()) known.push_back(property);
  if (std::find(known.begin(), known.end(), name) == known.end())
    throw UsageError(
        fmt::format("Creating the configuration: OpenVINO has no property '{}' that can be set for {}.{}",
                    name, device, suggest(name, known)),
        "Names are OpenVINO's, e.g. 'ENABLE_CPU_PINNING'.");
}

}  // namespace

BuildPlan plan_build(const Runtime& runtime, const Config& config) {
  const ConfigOptions& options = config.options();
  BuildPlan plan;
  plan.allowed = {ov::element::f32};
  plan.hint = ov::element::f32;
  plan.asked = "float32";
  if (options.tf32) plan.asked += ", tf32";
  // From the least wanted to the most wanted; FP16 keeps more of the mantissa than BF16.
  if (options.bf16) {
    plan.asked += ", bfloat16";
    plan.allowed.push_back(ov::element::bf16);
    if (can_compute_in(runtime, "BF16")) plan.hint = ov::element::bf16;
  }
  if (options.fp16) {
    plan.asked += ", float16";
    plan.allowed.push_back(ov::element::f16);
    if (can_compute_in(runtime, "FP16")) plan.hint = ov::element::f16;
  }
  if (options.tf32) log_verbose("TF32 is allowed, and {} has none: FP32 stays", device);
  if (options.bf16 && plan.hint == ov::element::f32)
    log_warning("BF16 is allowed, and this processor does not compute in it: FP32 runs");
  if (options.fp16 && plan.hint != ov::element::f16)
    log_warning("FP16 is allowed, and this processor does not compute in it: {} runs",
                plan.hint == ov::element::bf16 ? "BF16, which is allowed too," : "FP32");

  ov::AnyMap& properties = plan.properties;
  properties[ov::hint::inference_precision.name()] = plan.hint;
  properties[ov::hint::performance_mode.name()] = performance_mode(options.performance_hint);
  // Activations quantised on the fly, or a narrow cache of keys and values, would be types that nobody named.
  properties[ov::hint::dynamic_quantization_group_size.name()] = std::uint64_t{0};
  properties[ov::hint::kv_cache_precision.name()] = plan.hint;
  if (options.threads) properties[ov::inference_num_threads.name()] = *options.threads;
  if (options.streams) properties[ov::num_streams.name()] = ov::streams::Num(*options.streams);
  if (options.profiling) properties[ov::enable_profiling.name()] = true;
  if (!options.cache_dir.empty()) properties[ov::cache_dir.name()] = options.cache_dir;
  for (const auto& [name, value] : options.properties) {
    check_property(runtime, name);
    properties[name] = value;
  }
  for (const auto& [name, value] : config.properties()) {
    check_property(runtime, name);
    properties[name] = value;
  }
  plan.hint_is_users = options.properties.contains(ov::hint::inference_precision.name()) ||
                       config.properties().contains(ov::hint::inference_precision.name());
  return plan;
}

std::map<std::string, std::string> properties_as_text(const BuildPlan& plan) {
  std::map<std::string, std::string> text;
  for (const auto& [name, value] : plan.properties) text[name] = value.as<std::string>();
  return text;
}

ov::AnyMap import_properties(const EngineInfo& info) {
  ov::AnyMap properties;
  for (const auto& [name, value] : info.properties)
    if (name != ov::cache_dir.name()) properties[name] = value;
  return properties;
}

}  // namespace polygraph::openvino
