#include <fmt/format.h>
#include <polygraph/compare/accuracy_results.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>

#include <algorithm>
#include <map>
#include <variant>

#include "compare/json_document.h"
#include "compare/json_scanner.h"
#include "compare/json_text.h"

namespace polygraph::compare {
namespace {

using detail::JsonScanner;
using detail::JsonWriter;

constexpr std::string_view class_key = "polygraphy_class";
constexpr std::string_view legacy_prefix = "__polygraphy_encoded_";

std::string_view to_string(Aggregation aggregation) {
  return aggregation == Aggregation::average ? "average" : "per_sample";
}

class Writer {
 public:
  explicit Writer(std::string& out) : json_([&out](std::string_view piece) { out += piece; }) {}

  void write(const AccuracyResults& results) {
    json_.begin_object();
    json_.key("lst");
    json_.begin_array();
    for (const AccuracyResult& result : results.functions) {
      json_.element();
      write(result);
    }
    json_.end_array();
    end_object("AccuracyResults");
  }

 private:
  void end_object(std::string_view class_name) {
    json_.key(class_key);
    json_.string(class_name);
    json_.end_object();
  }

  void write(const AccuracyResult& result) {
    json_.begin_object();
    json_.key("lst");
    json_.begin_array();
    for (const auto& [runners, iterations] : result.pairs) {
      json_.element();
      json_.begin_array();
      json_.element();
      json_.begin_array();
      for (const std::string* name : {&runners.first, &runners.second}) {
        json_.element();
        json_.string(*name);
      }
      json_.end_array();
      json_.element();
      json_.begin_array();
      for (const OutputResults& results : iterations) {
        json_.element();
        json_.begin_object();
        for (const auto& [name, output] : results) {
          json_.key(name);
          write(output);
        }
        json_.end_object();
      }
      json_.end_array();
      json_.end_array();
    }
    json_.end_array();
    json_.key("aggregation");
    json_.string(to_string(result.aggregation));
    end_object("AccuracyResult");
  }

  void write(const OutputResult& result) {
    if (!result.metric()) return json_.raw(result.passed() ? "true" : "false");
    const MetricTraits& known = traits(*result.metric());
    json_.begin_object();
    for (std::size_t i = 0; i < known.fields.size(); ++i) {
      json_.key(known.fields[i]);
      if (result.values()[i])
        json_.number(*result.values()[i]);
      else
        json_.null();
    }
    json_.key("thresholds");
    write(result.threshold());
    if (result.metric() == Metric::simple) {
      json_.key("passed");
      const std::optional<bool> verdict = result.stored_verdict();
      json_.raw(!verdict ? "null" : *verdict ? "true" : "false");
    }
    end_object(known.result_class);
  }

  void write(const Threshold& threshold) {
    json_.begin_object();
    if (threshold.metric == Metric::simple) {
      json_.key("check_error_stat");
      json_.string(compare::to_string(threshold.check_error_stat));
      json_.key("atol");
      json_.number(threshold.atol);
      json_.key("rtol");
      json_.number(threshold.rtol);
    } else {
      json_.key("threshold");
      json_.number(threshold.value);
    }
    end_object(traits(threshold.metric).threshold_class);
  }

  JsonWriter json_;
};

/// Reads the objects of one class each. The marker of the class may come anywhere in an object, so an object
/// is read as what its place asks for, and the marker is compared.
class Reader {
 public:
  Reader(std::string_view text, std::string_view source) : scanner_(text, source) {}

  AccuracyResults read() {
    AccuracyResults results;
    bool has_list = false;
    read_object("AccuracyResults", [&](const std::string& key) {
      if (key != "lst") return false;
      has_list = true;
      scanner_.array([&] { results.functions.push_back(read_function()); });
      return true;
    });
    if (!has_list) scanner_.fail("'lst' is missing");
    scanner_.expect_end();
    return results;
  }

 private:
  /// A member that `member` does not take is skipped. Without the marker of the class, fails.
  template <class F>
  void read_object(std::string_view class_name, F member) {
    bool is_marked = false;
    scanner_.object([&](const std::string& key) {
      if (const std::optional<std::string> name = read_marker(key)) {
        if (*name != class_name)
          scanner_.fail(fmt::format("an object of class '{}' is expected, not '{}'", class_name, *name));
        is_marked = true;
      } else if (!member(key)) {
        scanner_.skip_value();
      }
    });
    if (!is_marked) scanner_.fail(fmt::format("the object is not marked as one of class '{}'", class_name));
  }

  std::optional<std::string> read_marker(std::string_view key) {
    if (key == class_key) return scanner_.string();
    if (!key.starts_with(legacy_prefix)) return std::nullopt;
    scanner_.skip_value();
    return std::string(key.substr(legacy_prefix.size()));
  }

  AccuracyResult read_function() {
    AccuracyResult result;
    read_object("AccuracyResult", [&](const std::string& key) {
      if (key == "lst") {
        scanner_.array([&] { result.pairs.push_back(read_pair()); });
      } else if (key == "aggregation") {
        const std::string name = scanner_.string();
        if (name == "average")
          result.aggregation = Aggregation::average;
        else if (name != "per_sample")
          scanner_.fail(fmt::format("the aggregation '{}' is neither 'per_sample' nor 'average'", name));
      } else {
        return false;
      }
      return true;
    });
    return result;
  }

