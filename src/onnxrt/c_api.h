#pragma once

#include <cstddef>
#include <cstdint>

// ONNX Runtime's C API, as far as it is used here: OrtApi is one table of functions to which its maintainers
// only ever append (https://onnxruntime.ai/docs/api/c/struct_ort_api.html), so the places below hold for
// every version from 1.16 on. The official header is used instead where the build finds it; the assertions at
// the end hold for both.

#ifdef POLYGRAPH_OFFICIAL_ONNXRUNTIME_HEADER
#include <onnxruntime_c_api.h>
#else

struct OrtAllocator;
struct OrtCUDAProviderOptionsV2;
struct OrtEnv;
struct OrtMemoryInfo;
struct OrtRunOptions;
struct OrtSession;
struct OrtSessionOptions;
struct OrtStatus;
struct OrtTensorRTProviderOptionsV2;
struct OrtTensorTypeAndShapeInfo;
struct OrtTypeInfo;
struct OrtValue;

enum OrtErrorCode : int { ORT_NO_SUCHFILE = 3, ORT_INVALID_PROTOBUF = 7 };
enum OrtLoggingLevel : int {
  ORT_LOGGING_LEVEL_VERBOSE,
  ORT_LOGGING_LEVEL_INFO,
  ORT_LOGGING_LEVEL_WARNING,
  ORT_LOGGING_LEVEL_ERROR,
  ORT_LOGGING_LEVEL_FATAL,
};
enum GraphOptimizationLevel : int {
  ORT_DISABLE_ALL = 0,
  ORT_ENABLE_BASIC = 1,
  ORT_ENABLE_EXTENDED = 2,
  ORT_ENABLE_ALL = 99,
};
enum ExecutionMode : int { ORT_SEQUENTIAL = 0, ORT_PARALLEL = 1 };
enum ONNXType : int { ONNX_TYPE_UNKNOWN = 0, ONNX_TYPE_TENSOR = 1, ONNX_TYPE_OPTIONAL = 6 };
enum ONNXTensorElementDataType : int { ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING = 8 };
enum OrtAllocatorType : int { OrtDeviceAllocator = 0 };
enum OrtMemType : int { OrtMemTypeDefault = 0 };

using OrtLoggingFunction = void (*)(void* param, OrtLoggingLevel severity, const char* category,
                                    const char* logid, const char* code_location, const char* message);

// Each member stands at the place that its number says; what lies between is not used.
struct OrtApi {
  using Unused = void (*)();
  using Keys = const char* const*;

