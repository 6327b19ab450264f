// What type is a file? The model inside the PyPI package magika answers from a file's first and last bytes.
// This program builds an engine from it, saves it, loads it again, and prints the type of each file with the
// model's score.
//
//   file_type [--bf16] [--simulate-bf16] FOLDER FILE...
//
// FOLDER holds magika's model.onnx and config.min.json.
//   --bf16            allow BF16 (what ran is printed); without it, FP16 is allowed, which keeps the scores
//   --simulate-bf16   keep FP32, and round in the network as BF16 would: shows the loss on any processor

#include <polygraph/openvino.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <openvino/op/constant.hpp>
#include <openvino/op/multiply.hpp>
#include <openvino/op/subtract.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "features.h"

namespace pg = polygraph;
namespace fs = std::filesystem;
using namespace pg::openvino;

// Makes FP32 kernels compute what BF16 ones would: rounds every weight, and puts a rounding behind every
// layer. BF16 keeps 8 of the 24 bits of FP32's significand, and x * (2^16 + 1) - (x * (2^16 + 1) - x) rounds
// x to 24 - 16 bits (Veltkamp's splitting; T. J. Dekker, "A floating-point technique for extending the
// available precision", 1971).
void simulate_bf16(Network& network) {
  const auto factor = ov::op::v0::Constant::create(ov::element::f32, {}, {65537.0f});
  for (const auto& layer : network->get_ordered_ops()) {
    if (const auto weights = ov::as_type_ptr<ov::op::v0::Constant>(layer)) {
      if (weights->get_element_type() != ov::element::f32) continue;
      std::vector<float> values = weights->cast_vector<float>();
      for (float& value : values) value = static_cast<float>(pg::bfloat16(value));
      weights->output(0).replace(
          ov::op::v0::Constant::create(ov::element::f32, weights->get_shape(), values));
      continue;
    }
    for (const ov::Output<ov::Node>& output : layer->outputs()) {
      if (output.get_element_type() != ov::element::f32) continue;
      const auto consumers = output.get_target_inputs();
      const auto scaled = std::make_shared<ov::op::v1::Multiply>(output, factor);
      const auto low = std::make_shared<ov::op::v1::Subtract>(scaled, output);
      const auto rounded = std::make_shared<ov::op::v1::Subtract>(scaled, low);
      for (ov::Input<ov::Node> consumer : consumers)
        if (!ov::is_type<ov::op::v0::Result>(consumer.get_node())) consumer.replace_source_output(rounded);
    }
  }
}

int main(int argc, char** argv) try {
  bool bf16 = false;
  bool simulated = false;
  std::vector<fs::path> paths;
  for (const std::string_view arg : std::span(argv + 1, argv + argc)) {
    if (arg == "--bf16")
      bf16 = true;
    else if (arg == "--simulate-bf16")
      simulated = true;
    else
      paths.emplace_back(arg);
  }
  if (paths.size() < 2) {
    std::fputs("usage: file_type [--bf16] [--simulate-bf16] FOLDER FILE...\n", stderr);
    return 2;
  }
  const fs::path folder = paths.front();
  const std::span files = std::span(paths).subspan(1);
  const Features features(folder / "config.min.json");

  // One row for each file.
  const auto count = static_cast<std::int64_t>(files.size());
  const auto width = features.begin_size + features.end_size;
  pg::Tensor input(pg::DataType::int32, pg::Shape{count, static_cast<std::int64_t>(width)});
  for (std::size_t i = 0; i < files.size(); ++i)
    features.extract(pg::MappedFile(files[i]).bytes(),
                     input.mutable_values<std::int32_t>().subspan(i * width, width));

  // Build and save; then load what was saved, as another program would.
  auto load_network = pg::extend(NetworkFromOnnxPath(folder / "model.onnx"), [&](Network& network) {
    if (simulated) simulate_bf16(network);
  });
  const fs::path engine_path =
      fs::temp_directory_path() / ("file_type_" + std::to_string(::getpid()) + ".engine");
  save_engine(EngineFromNetwork(load_network,
                                CreateConfig({.fp16 = !bf16 && !simulated, .bf16 = bf16 && !simulated})),
              engine_path);
  Runner runner{EngineFromPath(engine_path)};
  const auto active = runner.activate();
  fs::remove(engine_path);

  const pg::TensorMap& outputs = runner.infer({{"bytes", input}});
  const auto scores = outputs["target_label"].values<float>();
  std::printf("The engine computes in %s%s.\n", runner.engine().info().precision_run.c_str(),
              simulated ? ", rounding as bfloat16 would" : "");
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto row = scores.subspan(i * features.labels.size(), features.labels.size());
    const auto best = std::max_element(row.begin(), row.end());
    std::printf("%s: %s (score %.3f)\n", files[i].c_str(),
                features.labels[static_cast<std::size_t>(best - row.begin())].c_str(), *best);
  }
  return 0;
} catch (const pg::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return static_cast<int>(error.exit_code());
}
