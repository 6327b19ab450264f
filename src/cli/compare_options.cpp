#include "cli/compare_options.h"

#include <polygraph/core/error.h>

#include <algorithm>
#include <functional>

#include "compare/per_output_text.h"
#include "core/log_format.h"

namespace polygraph::cli {
namespace {

using compare::CompareFunction;

// One comparison function of the command line.
struct Kind {
  std::string name;
  std::string help;
  std::function<std::vector<Option>(Settings&)> options;
  std::function<CompareFunction(const Settings&, const CompareArguments&)> make;
};

template <class Function, class Options>
CompareFunction make_function(const Settings& settings, const CompareArguments& arguments) {
  Options options;
  for (const auto& [field, text] : settings) set_option(options, field, text);
  if constexpr (requires { options.check_shapes; }) options.check_shapes = arguments.check_shapes;
  options.fail_fast = arguments.fail_fast;
  return Function(std::move(options));
}

// The options of one function, without those that all have in common; a flag may have several names.
template <class Options>
std::vector<Option> own_options(Settings& settings,
                                const std::map<std::string, std::vector<std::string>>& names) {
  std::vector<Option> options = options_from_fields<Options>(settings);
  std::erase_if(options, [](const Option& option) {
    return option.name() == "--check-shapes" || option.name() == "--fail-fast";
  });
  for (Option& option : options)
    if (const auto found = names.find(option.name()); found != names.end()) option.names = found->second;
  return options;
}

template <class Function, class Options>
Kind kind(std::string name, std::string help, std::map<std::string, std::vector<std::string>> names = {}) {
  return {std::move(name), std::move(help),
          [names = std::move(names)](Settings& settings) { return own_options<Options>(settings, names); },
          make_function<Function, Options>};
}

const std::vector<Kind>& kinds() {
  using namespace compare;
  static const std::vector<Kind> list{
      kind<SimpleCompareFunc, SimpleCompareOptions>(
          "simple", "Absolute and relative differences.",
          {{"--rtol", {"--rel-tol", "--rtol"}}, {"--atol", {"--abs-tol", "--atol"}}}),
      kind<IndicesCompareFunc, IndicesCompareOptions>("indices",
                                                      "Indices that may have moved, as of a top-k."),
      kind<L2CompareFunc, L2CompareOptions>("l2", "Euclidean norm of the difference.",
                                            {{"--l2-threshold", {"--l2-tolerance", "--l2-threshold"}}}),
      kind<CosineSimilarityCompareFunc, CosineSimilarityCompareOptions>("cosine_similarity",
                                                                        "The angle between both."),
      kind<PsnrCompareFunc, PsnrCompareOptions>(
          "psnr", "Peak signal-to-noise ratio, in dB.",
          {{"--psnr-threshold", {"--psnr-tolerance", "--psnr-threshold"}}}),
      kind<SnrCompareFunc, SnrCompareOptions>("snr", "Signal-to-noise ratio, in dB.",
                                              {{"--snr-threshold", {"--snr-tolerance", "--snr-threshold"}}}),
      kind<UlpCompareFunc, UlpCompareOptions>("ulp", "Units in the last place."),
      kind<RelativeL2CompareFunc, RelativeL2CompareOptions>(
          "relative_l2", "The norm of the difference by that of the second."),
      kind<HistogramOverlapCompareFunc, HistogramOverlapCompareOptions>(
          "histogram_overlap", "Values alike, whatever their places."),
      kind<TopKAgreementCompareFunc, TopKAgreementCompareOptions>(
          "top_k_agreement", "Whether the same elements are the largest.", {{"--k", {"--top-k"}}}),
      kind<KlDivergenceCompareFunc, KlDivergenceCompareOptions>("kl_divergence",
                                                                "Divergence of distributions, in nats.",
                                                                {{"--logits", {"--kl-divergence-logits"}}}),
  };
  return list;
}

// Names of Polygraphy that stand for two.
const std::map<std::string, std::vector<std::string>>& aliases() {
  static const std::map<std::string, std::vector<std::string>> names{
      {"distance_metrics", {"l2", "cosine_similarity"}}, {"quality_metrics", {"psnr", "snr"}}};
  return names;
}

}  // namespace

OptionGroup compare_group(CompareArguments& arguments) {
  OptionGroup group{.title = "Comparison"};
  Option functions{.names = {"--compare-func", "--compare"},
                   .metavar = "FUNCTION",
                   .help = "How outputs are compared. With several, all have to pass.",
                   .arity = Arity::one_or_more,
                   .default_text = "simple",
                   .repeat = Repeat::each,
                   .apply = [&arguments](Values values) {
                     for (const std::string& value : values) {
                       const auto several = aliases().find(value);
                       if (several == aliases().end())
                         arguments.functions.push_back(value);
                       else
                         arguments.functions.insert(arguments.functions.end(), several->second.begin(),
                                                    several->second.end());
                     }
                   }};
  for (const Kind& each : kinds()) functions.choices.push_back({each.name, each.help});
  functions.choices.push_back({"distance_metrics", "l2 and cosine_similarity."});
  functions.choices.push_back({"quality_metrics", "psnr and snr."});
  group.options.push_back(std::move(functions));
  group.options.push_back(
      {.names = {"--compare-func-script"},
       .metavar = "FILE[:NAME]",
       .help = "Compare by a function of one's own: C++ source, or a shared library made of it. With "
               "--compare, both have to pass.",
       .arity = Arity::one,
       .repeat = Repeat::each,
       .completes = Completes::files,
       .apply = [&arguments](Values values) {
         arguments.scripts.push_back(compare::ScriptName::parse(values.front(), "compare_outputs"));
       }});
  group.options.push_back(
      {.names = {"--check-average"},
       .help = "Judge the average of each metric over all iterations, not each iteration.",
       .apply = [&arguments](Values) { arguments.check_average = true; }});
  group.options.push_back(
      {.names = {"--no-shape-check"},
       .help = "Compare outputs of different shapes, too: the second is reshaped or permuted if that fits.",
       .apply = [&arguments](Values) { arguments.check_shapes = false; }});
  group.options.push_back({.names = {"--fail-fast"},
                           .help = "Stop at the first output that fails.",
                           .apply = [&arguments](Values) { arguments.fail_fast = true; }});
  for (const Kind& each : kinds())
    for (Option& option : each.options(arguments.settings[each.name]))
      group.options.push_back(std::move(option));
  return group;
}

std::vector<CompareFunction> compare_functions(const CompareArguments& arguments) {
  const std::vector<std::string> chosen = arguments.functions.empty() && arguments.scripts.empty()
                                              ? std::vector<std::string>{"simple"}
                                              : arguments.functions;
  std::vector<CompareFunction> functions;
  for (const Kind& each : kinds()) {
    const auto settings = arguments.settings.find(each.name);
    const bool has_settings = settings != arguments.settings.end() && !settings->second.empty();
    if (has_settings && std::ranges::find(chosen, each.name) == chosen.end())
      log_warning("The option {} of the comparison '{}' has no effect: it was not chosen. Add --compare {}.",
                  settings->second.front().first, each.name, each.name);
  }
  for (const std::string& name : chosen)
    for (const Kind& each : kinds())
      if (each.name == name) {
        const auto settings = arguments.settings.find(name);
        functions.push_back(
            each.make(settings == arguments.settings.end() ? Settings() : settings->second, arguments));
      }
  for (const compare::ScriptName& script : arguments.scripts)
    functions.push_back(compare::compare_function_from_script(script));
  if (arguments.check_average && std::ranges::find(chosen, "simple") != chosen.end())
    if (const auto threshold =
            functions[static_cast<std::size_t>(std::ranges::find(chosen, "simple") - chosen.begin())]
                .threshold_for("");
        threshold && threshold->check_error_stat == compare::ErrorStat::elemwise)
      throw UsageError(
          "--check-average: whether single elements are within tolerance (elemwise) has no average.",
          "Add --check-error-stat max (or mean, median, quantile), or compare by another metric.");
  return functions;
}

std::vector<std::string> compare_expressions(const CompareArguments& arguments) {
  std::vector<std::string> expressions;
  if (!arguments.functions.empty() || arguments.scripts.empty()) {
    CompareArguments without_scripts = arguments;
    without_scripts.scripts.clear();
    for (const CompareFunction& function : compare_functions(without_scripts))
      expressions.push_back(function.str());
  }
  for (const compare::ScriptName& script : arguments.scripts)
    expressions.push_back("compare_function_from_script(" + cpp_literal(script) + ")");
  return expressions;
}

}  // namespace polygraph::cli
