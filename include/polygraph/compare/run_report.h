#pragma once

#include <polygraph/compare/comparator.h>
#include <polygraph/compare/validate.h>
#include <polygraph/core/layer_times.h>

#include <cstdint>
#include <string>
#include <vector>

/// What a run of several runners is reported as when it has ended: as text, JSON and JUnit XML.
namespace polygraph::compare {

/// The inferences of one runner.
struct RunnerTimes {
  std::string name;
  std::int64_t iterations = 0;
  double seconds = 0;  ///< of all
  double least = 0;
  double most = 0;
  LayerTimes layer_times = {};  ///< if the runner measured them

  void add(double inference);
};

/// What validation found in one output of one runner, over all iterations.
struct InvalidValues {
  std::string runner;
  std::string output;
  std::int64_t iterations = 0;
  std::int64_t first_iteration = 0;
  std::string text;  ///< of the first iteration
};

/// All that `run` reports, apart from the text of single iterations.
struct RunReport {
  std::string command;
  std::string model;
  std::int64_t iterations = 0;
  double seconds = 0;
  std::vector<RunnerTimes> runners;
  std::vector<PairSummary> pairs;
  bool validated = false;
  std::vector<InvalidValues> invalid;
  bool passed = false;
};

/// What ends the text: times, summaries, and the verdict.
/// @param verbose  Whether to list all layers that were measured, not the ten longest.
std::string run_summary(const RunReport& report, bool verbose = false);

/// As JSON, described in docs/json.md.
std::string run_json(const RunReport& report);

/// A test suite for each pair of runners, with a test case for each output and comparison function, and one
/// for the validation.
std::string run_junit(const RunReport& report);

}  // namespace polygraph::compare
