#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/pattern.h>

#include <algorithm>
#include <deque>
#include <unordered_map>
#include <unordered_set>

#include "onnx/attributes.h"
#include "onnx/constant_value.h"
#include "onnx/graphs.h"
#include "onnx/name_table.h"

namespace polygraph::onnx {
namespace {

constexpr std::uint32_t none = NameTable::none;
constexpr int largest_effort = 4096;
constexpr std::size_t most_consumers = 256;

bool is_constant(const Node& node) {
  return is_standard(node, "Constant");
}

bool is_commutative(const Node& node) {
  static const std::unordered_set<std::string_view> names{
      "Add", "Mul", "And",  "Or",         "Xor",       "Equal",     "Max",
      "Min", "Sum", "Mean", "BitwiseAnd", "BitwiseOr", "BitwiseXor"};
  return is_standard_domain(node.domain) && names.contains(node.op_type);
}

/// Without those that are left out at the end.
std::size_t count_inputs(const std::vector<std::string_view>& inputs) {
  std::size_t count = inputs.size();
  while (count > 0 && inputs[count - 1].empty()) --count;
  return count;
}

/// A pattern with numbers for names.
class Compiled {
 public:
  struct PatternNode {
    const Node* node = nullptr;
    bool any = false;
    bool commutative = false;
    std::vector<std::uint32_t> inputs;  ///< values; none: left out
    std::vector<std::uint32_t> outputs;
  };
  struct PatternValue {
    std::uint32_t producer = none;
    std::vector<std::uint32_t> consumers;
    const TensorData* constant = nullptr;
    bool is_input = false;
    bool is_output = false;
  };
  /// How a node is found when those before it are: as what makes a value, or as one of what takes it.
  struct Step {
    std::uint32_t node = none;
    std::uint32_t value = none;
    bool makes_value = false;
  };

  explicit Compiled(const Model& pattern) : model(pattern) {
    const Graph& graph = pattern.graph;
    for (const TensorData& tensor : graph.initializers) value(tensor.name).constant = &tensor;
    for (const ValueInfo& input : graph.inputs) {
      inputs.push_back(number(input.name));
      if (!values[inputs.back()].constant) values[inputs.back()].is_input = true;
    }
    for (const Node& node : graph.nodes) add(node);
    for (const ValueInfo& output : graph.outputs) {
      outputs.push_back(number(output.name));
      values[outputs.back()].is_output = true;
    }
    check();
  }

  /// The order in which nodes are found from the first one; misses those that are not connected with it.
  std::vector<Step> plan(std::uint32_t anchor) const {
    std::vector<Step> steps;
    std::vector<bool> known(nodes.size());
    std::deque<Step> makers{
        {anchor, none, true}};  // each leads to one node: before those that lead to several
    std::deque<Step> takers;
    while (!makers.empty() || !takers.empty()) {
      std::deque<Step>& from = makers.empty() ? takers : makers;
      const Step step = from.front();
      from.pop_front();
      if (known[step.node]) continue;
      known[step.node] = true;
      steps.push_back(step);
      for (const std::vector<std::uint32_t>* list : {&nodes[step.node].inputs, &nodes[step.node].outputs}) {
        for (const std::uint32_t each : *list) {
          if (each == none || values[each].constant) continue;
          if (values[each].producer != none) makers.push_back({values[each].producer, each, true});
          for (const std::uint32_t consumer : values[each].consumers)
            takers.push_back({consumer, each, false});
        }
      }
    }
    return steps;
  }

  const Model& model;
  std::vector<PatternNode> nodes;
  std::vector<PatternValue> values;
  std::vector<std::uint32_t> inputs;
  std::vector<std::uint32_t> outputs;

 private:
  [[noreturn]] static void fail(const std::string& why) {
    throw InputError("Cannot use the model as a pattern: " + why,
                     "A pattern is a connected graph of at least one node, without sub-graphs.");
  }

  std::uint32_t number(std::string_view name) {
    const std::uint32_t found = names_.add(name);
    if (found >= values.size()) values.resize(found + 1);
    return found;
  }
  PatternValue& value(std::string_view name) { return values[number(name)]; }

