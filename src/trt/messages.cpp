#include "trt/messages.h"

#include <polygraph/core/log.h>

#include <algorithm>
#include <list>
#include <mutex>
#include <string_view>
#include <thread>

#include "core/log_format.h"

namespace polygraph::trt {

struct EngineMessages::Collector {
  std::thread::id thread;
  std::vector<std::string> lines;
};

namespace {

struct Collectors {
  std::mutex mutex;
  std::list<EngineMessages::Collector> list;
};

Collectors& collectors() {
  static auto* const all = new Collectors;  // TensorRT's threads may log until the process ends
  return *all;
}

// The innermost one of this thread; for a thread of TensorRT's own, all.
void collect(const std::string& line) {
  Collectors& all = collectors();
  const std::lock_guard lock(all.mutex);
  const auto own = std::find_if(all.list.rbegin(), all.list.rend(), [](const auto& collector) {
    return collector.thread == std::this_thread::get_id();
  });
  if (own != all.list.rend()) {
    own->lines.push_back(line);
    return;
  }
  for (auto& collector : all.list) collector.lines.push_back(line);
}

// TensorRT 8.5 corrects its own numbers of tensors in profiles behind the first one.
bool is_of_no_use(std::string_view warning) {
  return warning.find("is not in profile") != std::string_view::npos &&
         warning.find("Using bindingIndex") != std::string_view::npos;
}

class Logger final : public nvinfer1::ILogger {
 public:
  void log(nvinfer1::ILogger::Severity severity, const char* message) noexcept override {
    try {
      using From = nvinfer1::ILogger::Severity;
      std::string line(message ? message : "");
      while (!line.empty() && (line.back() == '\n' || line.back() == ' ')) line.pop_back();
      const std::string text = "TensorRT: " + line;
      switch (severity) {
        case From::kINTERNAL_ERROR:
        case From::kERROR:
          collect(line);
          log_text(polygraph::Severity::verbose, text);
          break;
        case From::kWARNING:
          collect(line);
          if (is_of_no_use(text))
            log_text(polygraph::Severity::verbose, text);
          else
            log_once(polygraph::Severity::warning, text);
          break;
        case From::kINFO:
          log_text(polygraph::Severity::verbose, text);
          break;
        case From::kVERBOSE:
          log_text(polygraph::Severity::extra_verbose, text);
          break;
      }
    } catch (...) {  // NOLINT(bugprone-empty-catch): TensorRT cannot be told
    }
  }
};

}  // namespace

EngineMessages::EngineMessages() {
  Collectors& all = collectors();
  const std::lock_guard lock(all.mutex);
  collector_ = &all.list.emplace_back(Collector{std::this_thread::get_id(), {}});
}

EngineMessages::~EngineMessages() {
  Collectors& all = collectors();
  const std::lock_guard lock(all.mutex);
  all.list.remove_if([&](const Collector& collector) { return &collector == collector_; });
}

std::vector<std::string> EngineMessages::take() {
  const std::lock_guard lock(collectors().mutex);
  std::vector<std::string> lines;
  for (std::string& line : collector_->lines)
    if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(std::move(line));
  collector_->lines.clear();
  return lines;
}

bool EngineMessages::mention(std::string_view text) const {
  const std::lock_guard lock(collectors().mutex);
  return std::any_of(collector_->lines.begin(), collector_->lines.end(),
                     [&](const std::string& line) { return line.find(text) != std::string::npos; });
}

nvinfer1::ILogger& logger() {
  static auto* const the_logger = new Logger;
  return *the_logger;
}

}  // namespace polygraph::trt
