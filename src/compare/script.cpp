#include <dlfcn.h>
#include <fmt/format.h>
#include <polygraph/compare/script.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "compare/script_compiler.h"

namespace polygraph::compare {
namespace {

namespace fs = std::filesystem;
using detail::ScriptExport;

constexpr const char* prefix = "polygraph_script_";

bool is_identifier(std::string_view text) {
  const auto is_part = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) == 0 &&
         std::ranges::all_of(text, is_part);
}

const ScriptFunction& load(const ScriptName& script) {
  std::error_code error;
  if (!fs::is_regular_file(script.file, error))
    throw InputError(fmt::format("There is no script '{}'.", script.file.string()),
                     "A script is named FILE.cpp, FILE.so or FILE:FUNCTION.");
  if (!is_identifier(script.name))
    throw UsageError(fmt::format("'{}' is no name of a function.", script.name));
  const fs::path library =
      detail::is_source(script.file) ? detail::compiled_script(script.file) : fs::absolute(script.file);
  void* const handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    throw InputError(fmt::format("Cannot load the script '{}': {}.", script.file.string(), ::dlerror()),
                     "A script is C++ source (.cpp, .cc, .cxx), or a shared library made of it.");
  const auto* found = static_cast<const ScriptExport*>(::dlsym(handle, (prefix + script.name).c_str()));
  if (found == nullptr || found->mark != detail::script_mark)
    throw InputError(
        fmt::format("The script '{}' does not export '{}'.", script.file.string(), script.name),
        fmt::format("Put POLYGRAPH_SCRIPT({}) below the function, or name another one: {}:FUNCTION.",
                    script.name, script.file.string()));
  if (found->interface != detail::script_interface || found->layout != detail::script_layout)
    throw InputError(
        fmt::format("The script '{}' was compiled for another version of Polygraph.", script.file.string()),
        "Compile it again with the headers of this version, or name its source.");
  return found->function();
}

[[noreturn]] void refuse(const ScriptName& script, std::string_view wanted) {
  throw InputError(fmt::format("'{}' in the script '{}' is a function of another kind.", script.name,
                               script.file.string()),
                   fmt::format("Here it has to be one of: {}.", wanted));
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

ScriptName ScriptName::parse(std::string_view text, std::string_view default_name) {
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && is_identifier(text.substr(colon + 1)))
    return {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
  return {std::string(text), std::string(default_name)};
}

std::string cpp_literal(const ScriptName& name) {
  return fmt::format("{{{}, {}}}", polygraph::cpp_literal(name.file), polygraph::cpp_literal(name.name));
}

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
  refuse(script,
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
  refuse(script, "OutputResults(const IterationResult&, const IterationResult&); CompareFunction()");
}

PostprocessFunction postprocess_function_from_script(const ScriptName& script) {
  const ScriptFunction& function = load(script);
  if (const auto* postprocess = std::get_if<PostprocessFunction>(&function)) return *postprocess;
  refuse(script, "IterationResult(IterationResult)");
}

}  // namespace polygraph::compare
