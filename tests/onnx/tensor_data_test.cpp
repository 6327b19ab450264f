#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/model.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "onnx/encode.h"

namespace polygraph::onnx {
namespace {

namespace fs = std::filesystem;
using namespace encode;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::string model_with(const std::string& encoded_tensor) {
  return model(bytes(5, encoded_tensor));
}

Tensor read(const std::string& encoded_tensor) {
  const Model model = load(model_with(encoded_tensor));
  return tensor_of(model.graph.initializers[0], model);
}

std::vector<std::string> texts(const Tensor& tensor) {
  std::vector<std::string> result;
  for (std::int64_t i = 0; i < tensor.element_count(); ++i) result.push_back(tensor.element_as_text(i));
  return result;
}

std::string error_of(const std::string& encoded_tensor) {
  try {
    read(encoded_tensor);
  } catch (const InputError& error) {
    return error.what();
  }
  return {};
}

TEST(TensorOf, ReadsRawDataOfEveryType) {
  for (const DataType dtype : all_data_types()) {
    if (dtype == DataType::string) continue;
    const std::string data(packed_size(dtype, 3), '\0');
    const Tensor tensor = read(encode::tensor("t", element_type_of(dtype), {3}, bytes(9, data)));
    EXPECT_EQ(tensor.dtype(), dtype);
    EXPECT_EQ(tensor.shape(), Shape{3});
    EXPECT_EQ(data_type_of(element_type_of(dtype)), dtype);
  }
}

TEST(TensorOf, ReadsTheFieldOfEachType) {
  EXPECT_THAT(texts(read(tensor("t", 1, {2}, bytes(4, raw({1.5f, -2.0f}))))), ElementsAre("1.5", "-2.0"));
  EXPECT_THAT(texts(read(tensor("t", 11, {1}, bytes(10, raw({0.25}))))), ElementsAre("0.25"));
  const std::string minus_one = raw_varint(UINT64_MAX);
  EXPECT_THAT(texts(read(tensor("t", 7, {2}, bytes(7, minus_one + raw_varint(5))))), ElementsAre("-1", "5"));
  EXPECT_THAT(texts(read(tensor("t", 3, {2}, bytes(5, minus_one + raw_varint(5))))), ElementsAre("-1", "5"));
  EXPECT_THAT(texts(read(tensor("t", 13, {1}, bytes(11, minus_one)))), ElementsAre("18446744073709551615"));
  EXPECT_THAT(texts(read(tensor("t", 12, {1}, bytes(11, raw_varint(4294967295))))),
              ElementsAre("4294967295"));
  EXPECT_THAT(texts(read(tensor("t", 9, {2}, bytes(5, raw_varint(0) + raw_varint(7))))),
              ElementsAre("False", "True"));
  EXPECT_THAT(texts(read(tensor("t", 10, {1}, bytes(5, raw_varint(0x3e00))))),
              ElementsAre("1.5"));  // float16
  EXPECT_THAT(texts(read(tensor("t", 16, {1}, bytes(5, raw_varint(0x3fc0))))),
              ElementsAre("1.5"));  // bfloat16
  EXPECT_THAT(texts(read(tensor("t", 22, {3}, bytes(5, raw_varint(0xf1) + raw_varint(2))))),
              ElementsAre("1", "-1", "2"));
  EXPECT_THAT(texts(read(tensor("t", 25, {5}, bytes(5, raw_varint(0xe4) + raw_varint(1))))),
              ElementsAre("0", "1", "2", "3", "1"));
  EXPECT_THAT(read(tensor("t", 8, {2}, bytes(6, "a") + bytes(6, "\xff"))).strings(),
              ElementsAre("a", "\xff"));
  EXPECT_EQ(read(tensor("t", 14, {1}, bytes(4, raw({1.f, 2.f})))).values<std::complex<float>>()[0],
            std::complex<float>(1, 2));
}

TEST(TensorOf, JoinsValuesThatComeInPieces) {
  const std::string pieces = bytes(4, raw({1.f})) + fixed32(4, 2.f) + bytes(4, raw({3.f, 4.f}));
  EXPECT_THAT(read(tensor("t", 1, {4}, pieces)).values<float>(), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(read(tensor("t", 7, {3}, varint(7, 1) + varint(7, 300) + varint(7, 2))).values<std::int64_t>(),
              ElementsAre(1, 300, 2));
}

TEST(TensorOf, ViewsAlignedDataAndCopiesTheRest) {
  // Of four paddings, one puts the data where it is aligned.
  int views = 0;
  for (std::size_t padding = 0; padding < 4; ++padding) {
    const std::string name(padding + 1, 'n');
    const Model model = load(model_with(tensor(name, 1, {2}, bytes(9, raw({1.f, 2.f})))));
    const TensorData& data = model.graph.initializers[0];
    const Tensor values = tensor_of(data, model);
    EXPECT_THAT(values.values<float>(), ElementsAre(1, 2));
    views += values.data() == data.raw_data->data();
    EXPECT_EQ(tensor_of(data, model, Alignment::any).data(), data.raw_data->data());
  }
  EXPECT_EQ(views, 1);
}

TEST(TensorOf, AViewOutlivesItsModel) {
  Tensor values;
  {
    const Model model = load(model_with(tensor("t", 3, {3}, bytes(9, "abc"))));
    values = tensor_of(model.graph.initializers[0], model);
  }
  EXPECT_THAT(values.values<std::int8_t>(), ElementsAre('a', 'b', 'c'));
}

TEST(TensorOf, MakesEveryBoolZeroOrOne) {
  EXPECT_THAT(read(tensor("t", 9, {3}, bytes(9, std::string("\0\x02\x01", 3)))).values<bool>(),
              ElementsAre(false, true, true));
}

TEST(TensorOf, ReadsTensorsWithoutElements) {
  EXPECT_EQ(read(tensor("t", 1, {0, 3}, "")).shape(), (Shape{0, 3}));
  EXPECT_EQ(read(tensor("t", 1, {INT64_MAX, INT64_MAX, 0}, bytes(9, ""))).element_count(), 0);
}

TEST(TensorOf, NamesWhatIsWrong) {
  EXPECT_THAT(error_of(tensor("w", 1, {2, 2}, bytes(9, "12345"))),
              AllOf(HasSubstr("'w'"), HasSubstr("raw_data holds 5 bytes"), HasSubstr("(2, 2)"),
                    HasSubstr("16"), HasSubstr("at byte")));
  EXPECT_THAT(error_of(tensor("w", 7, {2}, bytes(7, raw_varint(1)))), HasSubstr("int64_data holds 1 values"));
  EXPECT_THAT(error_of(tensor("w", 8, {2}, bytes(6, "a"))), HasSubstr("string_data holds 1 values"));
  EXPECT_THAT(error_of(tensor("w", 7, {1}, bytes(7, std::string(11, '\xff') + '\1'))),
              HasSubstr("longer than 64 bits"));
  EXPECT_THAT(error_of(tensor("w", 7, {1}, bytes(7, "\x01\x80"))),
              HasSubstr("ends in the middle of a value"));
  EXPECT_THAT(error_of(tensor("w", 0, {1}, bytes(9, "1"))), HasSubstr("undefined"));
  EXPECT_THAT(error_of(tensor("w", 27, {1}, bytes(9, "1"))), HasSubstr("float6e2m3"));
  EXPECT_THAT(error_of(tensor("w", 99, {1}, bytes(9, "1"))), HasSubstr("unknown(99)"));
  EXPECT_THAT(error_of(tensor("w", 1, {-2}, bytes(9, "1"))), HasSubstr("(-2,) has a negative dimension"));
  EXPECT_THAT(error_of(tensor("w", 1, {INT64_MAX, 4}, bytes(9, "1"))), HasSubstr("64 bits"));
  EXPECT_NE(error_of(tensor("w", 1, {INT64_MAX}, bytes(9, "1"))),
            "");  // the bytes overflow, not the elements
  EXPECT_THAT(error_of(tensor("w", 1, {1}, bytes(7, raw_varint(1)))),
              HasSubstr("its values are in int64_data"));
  EXPECT_THAT(error_of(tensor("w", 1, {1}, bytes(6, "1"))), HasSubstr("its values are in string_data"));
  EXPECT_THAT(error_of(tensor("w", 8, {1}, bytes(9, "1"))), HasSubstr("not in string_data"));
  EXPECT_THAT(error_of(tensor("w", 1, {1}, "")), HasSubstr("it has no data"));
}

/// A folder with the weights of a model, and a place outside it.
class ExternalDataTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("polygraph-external-" + std::to_string(::getpid()) + "-" +
                                         testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(root_ / "model" / "sub");
    write(root_ / "model" / "weights", raw({0.f, 1.f, 2.f, 3.f}));
    write(root_ / "model" / "sub" / "weights", raw({7.f, 8.f}));
    write(root_ / "secret", raw({6.f, 6.f}));
    fs::create_symlink("../secret", root_ / "model" / "outside");
    fs::create_symlink("sub/weights", root_ / "model" / "inside");
    fs::create_directory_symlink("..", root_ / "model" / "up");
  }
  void TearDown() override { fs::remove_all(root_); }

  static void write(const fs::path& path, const std::string& content) {
    std::ofstream(path, std::ios::binary) << content;
  }

  /// The two floats that an external tensor with these entries holds.
  Tensor read(std::initializer_list<std::pair<const char*, const char*>> entries) const {
    std::string fields = varint(14, 1);
    for (const auto& [key, value] : entries) fields += bytes(13, bytes(1, key) + bytes(2, value));
    const Model model = load(model_with(tensor("w", 1, {2}, fields)), root_ / "model");
    return tensor_of(model.graph.initializers[0], model);
  }
  std::string error_of(std::initializer_list<std::pair<const char*, const char*>> entries) const {
    try {
      read(entries);
    } catch (const InputError& error) {
      return error.what();
    }
    return {};
  }

  fs::path root_;
};

TEST_F(ExternalDataTest, IsMapped) {
  EXPECT_THAT(read({{"location", "weights"}, {"offset", "8"}, {"length", "8"}}).values<float>(),
              ElementsAre(2, 3));
  EXPECT_THAT(read({{"location", "weights"}}).values<float>(), ElementsAre(0, 1));
  EXPECT_THAT(read({{"location", "./sub/weights"}, {"checksum", "ignored"}}).values<float>(),
              ElementsAre(7, 8));
  EXPECT_THAT(read({{"location", "inside"}}).values<float>(), ElementsAre(7, 8));
}

TEST_F(ExternalDataTest, NeverLeavesTheFolder) {
  const std::string secret = (root_ / "secret").string();
  EXPECT_THAT(error_of({{"location", "../secret"}}), HasSubstr("'..'"));
  EXPECT_THAT(error_of({{"location", "sub/../../secret"}}), HasSubstr("'..'"));
  EXPECT_THAT(error_of({{"location", secret.c_str()}}), HasSubstr("absolute"));
  EXPECT_THAT(error_of({{"location", "outside"}}), HasSubstr("symbolic link"));
  EXPECT_THAT(error_of({{"location", "up/secret"}}), HasSubstr("symbolic link"));
  EXPECT_THAT(error_of({{"location", "sub"}}), HasSubstr("not a file"));
  EXPECT_THAT(error_of({{"location", ""}}), HasSubstr("empty"));
  EXPECT_THAT(error_of({{"location", "missing"}}), HasSubstr("No such file"));
}

TEST_F(ExternalDataTest, ChecksOffsetAndLength) {
  EXPECT_THAT(error_of({{"location", "weights"}, {"offset", "12"}}), HasSubstr("which has 16"));
  EXPECT_THAT(error_of({{"location", "weights"}, {"offset", "18446744073709551615"}}),
              HasSubstr("which has 16"));
  EXPECT_THAT(error_of({{"location", "weights"}, {"length", "4"}}), HasSubstr("holds 4 bytes"));
  EXPECT_THAT(error_of({{"location", "weights"}, {"offset", "-1"}}), HasSubstr("offset is '-1'"));
  EXPECT_THAT(error_of({{"location", "weights"}, {"offset", "99999999999999999999"}}), HasSubstr("offset"));
  EXPECT_THAT(error_of({{"offset", "0"}}), HasSubstr("no location"));
}

TEST(ExternalData, NeedsAFolder) {
  const std::string fields = varint(14, 1) + bytes(13, bytes(1, "location") + bytes(2, "w"));
  EXPECT_THAT(error_of(tensor("w", 1, {2}, fields)), HasSubstr("folder"));
}

}  // namespace
}  // namespace polygraph::onnx
