#include "onnx_official/check.h"

#include <onnx/checker.h>
#include <onnx/common/proto_util.h>

#include <algorithm>
#include <limits>
#include <set>
#include <unordered_map>
#include <utility>

namespace polygraph::onnx_official {
namespace {

using Complaint = OfficialModule::Complaint;
using Opsets = std::unordered_map<std::string, int>;
using ::onnx::checker::CheckerContext;
using ::onnx::checker::LexicalScopeContext;

/// Puts simple graphs in the place of a node's sub-graphs as long as it lives, so that checking the node does
/// not check them.
class WithoutSubgraphs {
 public:
  explicit WithoutSubgraphs(::onnx::NodeProto& node) {
    for (::onnx::AttributeProto& attribute : *node.mutable_attribute()) {
      if (attribute.has_g()) put_aside(*attribute.mutable_g());
      for (::onnx::GraphProto& graph : *attribute.mutable_graphs()) put_aside(graph);
    }
  }
  WithoutSubgraphs(const WithoutSubgraphs&) = delete;
  WithoutSubgraphs& operator=(const WithoutSubgraphs&) = delete;
  ~WithoutSubgraphs() {
    for (auto& [place, graph] : graphs_) place->Swap(&graph);
  }

 private:
  void put_aside(::onnx::GraphProto& graph) {
    ::onnx::GraphProto& simple = graphs_.emplace_back(&graph, ::onnx::GraphProto()).second;
    simple.set_name("g");
    simple.Swap(&graph);
  }
  std::vector<std::pair<::onnx::GraphProto*, ::onnx::GraphProto>> graphs_;
};

std::string label(const ::onnx::NodeProto& node) {
  return node.op_type() + (node.name().empty() ? std::string() : " '" + node.name() + "'");
}

class Checker {
 public:
  std::vector<Complaint> run(::onnx::ModelProto& model) {
    if (!model.has_ir_version()) add("The model has no ir_version.");
    if (model.ir_version() > ::onnx::IR_VERSION)
      add("The model has IR version " + std::to_string(model.ir_version()) + "; the newest known one is " +
          std::to_string(::onnx::IR_VERSION) + ".");
    CheckerContext context;
    context.set_ir_version(static_cast<int>(model.ir_version()));
    Opsets opsets = imports(model.opset_import(), "The model");
    if (model.ir_version() >= 3 && opsets.empty()) add("The model imports no opset.");
    if (model.ir_version() < 3 && opsets.empty()) opsets[""] = 1;
    context.set_opset_imports(opsets);

    graph(*model.mutable_graph(), context, LexicalScopeContext());
    functions(model, context, std::move(opsets));

    // What only the library's own walk over the whole model finds. It prints about experimental operators.
    if (complaints_.empty() && !experimental_) guard("", [&] { ::onnx::checker::check_model(model); });
    return std::move(complaints_);
  }

 private:
  void add(std::string message, std::string node = {}) {
    if (seen_.emplace(message, node).second) complaints_.push_back({std::move(message), std::move(node)});
  }

  /// Runs one check of the library.
  template <class Check>
  void guard(const std::string& node, Check&& check) {
    try {
      check();
    } catch (const std::exception& error) {
      add(tidy(error.what()), node);
    }
  }

  template <class Imports>
  Opsets imports(const Imports& list, const std::string& who) {
    Opsets opsets;
    for (const auto& import : list) {
      if (import.version() < std::numeric_limits<int>::min() ||
          import.version() > std::numeric_limits<int>::max())
        add(who + " imports version " + std::to_string(import.version()) + " of the domain '" +
            import.domain() + "', which is out of range.");
      else
        opsets[import.domain()] = static_cast<int>(import.version());
    }
    return opsets;
  }

  void graph(::onnx::GraphProto& graph, const CheckerContext& context, const LexicalScopeContext& outer) {
    if (graph.name().empty()) add("A graph has no name.");
    LexicalScopeContext scope(outer);
    for (const auto& input : graph.input()) {
      guard("", [&] { ::onnx::checker::check_value_info(input, context); });
      if (scope.this_graph_has(input.name())) add("The graph input '" + input.name() + "' occurs twice.");
      scope.add(input.name());
    }
    for (const auto& output : graph.output())
      guard("", [&] { ::onnx::checker::check_value_info(output, context); });
    initializers(graph, context, scope);
    for (::onnx::NodeProto& node : *graph.mutable_node()) this->node(node, context, scope);
    for (const auto& output : graph.output())
      if (!output.name().empty() && !scope.this_graph_has(output.name()))
        add("Nothing in the graph makes its output '" + output.name() + "'.");
  }

