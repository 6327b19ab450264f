#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/model.h>

#include <chrono>
#include <random>

#include "onnx/encode.h"

namespace polygraph::onnx {
namespace {

using namespace encode;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::string identity_node() {
  return bytes(1, "x") + bytes(2, "y") + bytes(3, "id") + bytes(4, "Identity");
}

std::string message_of(const std::string& encoded) {
  try {
    load(encoded);
  } catch (const InputError& error) {
    return error.what();
  }
  return {};
}

TEST(Reader, ReadsWhatIsInAModel) {
  const std::string dims = bytes(1, varint(1, 4)) + bytes(1, bytes(2, "n")) + bytes(1, "");
  const std::string info = bytes(1, "x") + bytes(2, bytes(1, varint(1, 1) + bytes(2, dims)));
  const Model model =
      load(varint(1, 10) + bytes(2, "me") + varint(5, static_cast<std::uint64_t>(-3)) +
           bytes(7, bytes(1, identity_node()) + bytes(2, "g") + bytes(11, info)) +
           bytes(8, bytes(1, "") + varint(2, 17)) + bytes(8, bytes(1, "other") + varint(2, 1)) +
           bytes(14, bytes(1, "key") + bytes(2, "value")));
  EXPECT_EQ(model.ir_version, 10);
  EXPECT_EQ(model.producer_name, "me");
  EXPECT_EQ(model.model_version, -3);
  EXPECT_EQ(model.opset(), 17);
  EXPECT_EQ(model.opset_imports.size(), 2u);
  EXPECT_EQ(*find_entry(model.metadata_props, "key"), "value");
  EXPECT_EQ(find_entry(model.metadata_props, "none"), nullptr);
  ASSERT_EQ(model.graph.nodes.size(), 1u);
  EXPECT_EQ(model.graph.nodes[0].op_type, "Identity");
  EXPECT_THAT(model.graph.nodes[0].inputs, ElementsAre("x"));
  EXPECT_EQ(input_metadata(model.graph)["x"].shape.str(), "(4, 'n', -1)");
}

TEST(Reader, TellsAbsentFromEmptyTexts) {
  const Model model = load(bytes(2, "") + bytes(7, ""));
  EXPECT_NE(model.producer_name.data(), nullptr);
  EXPECT_EQ(model.producer_version.data(), nullptr);
}

TEST(Reader, TextsPointIntoTheBytes) {
  const std::string encoded = model(bytes(2, "name"));
  const Model model = load_model_from_bytes(std::as_bytes(std::span(encoded)));
  EXPECT_GE(model.graph.name.data(), encoded.data());
  EXPECT_LT(model.graph.name.data(), encoded.data() + encoded.size());
}

TEST(Reader, ReadsEveryKindOfAttribute) {
  const std::string t = tensor("t", 1, {1}, bytes(9, raw({1.5f})));
  const std::string sparse = bytes(1, t) + bytes(2, t) + varint(3, 9);
  const std::string type = bytes(4, bytes(1, bytes(1, varint(1, 7))));
  const std::string graph = bytes(2, "inner");
  const std::string values[] = {
      "",
      fixed32(2, 0.5f),
      varint(3, static_cast<std::uint64_t>(-2)),
      bytes(4, "s"),
      bytes(5, t),
      bytes(6, graph),
      fixed32(7, 1.0f) + fixed32(7, 2.0f),
      varint(8, 3) + bytes(8, raw_varint(4) + raw_varint(5)),
      bytes(9, "a") + bytes(9, "b"),
      bytes(10, t) + bytes(10, t),
      bytes(11, graph) + bytes(11, graph),
      bytes(22, sparse),
      bytes(23, sparse),
      bytes(14, type),
      bytes(15, type) + bytes(15, type),
  };
  std::string node;
  for (std::uint64_t i = 1; i < std::size(values); ++i)
    node += bytes(5, bytes(1, "a") + values[i] + varint(20, i));
  const Model model = load(encode::model(bytes(1, node)));
  const std::vector<Attribute>& attributes = model.graph.nodes[0].attributes;
  ASSERT_EQ(attributes.size(), 14u);
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(attributes[i].type()), i + 1);
    EXPECT_TRUE(attributes[i].unknown.empty()) << i;
  }
  EXPECT_EQ(std::get<float>(attributes[0].value), 0.5f);
  EXPECT_EQ(std::get<std::int64_t>(attributes[1].value), -2);
  EXPECT_EQ(std::get<Box<TensorData>>(attributes[3].value)->name, "t");
  EXPECT_EQ(std::get<Box<Graph>>(attributes[4].value)->name, "inner");
  EXPECT_THAT(std::get<std::vector<float>>(attributes[5].value), ElementsAre(1.0f, 2.0f));
  EXPECT_THAT(std::get<std::vector<std::int64_t>>(attributes[6].value), ElementsAre(3, 4, 5));
  EXPECT_EQ(to_string(*std::get<Box<Type>>(attributes[12].value)), "sequence(tensor(int64))");
}

