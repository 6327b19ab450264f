#pragma once

#include <polygraph/core/shape.h>
#include <polygraph/core/tensor.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace polygraph::compare {

/// The least and the greatest value of random numbers, both included. A `long double` holds every int64 and
/// uint64 exactly.
struct ValueRange {
  long double min = 0;
  long double max = 1;
  friend bool operator==(const ValueRange&, const ValueRange&) = default;
};

/// How inputs are made up.
struct DataLoaderOptions {
  /// The first iteration's; each further one has the next. At most 2^32 - 1 for the last.
  std::uint64_t seed = 1;
  std::int64_t iterations = 1;
  /// Ranges by the name of the input; the name "" is for all others. Integers take the whole part of the
  /// bounds, booleans whether a bound is zero. An infinite bound makes infinities.
  std::map<std::string, ValueRange> val_range = {};
  /// Types and shapes of inputs other than the model's, by name or wildcard; a missing type or an unknown
  /// rank leaves that to the model. For an integer input of shape (n,) a static shape of n dimensions that
  /// does not fit becomes the *values* of the input: it is taken for a shape.
  TensorMetadata input_metadata = {};
  /// The size of open dimensions without a lower or upper bound.
  std::int64_t default_dimension = 1;
};

/// Makes up inputs for a model: for the same options the very numbers that Polygraphy's DataLoader makes
/// (NumPy's RandomState: Mersenne Twister, floats of 53 bits, masked rejection for integers), on every
/// machine. Types that NumPy lacks are made from ones that it has: narrow floats are rounded, integers of 2
/// and 4 bits are drawn as 8 bits. Thread-safe.
/// @code
///   DataLoader data(runner.input_metadata(), {.iterations = 8, .val_range = {{"", {-1, 1}}}});
///   for (std::int64_t i = 0; i < data.iterations(); ++i) runner.infer(data[i]);
/// @endcode
class DataLoader {
 public:
  /// Throws UsageError for options out of range; InputError for an input of unknown rank without a shape
  /// given. Names that no input has, shapes that do not fit and open dimensions are warned about.
  explicit DataLoader(TensorMetadata inputs, DataLoaderOptions options = {});

  std::int64_t iterations() const { return options_.iterations; }

  /// The inputs of one iteration, the same at each call. Throws UsageError if there is no such iteration, or
  /// a range is empty or not within the type.
  FeedDict operator[](std::int64_t iteration) const;

 private:
  struct Input {
    std::string name;
    DataType dtype{};
    Shape shape;
    bool is_shape = false;  // `shape` is the input's values
  };

  DataLoaderOptions options_;
  std::vector<Input> inputs_;
};

}  // namespace polygraph::compare
