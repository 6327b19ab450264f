#include <fmt/format.h>
#include <polygraph/compare/script.h>
#include <polygraph/core/error.h>

#include <utility>

#include "core/script_compiler.h"

namespace polygraph::compare {
namespace {

const ScriptFunction& load(const ScriptName& script) {
  static const polygraph::detail::ScriptHost host{
      .room = "compare", .layout = detail::script_layout, .version = "Polygraph"};
  return *static_cast<const ScriptFunction*>(polygraph::detail::load_script(script, host));
}

// The inputs that a function gives, one iteration after the other.
class LoadedByFunction final : public InputData {
 public:
  LoadedByFunction(LoadData function, std::string source)
      : function_(std::move(function)), source_(std::move(source)) {}

  void open(const TensorMetadata& inputs) override {
    inputs_ = inputs;
    is_open_ = true;
    next_ = 0;
  }
  std::optional<FeedDict> next() override {
    if (!is_open_) throw UsageError("The input data is not open.", "Call open() first.");
    const std::optional<FeedDict> feed = function_(next_, inputs_);
    if (!feed) return std::nullopt;
    ++next_;
    return adapt_feed(*feed, inputs_, source_);
  }
  void rewind() override { next_ = 0; }
  std::optional<std::int64_t> iterations() const override { return std::nullopt; }

 private:
  LoadData function_;
  std::string source_;
  TensorMetadata inputs_;
  std::int64_t next_ = 0;
  bool is_open_ = false;
};

}  // namespace

std::unique_ptr<InputData> inputs_from_script(const ScriptName& script) {
  const ScriptFunction& function = load(script);
  if (const auto* make = std::get_if<std::function<std::unique_ptr<InputData>()>>(&function)) {
    std::unique_ptr<InputData> made = (*make)();
    if (made == nullptr)
      throw InputError(
          fmt::format("'{}' in the script '{}' made no input data.", script.name, script.file.string()));
    return made;
  }
  if (const auto* loads = std::get_if<LoadData>(&function))
    return std::make_unique<LoadedByFunction>(*loads,
                                              fmt::format("'{}' in '{}'", script.name, script.file.string()));
  polygraph::detail::refuse_script(
      script,
      "std::optional<FeedDict>(std::int64_t iteration, const TensorMetadata& inputs); "
      "std::unique_ptr<InputData>()");
}

CompareFunction compare_function_from_script(const ScriptName& script) {
  const ScriptFunction& function = load(script);
  if (const auto* make = std::get_if<std::function<CompareFunction()>>(&function)) return (*make)();
  if (const auto* compares =
          std::get_if<std::function<OutputResults(const IterationResult&, const IterationResult&)>>(
              &function))
    return {*compares, script.name};
  polygraph::detail::refuse_script(
      script, "OutputResults(const IterationResult&, const IterationResult&); CompareFunction()");
}

PostprocessFunction postprocess_function_from_script(const ScriptName& script) {
  const ScriptFunction& function = load(script);
  if (const auto* postprocess = std::get_if<PostprocessFunction>(&function)) return *postprocess;
  polygraph::detail::refuse_script(script, "IterationResult(IterationResult)");
}

}  // namespace polygraph::compare
