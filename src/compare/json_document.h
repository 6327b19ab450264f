#pragma once

#include <polygraph/compare/iteration_result.h>
#include <polygraph/compare/saved_data.h>
#include <polygraph/core/files.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compare/json_scanner.h"

namespace polygraph::compare::detail {

/// JSON text and what keeps it: a mapped file, whose pages are given back once they have been read, or memory
/// of the caller.
class JsonDocument {
 public:
  explicit JsonDocument(const std::filesystem::path& file);
  JsonDocument(std::string_view text, std::string source) : text_(text), source_(std::move(source)) {}
  JsonDocument(const JsonDocument&) = delete;
  JsonDocument& operator=(const JsonDocument&) = delete;

  /// Reads from the start. Must not outlive the document.
  JsonScanner scanner() const;
  std::string_view source() const { return source_; }
  /// Says that the text from `begin` to `end` is not needed for now.
  void forget(std::size_t begin, std::size_t end) const {
    if (file_) file_->forget(begin, end - begin);
  }

 private:
  std::optional<MappedFile> file_;
  std::string_view text_;
  std::string source_;
};

/// Where the iterations of a RunResults are.
struct ResultsIndex {
  struct Runner {
    std::string name;
    std::vector<std::size_t> iterations;  // the position of each
  };
  std::vector<Runner> runners;
};

/// What the text holds. Throws InputError if it is none of the kinds.
SavedKind kind_of(JsonScanner scanner);

/// Finds the iterations without reading the arrays.
ResultsIndex index_results(JsonScanner& scanner);

/// An object of class IterationResult, at the scanner's position.
IterationResult read_iteration(JsonScanner& scanner, const ReadOptions& options);

/// An object without class: name to array.
FeedDict read_feed(JsonScanner& scanner, const ReadOptions& options);

}  // namespace polygraph::compare::detail
