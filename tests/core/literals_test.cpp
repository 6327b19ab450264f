#include <gtest/gtest.h>
#include <polygraph/core/literals.h>

namespace polygraph {
namespace {

TEST(Literals, PartialShape) {
  EXPECT_EQ(cpp_literal(PartialShape{"batch", 3, -1, Dimension(1, 224)}),
            R"(PartialShape{"batch", 3, -1, Dimension(1, 224)})");
  EXPECT_EQ(cpp_literal(PartialShape{}), "PartialShape{}");
  EXPECT_EQ(cpp_literal(PartialShape::unknown_rank()), "PartialShape::unknown_rank()");
}

TEST(Literals, TensorMetadata) {
  EXPECT_EQ(cpp_literal(TensorMetadata{{"x", DataType::float32, {1}}, {"a\"b", {}, {}}}),
            R"({{"x", DataType::float32, PartialShape{1}}, {"a\"b", {}, PartialShape{}}})");
  EXPECT_EQ(cpp_literal(TensorMetadata{}), "{}");
}

TEST(Literals, LogOptions) {
  EXPECT_EQ(cpp_literal(LogOptions{}), "{}");
  EXPECT_EQ(
      cpp_literal(LogOptions{.level = Severity::extra_verbose,
                             .path_levels = {{"onnx", Severity::warning}, {"core", Severity::critical}},
                             .timestamp = true,
                             .line_info = true,
                             .colors = false,
                             .log_file = "a\\b"}),
      R"({.level = Severity::extra_verbose, .path_levels = {{"onnx", Severity::warning}, {"core", )"
      R"(Severity::critical}}, .timestamp = true, .line_info = true, .colors = false, .log_file = "a\\b"})");
}

}  // namespace
}  // namespace polygraph
