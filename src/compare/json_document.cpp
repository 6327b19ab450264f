#include "compare/json_document.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>

#include "compare/array_json.h"

namespace polygraph::compare::detail {
namespace {

std::string_view text_of(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.size()};
}

[[noreturn]] void fail_kind(const JsonScanner& scanner, const std::string& found) {
  throw InputError(
      fmt::format("Cannot read {} as saved inputs or results: it holds {}.", scanner.source(), found),
      "Name a file that --save-inputs, --save-outputs or --save-accuracy-results wrote.");
}

std::string article(const std::string& class_name) {
  return fmt::format("an object of class '{}'", class_name);
}

std::optional<DataType> raw_type_of(const std::string& name, const ReadOptions& options) {
  return options.raw_types.contains(name) ? options.raw_types[name].dtype : std::nullopt;
}

void add_once(TensorMap& tensors, const std::string& name, JsonScanner& scanner, const ReadOptions& options) {
  const std::size_t begin = scanner.position();
  if (tensors.contains(name)) scanner.fail_at(begin, fmt::format("there is a second array '{}'", name));
  try {
    tensors.set(name, read_array(scanner, raw_type_of(name, options)));
  } catch (const InputError& error) {
    throw InputError(fmt::format("Reading the array '{}': {}", name, error.problem()), error.remedy(),
                     error.engine_messages());
  }
}

SavedKind kind_of_class(const JsonScanner& scanner, const std::string& name) {
  if (name == "RunResults") return SavedKind::results;
  if (name == "AccuracyResults") return SavedKind::accuracy_results;
  fail_kind(scanner, name.empty() ? "an object without a class that has a list 'lst'" : article(name));
}

/// What the first element of a list "lst" says. At an empty list, the class behind it decides.
std::optional<SavedKind> kind_of_list(JsonScanner& scanner) {
  scanner.expect('[', "an array");
  if (scanner.peek() == '[') return SavedKind::results;
  if (scanner.peek() == '{') return SavedKind::accuracy_results;
  return std::nullopt;
}

void index_runner(JsonScanner& scanner, ResultsIndex& index) {
  const std::size_t begin = scanner.position();
  int part = 0;
  scanner.array([&] {
    if (part == 0) {
      index.runners.push_back({scanner.string(), {}});
    } else if (part == 1) {
      scanner.array([&] {
        if (scanner.peek() != '{') scanner.fail("an iteration, an object, is expected");
        index.runners.back().iterations.push_back(scanner.position());
        scanner.skip_value();
      });
    } else {
      scanner.fail("a runner has more than a name and iterations");
    }
    ++part;
  });
  if (part != 2) scanner.fail_at(begin, "a runner's name and its iterations are expected");
}

}  // namespace

JsonDocument::JsonDocument(const std::filesystem::path& file)
    : file_(MappedFile(file)), text_(text_of(*file_)), source_(fmt::format("'{}'", file.string())) {}

JsonScanner JsonDocument::scanner() const {
  if (!file_) return {text_, source_};
  return {text_, source_, [this, begin = std::size_t{0}](std::size_t end) mutable {
            forget(begin, end);
            begin = end;
          }};
}

SavedKind kind_of(JsonScanner scanner) {
  const char first = scanner.peek();
  if (first == '[') return SavedKind::inputs;
  if (first != '{') fail_kind(scanner, scanner.rest().empty() ? "nothing" : "no JSON object or array");
  scanner.expect('{', "an object");
  if (scanner.accept('}')) return SavedKind::inputs;
  std::string name;
  do {
    const std::string key = scanner.string();
    scanner.expect(':', "':'");
    if (read_class(scanner, key, name)) return kind_of_class(scanner, name);
    if (key == "lst" && scanner.peek() == '[') {
      const std::size_t begin = scanner.position();
      if (const auto kind = kind_of_list(scanner)) return *kind;
      scanner.seek(begin);
      scanner.skip_value();
    } else if (scanner.peek() == '{') {
      return SavedKind::inputs;
    } else {
      scanner.skip_value();
    }
  } while (scanner.accept(','));
  fail_kind(scanner, "an object that has no class and is no collection of arrays");
}

ResultsIndex index_results(JsonScanner& scanner) {
  ResultsIndex index;
  std::string name;
  bool has_list = false;
  scanner.object([&](const std::string& key) {
    if (key == "lst" && scanner.peek() == '[') {
      if (has_list) scanner.fail("there is a second list 'lst'");
      has_list = true;
      scanner.array([&] { index_runner(scanner, index); });
    } else if (!read_class(scanner, key, name)) {
      scanner.skip_value();
    }
  });
  scanner.expect_end();
  if (name != "RunResults" || !has_list)
    fail_kind(scanner,
              name.empty() ? "an object without a class, not results" : article(name) + ", not results");
  return index;
}

IterationResult read_iteration(JsonScanner& scanner, const ReadOptions& options) {
  scanner.peek();
  const std::size_t begin = scanner.position();
  IterationResult result;
  std::string name;
  bool has_outputs = false;
  scanner.object([&](const std::string& key) {
    const char first = scanner.peek();
    if (key == "outputs") {
      if (has_outputs) scanner.fail("an iteration has two members 'outputs'");
      has_outputs = true;
      scanner.object([&](const std::string& output) { add_once(result.outputs, output, scanner, options); });
    } else if (key == "runtime") {
      if (first == 'n')
        scanner.null();
      else
        result.runtime = scanner.number();
    } else if (key == "runner_name") {
      result.runner_name = scanner.string();
    } else if (!read_class(scanner, key, name)) {
      scanner.skip_value();
    }
  });
  if (name != "IterationResult" || !has_outputs)
    scanner.fail_at(begin, name.empty() || name == "IterationResult"
                               ? std::string("an iteration is expected: an IterationResult with outputs")
                               : "an iteration is expected, not " + article(name));
  return result;
}

FeedDict read_feed(JsonScanner& scanner, const ReadOptions& options) {
  FeedDict feed;
  scanner.peek();
  const std::size_t begin = scanner.position();
  std::string name;
  scanner.object([&](const std::string& key) {
    if (read_class(scanner, key, name))
      scanner.fail_at(begin, "inputs, names and arrays, are expected, not " + article(name));
    if (scanner.peek() != '{') scanner.fail(fmt::format("an array '{}', an object, is expected", key));
    add_once(feed, key, scanner, options);
  });
  return feed;
}

}  // namespace polygraph::compare::detail
