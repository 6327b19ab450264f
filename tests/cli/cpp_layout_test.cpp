#include "cli/cpp_layout.h"

#include <gtest/gtest.h>

namespace polygraph::cli::test {
namespace {

TEST(CppLayout, LeavesWhatFits) {
  EXPECT_EQ(cpp_layout("f(a, b);", 2), "  f(a, b);\n");
  EXPECT_EQ(cpp_layout("", 0), "\n");
}

TEST(CppLayout, BreaksTheOutermostBracketFirst) {
  const std::string a(60, 'a');
  EXPECT_EQ(cpp_layout("f(g(" + a + "), h(b, c), d);", 2).size(), 2 + 60 + 20u);
  EXPECT_EQ(cpp_layout("auto x = function(g(" + a + "), h(b, c), ddddddddddd);", 2),
            "  auto x = function(\n      g(" + a + "), h(b, c), ddddddddddd);\n");
  EXPECT_EQ(cpp_layout("f(g(" + a + "), {" + a + "}, d);", 2),
            "  f(\n      g(" + a + "),\n      {" + a + "},\n      d);\n");
  EXPECT_EQ(cpp_layout("f(g(" + a + ", " + a + "), d);", 0),
            "f(\n    g(\n        " + a + ",\n        " + a + "),\n    d);\n");
}

TEST(CppLayout, KnowsTextFromCode) {
  const std::string text = "\"" + std::string(50, ',') + "(\\\"{\"";
  EXPECT_EQ(cpp_layout("f(" + text + ", " + text + ");", 0), "f(\n    " + text + ",\n    " + text + ");\n");
}

TEST(CppLayout, KeepsLambdasTogether) {
  const std::string a(80, 'a');
  EXPECT_EQ(cpp_layout("f(\"n\", [&] { return g(" + a + "); });", 0),
            "f(\n    \"n\",\n    [&] { return g(\n        " + a + "); });\n");
}

TEST(CppLayout, LeavesWhatCannotBeBroken) {
  const std::string a(120, 'a');
  EXPECT_EQ(cpp_layout(a, 1), " " + a + "\n");
  EXPECT_EQ(cpp_layout(a + "();", 0), a + "();\n");
}

}  // namespace
}  // namespace polygraph::cli::test
