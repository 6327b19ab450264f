#include <polygraph/core/backend.h>
#include <polygraph/core/backends.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/evaluator.h>
#include <polygraph/onnx/installed_evaluators.h>

#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace polygraph::onnx {
namespace {

class LazyEvaluator : public Evaluator {
 public:
  LazyEvaluator(std::string backend, std::string name)
      : backend_(std::move(backend)), name_(std::move(name)) {}

  std::string_view name() const override { return name_; }

  std::vector<std::optional<Tensor>> evaluate(const NodeCall& call) const override {
    return engine().evaluate(call);
  }

 private:
  const Evaluator& engine() const {
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
  mutable std::shared_ptr<const Evaluator> engine_;
  mutable std::string problem_;
};

}  // namespace

Evaluators installed_evaluators() {
  return Evaluators({std::make_shared<LazyEvaluator>("openvino", "OpenVINO"),
                     std::make_shared<LazyEvaluator>("onnxrt", "ONNX Runtime")},
                    "installed_evaluators()");
}

}  // namespace polygraph::onnx