  void add(const Node& node) {
    if (has_subgraphs(node))
      fail(fmt::format("the node '{}' [Op: {}] has a sub-graph.", node.name, node.op_type));
    if (is_constant(node) && node.outputs.size() == 1) {
      if (const TensorData* tensor = constant_value(node, made_.emplace_back())) {
        value(node.outputs[0]).constant = tensor;
        return;
      }
    }
    const auto index = static_cast<std::uint32_t>(nodes.size());
    PatternNode& made = nodes.emplace_back();
    made.node = &node;
    made.any = node.domain == "polygraph" && node.op_type == "Any";
    made.commutative = is_commutative(node);
    for (std::size_t i = 0; i < count_inputs(node.inputs); ++i) {
      made.inputs.push_back(node.inputs[i].empty() ? none : number(node.inputs[i]));
      if (made.inputs.back() != none) values[made.inputs.back()].consumers.push_back(index);
    }
    for (const std::string_view output : node.outputs) {
      made.outputs.push_back(output.empty() ? none : number(output));
      if (output.empty()) continue;
      PatternValue& result = values[made.outputs.back()];
      if (result.producer != none || result.constant || result.is_input)
        fail(fmt::format("the value '{}' is made twice.", output));
      result.producer = index;
    }
  }

  void check() const {
    if (nodes.empty()) fail("it has no nodes.");
    if (outputs.empty()) fail("it has no outputs.");
    for (std::uint32_t i = 0; i < values.size(); ++i) {
      const PatternValue& each = values[i];
      if (each.is_output && each.producer == none)
        fail(fmt::format("no node makes its output '{}'.", names_[i]));
      if (each.producer == none && !each.constant && !each.is_input)
        fail(fmt::format("nothing makes the value '{}'.", names_[i]));
    }
    if (plan(0).size() < nodes.size()) fail("its nodes are not connected with each other.");
  }

  NameTable names_;
  std::deque<TensorData> made_;
};

/// Searches one graph. Nodes of the pattern are fitted one after the other as the plan says; where one does
/// not fit, the search goes back to the last place where there was another choice.
class Matcher {
 public:
  Matcher(const Compiled& pattern, const GraphEditor& editor)
      : pattern_(pattern), editor_(editor), order_(editor.nodes()) {}

  std::vector<Match> run() {
    plan_ = pattern_.plan(choose_anchor());
    levels_.resize(plan_.size());
    bound_.resize(pattern_.values.size());
    fitted_.resize(pattern_.nodes.size());
    std::vector<std::pair<std::uint32_t, Match>> found;
    for (std::uint32_t i = 0; i < order_.size(); ++i)
      position_.emplace(static_cast<std::uint32_t>(order_[i]), i);
    const Compiled::PatternNode& anchor = pattern_.nodes[plan_[0].node];
    for (const NodeId start : order_) {
      if (!same_operator(anchor, editor_.node(start)) || used_.contains(start)) continue;
      if (!search(start)) continue;
      std::uint32_t last = 0;
      for (const NodeId node : fitted_) {
        used_.insert(node);
        last = std::max(last, position_.at(static_cast<std::uint32_t>(node)));
      }
      found.emplace_back(last, match());
    }
    std::ranges::sort(found, {}, &std::pair<std::uint32_t, Match>::first);
    std::vector<Match> matches;
    for (auto& [last, each] : found) matches.push_back(std::move(each));
    return matches;
  }

 private:
  struct Choice {
    NodeId node{};
    bool swapped = false;
  };
  struct Level {
    std::vector<Choice> choices;
    std::size_t next = 0;
    std::vector<std::uint32_t> bound_here;
  };

  static bool same_operator(const Compiled::PatternNode& wanted, const Node& node) {
    if (wanted.any) return true;
    return wanted.node->op_type == node.op_type &&
           (wanted.node->domain == node.domain ||
            (is_standard_domain(wanted.node->domain) && is_standard_domain(node.domain)));
  }

