#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/model.h>
#include <polygraph/onnx/save.h>

#include <algorithm>
#include <filesystem>

#include "helpers/message.h"
#include "onnx/encode.h"

namespace polygraph::onnx {
namespace {

namespace fs = std::filesystem;
using namespace encode;
using testing::AllOf;
using testing::HasSubstr;

std::string text_of(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string rewritten(const std::string& encoded) {
  const Model model = load(encoded);
  const std::string written = text_of(encode_model(model));
  EXPECT_EQ(encoded_size(model), written.size());
  return written;
}

/// Numbers of several lengths, to be told apart.
std::string number(std::uint64_t field) {
  return varint(field, field * 1000);
}
std::string text(std::uint64_t field) {
  return bytes(field, "text" + std::to_string(field));
}

std::string string_entry() {
  return text(1) + text(2);
}
std::string shape() {
  return bytes(1, varint(1, 3) + text(3)) + bytes(1, bytes(2, "n")) + bytes(1, "");
}
std::string every_type() {
  const std::string tensor_type = bytes(1, varint(1, 1) + bytes(2, shape()));
  return bytes(15, tensor_type + text(6)) + bytes(15, bytes(4, bytes(1, tensor_type))) +
         bytes(15, bytes(5, varint(1, 7) + bytes(2, tensor_type))) + bytes(15, bytes(7, text(1) + text(2))) +
         bytes(15, bytes(8, varint(1, 1) + bytes(2, shape()))) + bytes(15, bytes(9, bytes(1, tensor_type)));
}
std::string value_info() {
  return text(1) + bytes(2, bytes(1, varint(1, 1) + bytes(2, shape()))) + text(3) + bytes(4, string_entry());
}
std::string external_tensor() {
  return varint(1, 4) + varint(2, 1) + text(8) + text(12) + bytes(13, bytes(1, "location") + bytes(2, "f")) +
         varint(14, 1) + bytes(16, string_entry());
}
std::string sparse_tensor() {
  return bytes(1, tensor("v", 1, {1}, bytes(9, raw({1.f})))) +
         bytes(2, varint(1, 1) + varint(2, 7) + bytes(7, "\x05")) + varint(3, 100) + varint(3, 200);
}
std::string attributes(std::uint64_t field, int depth) {
  const auto attribute = [&](int type, const std::string& low, const std::string& high = {}) {
    const bool is_before_type = type == 13 || type == 14;
    return bytes(field, text(1) + low + text(13) + (is_before_type ? high : "") +
                            varint(20, static_cast<std::uint64_t>(type)) + (is_before_type ? "" : high));
  };
  std::string all = attribute(1, fixed32(2, 0.f)) + attribute(2, number(3)) + attribute(2, varint(3, 0)) +
                    attribute(2, varint(3, UINT64_MAX)) + attribute(3, bytes(4, "\xff\xfe")) +
                    attribute(3, bytes(4, "")) + attribute(4, bytes(5, tensor("t", 1, {}, ""))) +
                    attribute(6, fixed32(7, 1) + fixed32(7, -0.f)) + attribute(7, number(8) + number(8)) +
                    attribute(7, "") + attribute(8, bytes(9, "a") + bytes(9, "")) +
                    attribute(9, bytes(10, external_tensor()) + bytes(10, "")) +
                    attribute(11, "", bytes(22, sparse_tensor())) +
                    attribute(12, "", bytes(23, sparse_tensor()) + bytes(23, sparse_tensor())) +
                    attribute(13, "", bytes(14, bytes(1, varint(1, 1)))) + attribute(14, "", every_type());
  // Of a function: only a type and the name of the function's attribute.
  for (std::uint64_t type = 1; type <= 14; ++type) all += bytes(field, text(1) + varint(20, type) + text(21));
  if (depth > 0) {
    const std::string inner = bytes(1, text(1) + attributes(5, depth - 1)) + text(2);
    all += attribute(5, bytes(6, inner)) + attribute(10, bytes(11, inner) + bytes(11, ""));
  }
  return all;
}
std::string node(int depth) {
  return text(1) + bytes(1, "") + text(2) + text(3) + text(4) + attributes(5, depth) + text(6) + text(7) +
         text(8) + bytes(9, string_entry()) + bytes(10, text(1) + number(3)) + text(99);
}
std::string graph(int depth) {
  return bytes(1, node(depth)) + bytes(1, node(0)) + text(2) + bytes(5, tensor("float", 1, {2}, "")) +
         bytes(5, varint(1, 2) + varint(2, 1) + bytes(4, raw({1.f, 2.f})) + text(8)) +
         bytes(5, varint(1, 1) + varint(2, 6) + bytes(5, raw_varint(UINT64_MAX)) + text(8)) +
         bytes(5, varint(1, 2) + varint(2, 8) + bytes(6, "a") + bytes(6, "") + text(8)) +
         bytes(5, varint(1, 1) + varint(2, 7) + bytes(7, "\x07") + text(8)) +
         bytes(5, varint(1, 1) + varint(2, 11) + text(8) + bytes(10, raw({0.5}))) +
         bytes(5, varint(1, 1) + varint(2, 13) + text(8) + bytes(11, raw_varint(1ull << 63))) +
         bytes(5, tensor("raw", 2, {3}, bytes(9, "abc"))) + bytes(5, tensor("empty", 2, {0}, bytes(9, ""))) +
         bytes(5, external_tensor()) + bytes(5, varint(1, 2) + varint(2, 1) + bytes(3, number(1)) + text(8)) +
         text(10) + bytes(11, value_info()) + bytes(12, value_info()) + bytes(13, value_info()) +
         bytes(14, text(1) + bytes(2, string_entry())) + bytes(15, sparse_tensor()) +
         bytes(16, string_entry());
}
std::string function() {
  return text(1) + text(4) + bytes(4, "second") + text(5) + text(6) + bytes(7, node(1)) + text(8) +
         bytes(9, text(1) + varint(2, 17)) + text(10) + attributes(11, 1) + bytes(12, value_info()) +
         text(13) + bytes(14, string_entry());
}
std::string model_of_everything(int depth) {
  return varint(1, 10) + text(2) + text(3) + text(4) + number(5) + text(6) + bytes(7, graph(depth)) +
         bytes(8, bytes(1, "") + varint(2, 17)) + bytes(8, text(1) + varint(2, 1)) +
         bytes(14, string_entry()) +
         bytes(20, bytes(1, graph(0)) + bytes(2, graph(0)) + bytes(3, string_entry()) +
                       bytes(4, string_entry())) +
         bytes(25, function()) + bytes(26, text(1) + number(2)) + text(1000);
}

TEST(Writer, GivesBackEveryFieldByteForByte) {
  const std::string encoded = model_of_everything(2);
  EXPECT_EQ(rewritten(encoded), encoded);
}

TEST(Writer, GivesBackEveryModelOfTheTests) {
  std::vector<fs::path> files;
  for (const char* folder : {POLYGRAPH_TEST_MODELS, POLYGRAPH_FUZZ_CORPUS "/onnx"})
    for (const auto& entry : fs::recursive_directory_iterator(folder))
      if (entry.path().extension() == ".onnx") files.push_back(entry.path());
  ASSERT_FALSE(files.empty());
  for (const fs::path& file : files) {
    const Bytes written = encode_model(load_model(file));
    EXPECT_TRUE(std::ranges::equal(written.span(), MappedFile(file).bytes())) << file;
  }
}

// How many models there are below the folder; each is written as it was.
int give_back_models_below(const fs::path& folder) {
  int count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".onnx") continue;
    ++count;
    const Bytes written = encode_model(load_model(entry.path()));
    EXPECT_TRUE(std::ranges::equal(written.span(), MappedFile(entry.path()).bytes())) << entry.path();
  }
  return count;
}

TEST(Writer, GivesBackTheModelsOfOnnxItself) {
  const fs::path folder = "/usr/share/libonnx-testdata";
  if (!fs::exists(folder)) GTEST_SKIP() << "no " << folder << ": install the package libonnx-testdata";
  EXPECT_GT(give_back_models_below(folder), 1000);
}

TEST(Writer, GivesBackRealModels) {
  const fs::path folder = POLYGRAPH_DEPS;
  if (!fs::exists(folder)) GTEST_SKIP() << "no " << folder << ": run setup/install.sh";
  EXPECT_GT(give_back_models_below(folder), 0);
}

TEST(Writer, TellsAbsentFromEmpty) {
  for (const std::string& encoded :
       {bytes(7, ""), bytes(2, "") + bytes(7, ""), bytes(7, bytes(2, "")), bytes(7, bytes(11, bytes(2, ""))),
        bytes(7, bytes(11, bytes(2, bytes(1, bytes(2, ""))))), bytes(7, bytes(11, bytes(2, bytes(1, ""))))})
    EXPECT_EQ(rewritten(encoded), encoded);
}

TEST(Writer, PutsValuesOfAnotherTypeWhereTheirNumberIs) {
  // An attribute with both a float and an int, and a tensor with a segment and
  // two kinds of values.
  const std::string attribute =
      text(1) + fixed32(2, 1) + varint(3, 2) + bytes(9, "s") + varint(20, 2) + text(50);
  const std::string data = varint(1, 1) + varint(2, 7) + bytes(3, varint(1, 1)) + bytes(4, raw({1.f})) +
                           bytes(5, "\x01") + bytes(7, "\x01") + text(8) + text(50);
  const std::string encoded = model(bytes(1, text(1) + bytes(5, attribute)) + bytes(5, data));
  EXPECT_EQ(rewritten(encoded), encoded);
}

TEST(Writer, LeavesTheValuesThatCountFirst) {
  // Two kinds of values, the one of the higher number first.
  const std::string data =
      varint(1, 1) + varint(2, 11) + bytes(10, raw({0.5})) + bytes(3, varint(1, 1)) + bytes(7, "\x01");
  const std::string written = rewritten(model(bytes(5, data)));
  EXPECT_EQ(rewritten(written), written);
  EXPECT_EQ(tensor_of(load(written).graph.initializers[0], Model()).values<double>()[0], 0.5);
  // No values of one kind are nothing beside one value of the other.
  const std::string empty = rewritten(model(bytes(5, bytes(5, "") + varint(7, 5))));
  EXPECT_THAT(empty, HasSubstr(bytes(7, "\x05")));
  EXPECT_EQ(rewritten(empty), empty);
  // Without a type, in IR version 1.
  const std::string old =
      rewritten(varint(1, 1) + bytes(7, bytes(1, bytes(5, varint(3, 2) + fixed32(2, 1)))));
  EXPECT_EQ(load(old).graph.nodes[0].attributes[0].type(), AttributeType::int_value);
}

TEST(Writer, JoinsValuesOfATensorInTwoParts) {
  const auto half = [](float value) {
    return bytes(1, varint(1, 1) + varint(2, 1) + bytes(4, raw({value})));
  };
  const std::string written = rewritten(model(bytes(15, half(1) + half(2))));
  EXPECT_THAT(written, HasSubstr(bytes(4, raw({1.f, 2.f}))));
  EXPECT_EQ(rewritten(written), written);
}

TEST(Writer, SortsFieldsAndUnpacksLists) {
  EXPECT_EQ(
      rewritten(bytes(8, varint(2, 17)) + bytes(7, text(2) + bytes(1, text(4) + text(1))) + varint(1, 8)),
      varint(1, 8) + bytes(7, bytes(1, text(1) + text(4)) + text(2)) + bytes(8, varint(2, 17)));
  const std::string packed =
      bytes(5, bytes(1, raw_varint(2) + raw_varint(300)) + varint(2, 1) + varint(7, 1) + varint(7, 2));
  EXPECT_EQ(rewritten(model(packed)),
            model(bytes(5, varint(1, 2) + varint(1, 300) + varint(2, 1) + bytes(7, "\x01\x02"))));
}

TEST(Writer, GivesAttributesTheirType) {
  Model model = load(encode::model(bytes(1, text(4))));
  Attribute attribute;
  attribute.name = "alpha";
  attribute.value = 0.5f;
  model.graph.nodes[0].attributes.push_back(attribute);
  const auto written = [&] { return text_of(encode_model(model)); };
  const std::string untyped = bytes(1, "alpha") + fixed32(2, 0.5f);
  EXPECT_THAT(written(), HasSubstr(bytes(5, untyped + varint(20, 1))));
  model.graph.nodes[0].attributes[0].value = std::vector<std::int64_t>{1, 2};
  EXPECT_THAT(written(), HasSubstr(varint(8, 1) + varint(8, 2) + varint(20, 7)));
  // IR version 1 knows no types.
  const std::string old = varint(1, 1) + bytes(7, bytes(1, bytes(5, untyped)));
  EXPECT_EQ(rewritten(old), old);
}

TEST(Writer, WritesAValueThatWasLeftOutOnceItIsSet) {
  const std::string encoded = model(bytes(1, bytes(5, text(1) + varint(20, 2))));
  EXPECT_EQ(rewritten(encoded), encoded);
  Model model = load(encoded);
  model.graph.nodes[0].attributes[0].value = std::int64_t{5};
  EXPECT_THAT(text_of(encode_model(model)), HasSubstr(varint(3, 5) + varint(20, 2)));
}

TEST(Writer, WritesWhatItReadOfATruncatedModelOrRefusesIt) {
  const std::string encoded = model_of_everything(0);
  int readable = 0;
  for (std::size_t size = 0; size < encoded.size(); ++size) {
    try {
      const std::string once = rewritten(encoded.substr(0, size));
      ++readable;
      EXPECT_EQ(rewritten(once), once) << size;
    } catch (const InputError&) {
    }
  }
  EXPECT_GT(readable, 5);  // it can be cut between the fields of the model
}

TEST(Writer, RefusesMoreThanTheLimit) {
  const Model model = load(encode::model(""));
  const std::uint64_t size = encoded_size(model);
  EXPECT_EQ(encode_model(model, size).size(), size);
  EXPECT_THAT(test::message<InputError>([&] { encode_model(model, size - 1); }),
              AllOf(HasSubstr(std::to_string(size)), HasSubstr(std::to_string(size - 1)),
                    HasSubstr("external data")));
}

TEST(Writer, RefusesWhatIsNestedTooDeepToBeRead) {
  const auto nested = [](int depth) {
    Model model;
    Graph* graph = &model.graph;
    for (int i = 1; i < depth; ++i) {
      Attribute attribute;
      attribute.value = Box<Graph>(Graph());
      graph->nodes.emplace_back().attributes.push_back(std::move(attribute));
      graph = &*std::get<Box<Graph>>(graph->nodes[0].attributes[0].value);
    }
    return model;
  };
  EXPECT_NO_THROW(load(text_of(encode_model(nested(max_nesting)))));
  EXPECT_THAT(test::message<InputError>([&] { encode_model(nested(max_nesting + 1)); }),
              HasSubstr("64 levels"));

  Model model;
  Type type;
  for (int i = 0; i < max_nesting; ++i) {
    Type outer;
    outer.kind = Type::Kind::sequence;
    outer.element = std::move(type);
    type = std::move(outer);
  }
  model.graph.inputs.emplace_back().type = std::move(type);
  EXPECT_THAT(test::message<InputError>([&] { encode_model(model); }), HasSubstr("types are nested"));
}

}  // namespace
}  // namespace polygraph::onnx
