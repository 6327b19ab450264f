#include <fmt/format.h>
#include <polygraph/compare/results_json.h>
#include <polygraph/compare/results_npz.h>
#include <polygraph/compare/saved_data.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/core/npy.h>

#include <system_error>
#include <utility>

#include "compare/numpy_types.h"
#include "core/npy_header.h"

namespace polygraph::compare {
namespace {

namespace fs = std::filesystem;

enum class Format { json, npz, npy };

/// The first bytes decide: the extension may be anything.
Format format_of(const fs::path& file) {
  const MappedFile mapped(file, MappedFile::Use::parts);
  const std::string_view start(reinterpret_cast<const char*>(mapped.bytes().data()),
                               std::min<std::size_t>(mapped.size(), 6));
  if (start.starts_with("PK")) return Format::npz;
  return start == "\x93NUMPY" ? Format::npy : Format::json;
}

bool is_npz_path(const fs::path& path) {
  return path.extension() == ".npz";
}

/// A single array, under the name of its file.
class NpyFeedReader final : public FeedReader {
 public:
  NpyFeedReader(fs::path file, ReadOptions options) : file_(std::move(file)), options_(std::move(options)) {}
  std::optional<FeedDict> next() override {
    if (std::exchange(done_, true)) return std::nullopt;
    const std::string name = file_.stem().string();
    std::optional<DataType> raw_type;
    if (options_.raw_types.contains(name)) raw_type = options_.raw_types[name].dtype;
    const MappedFile mapped(file_);
    const auto header =
        polygraph::detail::parse_npy_header(mapped.bytes(), fmt::format("'{}'", file_.string()));
    FeedDict feed;
    feed.set(name, load_npy(file_, detail::type_of_raw(header.descr, raw_type)));
    return feed;
  }
  bool skip() override { return !std::exchange(done_, true); }

 private:
  fs::path file_;
  ReadOptions options_;
  bool done_ = false;
};

std::vector<fs::path> files_of(const std::vector<fs::path>& paths) {
  std::vector<fs::path> files;
  for (const fs::path& path : paths) {
    if (fs::is_directory(path)) {
      const std::vector<fs::path> inside = json_files(path);
      files.insert(files.end(), inside.begin(), inside.end());
    } else {
      files.push_back(path);
    }
  }
  return files;
}

/// Readers of files, one after the other.
template <class Base, class Item>
class Chain final : public Base {
 public:
  using Open = std::unique_ptr<Base> (*)(const fs::path&, const ReadOptions&);
  Chain(std::vector<fs::path> files, ReadOptions options, Open open)
      : files_(std::move(files)), options_(std::move(options)), open_(open) {}

  std::optional<Item> next() override {
    std::optional<Item> item;
    find([&] { return (item = current_->next()).has_value(); });
    return item;
  }
  bool skip() override {
    return find([&] { return current_->skip(); });
  }

 private:
  // Goes through the files until `use` finds an iteration in one.
  template <class Use>
  bool find(const Use& use) {
    while (true) {
      if (current_ && use()) return true;
      current_.reset();
      if (next_ == files_.size()) return false;
      current_ = open_(files_[next_++], options_);
    }
  }

  std::vector<fs::path> files_;
  ReadOptions options_;
  Open open_;
  std::size_t next_ = 0;
  std::unique_ptr<Base> current_;
};

std::unique_ptr<FeedReader> open_feeds(const fs::path& file, const ReadOptions& options) {
  switch (format_of(file)) {
    case Format::npz:
      return npz_feed_reader(file, options);
    case Format::npy:
      return std::make_unique<NpyFeedReader>(file, options);
    case Format::json:
      break;
  }
  return json_feed_reader(file, options);
}

std::unique_ptr<ResultsReader> open_results(const fs::path& file, const ReadOptions& options) {
  switch (format_of(file)) {
    case Format::npz:
      return npz_results_reader(file, options);
    case Format::npy:
      throw InputError(fmt::format("Cannot read '{}' as results: it is a single array.", file.string()),
                       "Name a file that --save-outputs wrote.");
    case Format::json:
      break;
  }
  return json_results_reader(file, options);
}

}  // namespace

std::string_view to_string(SavedKind kind) {
  switch (kind) {
    case SavedKind::inputs:
      return "inputs";
    case SavedKind::results:
      return "results";
    case SavedKind::accuracy_results:
      break;
  }
  return "accuracy results";
}

SavedKind saved_kind(const fs::path& path) {
  if (fs::is_directory(path)) return json_kind(json_files(path).front());
  switch (format_of(path)) {
    case Format::npz:
      return npz_kind(path);
    case Format::npy:
      return SavedKind::inputs;
    case Format::json:
      break;
  }
  return json_kind(path);
}

std::unique_ptr<FeedWriter> feed_writer(const fs::path& path) {
  return is_npz_path(path) ? npz_feed_writer(path) : json_feed_writer(path);
}

std::unique_ptr<ResultsWriter> results_writer(const fs::path& path) {
  return is_npz_path(path) ? npz_results_writer(path) : json_results_writer(path);
}

std::unique_ptr<FeedReader> feed_reader(const std::vector<fs::path>& paths, ReadOptions options) {
  return std::make_unique<Chain<FeedReader, FeedDict>>(files_of(paths), std::move(options), &open_feeds);
}

std::unique_ptr<ResultsReader> results_reader(const std::vector<fs::path>& paths, ReadOptions options) {
  return std::make_unique<Chain<ResultsReader, RunResults>>(files_of(paths), std::move(options),
                                                            &open_results);
}

void save_feeds(const fs::path& path, std::span<const FeedDict> feeds) {
  const auto writer = feed_writer(path);
  for (const FeedDict& feed : feeds) writer->add(feed);
  writer->finish();
}

std::vector<FeedDict> load_feeds(const fs::path& path, const ReadOptions& options) {
  const auto reader = feed_reader({path}, options);
  std::vector<FeedDict> feeds;
  while (auto feed = reader->next()) feeds.push_back(*std::move(feed));
  return feeds;
}

void save_results(const fs::path& path, const RunResults& results) {
  const auto writer = results_writer(path);
  writer->add(results);
  writer->finish();
}

RunResults load_results(const fs::path& path, const ReadOptions& options) {
  const auto reader = results_reader({path}, options);
  RunResults results;
  while (auto part = reader->next()) results.append(*std::move(part));
  return results;
}

}  // namespace polygraph::compare
