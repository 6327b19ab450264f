#include <fmt/format.h>
#include <polygraph/compare/results_json.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <system_error>

#include "compare/json_document.h"

namespace polygraph::compare {
namespace {

using detail::JsonDocument;
using detail::JsonScanner;

/// One feed, or an array of them.
class JsonFeedReader final : public FeedReader {
 public:
  template <class... Args>
  explicit JsonFeedReader(ReadOptions options, Args&&... args)
      : document_(std::forward<Args>(args)...), options_(std::move(options)) {
    JsonScanner scanner = document_.scanner();
    if (const SavedKind kind = detail::kind_of(scanner); kind != SavedKind::inputs) {
      throw InputError(
          fmt::format("Cannot read {} as inputs: it holds {}.", document_.source(), to_string(kind)),
          kind == SavedKind::results ? "`polygraph data merge` makes inputs of results."
                                     : "Name a file that --save-inputs wrote.");
    }
    is_list_ = scanner.accept('[');
    is_first_ = true;
    position_ = scanner.position();
  }

  std::optional<FeedDict> next() override {
    std::optional<FeedDict> feed;
    advance([&](JsonScanner& scanner) { feed = detail::read_feed(scanner, options_); });
    return feed;
  }
  bool skip() override {
    return advance([](JsonScanner& scanner) { scanner.skip_value(); });
  }

 private:
  // Has an iteration read, if there is another.
  template <class Read>
  bool advance(const Read& read) {
    if (at_end_) return false;
    JsonScanner scanner = document_.scanner();
    scanner.seek(position_);
    if (is_list_ && (is_first_ ? scanner.accept(']') : !scanner.accept(','))) {
      if (!is_first_) scanner.expect(']', "',' or ']'");
      return finish(scanner);
    }
    if (!is_list_ && !is_first_) return finish(scanner);
    is_first_ = false;
    read(scanner);
    document_.forget(position_, scanner.position());
    position_ = scanner.position();
    return true;
  }

  bool finish(JsonScanner& scanner) {
    scanner.expect_end();
    at_end_ = true;
    return false;
  }

  JsonDocument document_;
  ReadOptions options_;
  std::size_t position_ = 0;
  bool is_list_ = false;
  bool is_first_ = true;
  bool at_end_ = false;
};

class JsonResultsReader final : public ResultsReader {
 public:
  template <class... Args>
  explicit JsonResultsReader(ReadOptions options, Args&&... args)
      : document_(std::forward<Args>(args)...), options_(std::move(options)) {
    JsonScanner scanner = document_.scanner();
    if (const SavedKind kind = detail::kind_of(scanner); kind != SavedKind::results) {
      throw InputError(
          fmt::format("Cannot read {} as results: it holds {}.", document_.source(), to_string(kind)),
          "Name a file that --save-outputs wrote.");
    }
    index_ = detail::index_results(scanner);
    for (const auto& runner : index_.runners) count_ = std::max(count_, runner.iterations.size());
  }

  std::optional<RunResults> next() override {
    if (next_ == count_) return std::nullopt;
    RunResults results;
    for (const auto& [name, iterations] : index_.runners) {
      if (next_ >= iterations.size()) continue;
      JsonScanner scanner = document_.scanner();
      scanner.seek(iterations[next_]);
      IterationResult result = detail::read_iteration(scanner, options_);
      document_.forget(iterations[next_], scanner.position());
      results.add(name);
      results[results.size() - 1].iterations.push_back(std::move(result));
    }
    ++next_;
    return results;
  }
  bool skip() override {
    if (next_ == count_) return false;
    ++next_;
    return true;
  }

 private:
  JsonDocument document_;
  ReadOptions options_;
  detail::ResultsIndex index_;
  std::size_t count_ = 0;
  std::size_t next_ = 0;
};

}  // namespace

SavedKind json_kind(const std::filesystem::path& file) {
  const JsonDocument document(file);
  return detail::kind_of(document.scanner());
}

SavedKind json_kind(std::string_view text, std::string_view source) {
  return detail::kind_of(JsonScanner(text, source));
}

std::unique_ptr<FeedReader> json_feed_reader(const std::filesystem::path& file, ReadOptions options) {
  return std::make_unique<JsonFeedReader>(std::move(options), file);
}

std::unique_ptr<FeedReader> json_feed_reader(std::string_view text, std::string source, ReadOptions options) {
  return std::make_unique<JsonFeedReader>(std::move(options), text, std::move(source));
}

std::unique_ptr<ResultsReader> json_results_reader(const std::filesystem::path& file, ReadOptions options) {
  return std::make_unique<JsonResultsReader>(std::move(options), file);
}

std::unique_ptr<ResultsReader> json_results_reader(std::string_view text, std::string source,
                                                   ReadOptions options) {
  return std::make_unique<JsonResultsReader>(std::move(options), text, std::move(source));
}

std::vector<std::filesystem::path> json_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(folder, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (entry->path().extension() == ".json" && !name.starts_with('.')) files.push_back(entry->path());
  }
  if (error)
    throw InputError(fmt::format("Cannot read the folder '{}': {}.", folder.string(), error.message()),
                     "Name a folder that you may read.");
  if (files.empty())
    throw InputError(fmt::format("There are no .json files in the folder '{}'.", folder.string()),
                     "Name a folder that --save-inputs or --save-outputs wrote.");
  std::ranges::sort(files);
  return files;
}

}  // namespace polygraph::compare
