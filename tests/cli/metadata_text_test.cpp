#include "cli/metadata_text.h"

#include <gmock/gmock.h>
#include <polygraph/core/error.h>

#include "helpers/message.h"

namespace polygraph::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(MetadataText, TensorWithAllParts) {
  const TensorText tensor = parse_tensor_text("image:[1,3,height,-1]:float16");
  EXPECT_EQ(tensor.name, "image");
  EXPECT_EQ(tensor.dtype, DataType::float16);
  EXPECT_EQ(tensor.shape, (PartialShape{1, 3, "height", -1}));
}

TEST(MetadataText, AutoAndPartsLeftOut) {
  for (const char* text : {"x", "x:auto", "x:auto:auto", "x:AUTO:Auto"}) {
    const TensorText tensor = parse_tensor_text(text);
    EXPECT_EQ(tensor.name, "x") << text;
    EXPECT_FALSE(tensor.dtype) << text;
    EXPECT_FALSE(tensor.shape) << text;
  }
  EXPECT_EQ(parse_tensor_text("x:float32").dtype, DataType::float32);
  EXPECT_FALSE(parse_tensor_text("x:float32").shape);
  EXPECT_EQ(parse_tensor_text("x:[2]").shape, (PartialShape{2}));
  EXPECT_EQ(parse_tensor_text("x:[2]:auto").shape, (PartialShape{2}));
  EXPECT_EQ(parse_tensor_text("x:auto:INT64").dtype, DataType::int64);
}

TEST(MetadataText, NamesMayContainAnything) {
  EXPECT_EQ(parse_tensor_text("scope/x:0:[1]:float32").name, "scope/x:0");
  EXPECT_EQ(parse_tensor_text("scope/x:0:auto").name, "scope/x:0");
  EXPECT_EQ(parse_tensor_text("a:b:float32").name, "a:b");
  EXPECT_EQ(parse_tensor_text("y[0]").name, "y[0]");
  EXPECT_EQ(parse_tensor_text("y[0]:[4]:auto").name, "y[0]");
  EXPECT_EQ(parse_tensor_text("a*?").name, "a*?");
}

TEST(MetadataText, WrongTensors) {
  EXPECT_THAT(
      test::message<UsageError>([] { parse_tensor_text("x:flot32"); }),
      AllOf(HasSubstr("'flot32'"), HasSubstr("Did you mean 'float32'?"), HasSubstr("'x:flot32:auto'")));
  EXPECT_THAT(test::message<UsageError>([] { parse_tensor_text(""); }),
              HasSubstr("does not begin with the name"));
  EXPECT_THAT(test::message<UsageError>([] { parse_tensor_text("x:[1,2.5]"); }), HasSubstr("'2.5'"));
}

TEST(MetadataText, Shapes) {
  EXPECT_EQ(parse_shape("[]"), PartialShape());
  EXPECT_EQ(parse_shape("[ 1 , n ]"), (PartialShape{1, "n"}));
  EXPECT_EQ(parse_shape("[1,]"), (PartialShape{1}));
  EXPECT_EQ(parse_shape("['batch size',\"m\"]"), (PartialShape{"batch size", "m"}));
  EXPECT_EQ(parse_shape("[-1]"), (PartialShape{-1}));
  for (const char* wrong :
       {"", "1,2", "[1", "1]", "[1,,2]", "[1x]", "[9223372036854775808]", "[[1]]", "['']"})
    EXPECT_THROW(parse_shape(wrong), UsageError) << wrong;
  EXPECT_EQ(parse_named_shape("x:0:[2]").first, "x:0");
  EXPECT_THROW(parse_named_shape("[2]"), UsageError);
  EXPECT_THROW(parse_named_shape("x"), UsageError);
}

TEST(MetadataText, UpperBounds) {
  EXPECT_EQ(parse_upper_bound("1000"), (std::pair<std::string, std::int64_t>("", 1000)));
  EXPECT_EQ(parse_upper_bound("a:b:7"), (std::pair<std::string, std::int64_t>("a:b", 7)));
  for (const char* wrong : {"", "x", "x:", "x:0", "x:-1", "1.5"})
    EXPECT_THROW(parse_upper_bound(wrong), UsageError) << wrong;
}

TEST(MetadataText, ValueRanges) {
  const ValueRange all = parse_value_range("[-1,2.5]");
  EXPECT_EQ(all.name, "");
  EXPECT_EQ(all.low, -1);
  EXPECT_EQ(all.high, 2.5);
  EXPECT_EQ(parse_value_range("x:0:[2,50]").name, "x:0");
  for (const char* wrong : {"", "[1]", "[1,2,3]", "1,2", "[2,1]", "[nan,1]", "x:[a,b]"})
    EXPECT_THROW(parse_value_range(wrong), UsageError) << wrong;
}

TEST(MetadataText, ByteCounts) {
  EXPECT_EQ(parse_byte_count("4096"), 4096);
  EXPECT_EQ(parse_byte_count("16M"), 16 << 20);
  EXPECT_EQ(parse_byte_count("1.5k"), 1536);
  EXPECT_EQ(parse_byte_count("2G"), std::int64_t{2} << 30);
  EXPECT_EQ(parse_byte_count("1e9"), 1'000'000'000);
  EXPECT_EQ(parse_byte_count("1.9"), 1);
  EXPECT_EQ(parse_byte_count("0"), 0);
  for (const char* wrong : {"", "M", "-1", "1T", "1e30", "inf", "nan", "16 M", "9223372036854775808"})
    EXPECT_THROW(parse_byte_count(wrong), UsageError) << wrong;
}

}  // namespace
}  // namespace polygraph::cli
