#include "compare/run_iteration.h"

#include <fmt/format.h>
#include <polygraph/compare/report_text.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <set>
#include <utility>

#include "compare/comparison_message.h"

namespace polygraph::compare::detail {
namespace {

std::string metadata_text(const FeedDict& inputs, const std::vector<IterationResult>& results) {
  std::string text = fmt::format("---- Inference Input(s) ----\n{}\n", inputs.metadata().str());
  for (const IterationResult& result : results)
    text += fmt::format("{}\n---- Inference Output(s) ----\n{}\n", result.runner_name,
                        result.outputs.metadata().str());
  return text;
}

std::string indented_block(const std::string& block) {
  std::string text;
  for (std::size_t begin = 0; begin < block.size();) {
    const std::size_t end = std::min(block.find('\n', begin), block.size());
    text += "    " + block.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  return text;
}

}  // namespace

LoadedOutputs::LoadedOutputs(const std::vector<std::filesystem::path>& paths) {
  for (const std::filesystem::path& path : paths) {
    File& file = files_.emplace_back(File{path, results_reader({path}), std::nullopt});
    file.ahead = file.reader->next();
    if (!file.ahead)
      throw InputError(fmt::format("There are no outputs in '{}': it has no iteration.", path.string()),
                       "Name a file that --save-outputs wrote.");
  }
}

template <class F>
bool LoadedOutputs::step(F f) {
  const File* ended = nullptr;
  const File* going_on = nullptr;
  for (File& file : files_) (f(file) ? going_on : ended) = &file;
  if (ended != nullptr && going_on != nullptr)
    throw InputError(fmt::format("'{}' has {} iteration(s), and '{}' has more.", ended->path.string(), next_,
                                 going_on->path.string()),
                     "Compare outputs of the same inputs: save as many iterations for each.");
  ++next_;
  return going_on != nullptr;
}

bool LoadedOutputs::get(std::int64_t iteration, std::vector<IterationResult>& results) {
  while (next_ < iteration)
    if (!skip()) return false;
  std::set<std::string> taken;
  for (const IterationResult& result : results) taken.insert(result.runner_name);
  return step([&](File& file) {
    std::optional<RunResults> loaded =
        file.ahead ? std::exchange(file.ahead, std::nullopt) : file.reader->next();
    if (!loaded) return false;
    for (RunnerResults& runner : *loaded)
      for (IterationResult& result : runner.iterations) {
        // A name that a runner has, too, would tell nobody which is which.
        if (taken.contains(result.runner_name)) result.runner_name += " (loaded)";
        results.push_back(std::move(result));
      }
    return true;
  });
}

bool LoadedOutputs::has(std::int64_t iteration) {
  while (next_ < iteration)
    if (!skip()) return false;
  return skip();
}

bool LoadedOutputs::skip() {
  return step([](File& file) {
    if (!file.ahead) return file.reader->skip();
    file.ahead.reset();
    return true;
  });
}

std::string LoadedOutputs::str() const {
  std::vector<std::string> paths;
  for (const File& file : files_) paths.push_back("'" + file.path.string() + "'");
  return fmt::format("{}", fmt::join(paths, ", "));
}

IterationReporter::IterationReporter(const RunReporterOptions& options,
                                     std::vector<PostprocessFunction> postprocess,
                                     const Comparator& comparator)
    : options_(options),
      comparator_(comparator),
      loaded_(options.load_outputs),
      postprocess_(std::move(postprocess)) {}

IterationReport IterationReporter::report(std::int64_t iteration, const FeedDict& inputs,
                                          std::vector<IterationResult> results) {
  IterationReport report;
  if (iteration == 0) report.metadata = metadata_text(inputs, results);
  if (options_.save_inputs || options_.save_input_blob) report.inputs = inputs;
  if (options_.save_outputs) report.outputs = results;
  for (const IterationResult& result : results)
    report.inferences.push_back({result.runner_name, result.runtime});
  try {
    if (!loaded_.empty() && !loaded_.get(iteration, results))
      throw InputError(fmt::format("The outputs that are loaded ({}) are {} iteration(s), and more were run.",
                                   loaded_.str(), iteration),
                       "Run as many iterations as were saved (--iterations, --load-inputs).");
    judge(iteration, std::move(results), report);
  } catch (...) {
    report.error = std::current_exception();
  }
  return report;
}

std::optional<IterationReport> IterationReporter::report_loaded(std::int64_t iteration) {
  std::vector<IterationResult> results;
  if (!loaded_.get(iteration, results)) return std::nullopt;
  IterationReport report;
  judge(iteration, std::move(results), report);
  return report;
}

void IterationReporter::judge(std::int64_t iteration, std::vector<IterationResult> results,
                              IterationReport& report) {
  if (options_.validate) validate(iteration, results, report);
  for (const PostprocessFunction& postprocess : postprocess_)
    for (IterationResult& result : results)
      if (result.failure.empty()) result = postprocess(std::move(result));
  for (const IterationResult& result : results)
    if (!result.failure.empty()) report.failures.push_back(result.failure);
  report.pairs = comparator_.measure(results);
  for (PairComparison& comparison : report.pairs) {
    const bool is_told = options_.json != "-" && (options_.verbose || iteration == 0 ||
                                                  (!comparison.passed && failures_ < most_failures_told));
    failures_ += is_told && !comparison.passed;
    report.texts.push_back(is_told ? pair_text(comparison) : std::string());
  }
  report.compared = std::move(results);
}

void IterationReporter::validate(std::int64_t iteration, const std::vector<IterationResult>& results,
                                 IterationReport& report) const {
  for (const IterationResult& result : results) {
    if (!result.failure.empty()) continue;
    for (InvalidOutput& bad : compare::validate(result, {.check_inf = true, .check_nan = true}))
      report.invalid.push_back({result.runner_name, bad.name, 1, iteration, std::move(bad.text)});
  }
}

std::string IterationReporter::pair_text(const PairComparison& comparison) const {
  std::string text;
  const ReportOptions report_options{.verbose = options_.verbose};
  for (std::size_t f = 0; f < comparison.results.size(); ++f) {
    const OutputResults& results = comparison.results[f];
    const std::string& label = comparator_.functions()[f].label();
    for (const auto& [name, result] : results)
      text += indented_block(output_text(label, result, report_options));
    text += indented_block(function_text(label, results));
  }
  std::set<std::pair<std::string, std::string>> told;
  for (const OutputResults& results : comparison.results)
    for (const auto& [name, result] : results) {
      const Tensor* first = comparison.first->outputs.find(result.output0_name);
      const Tensor* second = comparison.second->outputs.find(result.output1_name);
      if (first && second && told.insert({result.output0_name, result.output1_name}).second)
        text += indented_block(compared_statistics_text(result, *first, *second, report_options));
    }
  return text;
}

Bytes encode(const IterationReport& report) {
  MessageWriter writer;
  writer.write(report.metadata);
  writer.write_size(report.inferences.size());
  for (const IterationReport::Inference& inference : report.inferences) {
    writer.write(inference.runner);
    writer.write(inference.seconds);
  }
  writer.write(report.failures);
  writer.write_size(report.invalid.size());
  for (const InvalidValues& bad : report.invalid) {
    writer.write(bad.runner);
    writer.write(bad.output);
    writer.write(bad.iterations);
    writer.write(bad.first_iteration);
    writer.write(bad.text);
  }
  write_comparisons(writer, report.pairs);
  writer.write(report.texts);
  writer.write(report.inputs.has_value());
  if (report.inputs) writer.write(*report.inputs);
  writer.write_size(report.outputs.size());
  for (const IterationResult& result : report.outputs) {
    writer.write(result.runner_name);
    writer.write(result.runtime);
    writer.write(result.failure);
    writer.write(result.outputs);
  }
  writer.write(report.error != nullptr);
  if (report.error) write_error(writer, report.error);
  writer.write_size(report.log.size());
  for (const auto& [severity, text] : report.log) {
    writer.write(severity);
    writer.write(text);
  }
  return writer.take();
}

IterationReport decode(const Bytes& message, const std::string& from) {
  constexpr std::size_t text = sizeof(std::uint64_t);  // an empty one
  MessageReader reader(message);
  IterationReport report;
  report.metadata = reader.read_text();
  report.inferences.resize(reader.read_size(text));
  for (IterationReport::Inference& inference : report.inferences) {
    inference.runner = reader.read_text();
    inference.seconds = reader.read_optional<double>();
  }
  report.failures = reader.read_texts();
  report.invalid.resize(reader.read_size(3 * text));
  for (InvalidValues& bad : report.invalid) {
    bad.runner = reader.read_text();
    bad.output = reader.read_text();
    bad.iterations = reader.read<std::int64_t>();
    bad.first_iteration = reader.read<std::int64_t>();
    bad.text = reader.read_text();
  }
  report.pairs = read_comparisons(reader);
  report.texts = reader.read_texts();
  report.inputs = reader.read_optional([&] { return reader.read_tensors(); });
  report.outputs.resize(reader.read_size(3 * text));
  for (IterationResult& result : report.outputs) {
    result.runner_name = reader.read_text();
    result.runtime = reader.read_optional<double>();
    result.failure = reader.read_text();
    result.outputs = reader.read_tensors();
  }
  if (reader.read_bool()) report.error = read_error(reader, from);
  report.log.resize(reader.read_size(text));
  for (auto& [severity, line] : report.log) {
    severity = static_cast<Severity>(reader.read<std::int32_t>());
    line = reader.read_text();
  }
  reader.expect_end();
  if (report.texts.size() != report.pairs.size() && !report.error)
    throw InputError("A message from another rank is damaged.",
                     "Run the same version of Polygraph on every host.");
  return report;
}

}  // namespace polygraph::compare::detail
