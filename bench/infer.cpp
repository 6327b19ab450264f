// One inference through the OpenVINO runner and through a bare loop over ov::InferRequest, in turns.
//
//   infer MODEL reused|fresh|control PAIRS BLOCK_MS
//
//   reused   every call is fed the same tensors
//   fresh    every call is fed tensors at other addresses than the call before
//   control  two bare loops: shows how exact the comparison is
//
// Engines run in one thread: other programs on the machine disturb the comparison less, and what a runner
// adds does not depend on it. Each side has an engine of its own, built in the same way: requests that take
// turns on one compiled model make OpenVINO bind its buffers again. A side runs alone for a while, then
// blocks of calls of both sides alternate; a block's result is the median of its calls. Prints {"bare_ns":
// [...], "runner_ns": [...], "bare_allocations": N, "runner_allocations": N}: one number per pair of blocks;
// allocations (operator new) are per call.

#include <polygraph/openvino.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "alternate.h"

namespace pg = polygraph;
using namespace pg::openvino;

namespace {

// The loop that a careful user of OpenVINO writes: ports looked up ahead of it, and tensors bound ahead where
// they stay the same.
class Bare {
 public:
  Bare(const Engine& engine, std::vector<pg::FeedDict>& feeds)
      : request_(ov::CompiledModel(engine.native()).create_infer_request()),
        ports_(engine.native().inputs()),
        output_port_(engine.native().output(0)),
        dynamic_output_(output_port_.get_partial_shape().is_dynamic()) {
    for (pg::FeedDict& feed : feeds) {
      std::vector<Buffer>& buffers = feeds_.emplace_back();
      for (std::size_t i = 0; i < feed.size(); ++i) {
        pg::Tensor& tensor = feed.at(i).second;
        buffers.push_back({ov::Shape(tensor.shape().begin(), tensor.shape().end()), tensor.mutable_data()});
      }
    }
    bind(0);
    output_ = request_.get_tensor(output_port_);
  }

  const void* operator()() {
    if (feeds_.size() > 1) bind(++call_ % feeds_.size());
    request_.infer();
    if (dynamic_output_) {
      output_ = request_.get_tensor(output_port_);
      shape_rank_ = output_.get_shape()
                        .size();  // to read the data, one has to ask for their shape; OpenVINO allocates here
    }
    return output_.data();
  }

 private:
  struct Buffer {
    ov::Shape shape;
    void* data;
  };

  void bind(std::size_t feed) {
    for (std::size_t i = 0; i < ports_.size(); ++i) {
      const Buffer& buffer = feeds_[feed][i];
      request_.set_tensor(ports_[i], ov::Tensor(ports_[i].get_element_type(), buffer.shape, buffer.data));
    }
  }

  ov::InferRequest request_;
  std::vector<ov::Output<const ov::Node>> ports_;
  ov::Output<const ov::Node> output_port_;
  bool dynamic_output_;
  std::vector<std::vector<Buffer>> feeds_;
  ov::Tensor output_;
  volatile std::size_t shape_rank_ = 0;
  std::size_t call_ = 0;
};

class Ours {
 public:
  Ours(pg::openvino::Runner& runner, const std::vector<pg::FeedDict>& feeds)
      : runner_(runner), feeds_(feeds) {}
  const void* operator()() { return runner_.infer(feeds_[++call_ % feeds_.size()]).at(0).second.data(); }

 private:
  pg::openvino::Runner& runner_;
  const std::vector<pg::FeedDict>& feeds_;
  std::size_t call_ = 0;
};

}  // namespace

int main(int argc, char** argv) try {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  constexpr std::array<std::string_view, 3> modes = {"reused", "fresh", "control"};
  if (arguments.size() != 4 || std::ranges::find(modes, arguments[1]) == modes.end())
    throw std::invalid_argument("usage: infer MODEL reused|fresh|control PAIRS BLOCK_MS");
  const std::string& mode = arguments[1];
  const int pairs = std::stoi(arguments[2]);
  const std::chrono::milliseconds length(std::stoi(arguments[3]));

  const EngineFromNetwork build{NetworkFromOnnxPath(arguments[0]), CreateConfig({.threads = 1})};
  const Engine bare_engine = build();
  const std::size_t count = mode == "fresh" ? feed_count : 1;
  std::vector<pg::FeedDict> feeds = make_feeds(bare_engine.info().inputs, count);
  Bare bare(bare_engine, feeds);
  if (mode == "control") {
    const Engine other_engine = build();
    Bare other(other_engine, feeds);
    std::cout << compare(bare, other, pairs, length) << '\n';
  } else {
    Runner runner(build);
    const auto active = runner.activate();
    Ours ours(runner, feeds);
    std::cout << compare(bare, ours, pairs, length) << '\n';
  }
  return 0;
} catch (const std::exception& error) {
  std::cerr << "infer: " << error.what() << '\n';
  return 1;
}
