#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "helpers/message.h"

namespace polygraph {
namespace {

namespace fs = std::filesystem;
using test::message;
using testing::HasSubstr;

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + i / 256);
  return bytes;
}

class AtomicFiles : public testing::Test {
 protected:
  AtomicFiles() { fs::create_directories(folder_); }
  ~AtomicFiles() override { fs::remove_all(folder_); }
  fs::path at(const std::string& name) const { return folder_ / name; }
  MappedFile source(const std::string& bytes) const {
    std::ofstream(at("source"), std::ios::binary) << bytes;
    return MappedFile(at("source"));
  }
  std::size_t count_files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), {}));
  }

  const fs::path folder_ =
      fs::temp_directory_path() / ("polygraph-atomic-files-" + std::to_string(::getpid()));
};

TEST_F(AtomicFiles, AppendPartsOfAnother) {
  const std::string bytes = pattern(1'000'000);
  const MappedFile mapped = source(bytes);
  // Between whole pages, between parts of pages alike and unlike, nothing, and
  // to the end.
  const std::pair<std::size_t, std::size_t> parts[] = {{0, 8192},          {8192, 500'000}, {100, 10},
                                                       {123'456, 654'321}, {0, 0},          {1'000'000, 0},
                                                       {999'999, 1},       {0, 1'000'000}};
  for (const std::size_t head : {0u, 1u, 4096u, 300'000u}) {
    AtomicFile file(at("out"));
    std::string expected = pattern(head);
    file.write(expected);
    for (const auto& [offset, count] : parts) {
      file.append_from(mapped, offset, count);
      file.write("|");
      expected += bytes.substr(offset, count) + "|";
      EXPECT_EQ(file.size(), expected.size());
    }
    EXPECT_EQ(file.checksum_from(0), checksum(std::as_bytes(std::span(expected))));
    file.commit();
    EXPECT_EQ(content(at("out")), expected);
  }
  AtomicFile file(at("out"));
  EXPECT_THROW(file.append_from(mapped, 999'999, 2), Error);
  EXPECT_THROW(file.append_from(mapped, 1'000'001, 0), Error);
}

TEST_F(AtomicFiles, AppendFromAFileThatHasLostItsName) {
  const std::string bytes = pattern(100'000);
  const MappedFile mapped = source(bytes);
  std::ofstream(at("new")) << "new";
  fs::rename(at("new"), at("source"));
  AtomicFile file(at("out"));
  file.append_from(mapped, 1000, 99'000);
  file.commit();
  EXPECT_EQ(content(at("out")), bytes.substr(1000));
}

TEST_F(AtomicFiles, RefuseASourceThatWasCutShort) {
  const MappedFile mapped = source(pattern(100'000));
  fs::resize_file(at("source"), 10);
  AtomicFile file(at("out"));
  EXPECT_THAT(message<InputError>([&] { file.append_from(mapped, 0, 100'000); }), HasSubstr("shorter"));
  EXPECT_THROW(file.commit(), Error);
  EXPECT_FALSE(fs::exists(at("out")));
}

TEST_F(AtomicFiles, KeepHoles) {
  std::ofstream(at("source")) << "head";
  constexpr std::uint64_t size = 1 << 30;
  fs::resize_file(at("source"), size);
  const MappedFile mapped(at("source"));
  for (const std::uint64_t from : {0u, 100u}) {
    AtomicFile file(at("out"));
    file.append_from(mapped, from, size - from);
    file.reserve(size);
    EXPECT_EQ(file.size(), 2 * size - from);
    file.commit();
    struct stat status {};
    ASSERT_EQ(::stat(at("out").c_str(), &status), 0);
    EXPECT_EQ(static_cast<std::uint64_t>(status.st_size), 2 * size - from);
    EXPECT_LT(status.st_blocks * 512, 1 << 20);
  }
}

TEST_F(AtomicFiles, AreFilledByThreadsWhereReserved) {
  AtomicFile file(at("out"));
  file.write("<");
  constexpr std::size_t part = 100'000;
  const std::uint64_t start = file.reserve(4 * part);
  EXPECT_EQ(start, 1u);
  file.write(">");
  file.reserve(3);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        const std::string bytes(part, static_cast<char>('a' + i));
        file.write_reserved(start + i * part, std::as_bytes(std::span(bytes)));
      });
    }
  }
  EXPECT_THROW(file.write_reserved(file.size() - 1, std::as_bytes(std::span("ab"))), Error);
  file.commit();
  const std::string a(part, 'a'), b(part, 'b'), c(part, 'c'), d(part, 'd');
  EXPECT_EQ(content(at("out")), "<" + a + b + c + d + ">" + std::string(3, '\0'));
}

TEST_F(AtomicFiles, AppearTogetherOnceAllAreFinished) {
  std::ofstream(at("b")) << "old";
  {
    AtomicFile a(at("a")), b(at("b"));
    a.write("new a");
    a.finish();
    EXPECT_THROW(a.write("more"), Error);
    EXPECT_THROW(a.reserve(1), Error);
    EXPECT_THROW(a.finish(), Error);
    EXPECT_FALSE(fs::exists(at("a")));
    b.write("new b");
    b.finish();
    a.commit();
    EXPECT_EQ(content(at("a")), "new a");
    EXPECT_EQ(content(at("b")), "old");
    EXPECT_THROW(a.commit(), Error);
  }
  EXPECT_EQ(content(at("b")), "old");
  EXPECT_EQ(count_files(), 2u);  // what was finished and not committed is gone
}

TEST_F(AtomicFiles, AreDiscardedEvenIfFinished) {
  AtomicFile file(at("out"));
  file.write("bytes");
  file.finish();
  EXPECT_EQ(count_files(), 1u);
  discard_unfinished_files();
  EXPECT_EQ(count_files(), 0u);
  EXPECT_THROW(file.commit(), InputError);
}

TEST_F(AtomicFiles, AreMappedWithoutHugePages) {
  const std::string bytes = pattern(5'000'000);
  source(bytes);
  const MappedFile parts(at("source"), MappedFile::Use::parts);
  EXPECT_NE(reinterpret_cast<std::uintptr_t>(parts.bytes().data()) % (2 << 20), 0u);
  EXPECT_TRUE(std::ranges::equal(parts.bytes(), std::as_bytes(std::span(bytes))));
}

}  // namespace
}  // namespace polygraph
