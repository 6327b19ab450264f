#pragma once

#include <polygraph/onnx/evaluator.h>

#include <filesystem>
#include <string>
#include <vector>

/// The ONNX project's tests of single nodes, which tell what each operator yields for given inputs.
namespace polygraph::test {

/// Folders of them: those that make_node_tests.py wrote and, for older versions of the operators, those of
/// Debian's libonnx-testdata; as far as they are there.
std::vector<std::filesystem::path> node_test_folders();

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
