#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/core/shape.h>

#include "core/python_repr.h"

namespace polygraph {
namespace {

TEST(Shape, PrintsAsAPythonTuple) {
  EXPECT_EQ(Shape().str(), "()");
  EXPECT_EQ(Shape{5}.str(), "(5,)");
  EXPECT_EQ((Shape{1, 3, 224}).str(), "(1, 3, 224)");
}

TEST(Shape, CountsElements) {
  EXPECT_EQ(Shape().element_count(), 1);
  EXPECT_EQ((Shape{1, 3, 224, 224}).element_count(), 150528);
  EXPECT_EQ((Shape{2, 0, 3}).element_count(), 0);
  EXPECT_EQ(Shape{INT64_MAX}.element_count(), INT64_MAX);
}

TEST(Shape, AZeroMakesTheCountZeroHoweverLargeTheOthersAre) {
  EXPECT_EQ((Shape{INT64_MAX, INT64_MAX, 0}).element_count(), 0);
}

TEST(Shape, CountRefusesOverflowAndNegativeDimensions) {
  const Shape large{INT64_C(1) << 32, INT64_C(1) << 31};
  EXPECT_THAT([&] { large.element_count(); },
              testing::ThrowsMessage<InputError>(testing::HasSubstr("(4294967296, 2147483648)")));
  EXPECT_THAT(
      [] {
        (Shape{0, -1}).element_count();
      },
      testing::ThrowsMessage<InputError>(testing::HasSubstr("dimension 1 is -1")));
}

TEST(Shape, AssignReplacesWithoutAllocatingIfTheRankHasNotGrown) {
  Shape shape{1, 2, 3};
  const std::int64_t* const storage = shape.dims().data();
  const std::int64_t dims[] = {7, 8};
  shape.assign(dims);
  EXPECT_EQ(shape, (Shape{7, 8}));
  EXPECT_EQ(shape.dims().data(), storage);
}

TEST(Dimension, IsFixedDynamicOrARange) {
  EXPECT_TRUE(Dimension(5).is_static());
  EXPECT_TRUE(Dimension(0).is_static());
  EXPECT_EQ(Dimension(-1), Dimension());
  EXPECT_TRUE(Dimension("N").is_dynamic());
  EXPECT_TRUE(Dimension(1, 64).is_dynamic());
  EXPECT_TRUE(Dimension(3, 3).is_static());
}

TEST(Dimension, AcceptsBothEndsOfItsRange) {
  const Dimension dim(2, 4);
  EXPECT_FALSE(dim.accepts(1));
  EXPECT_TRUE(dim.accepts(2));
  EXPECT_TRUE(dim.accepts(4));
  EXPECT_FALSE(dim.accepts(5));
  EXPECT_TRUE(Dimension().accepts(0));
  EXPECT_FALSE(Dimension().accepts(-1));
}

TEST(Dimension, Prints) {
  Dimension named_range(1, 64);
  named_range.name = "batch";
  EXPECT_EQ(Dimension(5).str(), "5");
  EXPECT_EQ(Dimension("batch").str(), "batch");
  EXPECT_EQ(Dimension(1, 64).str(), "1..64");
  EXPECT_EQ(Dimension(0, 64).str(), "0..64");
  EXPECT_EQ(named_range.str(), "batch=1..64");
  EXPECT_EQ(Dimension(1, Dimension::unbounded).str(), "1..");
  EXPECT_EQ(Dimension().str(), "-1");
}

// The texts that `polygraphy inspect model` (0.53.6) prints for the same ONNX shapes.
TEST(PartialShape, PrintsAsPolygraphy) {
  EXPECT_EQ(PartialShape().str(), "()");
  EXPECT_EQ((PartialShape{"N", 3}).str(), "('N', 3)");
  EXPECT_EQ((PartialShape{-1, 0}).str(), "(-1, 0)");
  EXPECT_EQ(PartialShape{Dimension(5)}.str(), "(5,)");
  EXPECT_EQ((PartialShape{"it's", 3}).str(), "(\"it's\", 3)");
  EXPECT_EQ((PartialShape{"a\"b", "a\\b\n"}).str(), R"(('a"b', 'a\\b\n'))");
  EXPECT_EQ(PartialShape{Dimension("a'\"b")}.str(), R"(('a\'"b',))");
  EXPECT_EQ(PartialShape{Dimension("\xC3\xA9\t")}.str(), "('\xC3\xA9\\t',)");
}

TEST(PartialShape, PrintsRangesAndUnknownRank) {
  Dimension batch(1, 64);
  batch.name = "batch";
  EXPECT_EQ((PartialShape{"batch", 3, {1, 224}}).str(), "('batch', 3, 1..224)");
  EXPECT_EQ((PartialShape{batch, 3}).str(), "('batch'=1..64, 3)");
  EXPECT_EQ(PartialShape::unknown_rank().str(), "None");
}

TEST(PartialShape, KnowsWhetherItIsStatic) {
  EXPECT_TRUE(PartialShape().is_static());
  EXPECT_TRUE((PartialShape{1, 3}).is_static());
  EXPECT_TRUE((PartialShape{1, "N"}).is_dynamic());
  EXPECT_TRUE(PartialShape::unknown_rank().is_dynamic());
}

TEST(PartialShape, AcceptsShapesOfItsRankAndRanges) {
  const PartialShape shape{"batch", 3, {1, 224}};
  EXPECT_TRUE(shape.accepts(Shape{8, 3, 100}));
  EXPECT_FALSE(shape.accepts(Shape{8, 3, 225}));
  EXPECT_FALSE(shape.accepts(Shape{8, 4, 100}));
  EXPECT_FALSE(shape.accepts(Shape{8, 3}));
  EXPECT_FALSE(shape.accepts(Shape{8, 3, 100, 1}));
  EXPECT_TRUE(PartialShape::unknown_rank().accepts(Shape{1, 2, 3, 4}));
  EXPECT_FALSE(PartialShape().accepts(Shape{1}));
}

TEST(PartialShape, DefaultsAreTheMinimumOrTheGivenSize) {
  const PartialShape shape{"batch", 3, {2, 8}, {0, 4}, 0};
  EXPECT_EQ(shape.with_defaults(), (Shape{1, 3, 2, 1, 0}));
  EXPECT_EQ(shape.with_defaults(6), (Shape{6, 3, 2, 4, 0}));
  EXPECT_TRUE(shape.accepts(shape.with_defaults(6)));
  EXPECT_THROW(PartialShape::unknown_rank().with_defaults(), InputError);
}

TEST(PartialShape, ComparesRankNamesAndRanges) {
  EXPECT_NE(PartialShape(), PartialShape::unknown_rank());
  EXPECT_NE((PartialShape{"a"}), (PartialShape{"b"}));
  EXPECT_EQ(PartialShape(Shape{1, 2}), (PartialShape{1, 2}));
}

TEST(PythonRepr, EscapesWhatATerminalMustNotSee) {
  EXPECT_EQ(python_repr("\x1b[31m\x7f"), R"('\x1b[31m\x7f')");
  EXPECT_EQ(python_repr("\xC2\x85"), R"('\x85')");                   // a control character of two bytes
  EXPECT_EQ(python_repr("\xFF\xC3"), R"('\xff\xc3')");               // no UTF-8, and a sequence cut short
  EXPECT_EQ(python_repr("\xED\xA0\x80"), R"('\xed\xa0\x80')");       // a surrogate
  EXPECT_EQ(python_repr("\xF0\x9F\x98\x80"), "'\xF0\x9F\x98\x80'");  // an emoji
  EXPECT_EQ(python_repr(std::string_view("\0", 1)), R"('\x00')");
}

}  // namespace
}  // namespace polygraph
