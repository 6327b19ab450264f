#include <fmt/format.h>
#include <polygraph/compare/results_npz.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/core/npy.h>

#include <charconv>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "compare/json_text.h"
#include "compare/npz_first_array.h"
#include "compare/npz_names.h"
#include "compare/numpy_types.h"
#include "compare/zip.h"
#include "core/npy_bytes.h"

namespace polygraph::compare {
namespace {

using detail::ZipMember;
using detail::ZipReader;
using detail::ZipWriter;

// What a member's comment says.
constexpr std::string_view dtype_key = "dtype";
constexpr std::string_view runtime_key = "runtime";

void write_array(ZipWriter& zip, const std::string& path, const Tensor& tensor,
                 const std::optional<double>& runtime) {
  std::string comment;
  if (!detail::has_numpy_type(tensor.dtype()))
    comment = fmt::format("{}={}\n", dtype_key, to_string(tensor.dtype()));
  if (runtime) comment += fmt::format("{}={}\n", runtime_key, detail::python_json_number(*runtime));
  zip.begin(path + ".npy", comment);
  polygraph::detail::write_npy(tensor, [&](std::span<const std::byte> bytes) { zip.write(bytes); });
  zip.end();
}

std::string_view comment_value(std::string_view comment, std::string_view key) {
  while (!comment.empty()) {
    const std::size_t end = comment.find('\n');
    const std::string_view line = comment.substr(0, end);
    if (line.starts_with(key) && line.substr(key.size()).starts_with('=')) return line.substr(key.size() + 1);
    comment.remove_prefix(end == std::string_view::npos ? comment.size() : end + 1);
  }
  return {};
}

Tensor read_array(const ZipReader& zip, const ZipMember& member, std::optional<DataType> raw_type) {
  const ZipReader::Content content = zip.read(member);
  const std::string source = fmt::format("the member '{}' of {}", member.name, zip.source());
  if (const auto named = parse_data_type(comment_value(member.comment, dtype_key))) raw_type = named;
  const auto header = polygraph::detail::parse_npy_header(content.bytes, source);
  return polygraph::detail::read_npy(content.bytes, content.keep_alive,
                                     detail::type_of_raw(header.descr, raw_type), source);
}

std::optional<double> runtime_of(const ZipMember& member) {
  const std::string_view text = comment_value(member.comment, runtime_key);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

std::optional<DataType> raw_type_of(const std::string& name, const ReadOptions& options) {
  return options.raw_types.contains(name) ? options.raw_types[name].dtype : std::nullopt;
}

/// An opened archive, whose names are known to be harmless.
class NpzFile {
 public:
  explicit NpzFile(const std::filesystem::path& path) : NpzFile(MappedFile(path)) {}

  const ZipReader& zip() const { return zip_; }
  SavedKind kind() const { return kind_; }
  bool has_iterations() const { return has_iterations_; }

 private:
  explicit NpzFile(const MappedFile& file)
      : zip_(file.bytes(), file.keep_alive(), fmt::format("'{}'", file.path().string())) {
    const auto fail = [&](const std::string& problem, const char* remedy) {
      throw InputError(fmt::format("Cannot read {} as a .npz file: {}", zip_.source(), problem), remedy);
    };
    if (zip_.members().empty()) fail("it holds no arrays.", "Name an archive with arrays.");
    std::set<std::size_t> sizes;
    for (const ZipMember& member : zip_.members()) {
      if (const std::string problem = detail::path_problem(member.name); !problem.empty())
        fail(fmt::format("its member '{}' {}.", member.name, problem),
             "Write the arrays again under plain names.");
      const auto path = detail::iteration_path(member.name);
      sizes.insert(path ? path->size() : 0);
    }
    has_iterations_ = !sizes.contains(0);
    if (has_iterations_ && sizes.size() > 1)
      fail("some of its members have the names of inputs and some those of results.",
           "Save them to two files.");
    kind_ = has_iterations_ && sizes.contains(3) ? SavedKind::results : SavedKind::inputs;
  }

  ZipReader zip_;
  SavedKind kind_ = SavedKind::inputs;
  bool has_iterations_ = false;
};

class NpzFeedWriter final : public FeedWriter {
 public:
  explicit NpzFeedWriter(const std::filesystem::path& path) : zip_(path) {}
  void add(const FeedDict& feed) override {
    if (feed.empty()) throw InputError("Cannot save an iteration without inputs as .npz.", "Save as JSON.");
    for (const auto& [name, tensor] : feed)
      write_array(zip_, detail::iteration_component(count_) + "/" + detail::escape_component(name), tensor,
                  {});
    ++count_;
  }
  void finish() override { zip_.commit(); }

 private:
  ZipWriter zip_;
  std::size_t count_ = 0;
};

class NpzResultsWriter final : public ResultsWriter {
 public:
  explicit NpzResultsWriter(const std::filesystem::path& path) : zip_(path) {}

  void add(const RunResults& results) override {
    std::set<std::string_view> names;
    for (const RunnerResults& runner : results) {
      if (!names.insert(runner.runner_name).second) {
        throw InputError(
            fmt::format("Cannot save results as .npz: two runners are called '{}'.", runner.runner_name),
            "Give the runners different names, or save as JSON.");
      }
      std::size_t& count = counts_[runner.runner_name];
      for (const IterationResult& iteration : runner.iterations) add(runner.runner_name, count++, iteration);
    }
  }
  void finish() override { zip_.commit(); }

 private:
  void add(const std::string& runner, std::size_t index, const IterationResult& iteration) {
    if (iteration.outputs.empty()) {
      throw InputError(
          fmt::format("Cannot save iteration {} of '{}' as .npz: it has no outputs.", index, runner),
          "Save as JSON.");
    }
    const std::string folder =
        detail::iteration_component(index) + "/" + detail::escape_component(runner) + "/";
    for (const auto& [name, tensor] : iteration.outputs)
      write_array(zip_, folder + detail::escape_component(name), tensor, iteration.runtime);
  }

  ZipWriter zip_;
  std::map<std::string, std::size_t> counts_;  // iterations by runner
};

class NpzFeedReader final : public FeedReader {
 public:
  NpzFeedReader(const std::filesystem::path& path, ReadOptions options)
      : file_(path), options_(std::move(options)) {
    if (file_.kind() != SavedKind::inputs) {
      throw InputError(fmt::format("Cannot read {} as inputs: it holds results.", file_.zip().source()),
                       "`polygraph data merge` makes inputs of results.");
    }
    for (const ZipMember& member : file_.zip().members()) {
      const auto path_parts = file_.has_iterations() ? detail::iteration_path(member.name) : std::nullopt;
      if (path_parts)
        iterations_[std::string(path_parts->front())].emplace_back(
            detail::unescape_component(path_parts->back()), &member);
      else
        iterations_[""].emplace_back(member.name.substr(0, member.name.size() - 4), &member);
    }
    next_ = iterations_.begin();
  }

  std::optional<FeedDict> next() override {
    if (next_ == iterations_.end()) return std::nullopt;
    FeedDict feed;
    for (const auto& [name, member] : next_->second)
      feed.set(name, read_array(file_.zip(), *member, raw_type_of(name, options_)));
    ++next_;
    return feed;
  }
  bool skip() override {
    if (next_ == iterations_.end()) return false;
    ++next_;
    return true;
  }

 private:
  using Entries = std::vector<std::pair<std::string, const ZipMember*>>;

  NpzFile file_;
  ReadOptions options_;
  std::map<std::string, Entries> iterations_;
  std::map<std::string, Entries>::const_iterator next_;
};

class NpzResultsReader final : public ResultsReader {
 public:
  NpzResultsReader(const std::filesystem::path& path, ReadOptions options)
      : file_(path), options_(std::move(options)) {
    if (file_.kind() != SavedKind::results) {
      throw InputError(fmt::format("Cannot read {} as results: it holds inputs.", file_.zip().source()),
                       "Name a file that --save-outputs wrote.");
    }
    for (const ZipMember& member : file_.zip().members()) {
      const auto parts = *detail::iteration_path(member.name);
      iterations_[std::string(parts[0])].push_back(
          {detail::unescape_component(parts[1]), detail::unescape_component(parts[2]), &member});
    }
    next_ = iterations_.begin();
  }

  std::optional<RunResults> next() override {
    if (next_ == iterations_.end()) return std::nullopt;
    RunResults results;
    for (const Entry& entry : next_->second) {
      if (!results.contains(entry.runner))
        results.add(entry.runner, {{{}, runtime_of(*entry.member), entry.runner}});
      results[entry.runner].front().outputs.set(
          entry.output, read_array(file_.zip(), *entry.member, raw_type_of(entry.output, options_)));
    }
    ++next_;
    return results;
  }
  bool skip() override {
    if (next_ == iterations_.end()) return false;
    ++next_;
    return true;
  }

 private:
  struct Entry {
    std::string runner;
    std::string output;
    const ZipMember* member;
  };

  NpzFile file_;
  ReadOptions options_;
  std::map<std::string, std::vector<Entry>> iterations_;
  std::map<std::string, std::vector<Entry>>::const_iterator next_;
};

}  // namespace

namespace detail {

Tensor npz_first_array(std::span<const std::byte> bytes, std::shared_ptr<const void> keep_alive,
                       std::optional<DataType> raw_type, std::string_view source) {
  const ZipReader zip(bytes, std::move(keep_alive), std::string(source));
  if (zip.members().empty())
    throw InputError(fmt::format("Cannot read {} as a .npz file: it holds no arrays.", source),
                     "Save the data again.");
  return read_array(zip, zip.members().front(), raw_type);
}

}  // namespace detail

SavedKind npz_kind(const std::filesystem::path& file) {
  return NpzFile(file).kind();
}

std::unique_ptr<FeedWriter> npz_feed_writer(const std::filesystem::path& path) {
  return std::make_unique<NpzFeedWriter>(path);
}

std::unique_ptr<ResultsWriter> npz_results_writer(const std::filesystem::path& path) {
  return std::make_unique<NpzResultsWriter>(path);
}

std::unique_ptr<FeedReader> npz_feed_reader(const std::filesystem::path& file, ReadOptions options) {
  return std::make_unique<NpzFeedReader>(file, std::move(options));
}

std::unique_ptr<ResultsReader> npz_results_reader(const std::filesystem::path& file, ReadOptions options) {
  return std::make_unique<NpzResultsReader>(file, std::move(options));
}

}  // namespace polygraph::compare
