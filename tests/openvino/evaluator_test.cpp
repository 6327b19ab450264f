#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/openvino/evaluator.h>


#include "contract/evaluator_contract.h"

namespace polygraph::openvino::test {
namespace {

TEST(Evaluator, IsNeverWrong) {
  if (polygraph::test::node_test_folders().empty()) GTEST_SKIP() << "no test cases are installed";
  const auto results = polygraph::test::run_node_tests(*node_evaluator());
  EXPECT_THAT(results.wrong, testing::IsEmpty());
  EXPECT_GT(results.right.size(), 700u);
}

}  // namespace
}  // namespace polygraph::openvino::test
