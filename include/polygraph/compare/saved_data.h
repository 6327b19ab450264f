#pragma once

#include <polygraph/compare/run_results.h>
#include <polygraph/core/tensor.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

/// Inputs and results in files, whatever the format: one iteration at a time, so that memory does not grow
/// with the data.
///
/// A path that ends in `.npz` is a NumPy archive (`results_npz.h`), one with any other extension a JSON file,
/// one without an extension a folder with a JSON file for each iteration (`results_json.h`).
namespace polygraph::compare {

/// What saved data is of.
enum class SavedKind { inputs, results, accuracy_results };
/// `inputs`, `results`, `accuracy results`.
std::string_view to_string(SavedKind kind);

/// What a file or folder holds, by its content: JSON, `.npz` or `.npy`. Throws InputError if it cannot be
/// read or is none of these. Time and memory do not grow with the data.
SavedKind saved_kind(const std::filesystem::path& path);

struct ReadOptions {
  /// The types of arrays that are raw data without a type of their own, by name: those that other programs
  /// save of types which NumPy lacks. Raw data of 2 bytes is bfloat16 without this.
  TensorMetadata raw_types = {};
};

/// Saves inputs. Not thread-safe; nor are the three classes below.
class FeedWriter {
 public:
  virtual ~FeedWriter() = default;
  /// Appends an iteration. Throws InputError if the file cannot be written.
  virtual void add(const FeedDict& feed) = 0;
  /// Puts a file in its place; without this, or after an error, nothing is left of it. In a folder, every
  /// iteration is in its place when `add` returns.
  virtual void finish() = 0;
};

/// Saves results.
class ResultsWriter {
 public:
  virtual ~ResultsWriter() = default;
  /// Appends iterations, usually one of each runner. Runners are matched with those before as
  /// `RunResults::append` does; those that are new may only follow the others.
  virtual void add(const RunResults& results) = 0;
  virtual void finish() = 0;
};

/// Reads inputs.
class FeedReader {
 public:
  virtual ~FeedReader() = default;
  /// The next iteration, or nothing at the end. Throws InputError where the data is damaged, holds something
  /// else, or names an input twice.
  virtual std::optional<FeedDict> next() = 0;
  /// Passes over an iteration, reading as little of it as its format allows; false at the end. Damage in it
  /// may go unnoticed.
  virtual bool skip() { return next().has_value(); }
};

/// Reads results.
class ResultsReader {
 public:
  virtual ~ResultsReader() = default;
  /// One iteration of each runner that has so many, or nothing at the end. Runners without any iteration are
  /// left out.
  virtual std::optional<RunResults> next() = 0;
  /// Passes over an iteration, as FeedReader does.
  virtual bool skip() { return next().has_value(); }
};

/// Writers by the path's extension. They throw InputError if a folder is not empty or a file is in its place;
/// a file with an extension is replaced.
/// @code
///   auto writer = results_writer("outputs.json");
///   for (...) writer->add(iteration);
///   writer->finish();
/// @endcode
std::unique_ptr<FeedWriter> feed_writer(const std::filesystem::path& path);
std::unique_ptr<ResultsWriter> results_writer(const std::filesystem::path& path);

/// Readers of several files and folders, one behind the other, each by its content. A file is opened when it
/// is its turn.
std::unique_ptr<FeedReader> feed_reader(const std::vector<std::filesystem::path>& paths,
                                        ReadOptions options = {});
std::unique_ptr<ResultsReader> results_reader(const std::vector<std::filesystem::path>& paths,
                                              ReadOptions options = {});

/// All of it at once.
void save_feeds(const std::filesystem::path& path, std::span<const FeedDict> feeds);
std::vector<FeedDict> load_feeds(const std::filesystem::path& path, const ReadOptions& options = {});
void save_results(const std::filesystem::path& path, const RunResults& results);
RunResults load_results(const std::filesystem::path& path, const ReadOptions& options = {});

}  // namespace polygraph::compare
