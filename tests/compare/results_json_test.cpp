#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/compare/results_json.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/core/npy.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>

#include "compare/json_text.h"
#include "compare/temporary_folder.h"
#include "helpers/message.h"

namespace polygraph::compare {
namespace {

using test::message;
using testing::HasSubstr;

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<FeedDict> read_feeds(std::string_view text, ReadOptions options = {}) {
  const auto reader = json_feed_reader(text, "the text", std::move(options));
  std::vector<FeedDict> feeds;
  while (auto feed = reader->next()) feeds.push_back(*std::move(feed));
  return feeds;
}

/// A .npy file of a float32 array of shape (2,): 1 and 2.
constexpr std::string_view one_two =
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAg"
    "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAIA/AAAAQA==";

std::string array(std::string_view payload = one_two) {
  return "{\"array\": \"" + std::string(payload) + "\", \"polygraphy_class\": \"ndarray\"}";
}

std::string feed_text(const std::string& value) {
  return "{\"x\": " + value + "}";
}

void expect_one_two(const std::vector<FeedDict>& feeds) {
  ASSERT_EQ(feeds.size(), 1u);
  EXPECT_THAT(feeds[0]["x"].values<float>(), testing::ElementsAre(1.0f, 2.0f));
}

TEST(JsonNumbers, AreThoseOfPython) {
  const std::pair<double, const char*> cases[] = {{0.0, "0.0"},
                                                  {-0.0, "-0.0"},
                                                  {1.0, "1.0"},
                                                  {0.1, "0.1"},
                                                  {-2.5, "-2.5"},
                                                  {1e-5, "1e-05"},
                                                  {1e-4, "0.0001"},
                                                  {123456.0, "123456.0"},
                                                  {1e15, "1000000000000000.0"},
                                                  {1e16, "1e+16"},
                                                  {1.5e300, "1.5e+300"},
                                                  {5e-324, "5e-324"},
                                                  {1e22, "1e+22"},
                                                  {INFINITY, "Infinity"},
                                                  {-INFINITY, "-Infinity"},
                                                  {NAN, "NaN"},
                                                  {0.30000000000000004, "0.30000000000000004"}};
  for (const auto& [value, text] : cases) EXPECT_EQ(detail::python_json_number(value), text);
}

TEST(ResultsJson, ByteForByteAsPolygraphyWritesIt) {
  const TemporaryFolder folder;
  const Tensor values = Tensor::from({1.0f, 2.0f}, Shape{2});
  save_feeds(folder / "feeds.json", std::vector<FeedDict>{{{"x", values}}});
  EXPECT_EQ(text_of(folder / "feeds.json"),
            "[\n    {\n        \"x\": {\n            \"array\": \"" + std::string(one_two) +
                "\",\n            \"polygraphy_class\": \"ndarray\"\n        }\n    }\n]");
  RunResults results;
  results.add("r", {{{{"y", values}}, 0.5, "r"}});
  results.add("s");
  save_results(folder / "results.json", results);
  EXPECT_EQ(text_of(folder / "results.json"),
            R"({
    "lst": [
        [
            "r",
            [
                {
                    "outputs": {
                        "y": {
                            "values": {
                                "array": ")" +
                std::string(one_two) + R"(",
                                "polygraphy_class": "ndarray"
                            },
                            "polygraphy_class": "LazyArray"
                        }
                    },
                    "runtime": 0.5,
                    "runner_name": "r",
                    "polygraphy_class": "IterationResult"
                }
            ]
        ],
        [
            "s",
            []
        ]
    ],
    "polygraphy_class": "RunResults"
})");
  save_results(folder / "empty.json", RunResults());
  EXPECT_EQ(text_of(folder / "empty.json"),
            "{\n    \"lst\": [],\n    \"polygraphy_class\": \"RunResults\"\n}");
  save_feeds(folder / "none.json", {});
  EXPECT_EQ(text_of(folder / "none.json"), "[]");
}

TEST(ResultsJson, EveryTypeAndSizeComesBack) {
  const TemporaryFolder folder;
  FeedDict feed;
  for (const DataType dtype : all_data_types()) {
    for (const Shape& shape : {Shape{}, Shape{0}, Shape{1}, Shape{3, 5}, Shape{997}}) {
      if (dtype == DataType::string) continue;
      Tensor tensor(dtype, shape);
      auto* bytes = static_cast<unsigned char*>(tensor.mutable_data());
      for (std::size_t i = 0; i < tensor.nbytes(); ++i)
        bytes[i] = static_cast<unsigned char>(dtype == DataType::boolean ? i % 2 : i * 37);
      if (bit_width(dtype) < 8) tensor = tensor.cast(DataType::float32).cast(dtype);  // clears unused bits
      feed.set(std::string(to_string(dtype)) + shape.str(), tensor);
    }
  }
  Tensor text(DataType::string, Shape{2});
  text.mutable_strings()[0] = "\xc3\xa4";
  text.mutable_strings()[1] = "abc";
  feed.set("text", text);
  feed.set("q\"\\\n\x01\xf0\x9f\x98\x80\xff", text);
  for (const char* name : {"feeds.json", "feeds.npz", "folder"}) {
    SCOPED_TRACE(name);
    if (std::string_view(name) == "feeds.npz") feed.set("a/../b", text);
    save_feeds(folder / name, std::vector{feed, feed});
    const std::vector<FeedDict> loaded = load_feeds(folder / name);
    ASSERT_EQ(loaded.size(), 2u);
    ASSERT_EQ(loaded[1].names(), feed.names());
    for (const auto& [key, tensor] : feed) {
      const Tensor& other = loaded[1][key];
      ASSERT_EQ(other.dtype(), tensor.dtype()) << key;
      ASSERT_EQ(other.shape(), tensor.shape()) << key;
      if (tensor.dtype() == DataType::string)
        EXPECT_TRUE(std::ranges::equal(other.strings(), tensor.strings()));
      else
        EXPECT_TRUE(tensor.nbytes() == 0 || std::memcmp(other.data(), tensor.data(), tensor.nbytes()) == 0)
            << key;
    }
  }
}

RunResults three_iterations() {
  RunResults results;
  for (const char* runner : {"onnxrt-runner-N0-11/25/26-16:24:07", "b"}) {
    results.add(runner);
    for (int i = 0; i < 3; ++i)
      results[runner].push_back(
          {{{"/y/out", Tensor::full(Shape{5}, float(i))}, {"z", Tensor::full(Shape{}, true)}},
           0.25 * i,
           runner});
  }
  results["b"].pop_back();
  results["b"][0].runtime.reset();
  return results;
}

TEST(SavedResults, WrittenOneByOneAreTheSameAsAllAtOnce) {
  const TemporaryFolder folder;
  const RunResults results = three_iterations();
  for (const std::string extension : {".json", ".npz"}) {
    save_results(folder / ("whole" + extension), results);
    const auto writer = results_writer(folder / ("parts" + extension));
    for (const RunResults& part : results.split()) writer->add(part);
    writer->finish();
    if (extension == ".json") {
      EXPECT_EQ(text_of(folder / ("parts" + extension)), text_of(folder / ("whole" + extension)));
    }
  }
  save_results(folder / "folder", results);
  EXPECT_TRUE(std::filesystem::exists(folder / "folder/0000000002.json"));
  for (const char* name : {"whole.json", "whole.npz", "parts.npz", "folder"}) {
    SCOPED_TRACE(name);
    EXPECT_EQ(saved_kind(folder / name), SavedKind::results);
    const RunResults loaded = load_results(folder / name);
    ASSERT_EQ(loaded.names(), results.names());
    ASSERT_EQ(loaded["b"].size(), 2u);
    EXPECT_EQ(loaded["b"][0].runtime, std::nullopt);
    EXPECT_EQ(loaded["b"][1].runtime, 0.25);
    EXPECT_EQ(loaded[0].iterations[2].outputs["/y/out"].values<float>()[4], 2.0f);
    EXPECT_EQ(loaded[0].iterations[2].runner_name, results[0].runner_name);
  }
}

TEST(SavedResults, PathsThatExist) {
  const TemporaryFolder folder;
  const RunResults results = three_iterations();
  write_file(folder / "file", "x");
  EXPECT_THAT(message<InputError>([&] { save_results(folder / "file", results); }),
              HasSubstr("a file of that name exists"));
  save_results(folder / "twice", results);
  EXPECT_THAT(message<InputError>([&] { save_results(folder / "twice", results); }),
              HasSubstr("it is not empty"));
  write_file(folder / "out.json", "old");
  { results_writer(folder / "out.json")->add(results); }
  EXPECT_EQ(text_of(folder / "out.json"), "old");  // without finish()
  RunResults same = results;
  same.add("b", results["b"]);
  EXPECT_THAT(message<InputError>([&] { save_results(folder / "x.npz", same); }),
              HasSubstr("two runners are called 'b'"));
  EXPECT_FALSE(std::filesystem::exists(folder / "x.npz"));
}

TEST(ResultsJson, OldFormsAndOtherOrders) {
  const std::string payload(one_two);
  expect_one_two(read_feeds("[" + feed_text(array()) + "]"));
  expect_one_two(read_feeds(feed_text(array())));
  expect_one_two(read_feeds(feed_text("{\"polygraphy_class\":\"ndarray\",\"array\":\"" + payload + "\"}")));
  expect_one_two(
      read_feeds(feed_text("{\"array\":\"" + payload +
                           "\",\"__polygraphy_encoded_ndarray\":\"polygraphy_serialized_json_type\"}")));
  expect_one_two(
      read_feeds(feed_text("{\"values\":" + array() + ",\"polygraphy_class\":\"LazyNumpyArray\"}")));
  // A text of latin-1, as the oldest versions have it.
  const TemporaryFolder folder;
  save_npy(folder / "x.npy", Tensor::from({1.0f, 2.0f}, Shape{2}));
  std::string latin1 = "\"";
  for (const char c : text_of(folder / "x.npy")) {
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned char>(c));
    latin1 += escaped;
  }
  expect_one_two(read_feeds(feed_text("{\"array\":" + latin1 + "\",\"polygraphy_class\":\"ndarray\"}")));
  // An input may be called like a member.
  EXPECT_TRUE(read_feeds("{\"lst\": " + array() + ", \"polygraphy_class\": " + array() + "}")[0].contains(
      "polygraphy_class"));
}

