// Is the engine good enough for the task? Runs a model over a data set of one's own, and judges by what
// counts: whether both say the same of each file, whatever the numbers behind it.
//
//   own_data MODEL_FOLDER DATA_FOLDER
//
// MODEL_FOLDER holds magika's model.onnx and config.min.json; DATA_FOLDER holds files of any type.

#include <polygraph/compare/comparator.h>
#include <polygraph/compare/input_data.h>
#include <polygraph/compare/run_stream.h>
#include <polygraph/onnxrt.h>
#include <polygraph/openvino.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "../file_type/features.h"

namespace pg = polygraph;
namespace fs = std::filesystem;
using namespace polygraph::compare;

// The data set: one file at a time, so that it may be larger than memory.
class Files final : public InputData {
 public:
  Files(const fs::path& folder, const Features& features) : features_(features) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder))
      if (entry.is_regular_file() && entry.file_size() > 0) paths_.push_back(entry.path());
    std::sort(paths_.begin(), paths_.end());
  }

  void open(const pg::TensorMetadata&) override { next_ = 0; }
  void rewind() override { next_ = 0; }
  std::optional<std::int64_t> iterations() const override { return std::ssize(paths_); }
  std::optional<pg::FeedDict> next() override {
    if (next_ == paths_.size()) return std::nullopt;
    pg::Tensor row(pg::DataType::int32,
                   pg::Shape{1, static_cast<std::int64_t>(features_.begin_size + features_.end_size)});
    features_.extract(pg::MappedFile(paths_[next_++]).bytes(), row.mutable_values<std::int32_t>());
    return pg::FeedDict{{"bytes", row}};
  }

  const std::vector<fs::path>& paths() const { return paths_; }

 private:
  const Features& features_;
  std::vector<fs::path> paths_;
  std::size_t next_ = 0;
};

std::size_t label_of(const IterationResult& result) {
  const auto scores = result.outputs["target_label"].values<float>();
  return static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

int main(int argc, char** argv) try {
  if (argc != 3) {
    std::fputs("usage: own_data MODEL_FOLDER DATA_FOLDER\n", stderr);
    return 2;
  }
  const fs::path model = fs::path(argv[1]) / "model.onnx";
  const Features features(fs::path(argv[1]) / "config.min.json");
  Files data(argv[2], features);

  using namespace pg::openvino;
  pg::onnxrt::Runner reference{pg::onnxrt::SessionFromOnnx(model)};
  Runner engine(EngineFromNetwork(NetworkFromOnnxPath(model), CreateConfig({.fp16 = true, .bf16 = true})));

  // A comparison of one's own beside one of the library.
  const CompareFunction same_label(
      [](const IterationResult& a, const IterationResult& b) {
        return OutputResults{{"target_label", label_of(a) == label_of(b)}};
      },
      "same label");
  Comparator comparator({same_label, RelativeL2CompareFunc({.relative_l2_threshold = 0.5})});

  RunStream stream({&engine, &reference}, data);
  while (const Iteration* iteration = stream.next()) {
    const PairComparison& pair = comparator.compare(iteration->results).front();
    const fs::path& file = data.paths()[static_cast<std::size_t>(iteration->index)];
    if (!all_passed(pair.results[0]))
      std::printf("%s: %s, not %s\n", file.c_str(), features.labels[label_of(*pair.first)].c_str(),
                  features.labels[label_of(*pair.second)].c_str());
  }
  comparator.finish();

  const PairSummary& summary = comparator.pairs().front();
  const OutputSummary& labels = summary.functions[0].outputs.front();
  const OutputSummary& numbers = summary.functions[1].outputs.front();
  std::printf("%lld of %lld files are of the same type; relative L2 norm of the worst: %.3g\n",
              static_cast<long long>(labels.passed), static_cast<long long>(labels.iterations),
              numbers.worst->values().front().value_or(0));
  return labels.passed == labels.iterations ? 0 : 1;
} catch (const pg::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return static_cast<int>(error.exit_code());
}
