// How far is each precision from FP32? Compares ONNX Runtime with engines of OpenVINO that were allowed FP32,
// BF16 and FP16, on the same inputs, and prints what ran, since what is allowed need not be what a processor
// has.
//
//   compare_precisions MODEL.onnx [INPUTS...]
//
// INPUTS are files or folders as `polygraph run --load-inputs` takes them; without any, four are made up.

#include <polygraph/compare/comparator.h>
#include <polygraph/compare/input_data.h>
#include <polygraph/compare/run_stream.h>
#include <polygraph/onnxrt.h>
#include <polygraph/openvino.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <vector>

namespace pg = polygraph;
using namespace polygraph::compare;

// The worst number of one function over all outputs.
double worst_of(const FunctionSummary& function, bool lowest) {
  double worst = lowest ? 1 : 0;
  for (const OutputSummary& output : function.outputs) {
    const std::optional<double> value = output.worst ? output.worst->values().front() : std::nullopt;
    if (value) worst = lowest ? std::min(worst, *value) : std::max(worst, *value);
  }
  return worst;
}

int main(int argc, char** argv) try {
  if (argc < 2) {
    std::fputs("usage: compare_precisions MODEL.onnx [INPUTS...]\n", stderr);
    return 2;
  }
  const std::filesystem::path model = argv[1];
  const std::vector<std::filesystem::path> files(argv + 2, argv + argc);

  struct Precision {
    const char* asked;
    pg::openvino::ConfigOptions options;
  };
  const std::vector<Precision> precisions{
      {"FP32", {.fp32 = true}}, {"BF16", {.bf16 = true}}, {"FP16", {.fp16 = true}}};

  std::printf("allowed  relative L2  cosine similarity  verdict         ran\n");
  bool is_fp32_good = false;
  for (const Precision& precision : precisions) {
    pg::onnxrt::Runner reference{pg::onnxrt::SessionFromOnnx(model)};
    using namespace pg::openvino;
    Runner engine(EngineFromNetwork(NetworkFromOnnxPath(model), CreateConfig(precision.options)));
    const auto data = files.empty() ? generated_inputs({.iterations = 4}) : loaded_inputs(files);

    // Of two vectors that differ by rounding alone, the cosine is near 1, whatever their size.
    Comparator comparator({RelativeL2CompareFunc({.relative_l2_threshold = 1e-4}),
                           CosineSimilarityCompareFunc({.cosine_similarity_threshold = 0.999})});
    RunStream stream({&engine, &reference}, *data);
    const std::string ran = engine.engine().info().precision_run;
    while (const Iteration* iteration = stream.next()) comparator.compare(iteration->results);
    const bool passed = comparator.finish();
    if (&precision == &precisions.front()) is_fp32_good = passed;

    const PairSummary& pair = comparator.pairs().front();
    std::printf("%-8s %-12.3g %-18.7f %-15s %s\n", precision.asked, worst_of(pair.functions[0], false),
                worst_of(pair.functions[1], true), passed ? "as good as FP32" : "differs", ran.c_str());
  }
  return is_fp32_good ? 0 : 1;
} catch (const pg::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return static_cast<int>(error.exit_code());
}