  void initializers(const ::onnx::GraphProto& graph, const CheckerContext& context,
                    LexicalScopeContext& scope) {
    std::unordered_set<std::string> names;
    const auto name_is_good = [&](const std::string& name, const char* kind) {
      if (name.empty()) add(std::string(kind) + " has no name.");
      if (!name.empty() && !names.insert(name).second) add("The initializer '" + name + "' occurs twice.");
    };
    for (const auto& tensor : graph.initializer()) {
      name_is_good(tensor.name(), "An initializer");
      guard("", [&] { ::onnx::checker::check_tensor(tensor, context); });
      if (context.get_ir_version() <= 3 && !scope.this_graph_has(tensor.name()))
        add("The initializer '" + tensor.name() + "' is no graph input, which IR versions up to 3 demand.");
      scope.add(tensor.name());
    }
    for (const auto& tensor : graph.sparse_initializer()) {
      name_is_good(tensor.values().name(), "A sparse initializer");
      guard("", [&] { ::onnx::checker::check_sparse_tensor(tensor, context); });
      scope.add(tensor.values().name());
    }
  }

  void node(::onnx::NodeProto& node, const CheckerContext& context, LexicalScopeContext& scope) {
    for (const std::string& input : node.input())
      if (!input.empty() && !scope.this_or_ancestor_graph_has(input))
        add("The input '" + input + "' of " + label(node) +
                " is no input, no initializer, and not made by a node before it.",
            node.name());
    experimental_ |= ::onnx::checker::check_is_experimental_op(node);
    guard(node.name(), [&] {
      const WithoutSubgraphs simple(node);
      ::onnx::checker::check_node(node, context, scope);
    });
    CheckerContext inner = context;
    inner.set_is_main_graph(false);
    for (::onnx::AttributeProto& attribute : *node.mutable_attribute()) {
      if (attribute.has_g()) graph(*attribute.mutable_g(), inner, scope);
      for (::onnx::GraphProto& nested : *attribute.mutable_graphs()) graph(nested, inner, scope);
    }
    for (const std::string& output : node.output()) {
      if (output.empty()) continue;
      if (scope.this_or_ancestor_graph_has(output))
        add("The output '" + output + "' of " + label(node) +
                " has the name of a value that is there already.",
            node.name());
      scope.add(output);
    }
  }

  void functions(::onnx::ModelProto& model, const CheckerContext& context, Opsets model_opsets) {
    if (model.functions().empty() || model.ir_version() < 8) return;
    guard("", [&] { ::onnx::checker::check_function_call_cycles(model); });
    for (const auto& function : model.functions())
      for (const auto& [domain, version] : imports(function.opset_import(), name_of(function)))
        model_opsets.emplace(domain, version);
    for (::onnx::FunctionProto& function : *model.mutable_functions())
      this->function(function, context, model_opsets);
  }

  static std::string name_of(const ::onnx::FunctionProto& function) {
    return "The function '" + function.domain() + "." + function.name() + "'";
  }

  void no_duplicates(const google::protobuf::RepeatedPtrField<std::string>& names, const char* what,
                     const ::onnx::FunctionProto& function) {
    std::unordered_set<std::string> seen;
    for (const std::string& name : names)
      if (!seen.insert(name).second) add(name_of(function) + " has the " + what + " '" + name + "' twice.");
  }

  void function(::onnx::FunctionProto& function, const CheckerContext& context, const Opsets& model_opsets) {
    if (function.name().empty()) add("A function has no name.");
    if (!function.has_domain()) add(name_of(function) + " has no domain.");
    no_duplicates(function.input(), "input", function);
    no_duplicates(function.output(), "output", function);
    no_duplicates(function.attribute(), "attribute", function);
    CheckerContext inner = context;
    const Opsets opsets = imports(function.opset_import(), name_of(function));
    inner.set_opset_imports(opsets);
    LexicalScopeContext scope;
    for (const std::string& input : function.input()) scope.add(input);
    for (::onnx::NodeProto& node : *function.mutable_node()) {
      guard(node.name(),
            [&] { ::onnx::checker::check_opset_compatibility(node, inner, opsets, model_opsets); });
      this->node(node, inner, scope);
    }
    for (const std::string& output : function.output())
      if (!scope.this_graph_has(output))
        add("Nothing in " + name_of(function).replace(0, 1, "t") + " makes its output '" + output + "'.");
  }

  std::vector<Complaint> complaints_;
  std::set<std::pair<std::string, std::string>> seen_;
  bool experimental_ = false;
};

}  // namespace

std::vector<Complaint> check(::onnx::ModelProto& model) {
  return Checker().run(model);
}

}  // namespace polygraph::onnx_official