  AccuracyResult::Entry read_pair() {
    AccuracyResult::Entry entry;
    int place = 0;
    scanner_.array([&] {
      if (place == 0) {
        std::vector<std::string> names;
        scanner_.array([&] { names.push_back(scanner_.string()); });
        if (names.size() != 2) scanner_.fail("two names of runners are expected");
        entry.first = {names[0], names[1]};
      } else if (place == 1) {
        scanner_.array([&] { entry.second.push_back(read_iteration()); });
      } else {
        scanner_.fail("a pair of runners and their iterations are expected, and nothing more");
      }
      ++place;
    });
    if (place != 2) scanner_.fail("a pair of runners and their iterations are expected");
    return entry;
  }

  OutputResults read_iteration() {
    OutputResults results;
    scanner_.object([&](const std::string& name) {
      OutputResult result = read_output();
      result.output0_name = name;
      if (find(results, name) != nullptr) scanner_.fail(fmt::format("output '{}' comes twice", name));
      results.emplace_back(name, std::move(result));
    });
    return results;
  }

  std::optional<bool> read_bool() {
    scanner_.peek();
    for (const auto& [text, value] : {std::pair{std::string_view("true"), true}, {"false", false}})
      if (scanner_.rest().starts_with(text)) {
        scanner_.seek(scanner_.position() + text.size());
        return value;
      }
    return std::nullopt;
  }

  bool read_null() {
    if (scanner_.peek() != 'n') return false;
    scanner_.null();
    return true;
  }

  OutputResult read_output() {
    if (const std::optional<bool> verdict = read_bool()) return *verdict;
    std::map<std::string, std::optional<double>, std::less<>> numbers;
    std::optional<Threshold> threshold;
    std::optional<bool> verdict;
    std::string class_name;
    scanner_.object([&](const std::string& key) {
      if (std::optional<std::string> name = read_marker(key)) {
        class_name = *std::move(name);
      } else if (key == "thresholds") {
        threshold = read_threshold();
      } else if (key == "passed") {
        if (read_null()) return;
        verdict = read_bool();
        if (!verdict) scanner_.fail("'passed' is neither true, false nor null");
      } else if (read_null()) {
        numbers[key] = std::nullopt;
      } else {
        numbers[key] = scanner_.number();
      }
    });
    for (const Metric metric : all_metrics()) {
      const MetricTraits& known = traits(metric);
      if (known.result_class != class_name) continue;
      std::vector<std::optional<double>> values;
      for (const std::string_view field : known.fields) {
        const auto found = numbers.find(field);
        if (found == numbers.end()) scanner_.fail(fmt::format("'{}' of a {} is missing", field, class_name));
        values.push_back(found->second);
      }
      if (!threshold || threshold->metric != metric)
        scanner_.fail(fmt::format("the thresholds of a {} are not a {}", class_name, known.threshold_class));
      return {metric, std::move(values), *threshold, verdict};
    }
    scanner_.fail(class_name.empty() ? "a result without a class"
                                     : fmt::format("there is no class '{}'", class_name));
  }

  Threshold read_threshold() {
    Threshold threshold;
    std::string class_name;
    std::map<std::string, double, std::less<>> numbers;
    scanner_.object([&](const std::string& key) {
      if (std::optional<std::string> name = read_marker(key))
        class_name = *std::move(name);
      else if (key == "check_error_stat")
        threshold.check_error_stat = read_stat();
      else
        numbers[key] = scanner_.number();
    });
    const auto number = [&](std::string_view name) {
      const auto found = numbers.find(name);
      if (found == numbers.end()) scanner_.fail(fmt::format("'{}' of a {} is missing", name, class_name));
      return found->second;
    };
    for (const Metric metric : all_metrics()) {
      if (traits(metric).threshold_class != class_name) continue;
      threshold.metric = metric;
      if (metric == Metric::simple) {
        threshold.atol = number("atol");
        threshold.rtol = number("rtol");
      } else {
        threshold.value = number("threshold");
      }
      return threshold;
    }
    scanner_.fail(class_name.empty() ? "thresholds without a class"
                                     : fmt::format("there is no class '{}'", class_name));
  }

  ErrorStat read_stat() {
    const std::string name = scanner_.string();
    const auto names = enum_names(ErrorStat{});
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) scanner_.fail(fmt::format("there is no error statistic '{}'", name));
    return static_cast<ErrorStat>(found - names.begin());
  }

  JsonScanner scanner_;
};

}  // namespace

std::string AccuracyResults::to_json() const {
  std::string text;
  Writer(text).write(*this);
  return text;
}

AccuracyResults AccuracyResults::from_json(std::string_view text, std::string_view source) {
  return Reader(text, source).read();
}

void AccuracyResults::save(const std::filesystem::path& path) const {
  AtomicFile file(path);
  file.write(to_json());
  file.commit();
}

AccuracyResults AccuracyResults::load(const std::filesystem::path& path) {
  const MappedFile file(path);
  const std::string_view text(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
  const std::string source = fmt::format("'{}'", path.native());
  if (const SavedKind kind = detail::kind_of(JsonScanner(text, source)); kind != SavedKind::accuracy_results)
    throw InputError(fmt::format("Cannot read {} as accuracy results: it holds {}.", source, to_string(kind)),
                     "Name a file that --save-accuracy-results wrote.");
  return from_json(text, source);
}

}  // namespace polygraph::compare
