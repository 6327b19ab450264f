#pragma once

#include <string>
#include <string_view>

namespace polygraph::cli {

/// The program's answer, written to a file descriptor through a buffer.
///
/// If the reader of a pipe is gone (`| head`), the rest is dropped without a word: the tool finishes its work
/// and its exit status stands. Long writers can stop early on `closed()`.
class Output {
 public:
  explicit Output(int fd) : fd_(fd) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  /// Throws InputError, with the system's reason, if the bytes cannot be written, e.g. because the disk is
  /// full.
  void write(std::string_view text);
  /// Writes what is buffered. To be called before the program ends: the destructor does not write. Throws as
  /// `write`.
  void flush();
  bool closed() const { return closed_; }
  int fd() const { return fd_; }

 private:
  void write_fully(std::string_view text);

  int fd_;
  bool closed_ = false;
  std::string buffer_;
};

}  // namespace polygraph::cli
