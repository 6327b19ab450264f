#pragma once

#include <polygraph/onnx/model.h>

#include <cstddef>
#include <string_view>
#include <vector>

namespace polygraph::onnx {

/// A copy of a model without its large payloads, for a library that copies what it is given, and the way
/// back. What is held back is numbered, and the number goes along in the tensor, as the location of external
/// data that does not exist. So a payload finds its place again wherever the library has put the tensor,
/// under whatever name, and as often as it has copied it.
class Weightless {
 public:
  struct Options {
    /// Payloads of more bytes are held back.
    std::size_t limit = 1024;
    /// Lists of up to so many integers stay all the same: they may be shapes.
    std::size_t longest_list = 8192;
    /// Hold back all external data, since the library would look for it; short lists of integers are read.
    bool external = true;
    /// Let sparse initializers look like dense ones, for a library that does not know them.
    bool sparse_as_dense = false;
  };

  Weightless(const Model& model, const Options& options);

  const Model& model() const { return copy_; }

  /// What was held back, in the order of the model.
  const std::vector<TensorData>& tensors() const { return tensors_; }
  const std::vector<SparseTensor>& sparse_tensors() const { return sparse_tensors_; }

  /// Puts the payloads back into a model that the library made of the copy. Their texts and bytes belong to
  /// the original model's storage. Throws Error if a number is not one of ours.
  void restore(Model& model) const;

  /// Whether an initializer is what a sparse one was made to look like.
  static bool stands_for_sparse(const TensorData& tensor);

  /// The location of what is held back: `#polygraph:7`. The checker of the ONNX library does not look for
  /// files whose names begin so.
  static constexpr std::string_view marker = "#polygraph:";
  static constexpr std::string_view sparse_marker = "#polygraph-sparse:";

 private:
  void hold_back(TensorData& tensor);
  void hold_back(SparseTensor& tensor);
  void restore(TensorData& tensor) const;
  void restore(SparseTensor& tensor) const;
  void show_sparse_as_dense(Graph& graph);
  void put_marker(TensorData& tensor, std::string_view text);

  Options options_;
  Model copy_;
  std::vector<TensorData> tensors_;  // numbered by index
  std::vector<SparseTensor> sparse_tensors_;
};

}  // namespace polygraph::onnx