TEST(ResultsJson, ArraysOfManyPieces) {
  const TemporaryFolder folder;
  Tensor large(DataType::float32, Shape{(3 << 20) + 1});
  for (std::size_t i = 0; i < large.mutable_values<float>().size(); ++i)
    large.mutable_values<float>()[i] = static_cast<float>(i);
  save_feeds(folder / "large.json", std::vector<FeedDict>{{{"x", large}}});
  const std::vector<FeedDict> loaded = load_feeds(folder / "large.json");
  EXPECT_TRUE(std::ranges::equal(loaded[0]["x"].values<float>(), large.values<float>()));
}

TEST(ResultsJson, RawData) {
  const TemporaryFolder folder;
  const Tensor fp8 = Tensor::from({1.0f, 2.0f}, Shape{2}).cast(DataType::float8e4m3fn);
  save_feeds(folder / "x.json", std::vector<FeedDict>{{{"x", fp8}}});
  std::string text = text_of(folder / "x.json");
  EXPECT_THAT(text, HasSubstr("\"dtype\": \"float8e4m3fn\","));
  const std::string without = text.erase(text.find("\"dtype\""), 24);
  EXPECT_THAT(message<InputError>([&] { read_feeds(without); }),
              AllOf(HasSubstr("'x'"), HasSubstr("raw data of 1 bytes")));
  EXPECT_EQ(read_feeds(without, {.raw_types = {{"x", DataType::float8e5m2, PartialShape()}}})[0]["x"].dtype(),
            DataType::float8e5m2);
}

