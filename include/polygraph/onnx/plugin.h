#pragma once

#include <polygraph/onnx/editor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// What a shared library offers to `polygraph plugin`: it finds the parts of a model that one node, a plugin
/// of the engine, can take over.
namespace polygraph::onnx {

/// The value of an attribute of a plugin node.
using PluginValue = std::variant<std::int64_t, double, std::string, std::vector<std::int64_t>,
                                 std::vector<double>, std::vector<std::string>>;

/// One part of a graph that a plugin can take over: everything between its inputs and its outputs.
struct PluginInstance {
  std::vector<std::string> inputs;   ///< names of values, in the order of the plugin's inputs
  std::vector<std::string> outputs;  ///< likewise
  std::vector<std::pair<std::string, PluginValue>> attributes{};
};

/// A plugin: what it is called, where it fits, and how it is put there. Objects are used by one thread.
///
/// A library exports one as `extern "C" polygraph::onnx::Plugin* polygraph_plugin()`, which lives as long as
/// the library; see POLYGRAPH_PLUGIN.
/// @code
///   struct Gelu : polygraph::onnx::Plugin {
///     std::string_view name() const override { return "gelu"; }
///     std::string_view op() const override { return "CustomGelu"; }
///     std::vector<PluginInstance> find(const GraphEditor& editor) const override { ... }
///   };
///   POLYGRAPH_PLUGIN(Gelu)
/// @endcode
class Plugin {
 public:
  virtual ~Plugin() = default;

  /// What config.yaml calls it.
  virtual std::string_view name() const = 0;
  /// The operator of the node that takes the place of what was found, and its domain.
  virtual std::string_view op() const = 0;
  virtual std::string_view domain() const { return {}; }

  /// All places where the plugin fits, in the order of the graph.
  virtual std::vector<PluginInstance> find(const GraphEditor& editor) const = 0;

  /// Puts the plugin in place. Returns false, having changed nothing, if it cannot be. By default
  /// `replace_by_node`. What nothing uses afterwards is removed by the caller.
  virtual bool replace(GraphEditor& editor, const PluginInstance& instance) const;
};

/// Makes one node of the operator, with the inputs, outputs and attributes of the instance, and takes these
/// outputs away from the nodes that made them; a node that then makes nothing is removed. Returns false,
/// having changed nothing, if an input does not exist or an output is made by no node.
bool replace_by_node(GraphEditor& editor, const PluginInstance& instance, std::string_view op,
                     std::string_view domain = {});

}  // namespace polygraph::onnx

/// Exports a class derived from Plugin from a shared library.
#define POLYGRAPH_PLUGIN(Class)                                                                   \
  extern "C" __attribute__((visibility("default"))) polygraph::onnx::Plugin* polygraph_plugin() { \
    static Class plugin;                                                                          \
    return &plugin;                                                                               \
  }
