#pragma once

#include <polygraph/core/literals.h>
#include <polygraph/core/options.h>
#include <polygraph/core/shape.h>
#include <polygraph/core/tensor.h>

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace polygraph::compare {

/// The least and the greatest value of random numbers, both included. A `long double` holds every int64 and
/// uint64 exactly.
struct ValueRange {
  long double min = 0;
  long double max = 1;
  friend bool operator==(const ValueRange&, const ValueRange&) = default;
};
std::string cpp_literal(const ValueRange& range);

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

  static constexpr auto fields() {
    using Self = DataLoaderOptions;
    return std::tuple(
        Field{"seed", &Self::seed, "The seed of the first iteration.", "N"},
        Field{"iterations", &Self::iterations, "How many sets of inputs to make up.", "N"},
        Field{"val_range", &Self::val_range, "Ranges by the name of the input, or \"\".",
              "[NAME:][LOW,HIGH]"},
        Field{"input_metadata", &Self::input_metadata, "Types and shapes other than the model's.",
              "NAME:SHAPE"},
        Field{"default_dimension", &Self::default_dimension, "The size of open dimensions.", "N"});
  }
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
