#include "trt/cuda.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "core/find_library.h"
#include "core/log_format.h"

namespace polygraph::trt::cuda {

namespace fs = std::filesystem;

namespace {

constexpr const char* variable_name = "POLYGRAPH_CUDART";
constexpr const char* how_to_install =
    "Install it ('pip install nvidia-cuda-runtime', or NVIDIA's CUDA toolkit), or name the library: "
    "POLYGRAPH_CUDART=/path/to/libcudart.so.13.";
constexpr std::string_view versioned_names[] = {"libcudart.so.13", "libcudart.so.12", "libcudart.so.11.0"};

LibraryNames library_names() {
  return {"libcudart.so", {"nvidia/cu13/lib", "nvidia/cuda_runtime/lib"}, {}, {}};
}

// The toolkits below /usr/local, the newest last.
std::vector<fs::path> toolkit_folders() {
  std::vector<fs::path> folders;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator("/usr/local", error))
    if (entry.path().filename().native().starts_with("cuda")) folders.push_back(entry.path() / "lib64");
  std::ranges::sort(folders);
  return folders;
}

[[noreturn]] void fail_not_found(const std::string& what, const std::vector<std::string>& searched) {
  throw BackendError(fmt::format("CUDA's runtime library (libcudart.so) was not found{}. Looked in: {}.",
                                 what, fmt::join(searched, ", ")),
                     how_to_install);
}

void* open(const fs::path& path) {
  return dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
}

// Where the library may be, in order; the dynamic linker's path comes after them.
void* open_library(std::string& path) {
  std::vector<std::string> searched;
  auto try_open = [&](const fs::path& file) {
    path = file.native();
    return open(file);
  };
  if (const char* named = std::getenv(variable_name)) {  // NOLINT(concurrency-mt-unsafe): nobody here sets it
    const FoundLibrary found = library_at(named, library_names());
    if (found.path.empty())
      fail_not_found(
          fmt::format(": {} '{}' is neither the library nor a folder with it", variable_name, named),
          found.searched);
    if (void* const handle = try_open(found.path)) return handle;
    const char* reason = dlerror();  // NOLINT(concurrency-mt-unsafe): under a lock
    throw BackendError(
        fmt::format("Cannot load '{}': {}.", found.path.native(), reason ? reason : "unknown reason"),
        how_to_install);
  }
  // What TensorRT or a program of CUDA's has loaded already goes first: two of them in one process cost
  // memory.
  for (const std::string_view name : versioned_names)
    // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): they are literals
    if (void* const handle = dlopen(name.data(), RTLD_NOW | RTLD_NOLOAD)) {
      path = name;
      return handle;
    }
  const FoundLibrary found = find_library(library_names());
  if (!found.path.empty())
    if (void* const handle = try_open(found.path)) return handle;
  searched = found.searched;
  const std::vector<fs::path> folders = toolkit_folders();
  for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder) {
    searched.push_back(folder->native());
    const fs::path file = newest_library_in(*folder, "libcudart.so");
    if (file.empty()) continue;
    if (void* const handle = try_open(file)) return handle;
  }
  for (const std::string_view name : versioned_names)
    if (void* const handle = try_open(name)) return handle;
  searched.push_back(fmt::format("the dynamic linker's path ({})", fmt::join(versioned_names, ", ")));
  fail_not_found("", searched);
}

Functions* load() {
  auto loaded = std::make_unique<Functions>();
  void* const handle = open_library(loaded->path);
// NOLINTBEGIN(bugprone-macro-parentheses): parameters of a function have theirs
#define POLYGRAPH_CUDA_LOAD(name, symbol, result, parameters)                                        \
  loaded->name = reinterpret_cast<result(*) parameters>(dlsym(handle, symbol));                      \
  if (loaded->name == nullptr)                                                                       \
    throw BackendError(fmt::format("'{}' is not CUDA's runtime library, or one older than 11.4: it " \
                                   "lacks {}().",                                                    \
                                   loaded->path, symbol),                                            \
                       how_to_install);
  // NOLINTEND(bugprone-macro-parentheses)
  POLYGRAPH_CUDA_FUNCTIONS(POLYGRAPH_CUDA_LOAD)
#undef POLYGRAPH_CUDA_LOAD
  log_verbose("Loaded CUDA's runtime from '{}'", loaded->path);
  return loaded.release();
}

std::string version_text(int number) {
  return fmt::format("{}.{}", number / 1000, number % 1000 / 10);
}

