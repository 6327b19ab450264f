#include <fmt/format.h>
#include <polygraph/compare/subprocess_runner.h>
#include <polygraph/core/options.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "compare/tensor_pipe.h"
#include "core/child_process.h"
#include "core/file_descriptor.h"

namespace polygraph::compare {
namespace {

enum class Request : std::uint8_t { infer, layer_times, restart_layer_times };
enum class Answer : std::uint8_t { result, error };

void write(TensorPipe& pipe, const LayerTimes& times) {
  pipe.write(times.inferences);
  pipe.write(times.seconds);
  pipe.write<std::uint64_t>(times.layers.size());
  for (const LayerTime& layer : times.layers) {
    pipe.write(layer.name);
    pipe.write(layer.type);
    pipe.write(layer.ran_by);
    pipe.write(layer.calls);
    pipe.write(layer.seconds);
  }
}

LayerTimes read_layer_times(TensorPipe& pipe) {
  LayerTimes times;
  times.inferences = pipe.read<std::int64_t>();
  times.seconds = pipe.read<double>();
  times.layers.resize(pipe.read<std::uint64_t>());
  for (LayerTime& layer : times.layers) {
    layer.name = pipe.read_text();
    layer.type = pipe.read_text();
    layer.ran_by = pipe.read_text();
    layer.calls = pipe.read<std::int64_t>();
    layer.seconds = pipe.read<double>();
  }
  return times;
}

// In the new process. Errors go the same way as results.

void send_error(TensorPipe& pipe, const Error& error) {
  pipe.write(Answer::error);
  pipe.write(error.exit_code());
  pipe.write(error.problem());
  pipe.write(error.remedy());
  pipe.write<std::uint64_t>(error.engine_messages().size());
  for (const std::string& line : error.engine_messages()) pipe.write(line);
  pipe.flush();
}

template <class Action>
bool answer(TensorPipe& pipe, const Action& action) {
  try {
    action();
    pipe.flush();
    return true;
  } catch (const Error& error) {
    send_error(pipe, error);
  } catch (const std::exception& error) {
    send_error(pipe, BackendError(error.what()));
  }
  return false;
}

void respond(TensorPipe& pipe, Runner& runner, Request request, const TensorMap& feed) {
  if (request == Request::infer) {
    const TensorMap& outputs = runner.infer(feed, false);  // checked before it was sent
    pipe.write(Answer::result);
    pipe.write(outputs);
  } else if (request == Request::layer_times) {
    const LayerTimes times = runner.layer_times();
    pipe.write(Answer::result);
    write(pipe, times);
  } else {
    runner.restart_layer_times();
    pipe.write(Answer::result);
  }
}

// Until the other end is closed, which is an exception.
void serve(TensorPipe pipe, const std::function<std::unique_ptr<Runner>()>& make) {
  std::unique_ptr<Runner> runner;
  std::optional<Activation> active;
  const bool ready = answer(pipe, [&] {
    runner = make();
    active.emplace(runner->activate());
    pipe.write(Answer::result);
    pipe.write(runner->input_metadata());
    pipe.write(runner->output_metadata());
  });
  if (!ready) return;
  for (TensorMap feed;;) {
    const auto request = pipe.read<Request>();
    if (request == Request::infer) pipe.read(feed);
    answer(pipe, [&] { respond(pipe, *runner, request, feed); });
  }
}

[[noreturn]] void live_as_child(int fd, const std::function<std::unique_ptr<Runner>()>& make) {
  begin_child_process();
  try {
    serve(TensorPipe(fd), make);
  } catch (...) {
    ::_exit(0);
  }
  ::_exit(0);  // buffers and temporary files are the other process's
}

// In this process.

[[noreturn]] void throw_received(TensorPipe& pipe) {
  const auto code = pipe.read<ExitCode>();
  std::string problem = pipe.read_text();
  std::string remedy = pipe.read_text();
  std::vector<std::string> messages(pipe.read<std::uint64_t>());
  for (std::string& line : messages) line = pipe.read_text();
  switch (code) {
    case ExitCode::usage:
      throw UsageError(std::move(problem), std::move(remedy), std::move(messages));
    case ExitCode::input:
      throw InputError(std::move(problem), std::move(remedy), std::move(messages));
    default:
      throw BackendError(std::move(problem), std::move(remedy), std::move(messages));
  }
}

}  // namespace

struct SubprocessRunner::Process {
  Process(pid_t child, FileDescriptor socket) : pid(child), fd(std::move(socket)), pipe(fd.get()) {}
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() { end(); }

