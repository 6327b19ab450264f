#include "trt/build_progress.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/progress_display.h"

namespace polygraph::trt {

namespace {
constexpr const char* title = "Building the engine";
constexpr int resolution = 1000;  // of the bar
}  // namespace

void BuildPhases::start(std::string_view name, std::string_view parent, int steps) {
  if (phases_.empty()) done_ = 0;
  phases_.push_back({std::string(name), std::string(parent), std::max(steps, 1)});
}

void BuildPhases::complete_step(std::string_view name, int step) {
  if (Phase* const phase = find(name)) phase->completed = std::clamp(step + 1, 0, phase->steps);
  update();
}

void BuildPhases::finish(std::string_view name) {
  if (const Phase* const phase = find(name)) phases_.erase(phases_.begin() + (phase - phases_.data()));
}

std::string_view BuildPhases::current() const {
  return phases_.size() < 2 ? std::string_view() : phases_.back().name;
}

// A name is free again once its phase has ended.
BuildPhases::Phase* BuildPhases::find(std::string_view name) {
  const auto found =
      std::find_if(phases_.rbegin(), phases_.rend(), [&](const Phase& phase) { return phase.name == name; });
  return found == phases_.rend() ? nullptr : &*found;
}

// From the outermost phase inwards: each is a part of the step that the one around it is at.
void BuildPhases::update() {
  double done = 0;
  double share = 1;
  for (const Phase* phase = phases_.empty() ? nullptr : &phases_.front(); phase != nullptr;) {
    done += share * phase->completed / phase->steps;
    if (phase->completed == phase->steps) break;
    share /= phase->steps;
    const Phase* inner = nullptr;
    for (const Phase& other : phases_)
      if (&other > phase && other.parent == phase->name) inner = &other;
    phase = inner;
  }
  done_ = std::max(done_, done);
}

BuildProgress::BuildProgress(nvinfer1::IBuilderConfig& config) : monitor_(*this) {
  if (!ProgressDisplay::is_wanted()) return;
  display_ = std::make_unique<ProgressDisplay>(title, monitor_.watch(config) ? resolution : 0);
}

BuildProgress::~BuildProgress() {
  monitor_.stop();
}

template <class Change>
void BuildProgress::update(Change&& change) noexcept {
  try {
    const std::lock_guard lock(mutex_);
    change();
    if (!display_) return;
    const std::string_view phase = phases_.current();
    display_->show(phase.empty() ? title : fmt::format("{}: {}", title, phase),
                   static_cast<std::uint64_t>(phases_.done() * resolution));
  } catch (...) {  // NOLINT(bugprone-empty-catch): a build is not to fail for want of a progress line
  }
}

void BuildProgress::phase_started(const char* name, const char* parent, int steps) noexcept {
  update([&] { phases_.start(name, parent != nullptr ? parent : "", steps); });
}

void BuildProgress::step_completed(const char* name, int step) noexcept {
  update([&] { phases_.complete_step(name, step); });
}

void BuildProgress::phase_finished(const char* name) noexcept {
  update([&] { phases_.finish(name); });
}

}  // namespace polygraph::trt
