#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/openvino/loaders.h>

#include <algorithm>
#include <openvino/op/constant.hpp>

#include "core/log_format.h"
#include "core/names.h"
#include "openvino/translate.h"

namespace polygraph::openvino {

namespace {

constexpr std::string_view attempt = "Modifying the network's outputs";

// A tensor that can be marked, with the name users know it by.
struct Candidate {
  std::string name;
  std::string layer_type;
  ov::Output<ov::Node> tensor;
};

std::vector<Candidate> candidates_of(const ov::Model& model) {
  std::vector<Candidate> candidates;
  for (const auto& node : model.get_ordered_ops()) {
    if (ov::is_type<ov::op::v0::Result>(node) || ov::is_type<ov::op::v0::Constant>(node) ||
        ov::is_type<ov::op::v0::Parameter>(node))
      continue;
    for (const auto& output : node->outputs()) {
      std::string name = port_name(output);
      if (output.get_names().empty() && node->get_output_size() > 1)
        name += fmt::format(":{}", output.get_index());
      candidates.push_back({std::move(name), node->get_type_name(), output});
    }
  }
  return candidates;
}

bool asks_for_all(const std::vector<std::string>& outputs) {
  using Names = std::vector<std::string>;
  return outputs == Names{"*"} || outputs == Names{"mark-all"} || outputs == Names{"mark", "all"};
}

void remove_results(ov::Model& model) {
  for (const auto& result : ov::ResultVector(model.get_results())) model.remove_result(result);
}

void mark(ov::Model& model, Candidate& candidate) {
  // Without a name the output could not be told from others once the network is an engine.
  if (candidate.tensor.get_names().empty()) candidate.tensor.set_names({candidate.name});
  model.add_results({std::make_shared<ov::op::v0::Result>(candidate.tensor)});
}

void replace_outputs(ov::Model& model, std::vector<Candidate>& candidates,
                     const std::vector<std::size_t>& selected) {
  remove_results(model);
  for (const std::size_t i : selected) mark(model, candidates[i]);
}

template <class F>
std::vector<std::string> names_by(const std::vector<Candidate>& candidates, F member) {
  std::vector<std::string> names;
  for (const Candidate& candidate : candidates) names.push_back(candidate.*member);
  return names;
}

void mark_types(ov::Model& model, std::vector<Candidate>& candidates, const std::vector<std::string>& types) {
  std::vector<std::string> known = names_by(candidates, &Candidate::layer_type);
  std::vector<std::string> distinct = known;
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  std::vector<std::size_t> selected;
  for (const std::string& type : types)
    if (std::find(distinct.begin(), distinct.end(), type) == distinct.end())
      throw InputError(
          fmt::format("{}: no layer has the type '{}'.{}", attempt, type, suggest(type, distinct)),
          "Types are OpenVINO's, e.g. 'Convolution', 'MatMul'.");
  for (std::size_t i = 0; i < known.size(); ++i)
    if (std::find(types.begin(), types.end(), known[i]) != types.end()) selected.push_back(i);
  replace_outputs(model, candidates, selected);
}

void exclude(ov::Model& model, const std::vector<std::string>& patterns) {
  const ov::ResultVector results = model.get_results();
  std::vector<std::string> names;
  for (const auto& result : results)
    names.push_back(port_name(std::const_pointer_cast<const ov::op::v0::Result>(result)->output(0)));
  for (const std::size_t i : select_names(names, patterns, attempt, "output"))
    model.remove_result(results[i]);
}

}  // namespace

ModifyNetworkOutputs::ModifyNetworkOutputs(Source<Network> network, OutputOptions options)
    : network_(std::move(network)), options_(std::move(options)) {}

Network ModifyNetworkOutputs::operator()() const {
  Network network = network_.get();
  ov::Model& model = *network;
  calling_openvino(std::string(attempt), "Check the names given.", [&] {
    // An error leaves the network as it was.
    const ov::ResultVector before = model.get_results();
    try {
      std::vector<Candidate> candidates = candidates_of(model);
      if (asks_for_all(options_.outputs)) {
        std::vector<std::size_t> all(candidates.size());
        for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
        replace_outputs(model, candidates, all);
      } else if (!options_.outputs.empty()) {
        replace_outputs(
            model, candidates,
            select_names(names_by(candidates, &Candidate::name), options_.outputs, attempt, "tensor"));
      }
      if (!options_.mark_layer_types.empty()) mark_types(model, candidates, options_.mark_layer_types);
      if (!options_.exclude_outputs.empty()) exclude(model, options_.exclude_outputs);
      if (model.get_results().empty())
        throw InputError(fmt::format("{}: no output would be left.", attempt),
                         "Name at least one tensor that stays an output.");
      model.validate_nodes_and_infer_types();
    } catch (...) {
      remove_results(model);
      model.add_results(before);
      throw;
    }
  });
  return network;
}

std::string ModifyNetworkOutputs::str() const {
  return cpp_expression<1>("ModifyNetworkOutputs", network_, options_);
}

}  // namespace polygraph::openvino
