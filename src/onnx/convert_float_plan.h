#pragma once

#include <polygraph/onnx/convert_float.h>
#include <polygraph/onnx/editor.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "onnx/float_narrowing.h"
#include "onnx/float_operators.h"

// What a conversion to float16 or bfloat16 knows and decides of a model before it changes anything. Below,
// "narrow" means: in that type instead of float32.

namespace polygraph::onnx {

enum class ElementKind : std::uint8_t { unknown, other, float32 };

struct FloatScope;

/// A value of one graph.
struct FloatValue {
  std::string_view name;
  FloatScope* scope = nullptr;
  std::optional<NodeId> producer;
  ElementKind kind = ElementKind::unknown;
  bool is_size = false;      ///< computed from sizes of tensors only
  bool is_constant = false;  ///< an initializer or the output of a Constant node
  bool survives = true;      ///< a constant whose values are good enough in the narrow type
  bool is_narrow = false;    ///< the type in which it is made
  // While the model is rewritten: the names of the value as it is made and, once needed, in the other type.
  std::string_view home_name;
  std::string_view other_name;
};

struct NodePlan {
  enum class Mode : std::uint8_t {
    kept,       ///< takes and makes float32
    converted,  ///< takes and makes the narrow type, where the operator has it
    flexible    ///< takes its one input in the type that it has, and makes no floats of its type
  };
  NodeId id{};
  const FloatOperator* op = nullptr;
  Mode mode = Mode::kept;
  std::string reason;  ///< why it is kept
  std::vector<std::unique_ptr<FloatScope>> inner;
};

/// One graph with the values it defines and plans for its nodes.
struct FloatScope {
  FloatScope(Model& model, Graph& graph, FloatScope* around) : editor(model, graph), outer(around) {}

  GraphEditor editor;
  FloatScope* outer;
  NodePlan* owner = nullptr;  ///< the node whose sub-graph this is
  std::unordered_map<std::string_view, FloatValue> values;
  std::vector<NodePlan> nodes;

  /// The value that the name means here; null for the empty name and unknown ones.
  FloatValue* find(std::string_view name);
};

class FloatPlan {
 public:
  FloatPlan(Model& model, NarrowType type, const ConvertFloatOptions& options, ConvertFloatReport& report);

  FloatScope& main() { return *main_; }
  NarrowType type() const { return type_; }
  const ConvertFloatOptions& options() const { return options_; }
  std::int64_t opset() const { return opset_; }
  /// A name that nothing in the model has, as long as the model.
  std::string_view fresh_name(std::string_view wish);

  /// Whether the node takes this float32 value as a narrow one.
  bool takes_narrow(const NodePlan& plan, const Node& node, std::size_t input, const FloatValue& value) const;
  /// Whether the graph gives its outputs that are float32 as narrow ones.
  bool gives_narrow(const FloatScope& scope) const;
  bool allows(const FloatOperator& op, char letter) const;
  /// The values of a constant, as float32.
  Tensor constant_values(const FloatValue& value) const;

 private:
  std::unique_ptr<FloatScope> open(Graph& graph, FloatScope* outer, NodePlan* owner);
  void define(FloatScope& scope, std::string_view name, ElementKind kind, std::optional<NodeId> producer);
  void infer_types(FloatScope& scope);
  void infer_types(FloatScope& scope, NodePlan& plan);
  void infer_body_inputs(FloatScope& scope, const Node& node, NodePlan& plan);
  ElementKind output_kind(FloatScope& scope, const NodePlan& plan, std::size_t output);
  ElementKind kind_of_letter(FloatScope& scope, const NodePlan& plan, char letter);
  bool computes_sizes(FloatScope& scope, const Node& node);

  void decide(FloatScope& scope);
  void decide(FloatScope& scope, NodePlan& plan);
  std::string reason_to_keep(FloatScope& scope, const NodePlan& plan) const;
  void check_constants();
  void settle_types(FloatScope& scope);
  void settle_constants();

  template <class Visitor>
  void for_each_scope(FloatScope& scope, Visitor&& visit);
  /// Calls visit(value, is taken as narrow, who decides it or null) for every use of a float32 value.
  template <class Visitor>
  void for_each_use(Visitor&& visit);

  Model& model_;
  NarrowType type_;
  const ConvertFloatOptions& options_;
  ConvertFloatReport& report_;
  std::int64_t opset_;
  std::unordered_set<std::string_view> blocked_nodes_;
  std::unordered_set<std::string_view> names_;
  std::unique_ptr<FloatScope> main_;
};

bool is_control_flow(const Node& node);

/// The tensor in an attribute of a Constant or ConstantOfShape node, as float32.
Tensor float_values(const TensorData& data, const Model& model);

/// Changes the model as planned.
void rewrite(Model& model, FloatPlan& plan, ConvertFloatReport& report);

}  // namespace polygraph::onnx
