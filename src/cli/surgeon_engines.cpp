#include "cli/surgeon_engines.h"

#include <polygraph/core/backend.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/evaluator.h>

#include <mutex>
#include <utility>

#include "cli/backends.h"

namespace polygraph::cli {
namespace {

class LazyEvaluator : public onnx::Evaluator {
 public:
  LazyEvaluator(std::string backend, std::string name)
      : backend_(std::move(backend)), name_(std::move(name)) {}

  std::string_view name() const override { return name_; }

  std::vector<std::optional<Tensor>> evaluate(const onnx::NodeCall& call) const override {
    return engine().evaluate(call);
  }

 private:
  const onnx::Evaluator& engine() const {
    const std::lock_guard lock(mutex_);
    if (!problem_.empty()) throw BackendError(problem_);
    if (!engine_) load();
    return *engine_;
  }

  // Looked for once: a model may have many nodes to fold.
  void load() const {
    try {
      engine_ = load_backend(backend_).evaluator();
    } catch (const Error& error) {
      problem_ = error.problem();
      throw;
    }
  }

  std::string backend_;
  std::string name_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const onnx::Evaluator> engine_;
  mutable std::string problem_;
};

}  // namespace

onnx::Evaluators installed_evaluators() {
  return {std::make_shared<LazyEvaluator>("openvino", "OpenVINO"),
          std::make_shared<LazyEvaluator>("onnxrt", "ONNX Runtime")};
}

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
