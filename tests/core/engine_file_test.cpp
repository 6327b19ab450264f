#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/engine_file.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <sys/resource.h>

#include <csignal>
#include <cstring>
#include <fstream>
#include <ostream>
#include <random>

namespace polygraph {
namespace {

using testing::HasSubstr;

EngineInfo example_info() {
  EngineInfo info;
  info.name = "net";
  info.backend = "OpenVINO";
  info.backend_version = "1.2.3";
  info.device = "CPU";
  info.device_name = "A \"processor\"";
  info.instruction_set = "AVX2";
  info.precision_asked = "float32, float16";
  info.precision_hint = "f32";
  info.precision_run = "float32";
  info.model_name = "net.onnx";
  info.model_hash = "0123456789abcdef";
  info.properties = {{"PERF_COUNT", "NO"}};
  info.inputs = {{"x", DataType::float32, PartialShape{"batch", 3, Dimension(1, 8), -1}}};
  info.outputs = {{"y", std::nullopt, PartialShape::unknown_rank()},
                  {"z", DataType::boolean, PartialShape{}}};
  info.layers = {
      {"conv", "Convolution", "float32", "brgconv", {"conv", "relu"}, {info.inputs[0]}, {info.outputs[1]}}};
  return info;
}

constexpr std::string_view blob = "the engine's own bytes";

Bytes example_bytes() {
  return write_engine_bytes(example_info(), [](std::ostream& stream) { stream << blob; });
}

std::vector<std::byte> copy_of(const Bytes& bytes) {
  return {bytes.span().begin(), bytes.span().end()};
}

std::string text_of(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string error_of(std::vector<std::byte> bytes) {
  try {
    EngineFile::read(Bytes(std::move(bytes)), "e.engine").verify("e.engine");
  } catch (const InputError& error) {
    EXPECT_FALSE(error.remedy().empty());
    return error.what();
  }
  return "";
}

TEST(EngineFile, ComesBackAsItWasWritten) {
  const EngineFile file = EngineFile::read(example_bytes(), "e.engine");
  file.verify("e.engine");
  EXPECT_EQ(file.info, example_info());
  EXPECT_EQ(text_of(file.blob), blob);
}

TEST(EngineFile, BeginsTheBlobAtAMultipleOf64) {
  const Bytes bytes = example_bytes();
  const EngineFile file = EngineFile::read(bytes, "e");
  EXPECT_EQ((file.blob.data() - bytes.data()) % 64, 0);
}

TEST(EngineFile, IsTheSameOnDiskAndInMemory) {
  const auto path = std::filesystem::path(testing::TempDir()) / "engine_file_test.engine";
  write_engine_file(example_info(), path, [](std::ostream& stream) { stream << blob; });
  const MappedFile file(path);
  EXPECT_EQ(copy_of(Bytes(file.bytes(), file.keep_alive())), copy_of(example_bytes()));
  std::filesystem::remove(path);
}

TEST(EngineFile, LetsTheWriterSeekBack) {
  const Bytes bytes = write_engine_bytes(example_info(), [](std::ostream& stream) {
    stream << "....body";
    EXPECT_EQ(stream.tellp(), 8);
    stream.seekp(0);
    stream << "head";
    EXPECT_EQ(stream.tellp(), 4);
    stream.seekp(0, std::ios_base::end);
    stream << "tail";
    stream.seekp(6);
    stream << "DY+TAIL+";  // over the end
    stream.put('!');
  });
  const EngineFile file = EngineFile::read(bytes, "e");
  file.verify("e");
  EXPECT_EQ(text_of(file.blob), "headboDY+TAIL+!");
}

TEST(EngineFile, LeavesNothingBehindWhenTheWriterFails) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "engine_file_failing";
  std::filesystem::create_directories(folder);
  EXPECT_THROW(write_engine_file(example_info(), folder / "e.engine",
                                 [](std::ostream& stream) {
                                   stream << blob;
                                   throw std::runtime_error("no");
                                 }),
               std::runtime_error);
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  std::filesystem::remove_all(folder);
}

// While it lives, files cannot grow beyond a size.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  void (*handler_)(int);
  rlimit before_{};
};

TEST(EngineFile, GivesTheDisksErrorAndNotTheWritersWrapping) {
  const auto path = std::filesystem::path(testing::TempDir()) / "engine_file_limited.engine";
  const FileSizeLimit limit(1 << 20);
  for (const bool swallowed : {false, true}) {
    try {
      write_engine_file(example_info(), path, [&](std::ostream& stream) {
        try {
          const std::string large(4 << 20, 'x');
          stream.write(large.data(), static_cast<std::streamsize>(large.size()));
          ADD_FAILURE() << "the limit has no effect";
        } catch (const std::exception& error) {
          if (!swallowed) throw std::logic_error(error.what());
        }
      });
      FAIL();
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr("engine_file_limited.engine': File too large"));
    }
    EXPECT_FALSE(std::filesystem::exists(path));
  }
}

