// One inference through the ONNX Runtime runner and through bare calls of its C interface, in turns.
//
//   onnxrt_infer MODEL reused|fresh|control PAIRS BLOCK_MS
//
// What the modes mean and what is printed: see infer.cpp. The bare side is what a careful user writes: values
// made ahead of the loop and bound again where the address changes, `Run`, the address and the shape of the
// output, and its release.

#include <polygraph/onnxrt.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "alternate.h"
#include "onnxrt/session.h"

namespace pg = polygraph;
using namespace pg::onnxrt;

namespace {

class Bare {
 public:
  Bare(const Session& session, const std::vector<pg::FeedDict>& feeds)
      : session_(session), state_(session.state()), api_(state_.api()), feeds_(feeds) {
    for (std::size_t i = 0; i < feeds[0].size(); ++i) values_.emplace_back(nullptr, api_.ReleaseValue);
    inputs_.resize(values_.size());
    outputs_.resize(state_.outputs.size());
    bind(0);
  }
  Bare(const Bare&) = delete;
  Bare& operator=(const Bare&) = delete;
  ~Bare() { release(); }

  const void* operator()() {
    if (feeds_.size() > 1) bind(++call_ % feeds_.size());
    release();
    check_status(api_,
                 api_.Run(session_.native(), nullptr, state_.input_names.data(), inputs_.data(),
                          inputs_.size(), state_.output_names.data(), outputs_.size(), outputs_.data()),
                 "Running");
    void* data = nullptr;
    for (OrtValue* output : outputs_) {
      read_type_and_shape(api_, output, type_);
      check_status(api_, api_.GetTensorMutableData(output, &data), "Running");
    }
    return data;
  }

 private:
  void bind(std::size_t feed) {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      values_[i] = make_value(api_, state_.cpu.get(), feeds_[feed].at(i).second);
      inputs_[i] = values_[i].get();
    }
  }
  void release() {
    for (OrtValue*& output : outputs_)
      if (OrtValue* const old = std::exchange(output, nullptr)) api_.ReleaseValue(old);
  }

  Session session_;
  const Session::State& state_;
  const OrtApi& api_;
  const std::vector<pg::FeedDict>& feeds_;
  std::vector<Handle<OrtValue>> values_;
  std::vector<const OrtValue*> inputs_;
  std::vector<OrtValue*> outputs_;
  TypeAndShape type_;
  std::size_t call_ = 0;
};

class Ours {
 public:
  Ours(pg::onnxrt::Runner& runner, const std::vector<pg::FeedDict>& feeds) : runner_(runner), feeds_(feeds) {}
  const void* operator()() { return runner_.infer(feeds_[++call_ % feeds_.size()]).at(0).second.data(); }

 private:
  pg::onnxrt::Runner& runner_;
  const std::vector<pg::FeedDict>& feeds_;
  std::size_t call_ = 0;
};

}  // namespace

int main(int argc, char** argv) try {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  constexpr std::array<std::string_view, 3> modes = {"reused", "fresh", "control"};
  if (arguments.size() != 4 || std::ranges::find(modes, arguments[1]) == modes.end())
    throw std::invalid_argument("usage: onnxrt_infer MODEL reused|fresh|control PAIRS BLOCK_MS");
  const std::string& mode = arguments[1];
  const int pairs = std::stoi(arguments[2]);
  const std::chrono::milliseconds length(std::stoi(arguments[3]));

  const SessionFromOnnx load(arguments[0], {.intra_op_threads = 1});
  const Session bare_session = load();
  const std::vector<pg::FeedDict> feeds = make_feeds(bare_session.inputs(), mode == "fresh" ? feed_count : 1);
  Bare bare(bare_session, feeds);
  if (mode == "control") {
    const Session other_session = load();
    Bare other(other_session, feeds);
    std::cout << compare(bare, other, pairs, length) << '\n';
  } else {
    Runner runner(load);
    const auto active = runner.activate();
    Ours ours(runner, feeds);
    std::cout << compare(bare, ours, pairs, length) << '\n';
  }
  return 0;
} catch (const std::exception& error) {
  std::cerr << "onnxrt_infer: " << error.what() << '\n';
  return 1;
}
