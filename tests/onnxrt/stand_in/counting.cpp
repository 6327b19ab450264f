// The ONNX Runtime of POLYGRAPH_STAND_IN_OVER, which counts how often each function that c_api.h lists is
// called. Any other function of the table ends the process.
#include <dlfcn.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <string_view>

#include "onnxrt/c_api.h"

namespace {

#define POLYGRAPH_NAME(name, place) #name,
constexpr std::string_view names[] = {POLYGRAPH_ORT_SLOTS(POLYGRAPH_NAME)};
#undef POLYGRAPH_NAME

#define POLYGRAPH_INDEX(name, place) index_of_##name,
enum Index : std::size_t { POLYGRAPH_ORT_SLOTS(POLYGRAPH_INDEX) };
#undef POLYGRAPH_INDEX

std::array<std::atomic<int>, std::size(names)> calls;

const OrtApiBase& real_base() {
  static void* const handle = dlopen(std::getenv("POLYGRAPH_STAND_IN_OVER"), RTLD_NOW | RTLD_LOCAL);
  return *reinterpret_cast<const OrtApiBase* (*)()>(dlsym(handle, "OrtGetApiBase"))();
}
const OrtApi& real_api() {
  static const OrtApi& api = *real_base().GetApi(polygraph::onnxrt::api_version);
  return api;
}

template <std::size_t index, auto member, class Result, class... Arguments>
Result counted(Arguments... arguments) noexcept {
  ++calls[index];
  return (real_api().*member)(arguments...);
}
// The official header's functions throw nothing, and say so.
template <std::size_t index, auto member, class Result, class... Arguments>
void count(OrtApi& api, Result (*OrtApi::*)(Arguments...)) {
  api.*member = counted<index, member, Result, Arguments...>;
}
template <std::size_t index, auto member, class Result, class... Arguments>
void count(OrtApi& api, Result (*OrtApi::*)(Arguments...) noexcept) {
  api.*member = counted<index, member, Result, Arguments...>;
}

void not_listed() {
  std::fputs("a function of OrtApi was called that POLYGRAPH_ORT_SLOTS does not list\n", stderr);
  std::abort();
}

const OrtApi* get_api(std::uint32_t) {
  static const OrtApi api = [] {
    OrtApi made;
    std::array<void (*)(), sizeof(OrtApi) / sizeof(void*)> all;
    all.fill(not_listed);
    std::memcpy(&made, all.data(), sizeof(made));
#define POLYGRAPH_COUNT(name, place) count<index_of_##name, &OrtApi::name>(made, &OrtApi::name);
    POLYGRAPH_ORT_SLOTS(POLYGRAPH_COUNT)
#undef POLYGRAPH_COUNT
    return made;
  }();
  return &api;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const OrtApiBase* OrtGetApiBase() {
  static const OrtApiBase base{get_api, [] { return real_base().GetVersionString(); }};
  return &base;
}

/// How often the function was called; -1 for one that is not listed.
extern "C" __attribute__((visibility("default"))) int polygraph_calls_of(const char* name) {
  for (std::size_t i = 0; i < std::size(names); ++i)
    if (names[i] == name) return calls[i];
  return -1;
}
