#include "openvino/text_copies.h"

#include <openvino/core/graph_util.hpp>
#include <openvino/core/rt_info.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/identity.hpp>
#include <openvino/op/reshape.hpp>
#include <openvino/op/shape_of.hpp>
#include <openvino/op/util/multi_subgraph_base.hpp>

namespace polygraph::openvino {

namespace {

// The shape that Reshape is to give: that of the value itself.
ov::Output<ov::Node> same_shape(const ov::Output<ov::Node>& value) {
  const ov::Rank rank = value.get_partial_shape().rank();
  if (rank.is_dynamic()) return std::make_shared<ov::op::v3::ShapeOf>(value);
  const auto length = static_cast<std::size_t>(rank.get_length());
  const std::vector<std::int64_t> as_it_is(length, 0);
  return ov::op::v0::Constant::create(ov::element::i64, ov::Shape{length}, as_it_is);
}

}  // namespace

void replace_copies_of_texts(ov::Model& model) {
  for (const auto& node : model.get_ordered_ops()) {
    if (const auto parent = ov::as_type_ptr<ov::op::util::MultiSubGraphOp>(node))
      for (const auto& body : parent->get_functions()) replace_copies_of_texts(*body);
    if (!ov::is_type<ov::op::v16::Identity>(node) || node->get_element_type() != ov::element::string)
      continue;
    const ov::Output<ov::Node> value = node->input_value(0);
    const auto copy = std::make_shared<ov::op::v1::Reshape>(value, same_shape(value), true);
    copy->set_friendly_name(node->get_friendly_name());
    ov::copy_runtime_info(node, copy);
    ov::replace_node(node, copy);
  }
}

}  // namespace polygraph::openvino
