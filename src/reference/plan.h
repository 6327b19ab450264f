#pragma once

#include <polygraph/onnx/model.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "reference/call.h"

namespace polygraph::reference {

/// A graph made ready to be computed: its values have numbers, its nodes their kernels. Refers to the model.
struct Plan {
  static constexpr std::int32_t absent = -1;

  struct Step {
    const onnx::Node* node = nullptr;
    std::int64_t opset = 0;
    Kernel kernel = nullptr;         ///< null: a function of the model, or left to other engines
    std::unique_ptr<Plan> function;  ///< the body of the function that the node calls
    std::vector<std::int32_t> inputs;
    std::vector<std::int32_t> outputs;
    std::vector<std::int32_t> last_uses;  ///< values that nothing needs after this step
    std::vector<std::pair<std::string_view, std::unique_ptr<Plan>>> bodies;  ///< sub-graphs, by attribute
  };
  /// A value of the graph around this one.
  struct Capture {
    std::int32_t outer;
    std::int32_t inner;
  };
  /// Large ones are converted when they are used.
  using Constant = std::variant<std::monostate, const onnx::TensorData*, const onnx::SparseTensor*, Value>;

  std::vector<Step> steps;
  std::vector<std::int32_t> inputs;
  std::vector<std::int32_t> outputs;
  std::vector<Capture> captures;
  std::vector<Constant> constants;   ///< by number, as many as there are values
  std::deque<onnx::Node> own_nodes;  ///< of a function, with the attributes of the call
};

/// Plans the main graph; its nodes must be in order. Throws InputError for values that nothing makes and for
/// domains without a version.
Plan plan_model(const onnx::Model& model);

/// The value of a constant of the plan, which has one at that number.
Value constant_value(const Plan::Constant& constant, const onnx::Model& model);

}  // namespace polygraph::reference