  /// How it ended; it is killed if it has not.
  int end() {
    if (pid < 0) return 0;
    ::kill(pid, SIGKILL);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    pid = -1;
    return status;
  }

  /// How it ended, where it has closed its end of the pipe.
  int ended() {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    pid = -1;
    return status;
  }

  pid_t pid;
  FileDescriptor fd;
  TensorPipe pipe;
};

namespace {

// Calls what talks to the process; says what has become of it if it is lost.
template <class Process, class Action>
void talk(std::unique_ptr<Process>& process, const std::string& runner, double seconds,
          const Action& action) {
  std::string what;
  try {
    action(process->pipe);
    return;
  } catch (const PipeTimeout&) {
    what = fmt::format("did not answer within {} s, and was ended", seconds);
  } catch (const PipeClosed&) {
    const int status = process->ended();
    what = WIFSIGNALED(status) ? fmt::format("crashed ({})", ::strsignal(WTERMSIG(status)))
                               : fmt::format("ended with status {}", WEXITSTATUS(status));
  }
  process.reset();
  throw RunnerLost(
      fmt::format("The process of the runner '{}' {}.", runner, what),
      "The next inference starts a new process. Run without --use-subprocess under a debugger to see "
      "where it happens.");
}

}  // namespace

SubprocessRunner::SubprocessRunner(std::string name, std::function<std::unique_ptr<Runner>()> make,
                                   double seconds)
    : Runner(std::move(name)), make_(std::move(make)), seconds_(seconds) {}

SubprocessRunner::~SubprocessRunner() = default;

std::string SubprocessRunner::str() const {
  const std::string other = make_()->str();
  if (other.empty()) return {};
  const std::string make = fmt::format("[&] {{ return std::unique_ptr<polygraph::Runner>(new {}); }}", other);
  return seconds_ == 0
             ? fmt::format("SubprocessRunner({}, {})", cpp_literal(name()), make)
             : fmt::format("SubprocessRunner({}, {}, {})", cpp_literal(name()), make, cpp_literal(seconds_));
}

Runner::Interface SubprocessRunner::start() {
  std::array<int, 2> fds{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) != 0)
    throw BackendError(
        fmt::format("Starting a process for the runner '{}': {}.", name(), std::strerror(errno)),
        "Free some file descriptors.");
  FileDescriptor ours(fds[0]);
  FileDescriptor theirs(fds[1]);
  const pid_t child = ::fork();
  if (child < 0)
    throw BackendError(
        fmt::format("Starting a process for the runner '{}': {}.", name(), std::strerror(errno)),
        "Free some memory, or raise the limit of processes (ulimit -u).");
  if (child == 0) {
    ours = FileDescriptor();
    live_as_child(theirs.get(), make_);
  }
  process_ = std::make_unique<Process>(child, std::move(ours));
  theirs = FileDescriptor();
  process_->pipe.set_timeout(seconds_);
  Interface interface;
  talk(process_, name(), seconds_, [&](TensorPipe& pipe) {
    if (pipe.read<Answer>() == Answer::error) throw_received(pipe);
    interface.inputs = pipe.read_metadata();
    interface.outputs = pipe.read_metadata();
  });
  return interface;
}

Runner::Interface SubprocessRunner::activate_impl() {
  try {
    return start();
  } catch (...) {
    process_.reset();
    throw;
  }
}

void SubprocessRunner::deactivate_impl() noexcept {
  process_.reset();
  outputs_ = {};
}

const TensorMap& SubprocessRunner::infer_impl(const FeedDict& feed) {
  if (!process_) start();
  talk(process_, name(), seconds_, [&](TensorPipe& pipe) {
    pipe.write(Request::infer);
    pipe.write(feed);
    pipe.flush();
    if (pipe.read<Answer>() == Answer::error) throw_received(pipe);
    pipe.read(outputs_);
  });
  return outputs_;
}

// What a process that was lost had measured is lost with it.

LayerTimes SubprocessRunner::layer_times_impl() {
  LayerTimes times;
  if (!process_) return times;
  talk(process_, name(), seconds_, [&](TensorPipe& pipe) {
    pipe.write(Request::layer_times);
    pipe.flush();
    if (pipe.read<Answer>() == Answer::error) throw_received(pipe);
    times = read_layer_times(pipe);
  });
  return times;
}

void SubprocessRunner::restart_layer_times_impl() {
  if (!process_) return;
  talk(process_, name(), seconds_, [&](TensorPipe& pipe) {
    pipe.write(Request::restart_layer_times);
    pipe.flush();
    if (pipe.read<Answer>() == Answer::error) throw_received(pipe);
  });
}

}  // namespace polygraph::compare
