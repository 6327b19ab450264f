#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/core/npy.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace polygraph {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class Npy : public ::testing::Test {
 protected:
  std::filesystem::path path_ =
      std::filesystem::temp_directory_path() /
      fmt::format("polygraph-{}-{}.npy", ::testing::UnitTest::GetInstance()->random_seed(), fmt::ptr(this));
  ~Npy() override { std::filesystem::remove(path_); }

  std::string saved(const Tensor& tensor) {
    save_npy(path_, tensor);
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

// A file as numpy.save writes it: the header padded with spaces to `size` bytes less the data.
std::string file_bytes(std::string header, std::size_t size, const std::string& data, char version = 1) {
  const std::size_t prefix = version == 1 ? 10 : 12;
  header.resize(size - data.size() - prefix - 1, ' ');
  header += '\n';
  std::string result = "\x93NUMPY";
  result += version;
  result += '\0';
  for (std::size_t i = 0; i < prefix - 8; ++i) result += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return result + header + data;
}

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

Tensor load(const std::string& bytes, std::optional<DataType> as = {}) {
  return load_npy(std::as_bytes(std::span(bytes)), as);
}

Tensor load_with(const std::string& descr, const std::string& order, const std::string& shape,
                 const std::string& data, std::optional<DataType> as = {}) {
  return load(file_bytes("{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }",
                         192 + data.size(), data),
              as);
}

// The headers, sizes and data are what numpy.save writes for the same array (narrow types: of ml_dtypes).
TEST_F(Npy, WritesWhatNumPyWritesAndReadsItBack) {
  struct Case {
    Tensor tensor;
    const char* header;
    std::size_t size;
    const char* data;
  };
  const Case cases[] = {
      {Tensor::from<float>({1.0f, -2.0f}, Shape{2}),
       "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 136, "0000803f000000c0"},
      {Tensor::from<double>({0.5}, Shape{}), "{'descr': '<f8', 'fortran_order': False, 'shape': (), }", 136,
       "000000000000e03f"},
      {Tensor(DataType::float32, Shape{0, 3}), "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 3), }",
       128, ""},
      {Tensor::from<std::int64_t>({1, 2, 3, 4, 5, 6}, Shape{2, 3}),
       "{'descr': '<i8', 'fortran_order': False, 'shape': (2, 3), }", 176,
       "010000000000000002000000000000000300000000000000040000000000000005000000000000000600000000000000"},
      {Tensor::from<bool>({true, false}, Shape{2}),
       "{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }", 130, "0100"},
      {Tensor::from<float16>({float16(1.5f)}, Shape{1}),
       "{'descr': '<f2', 'fortran_order': False, 'shape': (1,), }", 130, "003e"},
      {Tensor::from<bfloat16>({bfloat16(1.5f)}, Shape{1}),
       "{'descr': '<V2', 'fortran_order': False, 'shape': (1,), }", 130, "c03f"},
      {Tensor::from<float8e4m3fn>({float8e4m3fn(1.5f)}, Shape{1}),
       "{'descr': '<V1', 'fortran_order': False, 'shape': (1,), }", 129, "3c"},
      {Tensor::from<std::int32_t>({1, -2, 7}, Shape{3}).cast(DataType::int4),
       "{'descr': '<V1', 'fortran_order': False, 'shape': (3,), }", 131, "010e07"},
      {Tensor::from<std::int32_t>({1, -2, -1}, Shape{3}).cast(DataType::int2),
       "{'descr': '<V1', 'fortran_order': False, 'shape': (3,), }", 131, "010203"},
      {Tensor::from<float>({1.0f, -6.0f, 0.5f}, Shape{3}).cast(DataType::float4),
       "{'descr': '<V1', 'fortran_order': False, 'shape': (3,), }", 131, "020f01"},
      {Tensor::from<std::complex<float>>({{1.0f, 2.0f}}, Shape{1}),
       "{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", 136, "0000803f00000040"},
      {Tensor::from<std::string>({"a", "\u00fc\u20ac\U0001f600", ""}, Shape{3}),
       "{'descr': '<U3', 'fortran_order': False, 'shape': (3,), }", 164,
       "610000000000000000000000fc000000ac20000000f60100000000000000000000000000"},
      {Tensor(DataType::uint8, Shape{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}),
       "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), }", 129,
       "00"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.header);
    EXPECT_EQ(saved(c.tensor), file_bytes(c.header, c.size, from_hex(c.data)));
    const Tensor loaded = load_npy(path_, c.tensor.dtype());
    EXPECT_EQ(loaded.dtype(), c.tensor.dtype());
    EXPECT_EQ(loaded.shape(), c.tensor.shape());
    EXPECT_EQ(loaded.str(), c.tensor.str());
  }
}

TEST_F(Npy, EveryTypeSurvives) {
  for (const DataType dtype : all_data_types()) {
    const Tensor source = Tensor::from<float>({1.0f, 2.0f, 1.0f}, Shape{3, 1}).cast(dtype);
    save_npy(path_, source);
    EXPECT_EQ(load_npy(path_, dtype).str(), source.str()) << to_string(dtype);
  }
}

TEST_F(Npy, ViewsTheMappedFile) {
  save_npy(path_, Tensor::from<float>({1.0f, 2.0f}, Shape{2}));
  const Tensor loaded = load_npy(path_);
  EXPECT_TRUE(loaded.is_read_only());
  std::filesystem::remove(path_);
  EXPECT_THAT(loaded.values<float>(), ElementsAre(1, 2));
}

TEST_F(Npy, SavesViewsInCOrder) {
  std::int16_t memory[] = {1, 2, 3, 4};
  save_npy(path_, Tensor::strided_view(memory, DataType::int16, Shape{2, 2}, {2, 4}));
  EXPECT_EQ(load_npy(path_).str(), "[[1 3]\n [2 4]]");
}

TEST(NpyRead, OrdersAndVersions) {
  const std::string six = from_hex("010002000300040005000600");
  EXPECT_EQ(load_with("'<i2'", "True", "(2, 3)", six).str(), "[[1 3 5]\n [2 4 6]]");
  EXPECT_EQ(load_with("'<i2'", "True", "(6,)", six).str(), "[1 2 3 4 5 6]");
  EXPECT_EQ(load_with("'>i2'", "False", "(2,)", from_hex("01020001")).str(), "[258   1]");
  EXPECT_EQ(load_with("'>c8'", "False", "()", from_hex("3f80000040000000")).str(), "(1+2j)");
  EXPECT_EQ(load_with("'>U1'", "False", "(1,)", from_hex("000020ac")).strings()[0], "\u20ac");
  EXPECT_EQ(load_with("'|S3'", "False", "(2,)", from_hex("616200636465")).str(), "['ab' 'cde']");
  EXPECT_EQ(load_with("u'<i2'", "False", "(2L, 1L)", from_hex("01000200")).str(), "[[1]\n [2]]");
  EXPECT_THAT(load_with("'|b1'", "False", "(3,)", from_hex("0001ff")).values<bool>(),
              ElementsAre(false, true, true));
  const std::string header = "{'shape':(1,),\"fortran_order\":False,'descr':'<i2'}";
  for (const char version : {'\1', '\2', '\3'})
    EXPECT_EQ(load(file_bytes(header, 130, from_hex("0500"), version)).str(), "[5]");
}

TEST(NpyRead, RawDataNeedsAType) {
  EXPECT_EQ(load_with("'|V2'", "False", "(1,)", from_hex("c03f"), DataType::bfloat16).str(), "[1.5]");
  EXPECT_EQ(load_with("'<f1'", "False", "(1,)", from_hex("3e")).dtype(), DataType::float8e5m2);
  EXPECT_EQ(load_with("'<V1'", "True", "(2, 2)", from_hex("010e0307"), DataType::int4).str(),
            "[[ 1  3]\n [-2  7]]");
  EXPECT_THAT([] { load_with("'<V2'", "False", "(1,)", "ab"); },
              ThrowsMessage<InputError>(HasSubstr("bfloat16")));
  EXPECT_THROW(load_with("'<V2'", "False", "(1,)", "ab", DataType::int4), InputError);
  EXPECT_THROW(load_with("'<V3'", "False", "(1,)", "abc", DataType::int4), InputError);
  EXPECT_THAT([] { load_with("'<i2'", "False", "(1,)", "ab", DataType::float16); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("int16"), HasSubstr("float16"))));
}

TEST(NpyRead, RefusesWhatIsNoArray) {
  const auto refuses = [](const char* descr, const char* shape, const char* reason) {
    EXPECT_THAT([&] { load_with(descr, "False", shape, "12345678"); },
                ThrowsMessage<InputError>(HasSubstr(reason)))
        << descr << shape;
  };
  refuses("'|O'", "(1,)", "Python objects");
  refuses("[('a', '<f4')]", "(1,)", "structured");
  refuses("'<M8'", "(1,)", "no equivalent");
  refuses("'<U0'", "(1000000000000,)", "element type");
  refuses("'<f99999999999999999999'", "(1,)", "element type");
  refuses("'<U9223372036854775807'", "(1,)", "element type");
  refuses("'<f4'", "(-1,)", "dimension");
  refuses("'<f4'", "(3,)", "8 bytes follow");
  refuses("'<f4'", "(4294967296, 4294967296)", "4294967296");
  refuses("'<f4'", "(9223372036854775807, 9223372036854775807, 2)", "9223372036854775807");
  refuses("'<f4'", "(99999999999999999999,)", "64 bits");
  refuses("'<f4'", "(1)", "','");
  refuses("'<f4'", "[1]", "'('");
  refuses("'<f4'", "((1,),)", "dimension");
  refuses("'<f4'", "(1,), 'x': 1", "unknown key");
  refuses("'<f4'", "(1,), 'descr': '<f4'", "twice");
  std::string ones = "(";
  for (int i = 0; i < 65; ++i) ones += "1,";
  EXPECT_THROW(
      load(file_bytes("{'descr': '<f4', 'fortran_order': False, 'shape': " + ones + ")}", 512, "1234")),
      InputError);
  EXPECT_THROW(load_with("'<U1'", "False", "(1,)", from_hex("00d80000")), InputError);
}

TEST(NpyRead, RefusesEveryTruncation) {
  const std::string whole =
      file_bytes("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", 132, "1234");
  EXPECT_NO_THROW(load(whole));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_THROW(load(whole.substr(0, size)), InputError) << size;
}

TEST(NpyRead, MissingFile) {
  EXPECT_THROW(load_npy("no/such/file.npy"), InputError);
}

TEST_F(Npy, RefusesToWriteTextThatIsNotUnicode) {
  for (const char* bad : {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xe2\x82", "\xf4\x90\x80\x80"})
    EXPECT_THROW(save_npy(path_, Tensor::from<std::string>({bad}, Shape{1})), InputError);
  EXPECT_FALSE(std::filesystem::exists(path_)) << "nothing is left behind";
}

}  // namespace
}  // namespace polygraph