TEST(Reader, TakesTheTypeOfAnAttributeFromItsValueWhereNoneIsDeclared) {
  const Model model = load(encode::model(bytes(1, bytes(5, bytes(1, "a") + varint(8, 1) + varint(8, 2)))));
  EXPECT_EQ(model.graph.nodes[0].attributes[0].type(), AttributeType::ints);
  EXPECT_EQ(model.graph.nodes[0].attributes[0].declared_type, 0);
}

TEST(Reader, KeepsFieldsItDoesNotKnow) {
  const std::string unknown = varint(99, 7) + bytes(100, "later") + fixed64(101, 1.0);
  const Model model = load(encode::model(bytes(1, identity_node() + unknown)));
  const auto pieces = model.graph.nodes[0].unknown.pieces();
  ASSERT_EQ(pieces.size(), 1u);  // neighbours are one piece
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(pieces[0].data()), pieces[0].size()), unknown);
}

TEST(Reader, KeepsValuesOfAnAttributeTypeItDoesNotKnow) {
  const Model model = load(encode::model(bytes(1, bytes(5, bytes(1, "a") + varint(3, 5) + varint(20, 77)))));
  const Attribute& attribute = model.graph.nodes[0].attributes[0];
  EXPECT_EQ(attribute.declared_type, 77);
  EXPECT_EQ(attribute.type(), AttributeType::undefined);
  EXPECT_EQ(attribute.unknown.pieces().size(), 1u);
}

TEST(Reader, MergesAGraphThatComesInTwoParts) {
  const Model model =
      load(bytes(7, bytes(1, identity_node())) + bytes(7, bytes(1, identity_node()) + bytes(2, "g")));
  EXPECT_EQ(model.graph.nodes.size(), 2u);
  EXPECT_EQ(model.graph.name, "g");
}

