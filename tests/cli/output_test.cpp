#include "cli/output.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <polygraph/core/error.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

namespace polygraph::cli {
namespace {

using ::testing::HasSubstr;

class Pipe {
 public:
  Pipe() { EXPECT_EQ(pipe(fds_), 0); }
  ~Pipe() {
    close_reader();
    close_writer();
  }
  int writer() const { return fds_[1]; }
  void close_reader() { close_end(fds_[0]); }
  void close_writer() { close_end(fds_[1]); }
  std::string read_all() const {
    std::string text;
    char buffer[4096];
    for (ssize_t n; (n = read(fds_[0], buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<std::size_t>(n));
    return text;
  }

 private:
  static void close_end(int& fd) {
    if (fd >= 0) close(fd);
    fd = -1;
  }
  int fds_[2] = {-1, -1};
};

TEST(Output, WritesEverythingInOrder) {
  Pipe pipe;
  std::string received;
  std::thread reader([&] { received = pipe.read_all(); });
  std::string expected;
  {
    Output output(pipe.writer());
    for (int i = 0; i < 20; ++i) {
      const std::string piece(static_cast<std::size_t>(i) * 9000, static_cast<char>('a' + i));
      expected += piece;
      output.write(piece);
    }
    output.flush();
  }
  pipe.close_writer();
  reader.join();
  EXPECT_EQ(received, expected);
}

TEST(Output, ReaderThatIsGoneIsNoError) {
  signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  pipe.close_reader();
  Output output(pipe.writer());
  output.write("text");
  EXPECT_FALSE(output.closed());
  output.flush();
  EXPECT_TRUE(output.closed());
  output.write("more");
  output.flush();
}

TEST(Output, FullDiskIsAnInputError) {
  const int fd = open("/dev/full", O_WRONLY);
  ASSERT_GE(fd, 0);
  Output output(fd);
  output.write("text");
  try {
    output.flush();
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("Cannot write to standard output: No space left on device."));
  }
  output.flush();  // Nothing is left to write.
  close(fd);
}

TEST(Output, WaitsForANonBlockingReader) {
  Pipe pipe;
  fcntl(pipe.writer(), F_SETFL, O_NONBLOCK);
  std::string received;
  std::thread reader([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    received = pipe.read_all();
  });
  Output output(pipe.writer());
  output.write(std::string(1 << 20, 'x'));
  pipe.close_writer();
  reader.join();
  EXPECT_EQ(received.size(), std::size_t{1} << 20);
}

}  // namespace
}  // namespace polygraph::cli