  Unused unused_0;
  OrtErrorCode (*GetErrorCode)(const OrtStatus*);  // 1
  const char* (*GetErrorMessage)(const OrtStatus*);
  Unused unused_3;
  OrtStatus* (*CreateEnvWithCustomLogger)(OrtLoggingFunction, void* param, OrtLoggingLevel, const char* id,
                                          OrtEnv**);  // 4
  Unused unused_5[2];
  OrtStatus* (*CreateSession)(const OrtEnv*, const char* path, const OrtSessionOptions*, OrtSession**);  // 7
  OrtStatus* (*CreateSessionFromArray)(const OrtEnv*, const void* data, std::size_t size,
                                       const OrtSessionOptions*, OrtSession**);
  OrtStatus* (*Run)(OrtSession*, const OrtRunOptions*, Keys input_names, const OrtValue* const* inputs,
                    std::size_t input_count, Keys output_names, std::size_t output_count, OrtValue** outputs);
  OrtStatus* (*CreateSessionOptions)(OrtSessionOptions**);  // 10
  Unused unused_11[2];
  OrtStatus* (*SetSessionExecutionMode)(OrtSessionOptions*, ExecutionMode);  // 13
  OrtStatus* (*EnableProfiling)(OrtSessionOptions*, const char* prefix);
  Unused unused_15[7];
  OrtStatus* (*SetSessionLogSeverityLevel)(OrtSessionOptions*, int);  // 22
  OrtStatus* (*SetSessionGraphOptimizationLevel)(OrtSessionOptions*, GraphOptimizationLevel);
  OrtStatus* (*SetIntraOpNumThreads)(OrtSessionOptions*, int);
  OrtStatus* (*SetInterOpNumThreads)(OrtSessionOptions*, int);
  Unused unused_26[4];
  OrtStatus* (*SessionGetInputCount)(const OrtSession*, std::size_t*);  // 30
  OrtStatus* (*SessionGetOutputCount)(const OrtSession*, std::size_t*);
  Unused unused_32;
  OrtStatus* (*SessionGetInputTypeInfo)(const OrtSession*, std::size_t, OrtTypeInfo**);  // 33
  OrtStatus* (*SessionGetOutputTypeInfo)(const OrtSession*, std::size_t, OrtTypeInfo**);
  Unused unused_35;
  OrtStatus* (*SessionGetInputName)(const OrtSession*, std::size_t, OrtAllocator*, char**);  // 36
  OrtStatus* (*SessionGetOutputName)(const OrtSession*, std::size_t, OrtAllocator*, char**);
  Unused unused_38[10];
  OrtStatus* (*CreateTensorAsOrtValue)(OrtAllocator*, const std::int64_t* dims, std::size_t rank,
                                       ONNXTensorElementDataType, OrtValue**);  // 48
  OrtStatus* (*CreateTensorWithDataAsOrtValue)(const OrtMemoryInfo*, void* data, std::size_t size,
                                               const std::int64_t* dims, std::size_t rank,
                                               ONNXTensorElementDataType, OrtValue**);
  Unused unused_50;
  OrtStatus* (*GetTensorMutableData)(OrtValue*, void**);  // 51
  OrtStatus* (*FillStringTensor)(OrtValue*, Keys texts, std::size_t count);
  OrtStatus* (*GetStringTensorDataLength)(const OrtValue*, std::size_t*);
  OrtStatus* (*GetStringTensorContent)(const OrtValue*, void* text, std::size_t size, std::size_t* offsets,
                                       std::size_t count);
  OrtStatus* (*CastTypeInfoToTensorInfo)(const OrtTypeInfo*, const OrtTensorTypeAndShapeInfo**);
  OrtStatus* (*GetOnnxTypeFromTypeInfo)(const OrtTypeInfo*, ONNXType*);  // 56
  Unused unused_57[3];
  OrtStatus* (*GetTensorElementType)(const OrtTensorTypeAndShapeInfo*, ONNXTensorElementDataType*);  // 60
  OrtStatus* (*GetDimensionsCount)(const OrtTensorTypeAndShapeInfo*, std::size_t*);
  OrtStatus* (*GetDimensions)(const OrtTensorTypeAndShapeInfo*, std::int64_t*, std::size_t);
  OrtStatus* (*GetSymbolicDimensions)(const OrtTensorTypeAndShapeInfo*, const char**, std::size_t);
  Unused unused_64;
  OrtStatus* (*GetTensorTypeAndShape)(const OrtValue*, OrtTensorTypeAndShapeInfo**);  // 65
  Unused unused_66[3];
  OrtStatus* (*CreateCpuMemoryInfo)(OrtAllocatorType, OrtMemType, OrtMemoryInfo**);  // 69
  Unused unused_70[6];
  OrtStatus* (*AllocatorFree)(OrtAllocator*, void*);  // 76
  Unused unused_77;
  OrtStatus* (*GetAllocatorWithDefaultOptions)(OrtAllocator**);  // 78
  Unused unused_79[14];
  void (*ReleaseStatus)(OrtStatus*);  // 93
  void (*ReleaseMemoryInfo)(OrtMemoryInfo*);
  void (*ReleaseSession)(OrtSession*);
  void (*ReleaseValue)(OrtValue*);
  Unused unused_97;
  void (*ReleaseTypeInfo)(OrtTypeInfo*);  // 98
  void (*ReleaseTensorTypeAndShapeInfo)(OrtTensorTypeAndShapeInfo*);
  void (*ReleaseSessionOptions)(OrtSessionOptions*);  // 100
  Unused unused_101[9];
  OrtStatus* (*SessionEndProfiling)(OrtSession*, OrtAllocator*, char**);  // 110
  Unused unused_111[14];
  OrtStatus* (*GetAvailableProviders)(char***, int*);  // 125
  OrtStatus* (*ReleaseAvailableProviders)(char**, int);
  Unused unused_127[3];
  OrtStatus* (*AddSessionConfigEntry)(OrtSessionOptions*, const char* key, const char* value);  // 130
  Unused unused_131[39];
  OrtStatus* (*SessionOptionsAppendExecutionProvider_TensorRT_V2)(
      OrtSessionOptions*,
      const OrtTensorRTProviderOptionsV2*);  // 170
  OrtStatus* (*CreateTensorRTProviderOptions)(OrtTensorRTProviderOptionsV2**);
  OrtStatus* (*UpdateTensorRTProviderOptions)(OrtTensorRTProviderOptionsV2*, Keys, Keys values, std::size_t);
  Unused unused_173;
  void (*ReleaseTensorRTProviderOptions)(OrtTensorRTProviderOptionsV2*);  // 174
  Unused unused_175[29];
  OrtStatus* (*SessionOptionsAppendExecutionProvider_CUDA_V2)(OrtSessionOptions*,
                                                              const OrtCUDAProviderOptionsV2*);  // 204
  OrtStatus* (*CreateCUDAProviderOptions)(OrtCUDAProviderOptionsV2**);
  OrtStatus* (*UpdateCUDAProviderOptions)(OrtCUDAProviderOptionsV2*, Keys, Keys values, std::size_t);
  Unused unused_207;
  void (*ReleaseCUDAProviderOptions)(OrtCUDAProviderOptionsV2*);  // 208
  Unused unused_209;
  OrtStatus* (*AddExternalInitializers)(OrtSessionOptions*, Keys names, const OrtValue* const*,
                                        std::size_t);  // 210
  Unused unused_211[5];
  OrtStatus* (*SessionOptionsAppendExecutionProvider)(OrtSessionOptions*, const char* name, Keys, Keys values,
                                                      std::size_t);  // 216
};