TEST(EngineFile, RefusesEveryTruncation) {
  const std::vector<std::byte> whole = copy_of(example_bytes());
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_NE(error_of({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}), "")
        << "cut to " << size;
}

TEST(EngineFile, RefusesEveryFlippedByteButPadding) {
  const std::vector<std::byte> whole = copy_of(example_bytes());
  std::uint32_t description_size = 0;
  std::memcpy(&description_size, whole.data() + 12, 4);
  const std::size_t blob_begin = whole.size() - blob.size();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (i >= 48 + description_size && i < blob_begin) continue;
    std::vector<std::byte> damaged = whole;
    damaged[i] ^= std::byte{0x20};
    EXPECT_NE(error_of(std::move(damaged)), "") << "byte " << i;
  }
}

TEST(EngineFile, SaysWhatIsWrong) {
  const std::vector<std::byte> whole = copy_of(example_bytes());
  EXPECT_THAT(error_of({}), HasSubstr("'e.engine': the file is empty"));
  EXPECT_THAT(error_of(std::vector<std::byte>(100)), HasSubstr("not a saved engine"));
  EXPECT_THAT(error_of(std::vector<std::byte>(100)), HasSubstr("it looks like nothing but zeros"));
  const std::string picture = "\x89PNG\r\n";
  const auto* bytes = reinterpret_cast<const std::byte*>(picture.data());
  EXPECT_THAT(error_of({bytes, bytes + picture.size()}), HasSubstr("it looks like a PNG picture"));
  std::vector<std::byte> other_version = whole;
  other_version[8] = std::byte{2};
  EXPECT_THAT(error_of(other_version), HasSubstr("format version is 2"));
  std::vector<std::byte> flipped = whole;
  flipped.back() ^= std::byte{1};
  EXPECT_THAT(error_of(flipped), HasSubstr("damaged (wrong checksum)"));
  std::vector<std::byte> longer = whole;
  longer.push_back({});
  EXPECT_THAT(error_of(longer), HasSubstr("bytes, and"));
}

TEST(EngineInfo, JsonNamesTheKeyThatIsMissing) {
  const std::string json = engine_info_to_json(example_info());
  EXPECT_EQ(engine_info_from_json(json), example_info());
  EXPECT_EQ(engine_info_from_json(engine_info_to_json(example_info(), true)), example_info());
  std::string without = json;
  without.replace(without.find("\"device\""), 8, "\"gadget\"");
  try {
    engine_info_from_json(without);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("device"));
  }
  EXPECT_THROW(engine_info_from_json("[]"), InputError);
  EXPECT_THROW(engine_info_from_json("{"), InputError);
}

std::string refusal(std::string_view description) {
  try {
    engine_info_from_json(description);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(EngineInfo, NestingIsLimited) {
  for (const std::string_view piece : {"[", "{\"a\":"}) {
    std::string deep;
    for (int i = 0; i < 1'000'000; ++i) deep += piece;
    EXPECT_THAT(refusal(deep), HasSubstr("nested deeper than 16 levels"));
  }
}

TEST(EngineInfo, DimensionsAreChecked) {
  const std::string json = engine_info_to_json(example_info());
  const std::string good = R"([{"name":"batch"},3,{"min":1,"max":8},{}])";
  const auto with_shape = [&](std::string_view shape) {
    std::string changed = json;
    changed.replace(changed.find(good), good.size(), shape);
    return refusal(changed);
  };
  EXPECT_EQ(with_shape(good), "");
  EXPECT_THAT(with_shape("[-1]"), HasSubstr("a dimension is -1"));
  EXPECT_THAT(with_shape("[1.5]"), HasSubstr("a dimension is 1.5"));
  EXPECT_THAT(with_shape("[1e300]"), HasSubstr("a dimension is 1e+300"));
  EXPECT_THAT(with_shape("[18446744073709551615]"), HasSubstr("a dimension is 18446744073709551615"));
  EXPECT_THAT(with_shape(R"([{"min":5,"max":2}])"), HasSubstr("a dimension's min, 5, is above its max, 2"));
  EXPECT_THAT(with_shape(R"([{"min":"1"}])"), HasSubstr("a dimension is \"1\""));
  EXPECT_NE(with_shape("7"), "");
  EXPECT_NE(with_shape("[[1]]"), "");
}

TEST(EngineInfo, WhatIsNoJsonIsNotRepeated) {
  EXPECT_THAT(refusal("\"\xff\""), HasSubstr("not JSON (wrong at byte 2)"));
}

TEST(InstructionSet, IsOneOfTheKnown) {
  EXPECT_THAT(cpu_instruction_set(),
              testing::AnyOf("SSE2", "SSE4.2", "AVX2", "AVX512", "AVX512_BF16", "AMX", "ARM64", "generic"));
}

}  // namespace
}  // namespace polygraph
