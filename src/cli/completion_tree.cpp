#include "cli/completion_tree.h"

#include "cli/text.h"

namespace polygraph::cli {
namespace {

void add_subtools(const std::string& path, const Tool& tool, std::vector<ToolNode>& nodes) {
  for (const Subtool& subtool : tool.subtools) {
    const std::string subtool_path = path.empty() ? subtool.name : path + " " + subtool.name;
    nodes.push_back({subtool_path, subtool.make()});
    // A copy: the vector may move while the subtools are added.
    const Tool made = nodes.back().tool;
    add_subtools(subtool_path, made, nodes);
  }
}

}  // namespace

std::vector<ToolNode> all_tools(const Tool& root) {
  std::vector<ToolNode> nodes{{"", root}};
  add_subtools("", root, nodes);
  return nodes;
}

std::string subtool_words(const Tool& tool) {
  return join(tool.subtool_names(), " ");
}

std::string choice_words(const Option& option) {
  return join(option.choice_values(), " ");
}

}  // namespace polygraph::cli
