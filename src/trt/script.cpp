#include <dlfcn.h>
#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/trt/script.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "core/script_compiler.h"
#include "trt/network.h"

namespace polygraph::trt {
namespace {

namespace fs = std::filesystem;
using polygraph::detail::ScriptBuild;
using polygraph::detail::ScriptHost;

// Where the build found the headers; empty in what is to be installed elsewhere.
#ifndef POLYGRAPH_TENSORRT_HEADERS
#define POLYGRAPH_TENSORRT_HEADERS ""
#endif
#ifndef POLYGRAPH_CUDA_HEADERS
#define POLYGRAPH_CUDA_HEADERS ""
#endif

constexpr bool is_rtx = flavour == Flavour::tensorrt_rtx;
constexpr const char* headers_variable =
    is_rtx ? "POLYGRAPH_TENSORRT_RTX_INCLUDE_PATH" : "POLYGRAPH_TENSORRT_INCLUDE_PATH";

// This module: what a script's calls of loaders lead to.
fs::path own_module() {
  Dl_info info;
  if (::dladdr(reinterpret_cast<const void*>(&network_postprocess_from_script), &info) == 0) return {};
  std::error_code error;
  return fs::canonical(info.dli_fname, error);
}

void add_variable(std::vector<fs::path>& folders, const char* name, const char* inside = "") {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody here sets it
  if (value != nullptr && *value != '\0')
    folders.push_back(*inside != '\0' ? fs::path(value) / inside : value);
}

void add_installed(std::vector<fs::path>& folders, const fs::path& parent, std::string_view beginning) {
  std::error_code error;
  std::vector<fs::path> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(parent, error))
    if (entry.path().filename().string().starts_with(beginning)) found.push_back(entry.path() / "include");
  std::ranges::sort(found, std::ranges::greater());
  folders.insert(folders.end(), found.begin(), found.end());
}

// The number that NvInferVersion.h defines: NV_TENSORRT_MAJOR, or from 10.12 on TRT_MAJOR_ENTERPRISE.
std::optional<int> version_part(std::string_view text, std::string_view part) {
  for (const std::string& name :
       {fmt::format("NV_TENSORRT_{} ", part), fmt::format("TRT_{}_ENTERPRISE ", part)}) {
    const std::size_t at = text.find("#define " + name);
    if (at == std::string_view::npos) continue;
    const std::string_view rest = text.substr(at + 8 + name.size());
    int number = 0;
    if (std::from_chars(rest.data(), rest.data() + rest.size(), number).ec == std::errc()) return number;
  }
  return std::nullopt;
}

// Whether these are the headers that this backend was compiled with, as far as scripts can tell.
bool has_fitting_headers(const fs::path& folder) {
  std::ifstream file(folder / "NvInferVersion.h");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return version_part(text, "MAJOR") == NV_TENSORRT_MAJOR &&
         version_part(text, "MINOR") == NV_TENSORRT_MINOR &&
         (text.find("define POLYGRAPH_TENSORRT_RTX") != std::string::npos) == is_rtx;
}

bool has_cuda_headers(const fs::path& folder) {
  std::error_code error;
  return fs::exists(folder / "cuda_runtime_api.h", error);
}

fs::path first_that(bool (*fits)(const fs::path&), const std::vector<fs::path>& folders,
                    const std::string& what, const char* variable) {
  std::vector<std::string> searched;
  for (const fs::path& folder : folders) {
    if (folder.empty()) continue;
    if (fits(folder)) return folder;
    searched.push_back(folder.string());
  }
  throw BackendError(
      fmt::format("Cannot compile a script: the headers of {} are in none of {}.", what,
                  fmt::join(searched, ", ")),
      fmt::format("Set {} to their folder, or compile the script elsewhere and name the .so.", variable));
}

fs::path tensorrt_headers() {
  std::vector<fs::path> folders;
  add_variable(folders, headers_variable);
  folders.emplace_back(POLYGRAPH_TENSORRT_HEADERS);
  if (!is_rtx) {
    add_variable(folders, "TENSORRT_ROOT", "include");
    folders.insert(folders.end(), {"/usr/include/x86_64-linux-gnu", "/usr/include/aarch64-linux-gnu",
                                   "/usr/include", "/usr/local/include"});
    add_installed(folders, "/usr/local", "tensorrt");
    add_installed(folders, "/opt", "tensorrt");
  }
  const std::string version = fmt::format("{}.{}", NV_TENSORRT_MAJOR, NV_TENSORRT_MINOR);
  return first_that(has_fitting_headers, folders,
                    is_rtx
                        ? fmt::format("TensorRT-RTX as Polygraph's build makes them of TensorRT {}", version)
                        : fmt::format("TensorRT {}", version),
                    headers_variable);
}

fs::path cuda_headers() {
  std::vector<fs::path> folders;
  add_variable(folders, "POLYGRAPH_CUDA_INCLUDE_PATH");
  folders.emplace_back(POLYGRAPH_CUDA_HEADERS);
  add_variable(folders, "CUDA_HOME", "include");
  add_variable(folders, "CUDA_PATH", "include");
  folders.insert(folders.end(), {"/usr/local/cuda/include", "/usr/include"});
  return first_that(has_cuda_headers, folders, "CUDA (cuda_runtime_api.h)", "POLYGRAPH_CUDA_INCLUDE_PATH");
}

const ScriptFunction& load(const ScriptName& script) {
  static const ScriptHost host{.room = "trt",
                               .layout = detail::script_layout,
                               .version = fmt::format("Polygraph, or of {}", flavour_name),
                               .build = [] {
                                 return ScriptBuild{.system_headers = {tensorrt_headers(), cuda_headers()},
                                                    .libraries = {own_module()}};
                               }};
  return *static_cast<const ScriptFunction*>(polygraph::detail::load_script(script, host));
}

template <class Function>
const Function& load_as(const ScriptName& script, std::string_view wanted) {
  const auto* const function = std::get_if<Function>(&load(script));
  if (function == nullptr) polygraph::detail::refuse_script(script, wanted);
  return *function;
}

}  // namespace

NetworkFromScript::NetworkFromScript(ScriptName script, Source<Library> library)
    : script_(std::move(script)), library_(std::move(library)) {}

Network NetworkFromScript::operator()() const {
  static_cast<void>(library_.get());
  Network network = load_as<std::function<Network()>>(script_, "Network()")();
  if (network.state().model_name.empty()) network.state().model_name = script_.file.filename().string();
  return network;
}

std::string NetworkFromScript::str() const {
  return cpp_expression<1>("NetworkFromScript", script_, library_);
}

Config ConfigFromScript::operator()() const {
  return load_as<std::function<Config()>>(script_, "Config()")();
}

std::string ConfigFromScript::str() const {
  return cpp_expression<1>("ConfigFromScript", script_);
}

std::function<void(Network&)> network_postprocess_from_script(ScriptName script) {
  return [script = std::move(script)](Network& network) {
    load_as<std::function<void(Network&)>>(script, "void(Network&)")(network);
  };
}

Config::Step config_postprocess_from_script(ScriptName script) {
  return [script = std::move(script)](nvinfer1::IBuilderConfig& config, const Network& network) {
    load_as<Config::Step>(script, "void(nvinfer1::IBuilderConfig&, const Network&)")(config, network);
  };
}

}  // namespace polygraph::trt
