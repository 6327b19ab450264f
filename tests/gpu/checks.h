#pragma once

#include <polygraph/core/error.h>
#include <polygraph/trt/loaders.h>
#include <polygraph/trt/runner.h>

#include <cstdio>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

/// A few helpers for programs that run where no test framework is.
namespace polygraph::trt::test {

struct Checks {
  int failed = 0;
  int passed = 0;

  void check(const std::string& name, const std::function<void()>& body) {
    try {
      body();
      ++passed;
      std::printf("ok   %s\n", name.c_str());
    } catch (const std::exception& error) {
      ++failed;
      std::printf("FAIL %s: %s\n", name.c_str(), error.what());
    }
  }
};

inline void require(bool condition, const std::string& what) {
  if (!condition) throw std::runtime_error(what);
}

template <class E>
void require_throws(const std::function<void()>& body, const std::string& part) {
  std::string text = "nothing was thrown";
  try {
    body();
  } catch (const E& error) {
    text = error.what();
    std::printf("     | %s\n", text.c_str());
    if (text.find(part) != std::string::npos) return;
  }
  throw std::runtime_error("expected an error with '" + part + "', got: " + text);
}

/// Runs the runner on a GPU in every way it has.
void run_checks(Checks& checks, const std::filesystem::path& models, const std::filesystem::path& saved);
/// Prints what an inference takes beside a loop written by hand.
void run_benchmark(const std::filesystem::path& models, const std::filesystem::path& saved, int iterations);

/// The defaults, but for the tactic sources that the environment variable TACTIC_SOURCES names.
ConfigOptions config_options();

/// The models to run; without cuBLAS and cuDNN some cannot be built.
std::vector<std::string> names_of_models();

/// The model's engine, built once and kept in `saved`.
Engine engine_of(const std::filesystem::path& models, const std::string& name,
                 std::vector<Profile> profiles = {});
/// Inputs of a model, small integers or floats in [0, 1).
FeedDict feed_of(const polygraph::Runner& runner, bool pinned);

}  // namespace polygraph::trt::test
