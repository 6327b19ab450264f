#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/compare/data_loader.h>
#include <polygraph/core/error.h>
#include <polygraph/core/log.h>

#include <cmath>

#include "helpers/message.h"

namespace polygraph::compare::test {
namespace {

using polygraph::test::message;
using testing::ElementsAre;
using testing::HasSubstr;

// What is logged while the object lives.
class LogLines {
 public:
  LogLines() {
    set_log_sink([this](Severity, std::string_view line) { text_ += std::string(line) + '\n'; });
  }
  LogLines(const LogLines&) = delete;
  LogLines& operator=(const LogLines&) = delete;
  ~LogLines() { set_log_sink({}); }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

TEST(DataLoader, MakesWellKnownNumbers) {
  const DataLoader data({{"x", DataType::float32, {2}}, {"i", DataType::int32, {4}}}, {.iterations = 2});
  const FeedDict first = data[0];
  EXPECT_THAT(first["x"].values<float>(), ElementsAre(0.417022004f, 0.720324494f));
  for (const std::int32_t value : first["i"].values<std::int32_t>()) EXPECT_TRUE(value == 0 || value == 1);
  EXPECT_NE(data[1]["x"].str(), first["x"].str());
  EXPECT_EQ(data[0]["x"].str(), first["x"].str()) << "an iteration is the same each time";
}

TEST(DataLoader, MakesTypesThatNumPyLacks) {
  for (const DataType dtype : all_data_types()) {
    SCOPED_TRACE(to_string(dtype));
    const DataLoader data({{"x", dtype, {1000}}}, {.val_range = {{"", {0, 1}}}});
    const Tensor x = data[0]["x"];
    ASSERT_EQ(x.dtype(), dtype);
    if (dtype == DataType::string) {
      EXPECT_EQ(x.strings()[0], "0.417022004702574");
      continue;
    }
    double sum = 0;
    for (std::int64_t i = 0; i < 1000; ++i) {
      const double value = x.element_as_double(i);
      EXPECT_TRUE(value >= 0 && value <= 1) << value;
      sum += value;
    }
    EXPECT_NEAR(sum, dtype == DataType::float8e8m0 ? 660 : 500, 60);
  }
}

TEST(DataLoader, KeepsWithinTheRange) {
  const DataLoader data(
      {{"a", DataType::int4, {500}}, {"b", DataType::int64, {3}}, {"c", DataType::uint64, {3}}},
      {.val_range = {{"a", {-8, 7}},
                     {"b", {-9223372036854775807.0L - 1, -9223372036854775807.0L - 1}},
                     {"c", {18446744073709551615.0L, 18446744073709551615.0L}}}});
  const FeedDict feed = data[0];
  double least = 0;
  double greatest = 0;
  for (std::int64_t i = 0; i < 500; ++i) {
    least = std::min(least, feed["a"].element_as_double(i));
    greatest = std::max(greatest, feed["a"].element_as_double(i));
  }
  EXPECT_EQ(least, -8);
  EXPECT_EQ(greatest, 7);
  EXPECT_EQ(feed["b"].values<std::int64_t>()[2], INT64_MIN);
  EXPECT_EQ(feed["c"].values<std::uint64_t>()[2], UINT64_MAX);
}

TEST(DataLoader, RefusesRangesThatAreNone) {
  const auto make = [](DataType dtype, ValueRange range) {
    return message<UsageError>([&] { DataLoader({{"x", dtype, {2}}}, {.val_range = {{"x", range}}})[0]; });
  };
  EXPECT_THAT(make(DataType::int8, {5, 4}), HasSubstr("'x' in the range [5, 4]: it holds no integer"));
  EXPECT_THAT(make(DataType::int8, {0, 128}), HasSubstr("not within int8"));
  EXPECT_THAT(make(DataType::uint8, {-1, 3}), HasSubstr("not within uint8"));
  EXPECT_THAT(make(DataType::int4, {-9, 3}), HasSubstr("not within int4"));
  EXPECT_THAT(make(DataType::int32, {NAN, 3}), HasSubstr("holds no integer"));
  EXPECT_THAT(make(DataType::boolean, {1, 0}), HasSubstr("holds no boolean"));
}

TEST(DataLoader, RefusesBadOptions) {
  const TensorMetadata x{{"x", DataType::float32, {2}}};
  EXPECT_THAT(message<UsageError>([&] { DataLoader(x, {.iterations = -1}); }), HasSubstr("-1 iterations"));
  EXPECT_THAT(message<UsageError>([&] { DataLoader(x, {.seed = 1ull << 32}); }), HasSubstr("4294967296"));
  EXPECT_THAT(message<UsageError>([&] { DataLoader(x, {.seed = 4294967295, .iterations = 2}); }),
              HasSubstr("smaller seed"));
  EXPECT_THAT(message<UsageError>([&] { DataLoader(x, {.default_dimension = -1}); }), HasSubstr("-1"));
  EXPECT_THAT(message<UsageError>([&] { (void)DataLoader{x}[1]; }), HasSubstr("iteration 1: there are 1"));
  EXPECT_THAT(message<UsageError>([&] { (void)DataLoader{x}[-1]; }), HasSubstr("iteration -1"));
  EXPECT_THAT(message<InputError>([&] {
                DataLoader({{"x", DataType::float32, PartialShape::unknown_rank()}});
              }),
              HasSubstr("rank is not known"));
}

TEST(DataLoader, ChoosesShapes) {
  const TensorMetadata inputs{{"image", DataType::float32, {"batch", 3, Dimension(8, 64)}},
                              {"size", DataType::int64, {2}},
                              {"any", DataType::float32, PartialShape::unknown_rank()}};
  LogLines log;
  const DataLoader data(inputs, {.input_metadata = {{"im*", std::nullopt, {4, 3, 16}},
                                                    {"size", std::nullopt, {480, 640}},
                                                    {"any", DataType::float16, {7}},
                                                    {"sise", DataType::float16, {7}}},
                                 .default_dimension = 2});
  const FeedDict feed = data[0];
  EXPECT_EQ(feed["image"].shape(), (Shape{4, 3, 16}));
  EXPECT_THAT(feed["size"].values<std::int64_t>(), ElementsAre(480, 640));
  EXPECT_EQ(feed["any"].shape(), (Shape{7}));
  EXPECT_EQ(feed["any"].dtype(), DataType::float16);
  EXPECT_THAT(log.text(), HasSubstr("taken for a shape; its values will be (480, 640)"));
  EXPECT_THAT(
      log.text(),
      HasSubstr("There is no input 'sise', for which a type or shape was given. Did you mean 'size'?"));
}

TEST(DataLoader, FallsBackToTheModelsShape) {
  LogLines log;
  const DataLoader data({{"x", DataType::float32, {"batch", 3, Dimension(8, 64)}}},
                        {.val_range = {{"y", {0, 2}}}, .input_metadata = {{"x", std::nullopt, {1, 4, 16}}}});
  EXPECT_EQ(data[0]["x"].shape(), (Shape{1, 3, 8}));
  EXPECT_THAT(log.text(), HasSubstr("The shape (1, 4, 16) cannot be that of the input x"));
  EXPECT_THAT(log.text(), HasSubstr("open dimensions; values of the shape (1, 3, 8)"));
  EXPECT_THAT(log.text(), HasSubstr("There is no input 'y', for which a range"));
}

}  // namespace
}  // namespace polygraph::compare::test
