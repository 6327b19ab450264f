// A library with a plugin, PLUGIN, that copies its input. How it is registered: by itself (REGISTERS), by a
// function that is called for that (INITIALIZES), by handing out its creator (HANDS_OUT), or not at all.
#include <NvInfer.h>

namespace {

using namespace nvinfer1;  // NOLINT: as in the declarations that are overridden

class Plugin final : public IPluginV3,
                     public IPluginV3OneCore,
                     public IPluginV3OneBuild,
                     public IPluginV3OneRuntime {
 public:
  IPluginCapability* getCapabilityInterface(PluginCapabilityType type) noexcept override {
    if (type == PluginCapabilityType::kBUILD) return static_cast<IPluginV3OneBuild*>(this);
    if (type == PluginCapabilityType::kRUNTIME) return static_cast<IPluginV3OneRuntime*>(this);
    return static_cast<IPluginV3OneCore*>(this);
  }
  IPluginV3* clone() noexcept override { return new Plugin; }
  const char* getPluginName() const noexcept override { return PLUGIN; }
  const char* getPluginVersion() const noexcept override { return "1"; }
  const char* getPluginNamespace() const noexcept override { return ""; }
  std::int32_t configurePlugin(const DynamicPluginTensorDesc*, std::int32_t, const DynamicPluginTensorDesc*,
                               std::int32_t) noexcept override {
    return 0;
  }
  std::int32_t getOutputDataTypes(DataType* outputs, std::int32_t, const DataType* inputs,
                                  std::int32_t) const noexcept override {
    outputs[0] = inputs[0];
    return 0;
  }
  std::int32_t getOutputShapes(const DimsExprs* inputs, std::int32_t, const DimsExprs*, std::int32_t,
                               DimsExprs* outputs, std::int32_t, IExprBuilder&) noexcept override {
    outputs[0] = inputs[0];
    return 0;
  }
  bool supportsFormatCombination(std::int32_t at, const DynamicPluginTensorDesc* tensors, std::int32_t,
                                 std::int32_t) noexcept override {
    return tensors[at].desc.format == TensorFormat::kLINEAR && tensors[at].desc.type == DataType::kFLOAT;
  }
  std::int32_t getNbOutputs() const noexcept override { return 1; }
  std::int32_t onShapeChange(const PluginTensorDesc*, std::int32_t, const PluginTensorDesc*,
                             std::int32_t) noexcept override {
    return 0;
  }
  std::int32_t enqueue(const PluginTensorDesc*, const PluginTensorDesc*, const void* const*, void* const*,
                       void*, cudaStream_t) noexcept override {
    return 0;
  }
  IPluginV3* attachToContext(IPluginResourceContext*) noexcept override { return clone(); }
  const PluginFieldCollection* getFieldsToSerialize() noexcept override { return &none_; }

 private:
  PluginFieldCollection none_{};
};

class Creator final : public IPluginCreatorV3One {
 public:
  const char* getPluginName() const noexcept override { return PLUGIN; }
  const char* getPluginVersion() const noexcept override { return "1"; }
  const char* getPluginNamespace() const noexcept override { return ""; }
  const PluginFieldCollection* getFieldNames() noexcept override { return &none_; }
  IPluginV3* createPlugin(const char*, const PluginFieldCollection*, TensorRTPhase) noexcept override {
    return new Plugin;
  }

 private:
  PluginFieldCollection none_{};
};

[[maybe_unused]] Creator creator;

}  // namespace

#define STAND_IN_EXPORT extern "C" __attribute__((visibility("default")))

#if defined(REGISTERS)
extern "C" nvinfer1::IPluginRegistry* getPluginRegistry() noexcept;
[[maybe_unused]] static const bool registered = getPluginRegistry()->registerCreator(creator, "");
#elif defined(INITIALIZES)
extern "C" nvinfer1::IPluginRegistry* getPluginRegistry() noexcept;
STAND_IN_EXPORT bool initLibNvInferPlugins(void* /*logger*/, const char* space) {
  return getPluginRegistry()->registerCreator(creator, space);
}
#elif defined(HANDS_OUT)
STAND_IN_EXPORT nvinfer1::IPluginCreatorInterface* const* getCreators(std::int32_t& count) {
  static nvinfer1::IPluginCreatorInterface* const creators[] = {&creator};
  count = 1;
  return creators;
}
#elif defined(LACKS_A_FUNCTION)
extern "C" void no_such_function();
STAND_IN_EXPORT void call_it() {
  no_such_function();
}
#endif
