#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>

namespace {
int unnamed_file_error = 0;  // what opening an unnamed file (O_TMPFILE) fails with; 0: it does not
}

// Stands before the system's own, for the whole test program.
extern "C" __attribute__((visibility("default"))) int open(const char* path, int flags, ...) {
  if ((flags & O_TMPFILE) == O_TMPFILE && unnamed_file_error != 0) {
    errno = unnamed_file_error;
    return -1;
  }
  mode_t mode = 0;
  if ((flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE) {
    va_list arguments;
    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
  }
  return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

namespace polygraph {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::string text_of(const MappedFile& file) {
  const auto bytes = file.bytes();
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

// A folder of its own for each test.
class Files : public testing::Test {
 protected:
  Files() {
    std::string name = (fs::temp_directory_path() / "polygraph-files-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error("no folder for the test");
    folder_ = name;
  }
  ~Files() override {
    ::umount2(folder_.c_str(), MNT_DETACH);  // fails where nothing was mounted
    fs::remove_all(folder_);
  }

  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(folder_)) found.push_back(entry.path().filename());
    return found;
  }
  void put(const std::string& name, std::string_view text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }

  fs::path folder_;
};
using MappedFileTest = Files;
using AtomicFileTest = Files;

TEST_F(MappedFileTest, HoldsTheBytesAndThePath) {
  put("a", std::string("x\0y", 3));
  const MappedFile file(folder_ / "a");
  EXPECT_EQ(text_of(file), std::string("x\0y", 3));
  EXPECT_EQ(file.size(), 3u);
  EXPECT_EQ(file.path(), folder_ / "a");
}

TEST_F(MappedFileTest, AnEmptyFileHasNoBytes) {
  put("a", "");
  EXPECT_TRUE(MappedFile(folder_ / "a").bytes().empty());
}

TEST_F(MappedFileTest, TheMappingLivesAsLongAsACopy) {
  put("a", "kept");
  std::shared_ptr<const void> alive;
  std::span<const std::byte> bytes;
  {
    const MappedFile file(folder_ / "a");
    const MappedFile copy = file;
    EXPECT_EQ(copy.bytes().data(), file.bytes().data());
    alive = copy.keep_alive();
    bytes = file.bytes();
  }
  fs::remove(folder_ / "a");
  EXPECT_EQ(std::memcmp(bytes.data(), "kept", 4), 0);
}

TEST_F(MappedFileTest, AFileReplacedByRenamingKeepsItsOldBytes) {
  put("a", "old");
  const MappedFile file(folder_ / "a");
  write_file(folder_ / "a", "newer");
  EXPECT_EQ(text_of(file), "old");
  EXPECT_EQ(text_of(MappedFile(folder_ / "a")), "newer");
}

TEST_F(MappedFileTest, AMissingFileIsAnErrorWithTheNearestName) {
  put("identity.onnx", "");
  EXPECT_THAT([&] { MappedFile(folder_ / "identiy.onnx"); },
              ThrowsMessage<InputError>(
                  AllOf(HasSubstr("Cannot read '" + (folder_ / "identiy.onnx").string() + "': No such file"),
                        HasSubstr("Did you mean '" + (folder_ / "identity.onnx").string() + "'?"))));
  EXPECT_THAT([&] { MappedFile(folder_ / "none" / "a"); },
              ThrowsMessage<InputError>(
                  HasSubstr("The folder '" + (folder_ / "none").string() + "' does not exist.")));
}

TEST_F(MappedFileTest, DirectoriesAndDevicesAreErrors) {
  EXPECT_THAT([&] { MappedFile{folder_}; }, ThrowsMessage<InputError>(HasSubstr("Is a directory")));
  EXPECT_THAT([] { MappedFile("/dev/zero"); }, ThrowsMessage<InputError>(HasSubstr("it is a device")));
  EXPECT_THAT([] { MappedFile(""); }, ThrowsMessage<InputError>(HasSubstr("Cannot read ''")));
}

TEST_F(MappedFileTest, AFileWithoutPermissionIsAnError) {
  put("a", "secret");
  fs::permissions(folder_, fs::perms::all);
  fs::permissions(folder_ / "a", fs::perms::none);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::seteuid(65534) != 0) ::_exit(2);
    try {
      MappedFile file(folder_ / "a");
      ::_exit(1);
    } catch (const InputError& error) {
      ::_exit(std::strstr(error.what(), "Permission denied") ? 0 : 3);
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(MappedFileTest, APipeIsReadToItsEnd) {
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  const std::string text(300'000, 'p');
  std::thread writer([&] { std::ofstream(folder_ / "pipe", std::ios::binary) << text; });
  const MappedFile file(folder_ / "pipe");
  writer.join();
  EXPECT_EQ(text_of(file), text);
}

TEST_F(AtomicFileTest, AppearsWithCommitAndNotBefore) {
  AtomicFile file(folder_ / "a");
  file.write("one");
  file.write(bytes_of(" two"));
  EXPECT_EQ(file.size(), 7u);
  EXPECT_FALSE(fs::exists(folder_ / "a"));
  file.commit();
  EXPECT_EQ(text_of(folder_ / "a"), "one two");
  EXPECT_THAT(names(), testing::ElementsAre("a"));
}

TEST_F(AtomicFileTest, WithoutACommitTheOldFileStaysAndNothingElse) {
  put("a", "old");
  {
    AtomicFile file(folder_ / "a");
    file.write(std::string(1 << 20, 'x'));
  }
  EXPECT_EQ(text_of(folder_ / "a"), "old");
  EXPECT_THAT(names(), testing::ElementsAre("a"));
}

TEST_F(AtomicFileTest, ReplacesAnOldFile) {
  put("a", "a longer old text");
  write_file(folder_ / "a", "new");
  EXPECT_EQ(text_of(folder_ / "a"), "new");
  EXPECT_THAT(names(), testing::ElementsAre("a"));
}

TEST_F(AtomicFileTest, SmallAndLargeWritesKeepTheirOrder) {
  AtomicFile file(folder_ / "a");
  std::string expected;
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{100'000}, std::size_t{262'144}, std::size_t{262'143}, std::size_t{7},
        std::size_t{1'000'000}, std::size_t{0}, std::size_t{5}}) {
    const std::string part(size, static_cast<char>('a' + expected.size() % 26));
    file.write(part);
    expected += part;
    ASSERT_EQ(file.size(), expected.size());
  }
  file.commit();
  EXPECT_EQ(text_of(folder_ / "a"), expected);
}

TEST_F(AtomicFileTest, WriteAtOverwritesFlushedAndBufferedBytes) {
  std::string expected(300'000, '.');
  AtomicFile file(folder_ / "a");
  file.write(expected);      // large: straight to the file
  file.write("0123456789");  // in the buffer
  expected += "0123456789";
  file.write_at(0, bytes_of("HEAD"));
  file.write_at(299'998, bytes_of("ACROSS"));
  file.write_at(300'009, bytes_of("!"));
  file.write("end");
  expected.replace(0, 4, "HEAD").replace(299'998, 6, "ACROSS").replace(300'009, 1, "!").append("end");
  EXPECT_EQ(file.size(), expected.size());
  file.commit();
  EXPECT_EQ(text_of(folder_ / "a"), expected);
}

TEST_F(AtomicFileTest, WriteAtBeyondTheEndIsAnError) {
  AtomicFile file(folder_ / "a");
  file.write("0123");
  EXPECT_THAT([&] { file.write_at(3, bytes_of("xy")); },
              ThrowsMessage<Error>(AllOf(HasSubstr("bytes 3 to 5"), HasSubstr("only 4 bytes"))));
  EXPECT_THROW(file.write_at(UINT64_MAX, bytes_of("xy")), Error);
  file.commit();
  EXPECT_EQ(text_of(folder_ / "a"), "0123");
}

TEST_F(AtomicFileTest, NothingCanBeWrittenAfterCommit) {
  AtomicFile file(folder_ / "a");
  file.commit();
  EXPECT_THROW(file.write("x"), Error);
  EXPECT_THROW(file.write_at(0, bytes_of("")), Error);
  EXPECT_THROW(file.commit(), Error);
  EXPECT_EQ(text_of(folder_ / "a"), "");
}

TEST_F(AtomicFileTest, CreatesFolders) {
  write_file(folder_ / "x" / "y" / "a", "deep");
  EXPECT_EQ(text_of(folder_ / "x" / "y" / "a"), "deep");
}

TEST_F(AtomicFileTest, RespectsTheUmask) {
  const mode_t old = ::umask(027);
  write_file(folder_ / "a", "x");
  ::umask(old);
  EXPECT_EQ(fs::status(folder_ / "a").permissions(), fs::perms(0640));
}

TEST_F(AtomicFileTest, ALongNameWorks) {
  const std::string name(255, 'n');
  write_file(folder_ / name, "x");
  EXPECT_THAT(names(), testing::ElementsAre(name));
}

TEST_F(AtomicFileTest, ARelativePathIsMeantWhereTheFileWasOpened) {
  const fs::path before = fs::current_path();
  fs::current_path(folder_);
  AtomicFile file("a");
  fs::current_path(before);
  file.write("here");
  file.commit();
  EXPECT_EQ(text_of(folder_ / "a"), "here");
}

TEST_F(AtomicFileTest, ALinkStaysAndWhatItPointsToIsReplaced) {
  fs::create_directory(folder_ / "d");
  put("d/real", "old");
  fs::create_symlink("d/real", folder_ / "link");
  fs::create_symlink("d/new", folder_ / "dangling");
  write_file(folder_ / "link", "one");
  write_file(folder_ / "dangling", "two");
  EXPECT_TRUE(fs::is_symlink(folder_ / "link"));
  EXPECT_EQ(text_of(folder_ / "d" / "real"), "one");
  EXPECT_TRUE(fs::is_symlink(folder_ / "dangling"));
  EXPECT_EQ(text_of(folder_ / "d" / "new"), "two");
}

TEST_F(AtomicFileTest, ALoopOfLinksIsAnError) {
  fs::create_symlink("b", folder_ / "a");
  fs::create_symlink("a", folder_ / "b");
  EXPECT_THAT([&] { AtomicFile(folder_ / "a"); }, ThrowsMessage<InputError>(HasSubstr("symbolic links")));
}

TEST_F(AtomicFileTest, PlacesThatCannotBeWrittenAreErrors) {
  put("file", "x");
  EXPECT_THAT([&] { AtomicFile{folder_}; }, ThrowsMessage<InputError>(HasSubstr("Is a directory")));
  EXPECT_THAT([&] { AtomicFile{folder_ / "new" / ""}; },
              ThrowsMessage<InputError>(HasSubstr("names no file")));
  EXPECT_THAT([&] { AtomicFile(""); }, ThrowsMessage<InputError>(HasSubstr("names no file")));
  EXPECT_THAT([&] { AtomicFile(folder_ / "file" / "a"); },
              ThrowsMessage<InputError>(HasSubstr("Not a directory")));
  EXPECT_THAT([&] { AtomicFile(folder_ / std::string(256, 'n')); },
              ThrowsMessage<InputError>(HasSubstr("Cannot write")));
}

TEST_F(AtomicFileTest, AReadOnlyFileIsNotReplaced) {
  put("a", "old");
  fs::permissions(folder_, fs::perms::all);
  fs::permissions(folder_ / "a", fs::perms(0444));
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(2);
    try {
      write_file(folder_ / "a", "new");
      ::_exit(1);
    } catch (const InputError& error) {
      ::_exit(std::strstr(error.what(), "Permission denied") ? 0 : 3);
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(text_of(folder_ / "a"), "old");
}

TEST_F(AtomicFileTest, APipeGetsTheBytesAtCommitAndIsNotReplaced) {
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  std::string received;
  std::thread reader([&] { received = text_of(folder_ / "pipe"); });
  {
    AtomicFile file(folder_ / "pipe");
    file.write(std::string(500'000, 'x'));
    file.write_at(0, bytes_of("HEAD"));
    file.commit();
  }
  reader.join();
  EXPECT_EQ(received.size(), 500'000u);
  EXPECT_EQ(received.substr(0, 5), "HEADx");
  EXPECT_TRUE(fs::is_fifo(folder_ / "pipe"));
}

TEST_F(AtomicFileTest, ADeviceIsWrittenToAndNotReplaced) {
  write_file("/dev/null", "gone");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  EXPECT_THAT([] { write_file("/dev/full", "x"); },
              ThrowsMessage<InputError>(HasSubstr("Cannot write '/dev/full': No space left on device.")));
  EXPECT_TRUE(fs::is_character_file("/dev/full"));
}

TEST_F(AtomicFileTest, AnOpenFileOfTheProcessIsContinued) {
  const int fd = ::open((folder_ / "a").c_str(), O_CREAT | O_WRONLY, 0600);
  ASSERT_EQ(::write(fd, "before ", 7), 7);
  write_file("/dev/fd/" + std::to_string(fd), "after");
  ::close(fd);
  EXPECT_EQ(text_of(folder_ / "a"), "before after");
}

TEST_F(AtomicFileTest, AFullDiskIsAClearErrorAndLeavesNothing) {
  if (::mount("tmpfs", folder_.c_str(), "tmpfs", 0, "size=64k") != 0)
    GTEST_SKIP() << "mount is not permitted";
  put("a", "old");
  {
    AtomicFile file(folder_ / "a");
    const std::string large(1 << 20, 'x');
    EXPECT_THAT([&] { file.write(large); },
                ThrowsMessage<InputError>(AllOf(HasSubstr((folder_ / "a").string()),
                                                HasSubstr("No space left on device."),
                                                HasSubstr("Free some space"))));
    EXPECT_THAT(names(), testing::ElementsAre("a"));
    EXPECT_THROW(file.commit(), Error);  // a file with a hole
  }
  {
    AtomicFile file(folder_ / "b");
    file.write(std::string(100'000, 'x'));  // fits in the buffer, not on the disk
    EXPECT_THROW(file.commit(), InputError);
  }
  EXPECT_EQ(text_of(folder_ / "a"), "old");
  EXPECT_THAT(names(), testing::ElementsAre("a"));
}

TEST_F(AtomicFileTest, TheLimitOnFileSizesIsAClearError) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{4096, 4096};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      write_file(folder_ / "a", std::string(10'000, 'x'));
      ::_exit(1);
    } catch (const InputError& error) {
      ::_exit(std::strstr(error.what(), "File too large") && std::strstr(error.what(), "ulimit -f") ? 0 : 2);
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_TRUE(names().empty());
}

// File systems without O_TMPFILE, and what kernels answer there.
class WithoutUnnamedFilesTest : public Files, public testing::WithParamInterface<int> {
 protected:
  WithoutUnnamedFilesTest() { unnamed_file_error = GetParam(); }
  ~WithoutUnnamedFilesTest() override { unnamed_file_error = 0; }
};

TEST_P(WithoutUnnamedFilesTest, ANamedFileBesideIsUsedAndRenamed) {
  AtomicFile file(folder_ / "a");
  file.write("x");
  EXPECT_THAT(names(), testing::ElementsAre(testing::StartsWith(".a.")));
  file.commit();
  EXPECT_THAT(names(), testing::ElementsAre("a"));
  EXPECT_EQ(text_of(folder_ / "a"), "x");
}

TEST_P(WithoutUnnamedFilesTest, ItIsRemovedWithoutACommit) {
  { AtomicFile abandoned(folder_ / "a"); }
  EXPECT_TRUE(names().empty());
}

TEST_P(WithoutUnnamedFilesTest, DiscardRemovesItAndACommitThenFails) {
  AtomicFile interrupted(folder_ / "a");
  EXPECT_EQ(names().size(), 1u);
  discard_unfinished_files();
  EXPECT_TRUE(names().empty());
  EXPECT_THROW(interrupted.commit(), InputError);
  EXPECT_TRUE(names().empty());
}

TEST_P(WithoutUnnamedFilesTest, ALeftoverOfTheSameNameIsNotTouched) {
  std::string first;
  {
    AtomicFile file(folder_ / "a");
    first = names().at(0);
  }
  // The next names count on from this one.
  const std::size_t digits = first.rfind('-') + 1;
  const int number = std::stoi(first.substr(digits));
  const std::string next = first.substr(0, digits) + std::to_string(number + 1) + ".tmp";
  put(next, "foreign");
  write_file(folder_ / "a", "x");
  EXPECT_EQ(text_of(folder_ / next), "foreign");
  EXPECT_EQ(text_of(folder_ / "a"), "x");
}

INSTANTIATE_TEST_SUITE_P(Errors, WithoutUnnamedFilesTest, testing::Values(EOPNOTSUPP, EISDIR, ENOENT));

TEST_F(AtomicFileTest, DiscardLeavesWhatIsCommitted) {
  AtomicFile unfinished(folder_ / "b");
  unfinished.write("x");
  write_file(folder_ / "a", "kept");
  discard_unfinished_files();
  EXPECT_THAT(names(), testing::ElementsAre("a"));
}

TEST_F(AtomicFileTest, ManyThreadsWriteTheSamePlaceAndOneWholeFileRemains) {
  std::vector<std::thread> writers;
  for (char c = 'a'; c < 'e'; ++c)
    writers.emplace_back([&, c] {
      for (int i = 0; i < 10; ++i) write_file(folder_ / "f", std::string(50'000, c));
    });
  for (std::thread& writer : writers) writer.join();
  const std::string text = text_of(folder_ / "f");
  EXPECT_EQ(text, std::string(50'000, text.at(0)));
  EXPECT_THAT(names(), testing::ElementsAre("f"));
}

// The reference values of xxHash for these inputs.
TEST(Checksum, IsXxh3) {
  EXPECT_EQ(checksum({}), 0x2d06800538d394c2u);
  EXPECT_EQ(checksum(bytes_of("a")), 0xe6c632b61e964e1fu);
  EXPECT_EQ(checksum(bytes_of("abc")), 0x78af5f94892f3950u);
}

TEST(Checksum, InPiecesIsTheSameForEveryLength) {
  std::string text(5000, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 31 + i / 256);
  for (std::size_t size = 0; size < text.size(); size += size < 300 ? 1 : 97) {
    const auto bytes = bytes_of(std::string_view(text).substr(0, size));
    Checksum pieces;
    for (std::size_t at = 0; at < size; at += 61)
      pieces.update(bytes.subspan(at, std::min<std::size_t>(61, size - at)));
    ASSERT_EQ(pieces.value(), checksum(bytes)) << size;
  }
}

TEST(Checksum, ValueMayBeAskedInBetween) {
  Checksum pieces;
  EXPECT_EQ(pieces.value(), checksum({}));
  pieces.update(bytes_of("a"));
  EXPECT_EQ(pieces.value(), checksum(bytes_of("a")));
  pieces.update(bytes_of("bc"));
  EXPECT_EQ(pieces.value(), checksum(bytes_of("abc")));
}

TEST(Checksum, EveryBitCounts) {
  std::string text(1000, 'x');
  const std::uint64_t before = checksum(bytes_of(text));
  for (const std::size_t at : {0, 500, 999}) {
    text[at] = static_cast<char>(text[at] ^ 1);
    EXPECT_NE(checksum(bytes_of(text)), before);
    text[at] = static_cast<char>(text[at] ^ 1);
  }
}

}  // namespace
}  // namespace polygraph
