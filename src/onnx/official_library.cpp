#include "onnx/official_library.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/module.h>

#include <memory>
#include <span>
#include <utility>

namespace polygraph::onnx {
namespace {

const OfficialModule& load() {
  constexpr const char* file_name = "libpolygraph-onnx-official.so";
  const LoadedModule module = load_module(file_name, "polygraph_onnx_official");
  if (module.entry == nullptr) {
    std::string problem =
        "Cannot use the ONNX library, which checks, infers shapes, converts and reads text: " +
        module.problem;
    std::string remedy = "Reinstall Polygraph, or repair the file that the message names.";
    if (module.failure == LoadedModule::Failure::missing) {
      problem += " It was looked for in";
      for (const auto& folder : module.searched) problem += fmt::format(" '{}',", folder.string());
      problem += " and where the system keeps its libraries.";
      remedy =
          "Install Polygraph with it (CMake option POLYGRAPH_ONNX_OFFICIAL=ON), or add the module's folder "
          "to "
          "POLYGRAPH_BACKEND_PATH.";
    }
    throw BackendError(problem, remedy);
  }
  using EntryPoint = const OfficialModule* (*)();
  return *reinterpret_cast<EntryPoint>(module.entry)();
}

}  // namespace

const OfficialModule& official_library() {
  static const OfficialModule& library = load();
  return library;
}

Model load_result(std::string encoded, Model& target) {
  const auto bytes = std::make_shared<const std::string>(std::move(encoded));
  Model result = load_model_from_bytes(std::as_bytes(std::span(*bytes)), bytes);
  target.storage.hold(std::make_shared<const Storage>(result.storage));
  return result;
}

}  // namespace polygraph::onnx
