#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/compare/input_data.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/core/npy.h>

#include <cmath>

#include "compare/temporary_folder.h"
#include "helpers/message.h"

namespace polygraph::compare {
namespace {

using test::message;
using testing::ElementsAre;
using testing::HasSubstr;

const TensorMetadata one_input{{"x", DataType::float32, PartialShape{"batch", 2}}};
const TensorMetadata two_inputs{{"x", DataType::float32, PartialShape{2}},
                                {"n", DataType::int32, PartialShape{1}}};

std::vector<FeedDict> read_all(InputData& data, const TensorMetadata& inputs) {
  data.open(inputs);
  std::vector<FeedDict> feeds;
  while (auto feed = data.next()) feeds.push_back(*std::move(feed));
  return feeds;
}

std::vector<FeedDict> load(std::vector<std::filesystem::path> paths, const TensorMetadata& inputs) {
  return read_all(*loaded_inputs(std::move(paths)), inputs);
}

Tensor floats(std::initializer_list<float> values, Shape shape) {
  return Tensor::from(values, std::move(shape));
}

void write_raw(const std::filesystem::path& path, const Tensor& tensor) {
  write_file(path, std::span(static_cast<const std::byte*>(tensor.data()), tensor.nbytes()));
}

/// A TensorProto of float32 with raw_data.
std::string tensor_proto(const std::string& name, std::initializer_list<float> values) {
  std::string out;
  out += {'\x08', static_cast<char>(values.size()), '\x10', '\x01'};
  if (!name.empty()) out += std::string("\x42") + static_cast<char>(name.size()) + name;
  out += std::string("\x4a") + static_cast<char>(4 * values.size());
  out.append(reinterpret_cast<const char*>(values.begin()), 4 * values.size());
  return out;
}

TEST(InputData, MadeUp) {
  const auto data = generated_inputs({.iterations = 3});
  EXPECT_EQ(data->iterations(), 3);
  EXPECT_THAT(message<UsageError>([&] { data->next(); }), HasSubstr("before it is opened"));
  const std::vector<FeedDict> feeds = read_all(*data, one_input);
  ASSERT_EQ(feeds.size(), 3u);
  EXPECT_FLOAT_EQ(feeds[0]["x"].values<float>()[0], 0.417022f);
  data->rewind();
  EXPECT_FLOAT_EQ((*data->next())["x"].values<float>()[0], 0.417022f);
}

TEST(InputData, AsAFunctionOfTheIteration) {
  const auto function = feed_function(generated_inputs({.iterations = 2}));
  const auto copy = function;
  for (int round = 0; round < 2; ++round) {
    const auto first = function(0, one_input);
    ASSERT_TRUE(first) << "iteration 0 begins again";
    EXPECT_FLOAT_EQ((*first)["x"].values<float>()[0], 0.417022f);
    const auto second = copy(1, one_input);
    ASSERT_TRUE(second) << "copies share the data";
    EXPECT_NE((*second)["x"].values<float>()[0], (*first)["x"].values<float>()[0]);
    EXPECT_FALSE(function(2, one_input));
  }
}

TEST(InputData, PathsOfAllKindsAreChained) {
  const TemporaryFolder folder;
  const FeedDict feed{{"x", floats({1, 2}, Shape{1, 2})}};
  save_feeds(folder / "a.json", std::vector{feed, feed});
  save_feeds(folder / "b.npz", std::vector{feed});
  save_feeds(folder / "c", std::vector{feed, feed});
  save_npy(folder / "d.npy", floats({3, 4, 5, 6}, Shape{2, 2}));
  write_raw(folder / "e.bin", floats({7, 8, 9, 10, 11, 12}, Shape{3, 2}));
  write_file(folder / "sets/test_data_set_0/input_0.pb", "");
  std::filesystem::remove_all(folder / "sets");
  const auto data =
      loaded_inputs({folder / "a.json", folder / "b.npz", folder / "c", folder / "d.npy", folder / "e.bin"});
  for (int round = 0; round < 2; ++round) {
    const std::vector<FeedDict> feeds = read_all(*data, one_input);
    ASSERT_EQ(feeds.size(), 7u);
    EXPECT_EQ(feeds[5]["x"].shape(), (Shape{2, 2}));
    EXPECT_EQ(feeds[6]["x"].shape(), (Shape{3, 2}));
    EXPECT_EQ(feeds[6]["x"].values<float>()[5], 12);
  }
}

TEST(InputData, FoldersOfArrays) {
  const TemporaryFolder folder;
  for (const char* iteration : {"0", "1", "10", "2"}) {
    const float value = std::strtof(iteration, nullptr);
    write_raw(folder / ("many/" + std::string(iteration) + "/x.bin"), floats({value, value}, Shape{2}));
    save_npy(folder / ("many/" + std::string(iteration) + "/n.npy"), Tensor::full(Shape{1}, std::int32_t{7}));
  }
  const std::vector<FeedDict> feeds = load({folder / "many"}, two_inputs);
  std::vector<float> order;
  for (const FeedDict& feed : feeds) order.push_back(feed["x"].values<float>()[0]);
  EXPECT_THAT(order, ElementsAre(0, 1, 2, 10));
  EXPECT_EQ(load({folder / "many/1"}, two_inputs).size(), 1u);
  // With one input, files of other names are an iteration each.
  save_npy(folder / "single/1.npy", floats({1, 2}, Shape{1, 2}));
  save_npy(folder / "single/2.npy", floats({3, 4}, Shape{1, 2}));
  EXPECT_EQ(load({folder / "single"}, one_input).size(), 2u);
}

TEST(InputData, OnnxTestData) {
  const TemporaryFolder folder;
  for (const int set : {0, 9, 10}) {
    const std::string name = "m/test_data_set_" + std::to_string(set);
    const auto value = static_cast<float>(set);
    write_file(folder / (name + "/input_0.pb"), tensor_proto("", {value, 1}));
    write_file(folder / (name + "/output_0.pb"), tensor_proto("second", {value}));
    write_file(folder / (name + "/output_1.pb"), tensor_proto("first", {-value}));
  }
  const TensorMetadata inputs{{"x", DataType::float32, PartialShape{2}}};
  const std::vector<FeedDict> feeds = load({folder / "m"}, inputs);
  ASSERT_EQ(feeds.size(), 3u);
  EXPECT_EQ(feeds[2]["x"].values<float>()[0], 10);
  const TensorMetadata outputs{{"first", DataType::float32, PartialShape{1}},
                               {"second", DataType::float32, PartialShape{1}}};
  const RunResults expected = expected_outputs({folder / "m"}, outputs);
  ASSERT_EQ(expected["test_data"].size(), 3u);
  EXPECT_EQ(expected["test_data"][1].outputs["first"].values<float>()[0], -9);
  EXPECT_EQ(expected["test_data"][1].outputs["second"].values<float>()[0], 9);
  EXPECT_THAT(message<InputError>([&] { load({folder / "m"}, two_inputs); }),
              HasSubstr("no array for the input 'n'"));
  write_file(folder / "bad/input_0.pb", "\x7f\x45LF");
  EXPECT_THAT(message<InputError>([&] { load({folder / "bad"}, inputs); }), HasSubstr("TensorProto"));
  EXPECT_THAT(message<InputError>([&] { expected_outputs({folder / "none"}, outputs); }),
              HasSubstr("no ONNX test data"));
}

TEST(InputData, NamesHaveToFit) {
  const FeedDict feed{{"y", floats({1, 2}, Shape{1, 2})}};
  EXPECT_THAT(message<InputError>([&] { adapt_feed(feed, one_input, "'f'"); }),
              AllOf(HasSubstr("no input 'y'"), HasSubstr("'x'")));
  EXPECT_THAT(message<InputError>([&] { adapt_feed({}, one_input, "'f'"); }),
              HasSubstr("no array for the input 'x'"));
}

TEST(InputData, TypesAreConvertedIfNothingIsLost) {
  const auto as = [](const Tensor& tensor, DataType dtype) {
    return adapt_feed({{"x", tensor}}, TensorMetadata{{"x", dtype, PartialShape::unknown_rank()}},
                      "'f'")["x"];
  };
  EXPECT_EQ(as(Tensor::full(Shape{2}, 0.1), DataType::float32).values<float>()[0], 0.1f);
  EXPECT_EQ(as(Tensor::full(Shape{2}, std::int64_t{-5}), DataType::int32).values<std::int32_t>()[1], -5);
  EXPECT_EQ(as(Tensor::full(Shape{2}, 3.0f), DataType::int8).values<std::int8_t>()[1], 3);
  EXPECT_TRUE(
      std::isinf(float(as(Tensor::full(Shape{1}, INFINITY), DataType::float16).values<float16>()[0])));
  const auto refused = [&](const Tensor& tensor, DataType dtype) {
    return message<InputError>([&] { as(tensor, dtype); });
  };
  EXPECT_THAT(refused(Tensor::full(Shape{1}, 1e39), DataType::float32), HasSubstr("its element 0, 1e+39"));
  EXPECT_THAT(refused(Tensor::full(Shape{1}, 0.5f), DataType::int64), HasSubstr("its element 0, 0.5"));
  EXPECT_THAT(refused(Tensor::full(Shape{1}, std::int64_t{1} << 40), DataType::int32),
              HasSubstr("1099511627776"));
  EXPECT_THAT(refused(Tensor::full(Shape{1}, UINT64_MAX), DataType::int64),
              HasSubstr("18446744073709551615"));
  EXPECT_THAT(refused(Tensor::full(Shape{1}, 1000.0f), DataType::float8e4m3fn), HasSubstr("1000"));
  EXPECT_THAT(refused(Tensor::full(Shape{1}, NAN), DataType::int32), HasSubstr("nan"));
  EXPECT_THAT(refused(Tensor(DataType::string, Shape{1}), DataType::int32), HasSubstr("text is no number"));
}

TEST(InputData, ShapesAreAdaptedIfThereIsOneThatFits) {
  const auto as = [](const Shape& from, const PartialShape& to) {
    return adapt_feed({{"x", Tensor(DataType::float32, from)}}, TensorMetadata{{"x", DataType::float32, to}},
                      "'f'")["x"]
        .shape();
  };
  EXPECT_EQ(as(Shape{6}, PartialShape{2, 3}), (Shape{2, 3}));
  EXPECT_EQ(as(Shape{6}, PartialShape{"n", 3}), (Shape{2, 3}));
  EXPECT_EQ(as(Shape{5, 3}, PartialShape{"n", 3}), (Shape{5, 3}));
  EXPECT_THAT(message<InputError>([&] {
                as(Shape{6}, PartialShape{"n", "m"});
              }),
              HasSubstr("its shape is (6,)"));
  EXPECT_THAT(message<InputError>([&] {
                as(Shape{7}, PartialShape{2, 3});
              }),
              HasSubstr("the model wants (2, 3)"));
  EXPECT_THAT(message<InputError>([&] {
                as(Shape{12}, PartialShape{{1, 3}, 3});
              }),
              HasSubstr("the model wants"));
}

TEST(InputData, DataThatEndsEarlyOrIsNotThere) {
  const TemporaryFolder folder;
  write_raw(folder / "short.bin", floats({1, 2, 3}, Shape{3}));
  EXPECT_THAT(message<InputError>([&] { load({folder / "short.bin"}, one_input); }),
              HasSubstr("not a multiple of the 8 bytes"));
  const TensorMetadata fixed{{"x", DataType::float32, PartialShape{4}}};
  EXPECT_THAT(message<InputError>([&] { load({folder / "short.bin"}, fixed); }),
              AllOf(HasSubstr("it has 12 bytes"), HasSubstr("takes 16"), HasSubstr("ends early")));
  EXPECT_THAT(message<InputError>([&] { load({folder / "short.bin"}, two_inputs); }),
              HasSubstr("the model has 2 inputs"));
  std::filesystem::create_directory(folder / "empty");
  EXPECT_THAT(message<InputError>([&] { load({folder / "empty"}, one_input); }),
              HasSubstr("no inputs in the folder"));
  EXPECT_THAT(message<InputError>([&] { load({folder / "none.json"}, one_input); }), HasSubstr("none.json"));
  EXPECT_THAT(message<UsageError>([] { loaded_inputs({}); }), HasSubstr("No files"));
  write_raw(folder / "bool.bin", Tensor::full(Shape{1}, std::uint8_t{2}));
  EXPECT_THAT(message<InputError>([&] {
                load({folder / "bool.bin"}, {{"b", DataType::boolean, PartialShape{1}}});
              }),
              HasSubstr("neither 0 nor 1"));
}

// The first element of x in every iteration of a rank's share.
std::vector<float> share_of(const std::vector<std::filesystem::path>& paths, std::int64_t first,
                            std::int64_t step) {
  const auto data = every_nth(loaded_inputs(paths), first, step);
  std::vector<float> found;
  for (const FeedDict& feed : read_all(*data, one_input))
    found.push_back(static_cast<float>(feed["x"].element_as_double(0)));
  return found;
}

TEST(InputData, SharesOfEveryFormat) {
  const TemporaryFolder folder;
  std::vector<FeedDict> feeds;
  for (int i = 0; i < 5; ++i) {
    FeedDict& feed = feeds.emplace_back();
    feed.set("x", floats({static_cast<float>(i), 0}, Shape{1, 2}));
    const std::string set = "sets/test_data_set_" + std::to_string(i) + "/input_0.pb";
    const std::string proto = tensor_proto("x", {static_cast<float>(i), 0});
    write_file(folder / set, std::as_bytes(std::span(proto)));
    write_raw(folder / ("raw/" + std::to_string(i) + ".bin"), feed["x"]);
    save_npy(folder / ("arrays/" + std::to_string(i) + ".npy"), feed["x"]);
  }
  for (const char* name : {"inputs.json", "inputs.npz", "inputs"}) save_feeds(folder / name, feeds);
  for (const char* name : {"inputs.json", "inputs.npz", "inputs", "raw", "arrays", "sets"}) {
    SCOPED_TRACE(name);
    EXPECT_THAT(share_of({folder / name}, 0, 1), ElementsAre(0, 1, 2, 3, 4));
    EXPECT_THAT(share_of({folder / name}, 0, 2), ElementsAre(0, 2, 4));
    EXPECT_THAT(share_of({folder / name}, 1, 2), ElementsAre(1, 3));
    EXPECT_THAT(share_of({folder / name}, 4, 7), ElementsAre(4));
    EXPECT_THAT(share_of({folder / name}, 5, 7), ElementsAre());
    EXPECT_THAT(share_of({folder / name, folder / name}, 1, 3), ElementsAre(1, 4, 2));
  }
}

TEST(InputData, SharesOfMadeUpData) {
  const auto all = read_all(*generated_inputs({.iterations = 7}), one_input);
  for (std::int64_t rank = 0; rank < 9; ++rank) {
    const auto data = every_nth(generated_inputs({.iterations = 7}), rank, 3);
    EXPECT_EQ(data->iterations(), rank > 6 ? 0 : (6 - rank) / 3 + 1);
    for (int pass = 0; pass < 2; ++pass) {  // rewinding starts with the first of the share
      data->open(one_input);
      data->rewind();
      for (std::int64_t i = rank; i < 7; i += 3)
        EXPECT_EQ((*data->next())["x"].str(), all[static_cast<std::size_t>(i)]["x"].str());
      EXPECT_FALSE(data->next());
      EXPECT_FALSE(data->skip());
    }
  }
  // What is passed over is not made: a range that no iteration can have is noticed only where one is asked
  // for.
  const auto bad = generated_inputs({.iterations = 2, .val_range = {{"", {0, 1000}}}});
  bad->open({{"x", DataType::int8, PartialShape{2}}});
  EXPECT_TRUE(bad->skip());
  EXPECT_THROW(bad->next(), UsageError);
  EXPECT_THROW(every_nth(generated_inputs(), -1, 2), UsageError);
  EXPECT_THROW(every_nth(generated_inputs(), 0, 0), UsageError);
}

}  // namespace
}  // namespace polygraph::compare
