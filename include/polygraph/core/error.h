#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace polygraph {

/// What the program's exit status says about how a command ended.
enum class ExitCode : int {
  passed = 0,         ///< done, or the answer is yes
  failed = 1,         ///< the answer is no: a mismatch, a lint finding
  usage = 2,          ///< wrong usage: unknown option, bad value
  input = 3,          ///< bad input: a missing or damaged file, a wrong shape
  backend = 4,        ///< an engine library is missing or failed
  interrupted = 130,  ///< SIGINT
};

/// Base of every exception that Polygraph throws.
///
/// `what()` is a whole message for a person: what was attempted, the offending name and value, what is
/// allowed, and what to do next. The parts can be read one by one; `what()` has the problem, then the remedy
/// on a line of its own, then each line of the engine's messages after `  | `.
/// @code
///   throw InputError("Cannot feed 'imgae': the model has no such input." + suggest("imgae", names),
///                    "Use `polygraph inspect model` to list the inputs.");
/// @endcode
class Error : public std::runtime_error {
 public:
  /// @param problem  What was attempted and what is wrong with it, naming the value.
  /// @param remedy   What to do next, as a sentence; may be empty.
  /// @param engine_messages  What an engine library logged during the failing call, in order.
  explicit Error(std::string problem, std::string remedy = {}, std::vector<std::string> engine_messages = {});

  const std::string& problem() const noexcept { return problem_; }
  const std::string& remedy() const noexcept { return remedy_; }
  const std::vector<std::string>& engine_messages() const noexcept { return engine_messages_; }

  /// The exit status of a program that ends because of this error.
  virtual ExitCode exit_code() const noexcept { return ExitCode::failed; }

 private:
  std::string problem_;
  std::string remedy_;
  std::vector<std::string> engine_messages_;
};

/// An option, flag or argument that does not exist or is out of its range.
class UsageError : public Error {
 public:
  using Error::Error;
  ExitCode exit_code() const noexcept override { return ExitCode::usage; }
};

/// A file, model, tensor or name that is missing, damaged or of the wrong kind.
class InputError : public Error {
 public:
  using Error::Error;
  ExitCode exit_code() const noexcept override { return ExitCode::input; }
};

/// An engine library that is missing, of the wrong version, or that failed.
class BackendError : public Error {
 public:
  using Error::Error;
  ExitCode exit_code() const noexcept override { return ExitCode::backend; }
};

/// Of `candidates`, the one most like `name`, or empty if none is near. Near is, case ignored: at most one
/// edit per three letters (an insertion, deletion, replacement or swap of neighbours; always at least one),
/// else one that begins with the other, else one that contains the other. The first of equally near ones
/// wins.
std::string nearest(std::string_view name, const std::vector<std::string>& candidates);

/// The end of a message about an unknown name, with a space in front: ` Did you mean 'output'?` if one is
/// near, then ` Available: 'a', 'b'.` for at most 8 candidates, or ` 120 names are available.` Empty only
/// without candidates.
std::string suggest(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace polygraph
