#pragma once

#include <NvInfer.h>

#include <cstdlib>

/// TensorRT 11's interfaces with every function doing nothing, for stand-ins to override the few that matter.
namespace polygraph::trt::test {

namespace apiv = nvinfer1::apiv;
using namespace nvinfer1;  // NOLINT: as in the declarations that are overridden

class DefaultRuntime : public apiv::VRuntime {
 public:
  IRuntime* getPImpl() noexcept override { return {}; }
  nvinfer1::ICudaEngine* deserializeCudaEngine(void const* blob, std::size_t size) noexcept override {
    return {};
  }
  void setDLACore(int32_t dlaCore) noexcept override {}
  int32_t getDLACore() const noexcept override { return {}; }
  int32_t getNbDLACores() const noexcept override { return {}; }
  void setGpuAllocator(IGpuAllocator* allocator) noexcept override {}
  void setErrorRecorder(IErrorRecorder* recorder) noexcept override {}
  IErrorRecorder* getErrorRecorder() const noexcept override { return {}; }
  ILogger* getLogger() const noexcept override { return {}; }
  bool setMaxThreads(int32_t maxThreads) noexcept override { return {}; }
  int32_t getMaxThreads() const noexcept override { return {}; }
  void setTemporaryDirectory(char const*) noexcept override {}
  char const* getTemporaryDirectory() const noexcept override { return {}; }
  void setTempfileControlFlags(TempfileControlFlags) noexcept override {}
  TempfileControlFlags getTempfileControlFlags() const noexcept override { return {}; }
  IPluginRegistry& getPluginRegistry() noexcept override { std::abort(); }
  void setPluginRegistryParent(IPluginRegistry* parent) noexcept override {}
  IRuntime* loadRuntime(char const* path) noexcept override { return {}; }
  void setEngineHostCodeAllowed(bool allowed) noexcept override {}
  bool getEngineHostCodeAllowed() const noexcept override { return {}; }
  nvinfer1::ICudaEngine* deserializeCudaEngineV2(IStreamReaderV2& streamReader) noexcept override {
    return {};
  }
};

class DefaultEngine : public apiv::VCudaEngine {
 public:
  ICudaEngine* getPImpl() noexcept override { return {}; }
  int32_t getNbLayers() const noexcept override { return {}; }
  IHostMemory* serialize() const noexcept override { return {}; }
  IExecutionContext* createExecutionContext(ExecutionContextAllocationStrategy strategy) noexcept override {
    return {};
  }
  bool isRefittable() const noexcept override { return {}; }
  char const* getName() const noexcept override { return {}; }
  int32_t getNbOptimizationProfiles() const noexcept override { return {}; }
  EngineCapability getEngineCapability() const noexcept override { return {}; }
  void setErrorRecorder(IErrorRecorder* recorder) noexcept override {}
  IErrorRecorder* getErrorRecorder() const noexcept override { return {}; }
  TacticSources getTacticSources() const noexcept override { return {}; }
  ProfilingVerbosity getProfilingVerbosity() const noexcept override { return {}; }
  IEngineInspector* createEngineInspector() const noexcept override { return {}; }
  Dims getTensorShape(char const* tensorName) const noexcept override { return {}; }
  DataType getTensorDataType(char const* tensorName) const noexcept override { return {}; }
  TensorLocation getTensorLocation(char const* tensorName) const noexcept override { return {}; }
  bool isShapeInferenceIO(char const* tensorName) const noexcept override { return {}; }
  TensorIOMode getTensorIOMode(char const* tensorName) const noexcept override { return {}; }
  int32_t getTensorBytesPerComponent(char const* tensorName) const noexcept override { return {}; }
  int32_t getTensorComponentsPerElement(char const* tensorName) const noexcept override { return {}; }
  TensorFormat getTensorFormat(char const* tensorName) const noexcept override { return {}; }
  char const* getTensorFormatDesc(char const* tensorName) const noexcept override { return {}; }
  int32_t getTensorVectorizedDim(char const* tensorName) const noexcept override { return {}; }
  Dims getProfileShape(char const* tensorName, int32_t profileIndex,
                       OptProfileSelector select) const noexcept override {
    return {};
  }
  int32_t getNbIOTensors() const noexcept override { return {}; }
  char const* getIOTensorName(int32_t index) const noexcept override { return {}; }
  HardwareCompatibilityLevel getHardwareCompatibilityLevel() const noexcept override { return {}; }
  int32_t getNbAuxStreams() const noexcept override { return {}; }
  int32_t getTensorBytesPerComponentV2(char const* tensorName, int32_t profileIndex) const noexcept override {
    return {};
  }
  int32_t getTensorComponentsPerElementV2(char const* tensorName,
                                          int32_t profileIndex) const noexcept override {
    return {};
  }
  TensorFormat getTensorFormatV2(char const* tensorName, int32_t profileIndex) const noexcept override {
    return {};
  }
  char const* getTensorFormatDescV2(char const* tensorName, int32_t profileIndex) const noexcept override {
    return {};
  }
  int32_t getTensorVectorizedDimV2(char const* tensorName, int32_t profileIndex) const noexcept override {
    return {};
  }
  ISerializationConfig* createSerializationConfig() noexcept override { return {}; }
  IHostMemory* serializeWithConfig(ISerializationConfig& config) const noexcept override { return {}; }
  IRefitter* createRefitter(ILogger& logger) noexcept override { return {}; }
  int64_t getStreamableWeightsSize() const noexcept override { return {}; }
  bool isDebugTensor(char const* name) const noexcept override { return {}; }
  bool setWeightStreamingBudgetV2(int64_t gpuMemoryBudget) noexcept override { return {}; }
  int64_t getWeightStreamingBudgetV2() const noexcept override { return {}; }
  int64_t getWeightStreamingAutomaticBudget() const noexcept override { return {}; }
  int64_t getWeightStreamingScratchMemorySize() const noexcept override { return {}; }
  int64_t getDeviceMemorySizeV2() const noexcept override { return {}; }
  int64_t getDeviceMemorySizeForProfileV2(int32_t profileIndex) const noexcept override { return {}; }
  int64_t const* getProfileTensorValuesV2(char const* tensorName, int32_t profileIndex,
                                          OptProfileSelector select) const noexcept override {
    return {};
  }
  IExecutionContext* createExecutionContextWithRuntimeConfig(
      IRuntimeConfig* runtimeConfig) noexcept override {
    return {};
  }
  IRuntimeConfig* createRuntimeConfig() noexcept override { return {}; }
  int64_t getEngineStat(EngineStat stat) const noexcept override { return {}; }
  char const* getAliasedInputTensor(char const* tensorName) const noexcept override { return {}; }
};

class DefaultContext : public apiv::VExecutionContext {
 public:
  IExecutionContext* getPImpl() noexcept override { return {}; }
  void setDebugSync(bool sync) noexcept override {}
  bool getDebugSync() const noexcept override { return {}; }
  void setProfiler(IProfiler*) noexcept override {}
  IProfiler* getProfiler() const noexcept override { return {}; }
  ICudaEngine const& getEngine() const noexcept override { std::abort(); }
  void setName(char const* name) noexcept override {}
  char const* getName() const noexcept override { return {}; }
  void setDeviceMemory(void* memory) noexcept override {}
  int32_t getOptimizationProfile() const noexcept override { return {}; }
  bool allInputDimensionsSpecified() const noexcept override { return {}; }
  void setErrorRecorder(IErrorRecorder* recorder) noexcept override {}
  IErrorRecorder* getErrorRecorder() const noexcept override { return {}; }
  bool executeV2(void* const* bindings) noexcept override { return {}; }
  bool setOptimizationProfileAsync(int32_t profileIndex, cudaStream_t stream) noexcept override { return {}; }
  void setEnqueueEmitsProfile(bool enqueueEmitsProfile) noexcept override {}
  bool getEnqueueEmitsProfile() const noexcept override { return {}; }
  bool reportToProfiler() const noexcept override { return {}; }
  bool setInputShape(char const* tensorName, Dims const& dims) noexcept override { return {}; }
  Dims getTensorShape(char const* tensorName) const noexcept override { return {}; }
  Dims getTensorStrides(char const* tensorName) const noexcept override { return {}; }
  bool setTensorAddress(char const* tensorName, void* data) noexcept override { return {}; }
  void const* getTensorAddress(char const* tensorName) const noexcept override { return {}; }
  bool setInputTensorAddress(char const* tensorName, void const* data) noexcept override { return {}; }
  bool setOutputTensorAddress(char const* tensorName, void* data) noexcept override { return {}; }
  int32_t inferShapes(int32_t nbMaxNames, char const** tensorNames) noexcept override { return {}; }
  bool setInputConsumedEvent(cudaEvent_t event) noexcept override { return {}; }
  cudaEvent_t getInputConsumedEvent() const noexcept override { return {}; }
  void* getOutputTensorAddress(char const* tensorName) const noexcept override { return {}; }
  bool setOutputAllocator(char const* tensorName, IOutputAllocator* outputAllocator) noexcept override {
    return {};
  }
  IOutputAllocator* getOutputAllocator(char const* name) noexcept override { return {}; }
  int64_t getMaxOutputSize(char const* tensorName) const noexcept override { return {}; }
  bool setTemporaryStorageAllocator(IGpuAllocator* allocator) noexcept override { return {}; }
  IGpuAllocator* getTemporaryStorageAllocator() const noexcept override { return {}; }
  bool enqueueV3(cudaStream_t stream) noexcept override { return {}; }
  void setPersistentCacheLimit(size_t size) noexcept override {}
  size_t getPersistentCacheLimit() const noexcept override { return {}; }
  bool setNvtxVerbosity(ProfilingVerbosity verbosity) noexcept override { return {}; }
  ProfilingVerbosity getNvtxVerbosity() const noexcept override { return {}; }
  void setAuxStreams(cudaStream_t* auxStreams, int32_t nbStreams) noexcept override {}
  bool setDebugListener(IDebugListener* listener) noexcept override { return {}; }
  IDebugListener* getDebugListener() noexcept override { return {}; }
  bool setTensorDebugState(char const* name, bool flag) noexcept override { return {}; }
  bool getDebugState(char const* name) const noexcept override { return {}; }
  bool setAllTensorsDebugState(bool flag) noexcept override { return {}; }
  size_t updateDeviceMemorySizeForShapes() noexcept override { return {}; }
  void setDeviceMemoryV2(void* memory, int64_t size) noexcept override {}
  IRuntimeConfig* getRuntimeConfig() const noexcept override { return {}; }
  bool setUnfusedTensorsDebugState(bool flag) noexcept override { return {}; }
  bool getUnfusedTensorsDebugState() const noexcept override { return {}; }
  bool setCommunicator(void* communicator) noexcept override { return {}; }
};

class DefaultInspector : public apiv::VEngineInspector {
 public:
  IEngineInspector* getPImpl() noexcept override { return {}; }
  bool setExecutionContext(IExecutionContext const* context) noexcept override { return {}; }
  IExecutionContext const* getExecutionContext() const noexcept override { return {}; }
  char const* getLayerInformation(int32_t layerIndex, LayerInformationFormat format) const noexcept override {
    return {};
  }
  char const* getEngineInformation(LayerInformationFormat format) const noexcept override { return {}; }
  void setErrorRecorder(IErrorRecorder* recorder) noexcept override {}
  IErrorRecorder* getErrorRecorder() const noexcept override { return {}; }
};

}  // namespace polygraph::trt::test
