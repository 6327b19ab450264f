#include "onnx/diff_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/python_repr.h"

namespace polygraph::onnx {
namespace {

constexpr std::size_t longest_list = 16;

struct ValueText {
  std::string operator()(std::monostate) const { return "unknown"; }
  std::string operator()(float value) const { return fmt::format("{}", value); }
  std::string operator()(std::int64_t value) const { return fmt::format("{}", value); }
  std::string operator()(std::string_view text) const { return python_repr(text); }
  std::string operator()(const TensorData& tensor) const {
    return fmt::format("tensor({}, shape={})", element_type_name(tensor.data_type), Shape(tensor.dims).str());
  }
  std::string operator()(const SparseTensor& tensor) const {
    return fmt::format("sparse_tensor({}, shape={})", element_type_name(tensor.values.data_type),
                       Shape(tensor.dims).str());
  }
  std::string operator()(const Graph& graph) const {
    return fmt::format("graph of {} nodes", graph.nodes.size());
  }
  std::string operator()(const Type& type) const { return to_string(type); }
  template <class T>
  std::string operator()(const Box<T>& box) const {
    return box ? (*this)(*box) : std::string("none");
  }
  template <class T>
  std::string operator()(const std::vector<T>& list) const {
    std::string text = "[";
    for (std::size_t i = 0; i < std::min(list.size(), longest_list); ++i) {
      if (i != 0) text += ", ";
      text += (*this)(list[i]);
    }
    if (list.size() > longest_list) text += fmt::format(", ... {} in all", list.size());
    return text + "]";
  }
};

bool same_dimension(const DimensionInfo& a, const DimensionInfo& b) {
  return a.value == b.value && a.denotation == b.denotation;
}

}  // namespace

std::string attribute_text(const Attribute& attribute) {
  if (!attribute.ref_attr_name.empty()) return "@" + std::string(attribute.ref_attr_name);
  return std::visit(ValueText(), attribute.value);
}

bool same_type(const Type& a, const Type& b) {
  if (a.kind != b.kind || a.element_type != b.element_type || a.denotation != b.denotation ||
      a.opaque_domain != b.opaque_domain || a.opaque_name != b.opaque_name ||
      static_cast<bool>(a.shape) != static_cast<bool>(b.shape) ||
      static_cast<bool>(a.element) != static_cast<bool>(b.element))
    return false;
  if (a.shape && !std::ranges::equal(a.shape->dims, b.shape->dims, same_dimension)) return false;
  return !a.element || same_type(*a.element, *b.element);
}

}  // namespace polygraph::onnx