struct OrtApiBase {
  const OrtApi* (*GetApi)(std::uint32_t version);
  const char* (*GetVersionString)();
};

#endif

namespace polygraph::onnxrt {

/// The version of the table that is asked for: all that is used here is in it.
inline constexpr std::uint32_t api_version = 16;

// The functions that are used, with their places. The tests call each of them, in every version of ONNX
// Runtime that they are given (tests/onnxrt/slots_test.cpp), so a new function of the table belongs here,
// too. NOLINTBEGIN(cppcoreguidelines-macro-usage): the names are wanted, as members and as text
// clang-format off
#define POLYGRAPH_ORT_SLOTS(SLOT) \
  SLOT(GetErrorCode, 1) \
  SLOT(GetErrorMessage, 2) \
  SLOT(CreateEnvWithCustomLogger, 4) \
  SLOT(CreateSession, 7) \
  SLOT(CreateSessionFromArray, 8) \
  SLOT(Run, 9) \
  SLOT(CreateSessionOptions, 10) \
  SLOT(SetSessionExecutionMode, 13) \
  SLOT(EnableProfiling, 14) \
  SLOT(SetSessionLogSeverityLevel, 22) \
  SLOT(SetSessionGraphOptimizationLevel, 23) \
  SLOT(SetIntraOpNumThreads, 24) \
  SLOT(SetInterOpNumThreads, 25) \
  SLOT(SessionGetInputCount, 30) \
  SLOT(SessionGetOutputCount, 31) \
  SLOT(SessionGetInputTypeInfo, 33) \
  SLOT(SessionGetOutputTypeInfo, 34) \
  SLOT(SessionGetInputName, 36) \
  SLOT(SessionGetOutputName, 37) \
  SLOT(CreateTensorAsOrtValue, 48) \
  SLOT(CreateTensorWithDataAsOrtValue, 49) \
  SLOT(GetTensorMutableData, 51) \
  SLOT(FillStringTensor, 52) \
  SLOT(GetStringTensorDataLength, 53) \
  SLOT(GetStringTensorContent, 54) \
  SLOT(CastTypeInfoToTensorInfo, 55) \
  SLOT(GetOnnxTypeFromTypeInfo, 56) \
  SLOT(GetTensorElementType, 60) \
  SLOT(GetDimensionsCount, 61) \
  SLOT(GetDimensions, 62) \
  SLOT(GetSymbolicDimensions, 63) \
  SLOT(GetTensorTypeAndShape, 65) \
  SLOT(CreateCpuMemoryInfo, 69) \
  SLOT(AllocatorFree, 76) \
  SLOT(GetAllocatorWithDefaultOptions, 78) \
  SLOT(ReleaseStatus, 93) \
  SLOT(ReleaseMemoryInfo, 94) \
  SLOT(ReleaseSession, 95) \
  SLOT(ReleaseValue, 96) \
  SLOT(ReleaseTypeInfo, 98) \
  SLOT(ReleaseTensorTypeAndShapeInfo, 99) \
  SLOT(ReleaseSessionOptions, 100) \
  SLOT(SessionEndProfiling, 110) \
  SLOT(GetAvailableProviders, 125) \
  SLOT(ReleaseAvailableProviders, 126) \
  SLOT(AddSessionConfigEntry, 130) \
  SLOT(SessionOptionsAppendExecutionProvider_TensorRT_V2, 170) \
  SLOT(CreateTensorRTProviderOptions, 171) \
  SLOT(UpdateTensorRTProviderOptions, 172) \
  SLOT(ReleaseTensorRTProviderOptions, 174) \
  SLOT(SessionOptionsAppendExecutionProvider_CUDA_V2, 204) \
  SLOT(CreateCUDAProviderOptions, 205) \
  SLOT(UpdateCUDAProviderOptions, 206) \
  SLOT(ReleaseCUDAProviderOptions, 208) \
  SLOT(AddExternalInitializers, 210) \
  SLOT(SessionOptionsAppendExecutionProvider, 216)
// clang-format on

#define POLYGRAPH_ORT_SLOT(name, place) static_assert(offsetof(OrtApi, name) == (place) * sizeof(void*));
POLYGRAPH_ORT_SLOTS(POLYGRAPH_ORT_SLOT)
#undef POLYGRAPH_ORT_SLOT
// NOLINTEND(cppcoreguidelines-macro-usage)

}  // namespace polygraph::onnxrt
