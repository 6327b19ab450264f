#include "cli/surgeon_engines.h"

#include <polygraph/core/backend.h>
#include <polygraph/core/backends.h>
#include <polygraph/core/error.h>

#include <utility>

namespace polygraph::cli {

std::unique_ptr<Runner> reference_runner(const onnx::Model& model) {
  std::string problems;
  std::string remedy;
  for (const char* name : {"onnxrt", "openvino"}) {
    try {
      const Backend& backend = load_backend(name);
      // A runner would find out that its engine is missing when it is activated: too late to take another.
      static_cast<void>(backend.evaluator());
      return backend.runner({.in_memory = std::make_shared<const onnx::Model>(model)});
    } catch (const BackendError& error) {
      problems += "\n  " + error.problem();
      remedy = error.remedy();
    }
  }
  throw BackendError("There is no engine to run the model with:" + problems, remedy);
}

}  // namespace polygraph::cli
