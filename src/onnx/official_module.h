#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace polygraph::onnx {

/// The face of `libpolygraph-onnx-official.so`: encoded models in, encoded models or complaints out. The
/// module exports `extern "C" const polygraph::onnx::OfficialModule* polygraph_onnx_official()`. Thread-safe;
/// nothing is thrown but std::bad_alloc.
class OfficialModule {
 public:
  using Encoded = std::span<const std::byte>;

  /// A complaint, and the name of the node it is about, if any.
  struct Complaint {
    std::string message;
    std::string node;
  };
  struct Result {
    std::string model;                  ///< encoded; empty if it could not be made
    std::vector<Complaint> complaints;  ///< in the order found
  };

  /// The version of the library, e.g. `1.23.2`.
  virtual std::string_view version() const = 0;
  /// The newest versions it knows: of the format, and of the standard operators.
  virtual std::int64_t ir_version() const = 0;
  virtual std::int64_t opset_version() const = 0;

  /// Complaints only.
  virtual Result check(Encoded model, bool full) const = 0;
  /// The model with types and shapes as far as they could be inferred.
  virtual Result infer_shapes(Encoded model, bool check_types, bool data_propagation) const = 0;
  virtual Result convert_opset(Encoded model, std::int64_t version) const = 0;
  /// @param functions  Domain and name of those to inline.
  virtual Result inline_functions(
      Encoded model, const std::vector<std::pair<std::string, std::string>>& functions) const = 0;
  /// Reads a model, or a graph, whose model then has `ir_version()` and `opset_version()`.
  virtual Result parse(std::string_view text) const = 0;
  /// The text in `Result::model`.
  virtual Result print(Encoded model) const = 0;
  /// The opset in which the definition of an operator that holds in `opset` appeared; 0 if there is none, -1
  /// if it is deprecated there.
  virtual int since_version(const std::string& domain, const std::string& op_type, int opset) const = 0;

 protected:
  ~OfficialModule() = default;
};

}  // namespace polygraph::onnx
