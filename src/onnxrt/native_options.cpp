#include "onnxrt/native_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace polygraph::onnxrt {

namespace {

constexpr std::string_view cpu_provider = "CPUExecutionProvider";
constexpr std::string_view attempt = "Preparing an ONNX Runtime session";

std::string lower(std::string_view text) {
  std::string result;
  std::ranges::transform(text, std::back_inserter(result),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return result;
}

// The full name of a provider: as given, or the first that has it as a part, in any case.
const std::string& find_provider(const std::string& name, const Library& library) {
  const auto& available = library.providers();
  auto found = std::ranges::find(available, name);
  if (found == available.end() && !name.empty())
    found = std::ranges::find_if(available, [part = lower(name)](const std::string& provider) {
      return lower(provider).find(part) != std::string::npos;
    });
  if (found != available.end()) return *found;
  throw UsageError(fmt::format("ONNX Runtime {} has no execution provider '{}'.{}", library.version(), name,
                               suggest(name, available)),
                   "Other builds of ONNX Runtime have others, e.g. 'pip install onnxruntime-gpu' for CUDA.");
}

// What belongs to one provider: options by name, in the form of the API.
struct ProviderOptions {
  std::vector<const char*> keys;
  std::vector<const char*> values;
};

ProviderOptions options_of(const std::string& provider_as_given, const SessionOptions& options) {
  ProviderOptions result;
  const std::string prefix = lower(provider_as_given) + '.';
  for (const auto& [key, value] : options.provider_options) {
    if (!lower(key).starts_with(prefix)) continue;
    result.keys.push_back(key.c_str() + prefix.size());
    result.values.push_back(value.c_str());
  }
  return result;
}

void check_provider_options(const SessionOptions& options) {
  for (const auto& [key, value] : options.provider_options) {
    const bool known = std::ranges::any_of(options.providers, [&](const std::string& provider) {
      return lower(key).starts_with(lower(provider) + '.');
    });
    if (known) continue;
    throw UsageError(
        fmt::format(
            "The provider option '{}:{}' belongs to no provider that is asked for{}.", key, value,
            options.providers.empty() ? "" : fmt::format(" ('{}')", fmt::join(options.providers, "', '"))),
        "Write PROVIDER.NAME:VALUE, with the provider's name as it is given in 'providers'.");
  }
}

// ONNX Runtime's short name of a provider that is added by name.
std::string short_name(std::string_view provider) {
  for (const auto& [full, brief] : {std::pair("AzureExecutionProvider", "AZURE"),
                                    {"DmlExecutionProvider", "DML"},
                                    {"XnnpackExecutionProvider", "XNNPACK"}})
    if (provider == full) return brief;
  constexpr std::string_view suffix = "ExecutionProvider";
  if (provider.ends_with(suffix)) provider.remove_suffix(suffix.size());
  return std::string(provider);
}

void append_provider(const OrtApi& api, OrtSessionOptions* native, const std::string& provider,
                     const ProviderOptions& given) {
  const std::string adding = fmt::format("Adding ONNX Runtime's {}", provider);
  const auto check = [&](OrtStatus* status) { check_status(api, status, adding); };
  const auto* keys = given.keys.data();
  const auto* values = given.values.data();
  const std::size_t count = given.keys.size();
  if (provider == "CUDAExecutionProvider") {
    const auto cuda = make<OrtCUDAProviderOptionsV2>(api, adding, api.ReleaseCUDAProviderOptions,
                                                     api.CreateCUDAProviderOptions);
    check(api.UpdateCUDAProviderOptions(cuda.get(), keys, values, count));
    check(api.SessionOptionsAppendExecutionProvider_CUDA_V2(native, cuda.get()));
  } else if (provider == "TensorrtExecutionProvider") {
    const auto tensorrt = make<OrtTensorRTProviderOptionsV2>(api, adding, api.ReleaseTensorRTProviderOptions,
                                                             api.CreateTensorRTProviderOptions);
    check(api.UpdateTensorRTProviderOptions(tensorrt.get(), keys, values, count));
    check(api.SessionOptionsAppendExecutionProvider_TensorRT_V2(native, tensorrt.get()));
  } else {
    check(
        api.SessionOptionsAppendExecutionProvider(native, short_name(provider).c_str(), keys, values, count));
  }
}

::GraphOptimizationLevel native_level(GraphOptimizationLevel level) {
  switch (level) {
    case GraphOptimizationLevel::disabled:
      return ORT_DISABLE_ALL;
    case GraphOptimizationLevel::basic:
      return ORT_ENABLE_BASIC;
    case GraphOptimizationLevel::extended:
      return ORT_ENABLE_EXTENDED;
    case GraphOptimizationLevel::all:
      break;
  }
  return ORT_ENABLE_ALL;
}

void check_threads(std::string_view option, const std::optional<int>& threads) {
  if (threads && *threads < 1)
    throw UsageError(fmt::format("The session option {} is {}; it must be at least 1.", option, *threads),
                     "Leave it out for ONNX Runtime's default.");
}

}  // namespace

NativeOptions native_options(const SessionOptions& options, const Library& library,
                             const std::string& profile) {
  check_threads("intra_op_threads", options.intra_op_threads);
  check_threads("inter_op_threads", options.inter_op_threads);
  check_provider_options(options);

  const OrtApi& api = library.api();
  NativeOptions result{
      make<OrtSessionOptions>(api, attempt, api.ReleaseSessionOptions, api.CreateSessionOptions), {}};
  OrtSessionOptions* const native = result.options.get();
  const auto check = [&](OrtStatus* status) { check_status(api, status, attempt); };
  check(api.SetSessionGraphOptimizationLevel(native, native_level(options.graph_optimization_level)));
  check(api.SetSessionLogSeverityLevel(native, static_cast<int>(options.log_severity)));
  if (options.intra_op_threads) check(api.SetIntraOpNumThreads(native, *options.intra_op_threads));
  if (options.inter_op_threads) {
    check(api.SetInterOpNumThreads(native, *options.inter_op_threads));
    if (*options.inter_op_threads > 1) check(api.SetSessionExecutionMode(native, ORT_PARALLEL));
  }
  if (!profile.empty()) check(api.EnableProfiling(native, profile.c_str()));
  for (const auto& [key, value] : options.config)
    check_status(api, api.AddSessionConfigEntry(native, key.c_str(), value.c_str()),
                 fmt::format("Setting ONNX Runtime's session configuration entry '{}'", key));

  for (const std::string& name : options.providers) {
    const std::string& provider = find_provider(name, library);
    if (std::ranges::find(result.providers, provider) != result.providers.end()) continue;
    if (provider != cpu_provider) append_provider(api, native, provider, options_of(name, options));
    result.providers.push_back(provider);
    if (provider == cpu_provider) break;  // it runs everything: what follows could not matter
  }
  if (result.providers.empty() || result.providers.back() != cpu_provider)
    result.providers.emplace_back(cpu_provider);
  return result;
}

}  // namespace polygraph::onnxrt
