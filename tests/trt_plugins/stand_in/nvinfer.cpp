// Stands in for TensorRT 11's library as far as plugins are concerned: it keeps their creators, and loads
// engines that are the name of the one plugin that they need.
#include <NvInfer.h>
#include <dlfcn.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "trt_runner/stand_in/defaults.h"

namespace polygraph::trt::test {
namespace {

class Registry final : public IPluginRegistry {
 public:
  void setErrorRecorder(IErrorRecorder*) noexcept override {}
  IErrorRecorder* getErrorRecorder() const noexcept override { return nullptr; }
  bool isParentSearchEnabled() const override { return true; }
  void setParentSearchEnabled(bool) override {}
  PluginLibraryHandle loadLibrary(const char* path) noexcept override {
    void* const handle = dlopen(path, RTLD_NOW);
    using GetCreators = IPluginCreatorInterface* const* (*)(std::int32_t&);
    const auto get = reinterpret_cast<GetCreators>(dlsym(handle, "getCreators"));
    std::int32_t count = 0;
    IPluginCreatorInterface* const* const creators = get(count);
    for (std::int32_t i = 0; i < count; ++i) registerCreator(*creators[i], "");
    return count > 0 ? handle : nullptr;
  }
  void deregisterLibrary(PluginLibraryHandle) noexcept override {}
  bool registerCreator(IPluginCreatorInterface& creator, const char*) noexcept override {
    const auto& one = static_cast<IPluginCreatorV3One&>(creator);
    if (getCreator(one.getPluginName(), one.getPluginVersion(), "") != nullptr) return false;
    creators_.push_back(&creator);
    return true;
  }
  IPluginCreatorInterface* const* getAllCreators(std::int32_t* count) const noexcept override {
    *count = static_cast<std::int32_t>(creators_.size());
    return creators_.data();
  }
  IPluginCreatorInterface* getCreator(const char* name, const char* version, const char*) noexcept override {
    for (IPluginCreatorInterface* const creator : creators_) {
      const auto& one = *static_cast<IPluginCreatorV3One*>(creator);
      if (std::strcmp(one.getPluginName(), name) == 0 && std::strcmp(one.getPluginVersion(), version) == 0)
        return creator;
    }
    return nullptr;
  }
  bool deregisterCreator(const IPluginCreatorInterface& creator) noexcept override {
    return std::erase(creators_, &creator) != 0;
  }
  IPluginResource* acquirePluginResource(const char*, IPluginResource*) noexcept override { return nullptr; }
  std::int32_t releasePluginResource(const char*) noexcept override { return 0; }
  IPluginCreatorInterface* const* getAllCreatorsRecursive(std::int32_t* count) noexcept override {
    return getAllCreators(count);
  }

 private:
  std::vector<IPluginCreatorInterface*> creators_;
};

Registry& registry() {
  static auto* const made = new Registry;
  return *made;
}

class Engine final : public ICudaEngine, public DefaultEngine {
 public:
  Engine() { ICudaEngine::mImpl = this; }
  ICudaEngine* getPImpl() noexcept override { return this; }
};

class Runtime final : public IRuntime, public DefaultRuntime {
 public:
  explicit Runtime(ILogger& logger) : logger_(logger) { IRuntime::mImpl = this; }
  IRuntime* getPImpl() noexcept override { return this; }
  void setEngineHostCodeAllowed(bool allowed) noexcept override { allowed_ = allowed; }
  bool getEngineHostCodeAllowed() const noexcept override { return allowed_; }
  ICudaEngine* deserializeCudaEngine(const void* blob, std::size_t size) noexcept override {
    const std::string name(static_cast<const char*>(blob) + 8, size - 8);  // behind the header
    if (registry().getCreator(name.c_str(), "1", "") != nullptr) return new Engine;
    const std::string message =
        "IPluginRegistry::getCreator: Error Code 4: API Usage Error (Cannot find plugin: " + name +
        ", version: 1, namespace:.)";
    logger_.log(ILogger::Severity::kERROR, message.c_str());
    return nullptr;
  }

 private:
  ILogger& logger_;
  bool allowed_ = false;
};

}  // namespace
}  // namespace polygraph::trt::test

#define STAND_IN_EXPORT extern "C" __attribute__((visibility("default")))

STAND_IN_EXPORT int getInferLibVersion() noexcept {
  return NV_TENSORRT_MAJOR * 10000 + NV_TENSORRT_MINOR * 100;
}
STAND_IN_EXPORT void* createInferRuntime_INTERNAL(void* logger, int) noexcept {
  using polygraph::trt::test::Runtime;
  return static_cast<nvinfer1::IRuntime*>(new Runtime(*static_cast<nvinfer1::ILogger*>(logger)));
}
STAND_IN_EXPORT nvinfer1::IPluginRegistry* getPluginRegistry() noexcept {
  return &polygraph::trt::test::registry();
}
