#pragma once

#include <gtest/gtest.h>
#include <polygraph/core/runner.h>

#include <functional>
#include <memory>
#include <string>

/// What every backend's runner does, tested the same way for each: instantiate the suite with a function that
/// makes a runner of a model. The models:
///
/// | name | inputs | outputs |
/// |---|---|---|
/// | identity | x float32 (1, 1, 2, 2) | y = x |
/// | dynamic | x float32 (-1, 3) | y = x |
/// | bounded | x float32 (1..4, 3) | y = x |
/// | two | a float32 (2,), b int64 (2,) | c = a, d = b |
/// | big | x float32 (256, 256) | y = x |
/// | failing | making the runner's engine throws InputError | |
namespace polygraph::test {

struct RunnerBackend {
  std::string name;
  std::function<std::unique_ptr<Runner>(const std::string& model)> make;
  bool has_bounds = true;  ///< whether the engine's models can bound a dimension
};
inline void PrintTo(const RunnerBackend& backend, std::ostream* stream) {
  *stream << backend.name;
}

class RunnerContract : public testing::TestWithParam<RunnerBackend> {
 protected:
  std::unique_ptr<Runner> make(const std::string& model) { return GetParam().make(model); }
};

inline std::string name_of(const testing::TestParamInfo<RunnerBackend>& info) {
  return info.param.name;
}

}  // namespace polygraph::test