TEST(Reader, ManyPartsOfOneGraphTakeNoTime) {
  const std::string part = bytes(7, bytes(1, ""));
  std::string encoded;
  for (int i = 0; i < 50000; ++i) encoded += part;
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(load(encoded).graph.nodes.size(), 50000u);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(Reader, KeepsValuesOfASecondTypeAside) {
  const Model model =
      load(encode::model(bytes(5, tensor("w", 1, {1}, bytes(4, raw({1.f})) + bytes(7, raw_varint(9))))));
  const TensorData& data = model.graph.initializers[0];
  EXPECT_EQ(data.typed_field, TensorData::TypedField::float_data);
  EXPECT_EQ(data.unknown.pieces().size(), 1u);
  EXPECT_THAT(tensor_of(data, model).values<float>(), ElementsAre(1.f));
}

TEST(Reader, ErrorsNameTheFieldAndTheOffset) {
  // The length of the attribute's tensor reaches past the attribute.
  const std::string attribute = bytes(1, "a") + raw_varint(5 << 3 | 2) + raw_varint(100);
  std::string graph = bytes(1, identity_node()) + bytes(1, identity_node() + bytes(5, attribute));
  const std::string encoded = model(graph);
  const std::size_t offset = encoded.find(attribute) + 3;
  EXPECT_THAT(message_of(encoded),
              AllOf(HasSubstr("model.graph.node[1].attribute[0]"),
                    HasSubstr("at byte " + std::to_string(offset)), HasSubstr("100 bytes")));
}

TEST(Reader, EveryTruncationIsAnErrorOrAWholeModel) {
  const std::string encoded =
      model(bytes(1, identity_node()) + bytes(5, tensor("w", 1, {2}, bytes(9, raw({1.f, 2.f})))));
  const std::size_t graph_end = encoded.size() - bytes(8, varint(2, 17)).size();
  for (std::size_t size = 0; size < encoded.size(); ++size) {
    const std::string message = message_of(encoded.substr(0, size));
    if (size == graph_end)
      EXPECT_EQ(message, "");  // ends between two fields
    else
      EXPECT_NE(message, "") << size;
  }
}

TEST(Reader, RandomBytesNeverDoMoreThanFail) {
  std::mt19937 random(1);
  const std::string good =
      model(bytes(1, identity_node()) + bytes(5, tensor("w", 1, {2}, bytes(9, raw({1.f, 2.f})))));
  for (int round = 0; round < 20000; ++round) {
    std::string bad = good;
    for (int i = 0; i < 3; ++i) bad[random() % bad.size()] = static_cast<char>(random());
    try {
      load(bad);
    } catch (const InputError& error) {
      EXPECT_FALSE(error.problem().empty());
    }
  }
}

std::string nested_graphs(int depth) {
  std::string graph = bytes(2, "innermost");
  for (int i = 1; i < depth; ++i)
    graph = bytes(1, bytes(5, bytes(1, "body") + bytes(6, graph) + varint(20, 5)));
  return graph;
}

TEST(Reader, LimitsTheNestingOfGraphsAndTypes) {
  EXPECT_EQ(message_of(model(nested_graphs(max_nesting))), "");
  EXPECT_THAT(message_of(model(nested_graphs(max_nesting + 1))),
              HasSubstr("graphs are nested deeper than 64 levels"));
  std::string type = bytes(1, varint(1, 1));
  for (int i = 0; i < 2000; ++i) type = bytes(4, bytes(1, type));
  EXPECT_THAT(message_of(model(bytes(11, bytes(2, type)))),
              HasSubstr("types are nested deeper than 64 levels"));
}

TEST(Reader, RefusesBrokenEncodings) {
  EXPECT_THAT(message_of(varint(1, 8) + std::string("\x03")), HasSubstr("a field has the number 0"));
  EXPECT_THAT(message_of(varint(1, 8) + raw_varint(2 << 3 | 3)), HasSubstr("wire type 3"));
  EXPECT_THAT(message_of(varint(1, 8) + std::string("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 11)),
              HasSubstr("a number is cut off"));
  EXPECT_THAT(message_of(varint(1, 8) + raw_varint(7 << 3 | 2) + raw_varint(UINT64_MAX)),
              HasSubstr("18446744073709551615"));
  EXPECT_THAT(message_of(model(bytes(1, bytes(5, varint(20, 6) + bytes(7, "abc"))))),
              HasSubstr("no whole floats"));
}

struct WrongFile {
  const char* content;
  std::size_t size;
  const char* what;
};

class WrongFiles : public testing::TestWithParam<WrongFile> {};

TEST_P(WrongFiles, AreRecognised) {
  const WrongFile& file = GetParam();
  EXPECT_THAT(message_of(std::string(file.content, file.size)), HasSubstr(file.what));
}

#define WRONG_FILE(content, what)      \
  WrongFile {                          \
    content, sizeof(content) - 1, what \
  }
INSTANTIATE_TEST_SUITE_P(
    Reader, WrongFiles,
    testing::Values(
        WRONG_FILE("", "empty"), WRONG_FILE("POLYGRPH\1\0\0\0", "an engine saved by Polygraph"),
        WRONG_FILE("ftrt\0\0\0\0", "a TensorRT engine"), WRONG_FILE("PK\3\4\0\0", "a ZIP archive"),
        WRONG_FILE("<!DOCTYPE html><html>", "an HTML page"),
        WRONG_FILE("version https://git-lfs.github.com/spec/v1\noid", "Git LFS pointer"),
        WRONG_FILE("<\n  ir_version: 8,\n>\nagraph (float[N] x)", "ONNX's text form"),
        WRONG_FILE("ir_version: 8\ngraph {\n", "protobuf's text form"),
        WRONG_FILE("hello, world\n", "a text file"), WRONG_FILE("\0\0\0\0\0\0\0\0", "nothing but zeros"),
        WRONG_FILE("\x93NUMPY\1\0", "a NumPy array"), WRONG_FILE("\x08\x08", "there is no graph")));

TEST(Reader, NamesAMissingFile) {
  try {
    load_model("/nonexistent/model.onnx");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("/nonexistent/model.onnx"));
  }
}

TEST(Storage, TextsThatAreInternedOutliveCopies) {
  Model model = load(encode::model(""));
  model.graph.name = model.storage.intern("renamed");
  Model copy = model;
  copy.graph.name = copy.storage.intern(std::string(100000, 'a'));
  model.producer_name = model.storage.intern("mine");
  Model kept = copy;
  copy = Model();
  EXPECT_EQ(model.graph.name, "renamed");
  EXPECT_EQ(model.producer_name, "mine");
  EXPECT_EQ(kept.graph.name.size(), 100000u);
  EXPECT_NE(model.storage.intern("").data(), nullptr);
}

}  // namespace
}  // namespace polygraph::onnx
