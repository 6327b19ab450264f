#include "core/own_library.h"

#include <dlfcn.h>

#include <system_error>

namespace polygraph {

std::filesystem::path own_library() {
  Dl_info info;
  if (dladdr(reinterpret_cast<const void*>(&own_library), &info) == 0 || info.dli_fname == nullptr) return {};
  std::error_code error;
  const std::filesystem::path file = std::filesystem::canonical(info.dli_fname, error);
  return error ? std::filesystem::path() : file;
}

}  // namespace polygraph
