#include "cli/check_engine.h"

#include <fcntl.h>
#include <poll.h>
#include <polygraph/core/backends.h>
#include <polygraph/core/error.h>
#include <polygraph/core/log.h>
#include <polygraph/core/runner.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/child_process.h"
#include "core/file_descriptor.h"
#include "core/system_error.h"

namespace polygraph::cli {
namespace {

using Json = nlohmann::json;
using onnx::NodeOutcome;

/// More crashes than this, and the rest of the nodes is not run.
constexpr int most_crashes = 16;

std::string message_of(const Error& error) {
  std::string text = error.problem();
  for (const std::string& line : error.engine_messages()) text += (text.empty() ? "" : " ") + line;
  return text;
}

// The child: it writes one JSON object per line.

class Reporter {
 public:
  explicit Reporter(int fd) : fd_(fd) {}
  void send(const Json& object) const {
    std::string line = object.dump(-1, ' ', false, Json::error_handler_t::replace);
    line += '\n';
    for (std::size_t sent = 0; sent < line.size();) {
      const ssize_t count = ::write(fd_, line.data() + sent, line.size() - sent);
      if (count < 0 && errno != EINTR) ::_exit(1);  // nobody listens any more
      if (count > 0) sent += static_cast<std::size_t>(count);
    }
  }

 private:
  int fd_;
};

/// Returns whether there is more to do: nodes, one by one.
bool run_whole(const Backend& backend, const onnx::Model& model, const TensorMap& inputs,
               const Settings& options, const Reporter& reporter) {
  set_log_sink([&](Severity severity, std::string_view text) {
    if (severity >= Severity::warning) reporter.send({{"warning", text}});
  });
  std::optional<std::string> problem;
  try {
    const std::unique_ptr<Runner> runner =
        backend.runner({.in_memory = std::make_shared<const onnx::Model>(model), .config = options});
    const auto active = runner->activate();
    runner->infer(inputs);
  } catch (const UsageError& error) {
    reporter.send({{"usage", error.problem()}, {"remedy", error.remedy()}});
    return false;
  } catch (const Error& error) {
    problem = message_of(error);
  } catch (const std::exception& error) {
    problem = error.what();
  }
  set_log_sink([](Severity, std::string_view) {});
  reporter.send({{"whole", !problem.has_value()}, {"message", problem.value_or("")}});
  return problem.has_value();
}

void work(const onnx::Model& model, const TensorMap& inputs, const Settings& options, bool whole,
          const std::vector<bool>& skip, const Reporter& reporter) {
  set_log_sink([](Severity, std::string_view) {});
  std::shared_ptr<const onnx::Evaluator> evaluator;
  const Backend* backend = nullptr;
  try {
    backend = &load_backend("onnxrt");
    evaluator = backend->evaluator();
  } catch (const Error& error) {
    reporter.send({{"unavailable", error.what()}});
    return;
  }
  if (whole && !run_whole(*backend, model, inputs, options, reporter)) return;
  onnx::run_nodes(model, *evaluator, inputs, skip, [&](const NodeOutcome& outcome) {
    reporter.send(
        {{"node", outcome.node}, {"kind", static_cast<int>(outcome.kind)}, {"message", outcome.message}});
  });
}

// The parent.

struct Pipe {
  FileDescriptor read;
  FileDescriptor write;
};

Pipe make_pipe() {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0)
    throw InputError(
        std::string("Cannot start ONNX Runtime in a process of its own: ") + std::strerror(errno) + ".",
        "Free some file descriptors, or check the model with --static.");
  return {FileDescriptor(fds[0]), FileDescriptor(fds[1])};
}

/// Appends what is there; false at the end.
bool read_some(int fd, std::string& text) {
  std::array<char, 4096> buffer{};
  const ssize_t count = ::read(fd, buffer.data(), buffer.size());
  if (count < 0) return errno == EINTR;
  text.append(buffer.data(), static_cast<std::size_t>(count));
  return count > 0;
}

struct ChildResult {
  std::string reports;
  std::string errors;  ///< its standard error
  int status = 0;
};

template <class Work>
ChildResult run_child(const Work& child_work) {
  Pipe reports = make_pipe(), errors = make_pipe();
  const pid_t child = ::fork();
  if (child < 0)
    throw InputError(
        std::string("Cannot start ONNX Runtime in a process of its own: ") + std::strerror(errno) + ".",
        "Check the model with --static.");
  if (child == 0) {
    begin_child_process();
    ::dup2(errors.write.get(), STDERR_FILENO);
    ::dup2(errors.write.get(), STDOUT_FILENO);
    try {
      child_work(Reporter(reports.write.get()));
    } catch (const std::exception& error) {
      Reporter(reports.write.get()).send({{"failure", error.what()}});
    }
    ::_exit(0);  // buffers and temporary files are the parent's
  }
  reports.write = FileDescriptor();
  errors.write = FileDescriptor();
  ChildResult result;
  std::array<pollfd, 2> fds = {pollfd{reports.read.get(), POLLIN, 0}, pollfd{errors.read.get(), POLLIN, 0}};
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) break;
    if (fds[0].revents != 0 && !read_some(fds[0].fd, result.reports)) fds[0].fd = -1;
    if (fds[1].revents != 0 && !read_some(fds[1].fd, result.errors)) fds[1].fd = -1;
  }
  while (::waitpid(child, &result.status, 0) < 0 && errno == EINTR) {
  }
  return result;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (end > begin) lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

