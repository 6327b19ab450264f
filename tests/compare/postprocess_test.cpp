#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/compare/postprocess.h>
#include <polygraph/compare/validate.h>
#include <polygraph/core/error.h>

#include <cmath>

#include "helpers/message.h"

namespace polygraph::compare::test {
namespace {

using polygraph::test::message;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(TopK, IsInOrder) {
  const Tensor tensor = Tensor::from<float>({1, 5, NAN, 5, -INFINITY, 7}, Shape{6});
  EXPECT_THAT(top_k_indices(tensor, {4}).values<std::int64_t>(), ElementsAre(5, 1, 3, 0));
  EXPECT_THAT(top_k_indices(tensor, {9}).values<std::int64_t>(), ElementsAre(5, 1, 3, 0, 4, 2))
      << "clamped; NaN last";
  const Tensor big = Tensor::from<std::uint64_t>({UINT64_MAX - 1, UINT64_MAX, 3}, Shape{3});
  EXPECT_THAT(top_k_indices(big, {2}).values<std::int64_t>(), ElementsAre(1, 0));
  EXPECT_THAT(top_k_indices(Tensor::from<bool>({false, true}, Shape{2}), {1}).values<std::int64_t>(),
              ElementsAre(1));
}

TEST(TopK, AlongAnyAxis) {
  const Tensor tensor = Tensor::from<std::int32_t>({1, 9, 3, 4, 2, 8, 7, 0, 6, 5, 11, 10}, Shape{2, 3, 2});
  const Tensor middle = top_k_indices(tensor, {2, 1});
  EXPECT_EQ(middle.shape(), (Shape{2, 2, 2}));
  EXPECT_THAT(middle.values<std::int64_t>(), ElementsAre(1, 0, 2, 2, 2, 2, 0, 1));
  EXPECT_EQ(top_k_indices(tensor, {1, 0}).shape(), (Shape{1, 3, 2}));
  EXPECT_THAT(top_k_indices(tensor, {1, -3}).values<std::int64_t>(), ElementsAre(1, 0, 1, 1, 1, 1));
  EXPECT_THAT(top_k_indices(Tensor::full(Shape{}, 3.0f), {5}).values<std::int64_t>(), ElementsAre(0));
  EXPECT_EQ(top_k_indices(Tensor(DataType::float32, Shape{0, 3}), {2}).shape(), (Shape{0, 2}));
  EXPECT_EQ(top_k_indices(Tensor(DataType::float32, Shape{3, 0}), {2}).shape(), (Shape{3, 0}));
}

TEST(TopK, RefusesWhatHasNoOrderOrAxis) {
  EXPECT_THAT(message<InputError>([] { top_k_indices(Tensor(DataType::string, Shape{2}), {1}); }),
              HasSubstr("no order"));
  EXPECT_THROW(top_k_indices(Tensor(DataType::complex64, Shape{2}), {1}), InputError);
  EXPECT_THAT(message<InputError>([] {
                top_k_indices(Tensor(DataType::int8, Shape{2}), {1, 1});
              }),
              HasSubstr("axis 1"));
  EXPECT_THROW(top_k_indices(Tensor(DataType::int8, Shape{2}), {-1}), UsageError);
}

TEST(TopKPostprocessFunc, ChangesTheOutputsNamed) {
  const IterationResult result{.outputs = {{"a", Tensor::from<float>({1, 2}, Shape{2})},
                                           {"b", Tensor::from<float>({1, 2}, Shape{2})}}};
  const IterationResult one = TopKPostprocessFunc(PerOutput<TopK>({{"b", TopK{1}}}))(result);
  EXPECT_EQ(one.outputs["a"].dtype(), DataType::float32);
  EXPECT_THAT(one.outputs["b"].values<std::int64_t>(), ElementsAre(1));
  EXPECT_THAT(TopKPostprocessFunc()(result).outputs["a"].values<std::int64_t>(), ElementsAre(1, 0));
  const PostprocessFunction function = TopKPostprocessFunc(TopK{0});
  EXPECT_EQ(function(result).outputs["a"].dtype(), DataType::float32) << "0 leaves it alone";
  EXPECT_THAT(message<InputError>([&] { TopKPostprocessFunc(TopK{1, 3})(result); }), HasSubstr("Output 'a'"));
}

TEST(Validate, NamesTheFirst) {
  const IterationResult result{.outputs = {{"good", Tensor::from<float>({1}, Shape{1})},
                                           {"ints", Tensor::from<std::int32_t>({1}, Shape{1})},
                                           {"texts", Tensor(DataType::string, Shape{1})},
                                           {"bad", Tensor::from<float>({1, NAN, INFINITY, NAN}, Shape{2, 2})},
                                           {"low", Tensor::from<float8e4m3fn>({float8e4m3fn(NAN)}, Shape{})},
                                           {"none", Tensor(DataType::float16, Shape{0})}}};
  std::vector<InvalidOutput> found = validate(result);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].text, "NaN Detected | Output: 'bad' has 2 of 4, the first at (0, 1)");
  EXPECT_EQ(found[0].first_nan, 1);
  EXPECT_FALSE(found[0].first_inf);
  EXPECT_EQ(found[1].text, "NaN Detected | Output: 'low' has 1 of 1, the first at ()");
  found = validate(result, {.check_inf = true, .check_nan = false});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].text, "Inf Detected | Output: 'bad' has 1 of 4, the first at (1, 0)");
  EXPECT_THROW(validate({}), InputError);
}

}  // namespace
}  // namespace polygraph::compare::test