TEST(ResultsJson, WhatIsWrongIsSaid) {
  const auto feed_error = [](const std::string& text) {
    return message<InputError>([&] { read_feeds(text); });
  };
  const std::string payload(one_two);
  const auto with = [&](std::size_t at, std::string_view piece) {
    return feed_text(array(std::string(payload).replace(at, piece.size(), piece)));
  };
  EXPECT_THAT(feed_error(""), HasSubstr("holds nothing"));
  EXPECT_THAT(feed_error("7"), HasSubstr("no JSON object or array"));
  EXPECT_THAT(feed_error("[" + feed_text(array())), HasSubstr("the file ends where"));
  EXPECT_THAT(feed_error(feed_text(array()) + "x"), HasSubstr("more text follows"));
  EXPECT_THAT(feed_error("[7]"), HasSubstr("an object is expected"));
  EXPECT_THAT(feed_error("[" + array() + "]"), HasSubstr("'array'"));
  EXPECT_THAT(feed_error(with(150, "*")),
              AllOf(HasSubstr("base64 of an array is damaged"), HasSubstr("at byte 167")));
  EXPECT_THAT(feed_error(with(3, "*")), HasSubstr("neither base64 nor"));
  EXPECT_THAT(feed_error(with(100, "=")), HasSubstr("base64"));
  EXPECT_THAT(feed_error(feed_text(array(payload.substr(0, 180)))), HasSubstr("needs 8 bytes, but only 7"));
  EXPECT_THAT(feed_error(feed_text(array(payload.substr(0, 100)))), HasSubstr("header"));
  EXPECT_THAT(feed_error("{\"x\":{\"tensor\":\"UEs\",\"polygraphy_class\":\"Tensor\"}}"),
              HasSubstr("torch.Tensor"));
  EXPECT_THAT(feed_error("{\"x\":{\"shape\":[1],\"polygraphy_class\":\"FormattedArray\"}}"),
              HasSubstr("class 'FormattedArray'"));
  EXPECT_THAT(feed_error("{\"x\":" + array() + ",\"x\":" + array() + "}"), HasSubstr("a second array 'x'"));
  EXPECT_THAT(feed_error("{\"replay\":{},\"polygraphy_class\":\"TacticReplayData\"}"),
              HasSubstr("this object is not marked as one"));
  EXPECT_THAT(feed_error(feed_text(std::string(100000, '['))), HasSubstr("nested deeper than 64 levels"));
  EXPECT_THAT(feed_error("{\"x\":{\"more\":" + std::string(100000, '[') + "}}"),
              HasSubstr("nested deeper than 64 levels"));
  EXPECT_THAT(feed_error("{\"x\":{\"more\":1" + std::string(2000, '0') + "}}"),
              HasSubstr("more than 1000 digits"));
  EXPECT_THAT(feed_error("{\"\\ud800\":" + array() + "}"), HasSubstr("half a surrogate pair"));
  EXPECT_THAT(feed_error("{\"lst\":[],\"polygraphy_class\":\"RunResults\"}"), HasSubstr("it holds results"));
  EXPECT_THAT(message<InputError>([] { json_results_reader("[]", "the text"); }),
              HasSubstr("it holds inputs"));
  EXPECT_THAT(message<InputError>([] {
                json_results_reader("{\"lst\":[[\"r\",[7]]],\"polygraphy_class\":\"RunResults\"}",
                                    "the text");
              }),
              HasSubstr("an iteration, an object, is expected"));
}

TEST(ResultsJson, AnArrayThatClaimsToBeLargeAsksForNoMemory) {
  const TemporaryFolder folder;
  // A header alone, of a shape of 4 TB.
  std::string npy = "\x93NUMPY\x01";
  npy += '\0';
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }";
  header.resize(117, ' ');
  header += '\n';
  npy += static_cast<char>(header.size());
  npy += '\0';
  npy += header;
  std::string text = "\"";
  for (const char c : npy) {
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned char>(c));
    text += escaped;
  }
  EXPECT_THAT(message<InputError>([&] {
                read_feeds(feed_text("{\"array\":" + text + "\",\"polygraphy_class\":\"ndarray\"}"));
              }),
              HasSubstr("needs 1000000000000 elements"));
}

}  // namespace
}  // namespace polygraph::compare
