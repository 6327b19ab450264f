#pragma once

#include <polygraph/compare/data_loader.h>
#include <polygraph/compare/saved_data.h>
#include <polygraph/core/tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace polygraph::compare {

/// Where the inputs of a run come from, one iteration at a time. For one thread at a time.
/// @code
///   const auto data = loaded_inputs({"inputs.json", "more"});
///   data->open(runner.input_metadata());
///   while (const auto feed = data->next()) runner.infer(*feed);
/// @endcode
class InputData {
 public:
  virtual ~InputData() = default;

  /// Says which inputs the model has, and starts at the first iteration; may be called again. Throws
  /// InputError or UsageError if the data cannot be for such a model, as far as that is known by then.
  virtual void open(const TensorMetadata& inputs) = 0;
  /// The next iteration, or nothing at the end. The feed has exactly the model's inputs, each of its type and
  /// of a shape that it accepts. Throws InputError where that cannot be; UsageError if it is not open.
  virtual std::optional<FeedDict> next() = 0;
  /// Passes over an iteration, which is not made up, and of which is read only what its format makes
  /// necessary; false at the end.
  virtual bool skip() { return next().has_value(); }
  /// Starts at the first iteration again.
  virtual void rewind() = 0;
  /// How many iterations there are, if that is known without reading them.
  virtual std::optional<std::int64_t> iterations() const = 0;
  /// The C++ expression that makes it; empty if that is not known.
  virtual std::string str() const { return {}; }
};

/// Made-up inputs: a DataLoader.
std::unique_ptr<InputData> generated_inputs(DataLoaderOptions options = {});

/// Inputs from files and folders, one path behind the other. By content:
/// - JSON and `.npz` (`saved_data.h`);
/// - `.npy` and raw `.bin` (elements of the model's type, packed, row-major, little-endian), for a model with
///   one input; an open dimension of a `.bin` is found from its size, if it is the only one;
/// - a folder of such JSON files, one iteration each;
/// - a folder with a `.npy` or `.bin` file for each input, under its name: one iteration;
/// - a folder of such folders, in the order of their names;
/// - ONNX test data: `test_data_set_N` with `input_0.pb`, ..., or a folder of those. A tensor is for the
///   input of its name, or else for the k-th.
///
/// Where data differs from what the model says, it is adapted as long as nothing is lost, and a warning tells
/// so once for each input: another element type if every value is within the model's (to an integer type: if
/// it is exactly the same there), another shape of as many elements if the model leaves just one. Everything
/// else is an InputError: a missing or another name, values out of range, a shape that does not fit.
std::unique_ptr<InputData> loaded_inputs(std::vector<std::filesystem::path> paths);

/// Every `step`-th iteration of other data, beginning with iteration `first`: one rank's share of a run that
/// several share (reduce_iterations.h). Throws UsageError if `first` is negative or `step` below 1.
/// @code
///   const auto mine = every_nth(generated_inputs({.iterations = 1000}), ranks->rank(), ranks->size());
/// @endcode
std::unique_ptr<InputData> every_nth(std::unique_ptr<InputData> data, std::int64_t first, std::int64_t step);

/// The data as a function, as TensorRT's Calibrator takes it: iterations are asked for in order, and
/// iteration 0 opens the data for the inputs. The function's copies share the data: one thread at a time.
/// @code
///   Calibrator calibrator(feed_function(loaded_inputs({"images"})), {.cache = "calibration.cache"});
/// @endcode
std::function<std::optional<FeedDict>(std::int64_t iteration, const TensorMetadata& inputs)> feed_function(
    std::unique_ptr<InputData> data);

/// What the model should give for ONNX test data: `output_0.pb`, ... of the same folders as `loaded_inputs`
/// reads, as results of a runner. Iterations come in the same order.
/// @param outputs  The model's outputs; tensors are assigned as inputs are, and not adapted.
/// Throws InputError if there is no such folder, or an output has no tensor.
RunResults expected_outputs(const std::vector<std::filesystem::path>& paths, const TensorMetadata& outputs,
                            const std::string& runner_name = "test_data");

/// A feed as the model wants it, adapted by the rules of `loaded_inputs`.
/// @param source  What messages call the data, e.g. `'inputs.json'`.
FeedDict adapt_feed(const FeedDict& feed, const TensorMetadata& inputs, const std::string& source);

}  // namespace polygraph::compare