  /// Of the nodes that make outputs, the one whose operator is rarest in the graph.
  std::uint32_t choose_anchor() const {
    std::unordered_map<std::string_view, std::size_t> counts;
    for (const NodeId node : order_) ++counts[editor_.node(node).op_type];
    std::uint32_t best = none;
    std::size_t fewest = 0;
    for (const std::uint32_t output : pattern_.outputs) {
      const std::uint32_t maker = pattern_.values[output].producer;
      const Compiled::PatternNode& node = pattern_.nodes[maker];
      const auto found = counts.find(node.node->op_type);
      const std::size_t count = node.any ? order_.size() : found == counts.end() ? 0 : found->second;
      if (best == none || count < fewest) {
        best = maker;
        fewest = count;
      }
    }
    return best;
  }

  bool search(NodeId start) {
    int effort = 0;
    std::size_t depth = 0;
    open(0, start);
    while (true) {
      Level& level = levels_[depth];
      undo(level);
      if (level.next == level.choices.size()) {
        if (depth == 0) return false;
        --depth;
        continue;
      }
      if (++effort > largest_effort) break;
      const Choice choice = level.choices[level.next++];
      if (!fit(plan_[depth].node, choice, level)) continue;
      if (depth + 1 < plan_.size()) {
        open(++depth, std::nullopt);
      } else if (is_closed()) {
        for (Level& each : levels_) forget(each);
        return true;
      }
    }
    for (Level& each : levels_) undo(each);
    return false;
  }

  /// Lists the nodes that may stand for the next node of the plan.
  void open(std::size_t depth, std::optional<NodeId> start) {
    Level& level = levels_[depth];
    level.choices.clear();
    level.next = 0;
    const Compiled::Step& step = plan_[depth];
    const bool commutative = pattern_.nodes[step.node].commutative;
    const auto offer = [&](NodeId node) {
      level.choices.push_back({node, false});
      if (commutative) level.choices.push_back({node, true});
    };
    if (start) return offer(*start);
    const std::string_view value = *bound_[step.value];
    if (step.makes_value) {
      if (const auto maker = editor_.producer(value)) offer(*maker);
      return;
    }
    const std::span<const Use> uses = editor_.consumers(value);
    for (const Use& use : uses.first(std::min(uses.size(), most_consumers)))
      if (use.input != Use::captured) offer(use.node);
  }

  void undo(Level& level) {
    for (const std::uint32_t value : level.bound_here) bound_[value].reset();
    forget(level);
  }
  /// Leaves the bindings to the match.
  static void forget(Level& level) { level.bound_here.clear(); }

  bool bind(std::uint32_t value, std::string_view name, Level& level) {
    if (bound_[value]) return *bound_[value] == name;
    bound_[value] = name;
    level.bound_here.push_back(value);
    return true;
  }

  /// Whether the node of the graph can stand for the node of the pattern, given what is bound by now.
  bool fit(std::uint32_t index, const Choice& choice, Level& level) {
    const Compiled::PatternNode& wanted = pattern_.nodes[index];
    const Node& node = editor_.node(choice.node);
    if (!same_operator(wanted, node) || used_.contains(choice.node) || is_fitted(choice.node, level))
      return false;
    const std::size_t inputs = count_inputs(node.inputs);
    if (inputs != wanted.inputs.size() || node.outputs.size() < wanted.outputs.size()) return false;
    if (choice.swapped && inputs != 2) return false;
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      const std::string_view made = node.outputs[i];
      const std::uint32_t value = i < wanted.outputs.size() ? wanted.outputs[i] : none;
      if (value == none ? editor_.is_used(made) : made.empty() || !bind(value, made, level)) return false;
    }
    for (std::size_t i = 0; i < inputs; ++i) {
      const std::string_view taken = node.inputs[choice.swapped ? 1 - i : i];
      const std::uint32_t value = wanted.inputs[i];
      if ((value == none) != taken.empty()) return false;
      if (value == none) continue;
      if (pattern_.values[value].constant ? !is_constant_of(taken, *pattern_.values[value].constant)
                                          : !bind(value, taken, level))
        return false;
    }
    if (!fits_attributes(*wanted.node, node)) return false;
    fitted_[index] = choice.node;
    return true;
  }