std::string how_it_ended(const ChildResult& result) {
  std::string text = "ONNX Runtime ";
  if (WIFSIGNALED(result.status))
    text += std::string("crashed (") + ::strsignal(WTERMSIG(result.status)) + ")";
  else
    text += "ended the process with status " + std::to_string(WEXITSTATUS(result.status));
  const std::vector<std::string> lines = lines_of(result.errors);
  return lines.empty() ? text + "." : text + ": " + lines.back();
}

/// Reads the reports of one child. Returns the node at which it ended too early, if it did.
std::optional<std::size_t> take_reports(const ChildResult& result, EngineVerdict& verdict, bool& did_whole) {
  std::optional<std::size_t> at;
  for (const std::string& line : lines_of(result.reports)) {
    const Json report = Json::parse(line, nullptr, false);
    if (report.is_discarded()) break;  // cut off by a crash
    if (report.contains("unavailable")) {
      verdict.problem = report["unavailable"].get<std::string>();
    } else if (report.contains("usage")) {
      throw UsageError(report["usage"].get<std::string>(), report["remedy"].get<std::string>());
    } else if (report.contains("failure")) {
      throw BackendError("Cannot run the model node by node: " + report["failure"].get<std::string>());
    } else if (report.contains("warning")) {
      verdict.warnings.push_back(report["warning"].get<std::string>());
    } else if (report.contains("whole")) {
      verdict.available = true;
      verdict.whole_model_ran = report["whole"].get<bool>();
      verdict.problem = report["message"].get<std::string>();
      did_whole = true;
    } else {
      verdict.available = true;
      NodeOutcome outcome{.node = report["node"].get<std::size_t>(),
                          .kind = static_cast<NodeOutcome::Kind>(report["kind"].get<int>()),
                          .message = report["message"].get<std::string>()};
      if (outcome.kind == NodeOutcome::Kind::begins) {
        at = outcome.node;
        continue;
      }
      at.reset();
      verdict.outcomes.push_back(std::move(outcome));
    }
  }
  return at;
}

}  // namespace

EngineVerdict run_in_engine(const onnx::Model& model, const TensorMap& inputs, const Settings& options) {
  EngineVerdict verdict;
  std::vector<bool> crashed(model.graph.nodes.size(), false);
  std::vector<NodeOutcome> crashes;
  bool whole = true;
  for (int attempt = 0; attempt <= most_crashes; ++attempt) {
    verdict.outcomes.clear();
    bool did_whole = false;
    const ChildResult result =
        run_child([&](const Reporter& reporter) { work(model, inputs, options, whole, crashed, reporter); });
    const std::optional<std::size_t> node = take_reports(result, verdict, did_whole);
    if (verdict.whole_model_ran)
      for (const std::string& line : lines_of(result.errors)) verdict.warnings.push_back(line);
    const bool ended_well = WIFEXITED(result.status) && WEXITSTATUS(result.status) == 0;
    if (ended_well) break;
    verdict.available = true;
    verdict.whole_model_ran = false;
    if (whole && !did_whole) {
      verdict.problem = how_it_ended(result);
    } else if (node) {
      crashed[*node] = true;
      crashes.push_back({.node = *node, .kind = NodeOutcome::Kind::failed, .message = how_it_ended(result)});
    } else {
      break;
    }
    whole = false;
  }
  if (!verdict.whole_model_ran) verdict.warnings.clear();
  verdict.outcomes.insert(verdict.outcomes.end(), crashes.begin(), crashes.end());
  std::ranges::sort(verdict.outcomes, {}, &NodeOutcome::node);
  return verdict;
}

}  // namespace polygraph::cli
