#include "onnx/function_calls.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>

#include "onnx/attributes.h"
#include "onnx/graphs.h"

namespace polygraph::onnx {
namespace {

constexpr int deepest_calls = 100;

/// Sums that stay at the limit once they have reached it.
void add(std::size_t& sum, std::size_t more) {
  sum = std::min(sum + more, most_expanded_nodes + 1);
}

class Counter {
 public:
  Counter(const Model& model, const std::function<bool(const Function&)>& chosen) {
    for (const Function& function : model.functions)
      if (chosen(function))
        functions_.emplace(key(function.domain, function.name, function.overload), &function);
  }

  CallExpansion nodes(const std::vector<Node>& list, int depth) {
    CallExpansion total;
    for (const Node& node : list) {
      const auto callee = functions_.find(key(node.domain, node.op_type, node.overload));
      const CallExpansion one =
          callee == functions_.end() ? plain(node, depth) : call(*callee->second, depth);
      add(total.calls, one.calls);
      add(total.nodes, one.nodes);
    }
    return total;
  }

 private:
  using Key = std::tuple<std::string_view, std::string_view, std::string_view>;
  static Key key(std::string_view domain, std::string_view name, std::string_view overload) {
    return {plain_domain(domain), name, overload};
  }

  CallExpansion plain(const Node& node, int depth) {
    CallExpansion total{0, 1};
    for_each_subgraph(node, [&](const Graph& graph) {
      const CallExpansion nested = nodes(graph.nodes, depth);
      add(total.calls, nested.calls);
      add(total.nodes, nested.nodes);
    });
    return total;
  }

  CallExpansion call(const Function& function, int depth) {
    if (const auto known = bodies_.find(&function); known != bodies_.end()) {
      if (!known->second.done) fail(function, "calls itself, directly or through others");
      return known->second.expansion;
    }
    if (depth == deepest_calls)
      fail(function, fmt::format("is called more than {} functions deep", deepest_calls));
    bodies_[&function];
    CallExpansion expansion = nodes(function.nodes, depth + 1);
    add(expansion.calls, 1);
    bodies_[&function] = {expansion, true};
    return expansion;
  }

  [[noreturn]] static void fail(const Function& function, const std::string& what) {
    throw InputError(
        fmt::format("The function '{}.{}' of the model {}.", function.domain, function.name, what),
        "Export the model again without that, or with its functions inlined.");
  }

  struct Body {
    CallExpansion expansion;
    bool done = false;
  };
  std::map<Key, const Function*> functions_;
  std::unordered_map<const Function*, Body> bodies_;
};

}  // namespace

CallExpansion count_expansion(const Model& model, const std::function<bool(const Function&)>& chosen) {
  return Counter(model, chosen).nodes(model.graph.nodes, 0);
}

}  // namespace polygraph::onnx
