#pragma once

#include <NvInfer.h>
#include <polygraph/core/tensor.h>
#include <polygraph/trt/objects.h>
#include <polygraph/trt/profile.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace polygraph::trt {

/// What a profile allows an input to be: its shape, or of an input on the host its values, which are empty if
/// the profile says nothing of them.
ShapeRange read_range(const nvinfer1::ICudaEngine& engine, const char* input, int profile);

/// What goes into and comes out of an engine, read from it once.
class Signature {
 public:
  struct Tensor {
    const char* name;  ///< the engine's
    DataType dtype;
    std::vector<std::int64_t> dims;  ///< -1: open
    bool on_host;                    ///< its values are shapes, which are read and written on the host
    bool linear;                     ///< row-major
    /// Of an output that the engine writes over an input: that input's index.
    std::optional<std::size_t> aliased_input = {};
  };
  /// The ranges of all inputs, in their order; for those on the host their values.
  using Ranges = std::vector<ShapeRange>;

  /// Throws BackendError if a tensor has a type that tensors here do not have.
  explicit Signature(const nvinfer1::ICudaEngine& engine);

  const std::vector<Tensor>& inputs() const { return inputs_; }
  const std::vector<Tensor>& outputs() const { return outputs_; }
  const std::vector<Ranges>& profiles() const { return profiles_; }

  /// Inputs with the bounds that the profiles (or the one given) leave to their open dimensions.
  TensorMetadata input_metadata(int profile) const;
  TensorMetadata output_metadata() const;

  /// The profile that accepts what is fed, and of several the one tuned for the nearest shapes.
  /// @param fed  For each input its shape, or if it is on the host its values.
  /// @param only  The one profile that comes into question; -1: all.
  /// Throws InputError, saying what each profile allows, if there is none.
  int choose_profile(std::span<const std::vector<std::int64_t>> fed, int only) const;

  /// What the profiles (or one) allow for an input: `profile 0: min (1, 3), opt (2, 3), max (4, 3)`.
  std::string allowed(std::size_t input, int only) const;
  bool has_output(std::string_view name) const;
  std::size_t input_index(std::string_view name) const;

 private:
  std::vector<Tensor> inputs_;
  std::vector<Tensor> outputs_;
  std::vector<Ranges> profiles_;
};

}  // namespace polygraph::trt