  bool is_fitted(NodeId node, const Level& level) const {
    const auto depth = static_cast<std::size_t>(&level - levels_.data());
    for (std::size_t i = 0; i < depth; ++i)
      if (fitted_[plan_[i].node] == node) return true;
    return false;
  }

  bool is_constant_of(std::string_view value, const TensorData& wanted) const {
    TensorData made;
    const TensorData* tensor = editor_.constant(value);
    if (!tensor)
      if (const auto maker = editor_.producer(value); maker && is_constant(editor_.node(*maker)))
        tensor = constant_value(editor_.node(*maker), made);
    return tensor && same_constant(wanted, pattern_.model, *tensor, editor_.model());
  }

  /// The name that the pattern gives to an attribute it leaves open.
  static std::optional<std::string_view> open_name(const Attribute& attribute) {
    if (!attribute.ref_attr_name.empty()) return attribute.ref_attr_name;
    const auto* text = std::get_if<std::string_view>(&attribute.value);
    if (!text || !text->starts_with('@')) return std::nullopt;
    return text->size() == 1 ? attribute.name : text->substr(1);
  }

  static const Attribute* find(const Node& node, std::string_view name) {
    const auto found = std::ranges::find(node.attributes, name, &Attribute::name);
    return found == node.attributes.end() ? nullptr : &*found;
  }

  bool fits_attributes(const Node& wanted, const Node& node) const {
    return std::ranges::all_of(wanted.attributes, [&](const Attribute& attribute) {
      if (open_name(attribute)) return true;
      const Attribute* found = find(node, attribute.name);
      return found && same_value(attribute, pattern_.model, *found, editor_.model());
    });
  }

  /// Whether nothing outside of the match takes a value inside of it.
  bool is_closed() const {
    for (std::uint32_t i = 0; i < pattern_.values.size(); ++i) {
      const Compiled::PatternValue& value = pattern_.values[i];
      if (value.producer == none || value.is_output) continue;
      const std::string_view name = *bound_[i];
      if (editor_.is_graph_output(name)) return false;
      // More uses than the pattern has are outside, so that not all of them need be looked at.
      const std::span<const Use> uses = editor_.consumers(name);
      if (uses.size() != value.consumers.size()) return false;
      for (const Use& use : uses)
        if (use.input == Use::captured || std::ranges::find(fitted_, use.node) == fitted_.end()) return false;
      if (uses.empty() && editor_.is_used(name)) return false;
    }
    return true;
  }

  /// Takes the bindings over.
  Match match() {
    Match made;
    made.nodes = fitted_;
    for (const std::uint32_t input : pattern_.inputs) made.inputs.push_back(bound_[input].value_or(""));
    for (const std::uint32_t output : pattern_.outputs) made.outputs.push_back(*bound_[output]);
    for (std::size_t i = 0; i < fitted_.size(); ++i) {
      for (const Attribute& attribute : pattern_.nodes[i].node->attributes) {
        const auto name = open_name(attribute);
        const Attribute* found = find(editor_.node(fitted_[i]), attribute.name);
        if (name && found) made.attributes.emplace(*name, found);
      }
    }
    std::ranges::fill(bound_, std::nullopt);
    return made;
  }

  const Compiled& pattern_;
  const GraphEditor& editor_;
  std::vector<NodeId> order_;
  std::vector<Compiled::Step> plan_;
  std::unordered_map<std::uint32_t, std::uint32_t> position_;
  std::vector<Level> levels_;
  std::vector<std::optional<std::string_view>> bound_;  // by value of the pattern
  std::vector<NodeId> fitted_;                          // by node of the pattern
  struct NodeHash {
    std::size_t operator()(NodeId node) const { return static_cast<std::size_t>(node); }
  };
  std::unordered_set<NodeId, NodeHash> used_;
};

}  // namespace

Pattern::Pattern(Model pattern) : pattern_(std::move(pattern)) {
  Compiled check(pattern_);
}

std::vector<Match> Pattern::find_all(const GraphEditor& editor) const {
  const Compiled compiled(pattern_);
  return Matcher(compiled, editor).run();
}

}  // namespace polygraph::onnx
