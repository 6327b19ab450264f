#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/passes.h>

#include <algorithm>

#include "onnx/name_table.h"
#include "onnx/passes_common.h"

namespace polygraph::onnx::passes {
namespace {

class Insertion {
 public:
  Insertion(Model& model, const NewNode& wanted)
      : editor_(model),
        wanted_(wanted),
        attempt_(fmt::format("Inserting a node '{}' [Op: {}]", wanted.name, wanted.op_type)) {}

  void run() {
    check();
    check_cycle();
    Node node;
    node.name = editor_.intern(wanted_.name);
    node.op_type = editor_.intern(wanted_.op_type);
    node.domain = wanted_.domain.empty() ? std::string_view() : editor_.intern(wanted_.domain);
    node.attributes = wanted_.attributes;
    std::vector<NodeId> detached;
    for (const std::string& output : wanted_.outputs)
      node.outputs.push_back(output.empty()      ? std::string_view("")
                             : is_input_(output) ? splice(output)
                                                 : take_over(output, detached));
    for (const std::string& input : wanted_.inputs) {
      const std::uint32_t renamed = renamed_from_.find(input);
      node.inputs.push_back(renamed == NameTable::none ? std::string_view(input) : renamed_to_[renamed]);
    }
    const NodeId inserted = put(std::move(node));
    remove_dead(std::move(detached), inserted);
    restore_order(inserted);
  }

 private:
  [[noreturn]] void fail(const std::string& problem, std::string remedy) const {
    throw InputError(attempt_ + ": " + problem, std::move(remedy));
  }

  bool is_input_(std::string_view name) const {
    return std::ranges::find(wanted_.inputs, name) != wanted_.inputs.end();
  }

  void check() const {
    if (wanted_.op_type.empty()) fail("it has no operator.", "Name the operator.");
    std::size_t outputs = 0;
    for (const std::vector<std::string>* names : {&wanted_.inputs, &wanted_.outputs}) {
      for (const std::string& name : *names) {
        if (name.empty()) continue;
        outputs += names == &wanted_.outputs;
        if (!editor_.is_defined(name))
          fail(fmt::format("there is no value '{}' in the model.{}", name,
                           suggest(name, value_names(editor_))),
               "'polygraph inspect model FILE --show layers' lists all names.");
        if (names == &wanted_.inputs) continue;
        if (std::ranges::count(wanted_.outputs, name) > 1)
          fail(fmt::format("the output '{}' is named twice.", name), "Name each once.");
        const bool must_be_made = !is_input_(name) || editor_.is_graph_output(name);
        if (must_be_made && !editor_.producer(name))
          fail(fmt::format("'{}' cannot be its output: it is an {} of the graph.", name,
                           editor_.is_graph_input(name) ? "input" : "initializer"),
               "Name a value that a node makes.");
      }
    }
    if (outputs == 0) fail("it has no outputs.", "Name the values that it shall make.");
  }

  /// Nothing that the inputs depend on may depend on an output.
  void check_cycle() const {
    const std::vector<std::string_view> inputs(wanted_.inputs.begin(), wanted_.inputs.end());
    const std::vector<bool> before =
        nodes_behind(editor_, value_numbers(editor_, inputs), {}, [](std::uint32_t) {});
    for (const std::string& output : wanted_.outputs) {
      for (const Use& use : editor_.consumers(output)) {
        if (before[static_cast<std::size_t>(use.node)])
          fail(
              fmt::format("its inputs depend on its output '{}', by {}.", output, editor_.describe(use.node)),
              "A graph has no circles; name other inputs or outputs.");
      }
    }
  }

  void make_other(std::string_view value, std::string_view name) {
    const NodeId maker = *editor_.producer(value);
    const std::vector<std::string_view>& made = editor_.node(maker).outputs;
    editor_.set_output(maker, static_cast<std::size_t>(std::ranges::find(made, value) - made.begin()), name);
  }

  /// The node comes between the value and what takes it. Returns what it makes.
  std::string_view splice(const std::string& value) {
    const std::string_view other = editor_.unique_name(value + "_polygraphy_surgeon_insert_output");
    if (!editor_.is_graph_output(value)) {
      editor_.replace(value, other);
      return other;
    }
    // The output keeps its name, so the value in front of the node gets another one.
    if (const ValueInfo* known = editor_.value_info(value)) {
      ValueInfo info = *known;
      info.name = other;
      editor_.set_value_info(std::move(info));
    }
    make_other(value, other);
    renamed_from_.add(value);
    renamed_to_.push_back(other);
    return value;
  }

  std::string_view take_over(const std::string& value, std::vector<NodeId>& detached) {
    detached.push_back(*editor_.producer(value));
    make_other(value, "");
    return value;
  }

  /// Right behind the last producer of its inputs.
  NodeId put(Node node) {
    NameTable needed;
    for (const std::string_view input : node.inputs) needed.add(input);
    std::optional<NodeId> last;
    for (const NodeId each : editor_.nodes())
      for (const std::string_view output : editor_.node(each).outputs)
        if (!output.empty() && needed.contains(output)) last = each;
    return last ? editor_.insert_after(*last, std::move(node)) : editor_.prepend(std::move(node));
  }

  /// Removes nodes that lost their consumers, and what only they needed.
  void remove_dead(std::vector<NodeId> candidates, NodeId inserted) {
    while (!candidates.empty()) {
      const NodeId node = candidates.back();
      candidates.pop_back();
      if (!editor_.contains(node) || node == inserted) continue;
      const std::vector<std::string_view> outputs = editor_.node(node).outputs;
      if (std::ranges::any_of(outputs, [&](std::string_view name) { return editor_.is_used(name); }))
        continue;
      std::vector<std::string_view> inputs = editor_.node(node).inputs;
      const std::vector<std::string_view> captures = editor_.captures(node);
      inputs.insert(inputs.end(), captures.begin(), captures.end());
      editor_.remove(node);
      for (const std::string_view output : outputs)
        if (!output.empty()) editor_.remove_value_info(output);
      for (const std::string_view input : inputs) {
        if (const auto maker = editor_.producer(input)) candidates.push_back(*maker);
        if (!editor_.is_used(input) && !editor_.is_graph_input(input)) editor_.remove_initializer(input);
      }
    }
  }

  /// What takes the outputs may stand before the node.
  void restore_order(NodeId inserted) {
    NameTable made;
    for (const std::string_view output : editor_.node(inserted).outputs) made.add(output);
    for (auto before = editor_.previous(inserted); before; before = editor_.previous(*before)) {
      const auto takes = [&](std::string_view name) { return !name.empty() && made.contains(name); };
      if (std::ranges::any_of(editor_.node(*before).inputs, takes) ||
          std::ranges::any_of(editor_.captures(*before), takes)) {
        sort_nodes(editor_);
        return;
      }
    }
  }

  GraphEditor editor_;
  const NewNode& wanted_;
  std::string attempt_;
  NameTable renamed_from_;
  std::vector<std::string_view> renamed_to_;
};

}  // namespace

void insert_node(Model& model, const NewNode& node) {
  Insertion(model, node).run();
}

}  // namespace polygraph::onnx::passes
