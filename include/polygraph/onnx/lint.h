#pragma once

#include <polygraph/core/tensor.h>
#include <polygraph/onnx/evaluator.h>
#include <polygraph/onnx/model.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// Finds what is wrong with a model: the format's rules, the graph's structure, and nodes that do not run.
namespace polygraph::onnx {

/// One finding.
struct LintFinding {
  enum class Level : std::uint8_t {
    exception,  ///< the model is invalid or does not run
    warning,    ///< it may be meant so
    info,
  };
  /// Who says so. The names are those of Polygraphy's reports, which scripts read.
  enum class Source : std::uint8_t {
    onnxruntime,        ///< running the model or a node of it
    onnx_checker,       ///< the rules of the format (`check_model`)
    onnx_loader,        ///< reading the file
    onnx_graphsurgeon,  ///< the structure of the graph, by Polygraph itself
  };
  Level level = Level::exception;
  Source source = Source::onnx_graphsurgeon;
  std::string message;
  std::vector<std::string> nodes{};  ///< labels of the nodes concerned (see `node_labels`)
  std::string remedy{};              ///< what to do about it; may be empty
  std::string place{};               ///< the sub-graph or function; empty for the main graph
};

std::string_view to_string(LintFinding::Level level);
std::string_view to_string(LintFinding::Source source);

/// What became of one node of the main graph when it was run.
struct NodeOutcome {
  enum class Kind : std::uint8_t {
    begins,     ///< is about to run: the last that is heard of a node on which the engine crashes
    passed,     ///< ran
    failed,     ///< the engine refuses it; `message` says why
    custom,     ///< the engine does not know the operator
    no_kernel,  ///< the engine knows the operator, but cannot compute it in these types (bfloat16, fp8, ...)
    not_run,    ///< takes or makes a value that is no tensor
    unreachable,  ///< depends on a node that did not run
  };
  std::size_t node = 0;
  Kind kind = Kind::begins;
  std::string message{};
};

struct LintReport {
  std::vector<LintFinding> findings;
  std::vector<std::string> passing;  ///< labels of nodes of the main graph, in its order
  std::vector<std::string> failing;
  bool was_run = false;  ///< whether an engine ran the model, or as much of it as can be run

  /// No finding is an exception.
  bool is_valid() const;
};

/// The names of a graph's nodes; one without a name is `polygraphy_unnamed_node_<its index>`, with a number
/// behind it if that name is taken.
std::vector<std::string> node_labels(const Graph& graph);

/// What can be found without running anything, in all graphs and functions; weights are not read. The checker
/// speaks first, then the structure: double names, cycles, names hidden by sub-graphs, operators that nobody
/// defines, what no output depends on. n log n. If the module of the official library is missing, a warning
/// says that its rules were not checked.
/// @param full  Let the checker infer shapes, too, and report contradictions.
LintReport lint_statically(const Model& model, bool full = true);

/// Runs the nodes of the main graph one by one in an order in which they can run, each with the values that
/// came before, and reports on each. A value is dropped after its last use. Nodes whose inputs are not there
/// are unreachable: what they depend on failed.
/// @param inputs  A tensor for each input of the graph.
/// @param skip    Nodes that are not to be run (their labels were reported already): treated as failed,
/// silently.
void run_nodes(const Model& model, const Evaluator& evaluator, const TensorMap& inputs,
               const std::vector<bool>& skip, const std::function<void(const NodeOutcome&)>& report);

/// Joins what running the nodes showed to what was found statically: nodes that failed become findings; what
/// the checker says of a node gives way to what the engine says of it, and is a warning where the node ran.
/// @param outcomes  One for each node, in the order of the graph.
void add_outcomes(LintReport& report, const Model& model, const std::vector<NodeOutcome>& outcomes);

/// The whole model ran: all its nodes pass, and what the checker says of them is a warning.
void add_success(LintReport& report, const Model& model);

}  // namespace polygraph::onnx
