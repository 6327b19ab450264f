#pragma once

#include <polygraph/onnx/model.h>

#include <set>
#include <string_view>
#include <utility>

namespace polygraph::onnx {

/// Tells nodes whose results differ from run to run: random operators, Dropout where it may be training,
/// nodes whose sub-graphs hold such nodes, and calls of functions that do.
class RandomNodes {
 public:
  explicit RandomNodes(const Model& model);
  bool is_random(const Node& node) const;

 private:
  bool is_random_here(const Node& node) const;

  std::int64_t opset_;
  std::set<std::pair<std::string_view, std::string_view>> functions_;  ///< domain and name of random ones
};

}  // namespace polygraph::onnx
