#pragma once

#include <polygraph/onnx/evaluator.h>

#include <string>
#include <vector>

/// The ONNX project's tests of single nodes, which tell what each operator yields for given inputs.
namespace polygraph::test {

/// Test cases by how an evaluator fared.
struct NodeTestResults {
  std::vector<std::string> right;
  std::vector<std::string> wrong;  ///< with what is wrong
  std::vector<std::string> refused;
};

/// Evaluates the node of every test case that has one node with tensors for inputs and outputs, and does not
/// draw random numbers. Floats may differ by one thousandth, as in the ONNX project's own runs, or by one
/// millionth of the largest.
NodeTestResults run_node_tests(const onnx::Evaluator& evaluator);

}  // namespace polygraph::test
