// Where in a recording does somebody speak? Runs silero's voice activity model with ONNX Runtime and
// OpenVINO, 32 ms at a time, each with the state that it returned itself, compares every step, and prints
// when speech begins and ends.
//
//   speech silero_vad_op18_ifless.onnx SPEECH.wav
//
// The recording is 16-bit PCM of any rate; the model takes 16 kHz. Each chunk has 512 new samples behind the
// last 64 of the one before.

#include <polygraph/compare/comparator.h>
#include <polygraph/core/files.h>
#include <polygraph/onnxrt.h>
#include <polygraph/openvino.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <vector>

namespace pg = polygraph;
using namespace polygraph::compare;

constexpr int model_rate = 16000;
constexpr std::size_t chunk = 512;
constexpr std::size_t context = 64;

std::uint32_t number_at(std::span<const std::byte> bytes, std::size_t at, std::size_t size) {
  std::uint32_t number = 0;
  if (at + size > bytes.size()) throw pg::InputError("The recording is cut off.");
  std::memcpy(&number, bytes.data() + at, size);
  return number;
}

// The first channel of a RIFF WAVE file at the model's rate, in [-1, 1).
std::vector<float> read_wave(const std::filesystem::path& path) {
  const pg::MappedFile file(path);
  const std::span<const std::byte> bytes = file.bytes();
  const auto tag = [&](std::size_t at) {
    return std::string_view(reinterpret_cast<const char*>(bytes.data()) + at, 4);
  };
  std::size_t channels = 0, rate = 0;
  if (bytes.size() < 12 || tag(0) != "RIFF" || tag(8) != "WAVE")
    throw pg::InputError("This is no WAVE file.");
  for (std::size_t at = 12; at + 8 <= bytes.size();) {
    const std::size_t size = number_at(bytes, at + 4, 4);
    const std::size_t body = at + 8;
    if (tag(at) == "fmt ") {
      channels = number_at(bytes, body + 2, 2);
      rate = number_at(bytes, body + 4, 4);
      if (number_at(bytes, body, 2) != 1 || number_at(bytes, body + 14, 2) != 16 || channels == 0 ||
          rate == 0)
        throw pg::InputError("The recording is not 16-bit PCM.");
    } else if (tag(at) == "data" && channels != 0) {
      const std::size_t count = std::min(size, bytes.size() - body) / (2 * channels);
      std::vector<float> samples(count * model_rate / rate);
      const auto sample = [&](std::size_t i) {
        return static_cast<float>(static_cast<std::int16_t>(number_at(bytes, body + 2 * channels * i, 2))) /
               32768;
      };
      for (std::size_t i = 0; i < samples.size(); ++i) {  // linear interpolation will do for speech
        const double place = static_cast<double>(i) * static_cast<double>(rate) / model_rate;
        const auto before = static_cast<std::size_t>(place);
        const auto share = static_cast<float>(place - static_cast<double>(before));
        samples[i] = sample(before) * (1 - share) + sample(std::min(before + 1, count - 1)) * share;
      }
      return samples;
    }
    at = body + size + size % 2;
  }
  throw pg::InputError("The recording has no samples.");
}

// A runner with the state of its own stream.
struct Listener {
  pg::Runner& runner;
  pg::Tensor state = pg::Tensor::full(pg::Shape{2, 1, 128}, 0.0f);

  IterationResult hear(const pg::Tensor& samples) {
    const pg::TensorMap& outputs =
        runner.infer({{"input", samples},
                      {"state", state},
                      {"sr", pg::Tensor::full(pg::Shape{}, std::int64_t{model_rate})}});
    IterationResult result{outputs.clone(), runner.last_inference_time(), runner.name()};
    state = result.outputs["stateN"];
    return result;
  }
};

int main(int argc, char** argv) try {
  if (argc != 3) {
    std::fputs("usage: speech silero_vad_op18_ifless.onnx SPEECH.wav\n", stderr);
    return 2;
  }
  const std::filesystem::path model = argv[1];
  const std::vector<float> samples = read_wave(argv[2]);

  using namespace pg::openvino;
  pg::onnxrt::Runner onnxrt{pg::onnxrt::SessionFromOnnx(model)};
  Runner openvino(EngineFromNetwork(NetworkFromOnnxPath(model), CreateConfig({.fp32 = true})));
  const auto first_active = onnxrt.activate();
  const auto second_active = openvino.activate();
  Listener first{onnxrt}, second{openvino};

  // States drift apart by rounding, step by step; 1e-3 is far below what turns speech into silence.
  Comparator comparator({SimpleCompareFunc({.rtol = 1e-3, .atol = 1e-3})});
  pg::Tensor input = pg::Tensor::full(pg::Shape{1, context + chunk}, 0.0f);
  bool speaks = false;
  const auto seconds = [](std::size_t sample) { return static_cast<double>(sample) / model_rate; };
  for (std::size_t begin = 0; begin < samples.size(); begin += chunk) {
    const auto window = input.mutable_values<float>();
    std::copy(window.end() - context, window.end(), window.begin());
    for (std::size_t i = 0; i < chunk; ++i)
      window[context + i] = begin + i < samples.size() ? samples[begin + i] : 0.0f;
    const std::vector<IterationResult> results{first.hear(input), second.hear(input)};
    comparator.compare(results);

    const float probability = results[0].outputs["output"].values<float>()[0];
    if (!speaks && probability >= 0.5f) std::printf("speech from %.2f s", seconds(begin));
    if (speaks && probability < 0.35f) std::printf(" to %.2f s\n", seconds(begin));
    speaks = speaks ? probability >= 0.35f : probability >= 0.5f;  // the model's own thresholds
  }
  if (speaks) std::printf(" to %.2f s\n", seconds(samples.size()));

  const bool passed = comparator.finish();
  const PairSummary& summary = comparator.pairs().front();
  std::printf("%s and %s agree in %lld of %lld steps\n", onnxrt.name().c_str(), openvino.name().c_str(),
              static_cast<long long>(summary.passed), static_cast<long long>(summary.iterations));
  return passed ? 0 : 1;
} catch (const pg::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return static_cast<int>(error.exit_code());
}
