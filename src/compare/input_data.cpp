#include <fmt/format.h>
#include <polygraph/compare/input_data.h>
#include <polygraph/core/error.h>
#include <polygraph/core/loader.h>

#include "compare/input_source.h"

namespace polygraph::compare {
namespace {

class GeneratedInputs final : public InputData {
 public:
  explicit GeneratedInputs(DataLoaderOptions options) : options_(std::move(options)) {}
  void open(const TensorMetadata& inputs) override {
    loader_.emplace(inputs, options_);
    next_ = 0;
  }
  std::optional<FeedDict> next() override {
    if (!loader_) throw UsageError("Input data is read before it is opened.", "Call open() first.");
    if (next_ == loader_->iterations()) return std::nullopt;
    return (*loader_)[next_++];
  }
  bool skip() override {
    if (next_ == options_.iterations) return false;
    ++next_;
    return true;
  }
  void rewind() override { next_ = 0; }
  std::optional<std::int64_t> iterations() const override { return options_.iterations; }
  std::string str() const override { return cpp_expression<0>("generated_inputs", options_); }

 private:
  DataLoaderOptions options_;
  std::optional<DataLoader> loader_;
  std::int64_t next_ = 0;
};

class LoadedInputs final : public InputData {
 public:
  explicit LoadedInputs(std::vector<std::filesystem::path> paths) : paths_(std::move(paths)) {
    if (paths_.empty()) throw UsageError("No files of inputs are named.", "Name at least one.");
  }
  void open(const TensorMetadata& inputs) override {
    inputs_ = inputs;
    rewind();
  }
  std::optional<FeedDict> next() override {
    std::optional<FeedDict> feed;
    if (!find([&] { return (feed = current_->next()).has_value(); })) return std::nullopt;
    return adapt_feed(*feed, *inputs_, fmt::format("'{}'", paths_[next_ - 1].string()));
  }
  bool skip() override {
    return find([&] { return current_->skip(); });
  }
  void rewind() override {
    current_.reset();
    next_ = 0;
  }
  std::optional<std::int64_t> iterations() const override { return std::nullopt; }
  std::string str() const override { return cpp_expression<1>("loaded_inputs", paths_); }

 private:
  // Goes through the sources until `use` finds an iteration in one.
  template <class Use>
  bool find(const Use& use) {
    if (!inputs_) throw UsageError("Input data is read before it is opened.", "Call open() first.");
    while (true) {
      if (current_ && use()) return true;
      current_.reset();
      if (next_ == paths_.size()) return false;
      current_ = detail::input_source(paths_[next_++], *inputs_);
    }
  }

  std::vector<std::filesystem::path> paths_;
  std::optional<TensorMetadata> inputs_;
  std::unique_ptr<FeedReader> current_;
  std::size_t next_ = 0;
};

class EveryNth final : public InputData {
 public:
  EveryNth(std::unique_ptr<InputData> data, std::int64_t first, std::int64_t step)
      : data_(std::move(data)), first_(first), step_(step) {
    if (first < 0 || step < 1)
      throw UsageError(
          fmt::format("Every {}-th iteration from iteration {} on: there is no such share of data.", step,
                      first),
          "Give a rank, from 0 on, and the number of ranks, from 1 on.");
  }
  void open(const TensorMetadata& inputs) override {
    data_->open(inputs);
    ahead_ = first_;
  }
  std::optional<FeedDict> next() override {
    if (!pass_over()) return std::nullopt;
    ahead_ = step_ - 1;
    return data_->next();
  }
  bool skip() override {
    if (!pass_over()) return false;
    ahead_ = step_ - 1;
    return data_->skip();
  }
  void rewind() override {
    data_->rewind();
    ahead_ = first_;
  }
  std::optional<std::int64_t> iterations() const override {
    const std::optional<std::int64_t> all = data_->iterations();
    if (!all) return std::nullopt;
    return *all <= first_ ? 0 : (*all - first_ - 1) / step_ + 1;
  }

 private:
  // The iterations of others that come before the next one.
  bool pass_over() {
    for (; ahead_ > 0; --ahead_)
      if (!data_->skip()) return false;
    return true;
  }

  std::unique_ptr<InputData> data_;
  std::int64_t first_;
  std::int64_t step_;
  std::int64_t ahead_ = 0;
};

}  // namespace

std::unique_ptr<InputData> generated_inputs(DataLoaderOptions options) {
  return std::make_unique<GeneratedInputs>(std::move(options));
}

std::unique_ptr<InputData> loaded_inputs(std::vector<std::filesystem::path> paths) {
  return std::make_unique<LoadedInputs>(std::move(paths));
}

std::unique_ptr<InputData> every_nth(std::unique_ptr<InputData> data, std::int64_t first, std::int64_t step) {
  return std::make_unique<EveryNth>(std::move(data), first, step);
}

std::function<std::optional<FeedDict>(std::int64_t, const TensorMetadata&)> feed_function(
    std::unique_ptr<InputData> data) {
  return [data = std::shared_ptr<InputData>(std::move(data))](std::int64_t iteration,
                                                              const TensorMetadata& inputs) {
    if (iteration == 0) data->open(inputs);
    return data->next();
  };
}

RunResults expected_outputs(const std::vector<std::filesystem::path>& paths, const TensorMetadata& outputs,
                            const std::string& runner_name) {
  std::vector<IterationResult> iterations;
  for (const std::filesystem::path& path : paths) {
    for (const std::filesystem::path& set : detail::test_data_sets(path)) {
      IterationResult result{detail::load_test_data(set, "output", outputs), std::nullopt, runner_name};
      for (const std::string& name : outputs.names()) {
        if (result.outputs.contains(name)) continue;
        throw InputError(fmt::format("There is no tensor for the output '{}' in '{}'.", name, set.string()),
                         "A test data set has a file output_0.pb, output_1.pb, ... for each output.");
      }
      iterations.push_back(std::move(result));
    }
  }
  if (iterations.empty())
    throw InputError("There is no ONNX test data with outputs in what was named.",
                     "Name a folder with output_0.pb, or one with folders test_data_set_0, ...");
  RunResults results;
  results.add(runner_name, std::move(iterations));
  return results;
}

}  // namespace polygraph::compare
