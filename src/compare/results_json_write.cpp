#include <fmt/format.h>
#include <polygraph/compare/results_json.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>

#include <map>
#include <system_error>

#include "compare/array_json.h"
#include "compare/json_text.h"
#include "compare/save_path.h"
#include "compare/temporary_file.h"

namespace polygraph::compare {
namespace {

using detail::JsonWriter;
using detail::TextSink;

TextSink sink_to(AtomicFile& file) {
  return [&file](std::string_view text) { file.write(text); };
}

void write_feed(JsonWriter& writer, const FeedDict& feed) {
  writer.begin_object();
  for (const auto& [name, tensor] : feed) {
    writer.key(name);
    detail::write_array(writer, tensor);
  }
  writer.end_object();
}

void write_iteration(JsonWriter& writer, const IterationResult& result) {
  writer.begin_object();
  writer.key("outputs");
  writer.begin_object();
  for (const auto& [name, tensor] : result.outputs) {
    writer.key(name);
    writer.begin_object();
    writer.key("values");
    detail::write_array(writer, tensor);
    writer.key(detail::class_key);
    writer.string("LazyArray");
    writer.end_object();
  }
  writer.end_object();
  writer.key("runtime");
  if (result.runtime)
    writer.number(*result.runtime);
  else
    writer.null();
  writer.key("runner_name");
  writer.string(result.runner_name);
  writer.key(detail::class_key);
  writer.string("IterationResult");
  writer.end_object();
}

class FeedFileWriter final : public FeedWriter {
 public:
  explicit FeedFileWriter(const std::filesystem::path& path) : file_(path), writer_(sink_to(file_)) {
    writer_.begin_array();
  }
  void add(const FeedDict& feed) override {
    writer_.element();
    write_feed(writer_, feed);
  }
  void finish() override {
    writer_.end_array();
    file_.commit();
  }

 private:
  AtomicFile file_;
  JsonWriter writer_;
};

class FeedFolderWriter final : public FeedWriter {
 public:
  explicit FeedFolderWriter(const std::filesystem::path& path) : folder_(detail::new_folder(path)) {}
  void add(const FeedDict& feed) override {
    AtomicFile file(folder_ / detail::iteration_file_name(count_));
    JsonWriter writer(sink_to(file));
    write_feed(writer, feed);
    file.commit();
    ++count_;
  }
  void finish() override {}

 private:
  std::filesystem::path folder_;
  std::size_t count_ = 0;
};

/// A RunResults whose iterations come one by one: those of the first runner go to the file, those of each
/// other one wait.
class ResultsFileWriter final : public ResultsWriter {
 public:
  explicit ResultsFileWriter(const std::filesystem::path& path) : path_(path), file_(path) {}

  void add(const RunResults& results) override {
    std::map<std::string_view, std::size_t> seen;
    for (const RunnerResults& runner : results) {
      Part& part = part_of(runner.runner_name, seen[runner.runner_name]++);
      for (const IterationResult& iteration : runner.iterations) {
        part.writer.element();
        write_iteration(part.writer, iteration);
      }
    }
  }

  void finish() override {
    if (parts_.empty()) begin_list();
    for (const auto& part : parts_) {
      part->writer.end_array();
      part->writer.end_array();
      if (part->waiting) part->waiting->copy_to(file_);
    }
    file_.write(parts_.empty() ? "]" : "\n    ]");
    file_.write(",\n    \"polygraphy_class\": \"RunResults\"\n}");
    file_.commit();
  }

 private:
  struct Part {
    std::string name;
    std::unique_ptr<detail::TemporaryFile> waiting;  // null for the first
    JsonWriter writer;
  };

  void begin_list() { file_.write("{\n    \"lst\": ["); }

  Part& part_of(const std::string& name, std::size_t ordinal) {
    for (const auto& part : parts_)
      if (part->name == name && ordinal-- == 0) return *part;
    return new_part(name);
  }

  Part& new_part(const std::string& name) {
    std::unique_ptr<detail::TemporaryFile> waiting;
    TextSink sink = sink_to(file_);
    if (parts_.empty()) {
      begin_list();
    } else {
      waiting = std::make_unique<detail::TemporaryFile>(path_);
      sink = [file = waiting.get()](std::string_view text) { file->write(text); };
    }
    sink(parts_.empty() ? "\n        " : ",\n        ");
    parts_.push_back(std::make_unique<Part>(Part{name, std::move(waiting), JsonWriter(sink, 2)}));
    JsonWriter& writer = parts_.back()->writer;
    writer.begin_array();
    writer.element();
    writer.string(name);
    writer.element();
    writer.begin_array();
    return *parts_.back();
  }

  std::filesystem::path path_;
  AtomicFile file_;
  std::vector<std::unique_ptr<Part>> parts_;
};

class ResultsFolderWriter final : public ResultsWriter {
 public:
  explicit ResultsFolderWriter(const std::filesystem::path& path) : folder_(detail::new_folder(path)) {}
  void add(const RunResults& results) override {
    for (std::size_t i = 0; i < results.iteration_count(); ++i) {
      ResultsFileWriter writer(folder_ / detail::iteration_file_name(count_));
      writer.add(results.iteration(i));
      writer.finish();
      ++count_;
    }
  }
  void finish() override {}

 private:
  std::filesystem::path folder_;
  std::size_t count_ = 0;
};

}  // namespace

std::unique_ptr<FeedWriter> json_feed_writer(const std::filesystem::path& path) {
  if (path.has_extension()) return std::make_unique<FeedFileWriter>(path);
  return std::make_unique<FeedFolderWriter>(path);
}

std::unique_ptr<ResultsWriter> json_results_writer(const std::filesystem::path& path) {
  if (path.has_extension()) return std::make_unique<ResultsFileWriter>(path);
  return std::make_unique<ResultsFolderWriter>(path);
}

}  // namespace polygraph::compare