std::string remedy_for(cudaError_t error) {
  const Functions& cuda = functions();
  switch (error) {
    case cudaErrorMemoryAllocation: {
      std::size_t free = 0;
      std::size_t total = 0;
      std::string state;
      if (cuda.mem_get_info(&free, &total) == cudaSuccess)
        state = fmt::format("{} of {} MiB of the GPU are free. ", free >> 20, total >> 20);
      return state +
             "Feed smaller batches, deactivate other runners, end other processes that use the GPU, or "
             "choose "
             "the allocation strategy 'runtime'.";
    }
    case cudaErrorNoDevice:
      return "No GPU is visible: see what `nvidia-smi` says, and whether CUDA_VISIBLE_DEVICES hides it.";
    case cudaErrorInsufficientDriver: {
      int driver = 0;
      int runtime = 0;
      cuda.driver_version(&driver);
      cuda.runtime_version(&runtime);
      if (driver == 0)
        return "There is no driver for NVIDIA's GPUs: install one, and see what `nvidia-smi` says.";
      return fmt::format(
          "The driver is for CUDA {}, and '{}' is CUDA {}: install a newer driver or an older runtime.",
          version_text(driver), cuda.path, version_text(runtime));
    }
    case cudaErrorSystemDriverMismatch:
    case cudaErrorCompatNotSupportedOnDevice:
      return "Driver and kernel module do not fit: restart the machine after installing a driver.";
    case cudaErrorNoKernelImageForDevice:
      return "The engine, or a plugin of it, was not built for this kind of GPU: build it here.";
    case cudaErrorIllegalAddress:
    case cudaErrorMisalignedAddress:
    case cudaErrorLaunchFailure:
    case cudaErrorAssert:
      return "The process can no longer use the GPU. Check the addresses given as device tensors, that "
             "streams "
             "live long enough, and plugins: compute-sanitizer names the kernel.";
    case cudaErrorInvalidResourceHandle:
    case cudaErrorContextIsDestroyed:
      return "A stream or event was destroyed before the runner was done with it, or belongs to another GPU.";
    case cudaErrorInvalidDevice:
      return "There is no GPU of this number: see `nvidia-smi -L`.";
    default:
      return "";
  }
}

}  // namespace

const Functions& functions() {
  // Never unloaded: its threads may live until the process ends.
  static const Functions* const loaded = load();
  return *loaded;
}

void fail(cudaError_t error, const char* call, const std::string& doing, std::string remedy) {
  const Functions& cuda = functions();
  cuda.get_last_error();  // or the next call would report it again
  throw BackendError(fmt::format("{}: {} failed with {} ({}): {}.", doing, call, cuda.get_error_name(error),
                                 static_cast<int>(error), cuda.get_error_string(error)),
                     remedy.empty() ? remedy_for(error) : std::move(remedy));
}

PointerAttributes attributes_of(const void* data) {
  const Functions& cuda = functions();
  PointerAttributes attributes{};
  if (cuda.pointer_get_attributes(&attributes, data) == cudaSuccess) return attributes;
  cuda.get_last_error();  // or the next call would report it again
  return {};
}

int current_device() {
  int device = 0;
  check(functions().get_device(&device), "cudaGetDevice", "Asking for the GPU in use");
  return device;
}

DeviceScope::DeviceScope(int device) {
  const int before = current_device();
  if (before == device) return;
  check(functions().set_device(device), "cudaSetDevice", "Choosing the GPU");
  before_ = before;
}

void Buffer::reserve(std::size_t bytes, const char* doing) {
  bytes = std::max<std::size_t>(bytes, 1);
  if (bytes <= capacity_) return;
  release();
  const Functions& cuda = functions();
  if (kind_ == Kind::device) {
    if (const cudaError_t error = cuda.malloc(&data_, bytes); error != cudaSuccess)
      fail(error, fmt::format("cudaMalloc of {} bytes", bytes).c_str(), doing);
  } else {
    if (const cudaError_t error = cuda.host_alloc(&data_, bytes, cudaHostAllocPortable); error != cudaSuccess)
      fail(error, fmt::format("cudaHostAlloc of {} bytes", bytes).c_str(), doing,
           "The machine has too little memory left that can be pinned. Feed smaller batches, or end other "
           "processes.");
  }
  capacity_ = bytes;
}

void Buffer::release() noexcept {
  if (data_ == nullptr) return;
  kind_ == Kind::device ? functions().free(data_) : functions().free_host(data_);
  data_ = nullptr;
  capacity_ = 0;
}

Event::Event(unsigned flags) {
  check(functions().event_create(&event_, flags), "cudaEventCreateWithFlags", "Making an event");
}

}  // namespace polygraph::trt::cuda
