// What a plan of TensorRT says of itself, and whether the TensorRT that is installed can load it.

#include <fmt/format.h>
#include <polygraph/core/backend.h>
#include <polygraph/core/backends.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/json_output.h"
#include "cli/logging_options.h"
#include "cli/tools.h"
#include "core/plan.h"

namespace polygraph::cli {
namespace {

namespace fs = std::filesystem;

// Whether the plan can be loaded, as far as its bytes and the library tell; the GPU has a say, too.
enum class Verdict { yes, no, perhaps };
constexpr const char* verdict_names[] = {"yes", "no", "perhaps"};

struct Report {
  fs::path path;
  std::uint64_t file_size = 0;
  PlanHeader header;
  std::string installed_version = {};  ///< of the library that it needs; empty if it cannot be had
  std::string library = {};
  std::string problem = {};  ///< why it cannot
  Verdict verdict = Verdict::perhaps;
  std::string reason = {};
  std::string remedy = {};  ///< empty if there is nothing to do

  const char* flavour() const { return header.rtx ? "trt-rtx" : "trt"; }
};

// Major, minor and patch; what is missing is 0.
std::array<int, 3> numbers_of(std::string_view version) {
  std::array<int, 3> numbers{};
  const char* at = version.data();
  const char* const end = at + version.size();
  for (int& number : numbers) {
    at = std::from_chars(at, end, number).ptr;
    if (at != end) ++at;
  }
  return numbers;
}

std::string how_to_install(const Report& report) {
  const auto [major, minor, patch] = numbers_of(report.header.version);
  return fmt::format("Install {} {}.{}.{}: pip install '{}=={}.{}.{}.*'.", report.header.maker(), major,
                     minor, patch, report.header.rtx ? "tensorrt-rtx" : "tensorrt", major, minor, patch);
}

std::string how_to_rebuild(const Report& report) {
  return fmt::format(
      "Or build it again from its ONNX model: polygraph convert model.onnx -o {} --convert-to {}.",
      report.path.filename().string(), report.flavour());
}

void find_library(Report& report) {
  try {
    const Backend& backend = load_backend(report.flavour());
    report.library = backend.library().string();
    report.installed_version = backend.version();
  } catch (const BackendError& error) {
    report.problem = error.problem();
    report.remedy = error.remedy();
  }
}

void judge(Report& report, Verdict verdict, std::string reason, std::string remedy = {}) {
  report.verdict = verdict;
  report.reason = std::move(reason);
  report.remedy = std::move(remedy);
}

void judge_version(Report& report) {
  const std::array<int, 3> plan = numbers_of(report.header.version);
  const std::array<int, 3> installed = numbers_of(report.installed_version);
  const std::string both = fmt::format("{} {} made it, and {} is installed", report.header.maker(),
                                       report.header.version, report.installed_version);
  if (plan == installed)
    judge(report, Verdict::yes, "the version that made it is installed");
  else if (!report.header.rtx && installed > plan && installed[0] == plan[0])
    judge(report, Verdict::perhaps,
          both + ": a later version loads it if it was built to be version-compatible, which it does not say",
          how_to_install(report) + " " + how_to_rebuild(report));
  else
    judge(report, Verdict::no, both, how_to_install(report) + " " + how_to_rebuild(report));
}

void judge(Report& report) {
  const std::uint64_t told = report.header.size;
  if (told != 0 && told != report.file_size)
    return judge(report, Verdict::no,
                 told > report.file_size ? "the file is cut off" : "there are bytes behind its end",
                 "Copy it again. " + how_to_rebuild(report));
  if (report.installed_version.empty()) {
    const std::string remedy =
        report.header.version.empty() ? report.remedy : how_to_install(report) + " " + how_to_rebuild(report);
    return judge(report, Verdict::no, report.problem, remedy);
  }
  if (report.header.version.empty())
    return judge(report, Verdict::perhaps,
                 fmt::format("{} {} is installed, and the plan does not say which version made it",
                             report.header.maker(), report.installed_version),
                 "Run it: polygraph run " + report.path.string() + " --" + report.flavour() + ".");
  judge_version(report);
}

Report examine(const fs::path& path) {
  const MappedFile file(path, MappedFile::Use::parts);
  const auto header = read_plan_header(file.bytes());
  if (!header)
    throw InputError(fmt::format("'{}' is not a plan, an engine of TensorRT or TensorRT-RTX.", path.string()),
                     "Whatever it is, 'polygraph inspect model' may know it.");
  Report report{.path = path, .file_size = file.size(), .header = *header};
  find_library(report);
  judge(report);
  return report;
}

std::vector<std::pair<const char*, bool>> options_of(const PlanOptions& options) {
  return {{"refittable", options.refittable},
          {"strip_plan", options.strip_plan},
          {"weight_streaming", options.weight_streaming},
          {"tf32", options.tf32}};
}

std::string size_text(const Report& report) {
  if (report.header.size == 0) return fmt::format("{} bytes", report.file_size);
  if (report.header.size == report.file_size) return fmt::format("{} bytes, as it says", report.file_size);
  return fmt::format("{} bytes, and it says {}", report.file_size, report.header.size);
}

std::string options_text(const PlanOptions& options) {
  std::string with;
  std::string without;
  for (const auto& [name, given] : options_of(options)) {
    std::string& list = given ? with : without;
    list += (list.empty() ? "" : ", ") + std::string(name);
  }
  if (with.empty()) return "Built without: " + without + "\n";
  return "Built with: " + with + (without.empty() ? "" : "; without: " + without) + "\n";
}

std::string text_of(const Report& report) {
  const PlanHeader& header = report.header;
  std::string text = "==== TensorRT Plan ====\n";
  text += fmt::format(
      "Made by: {}{}\n", report.header.maker(),
      header.version.empty() ? std::string(" (the plan does not say which version)") : " " + header.version);
  text += fmt::format("Size: {}\n", size_text(report));
  if (header.weights) text += fmt::format("Weights in it: {} bytes\n", *header.weights);
  if (header.options) text += options_text(*header.options);
  text += fmt::format("Installed: {}\n", report.installed_version.empty()
                                             ? std::string("no")
                                             : fmt::format("{} {}, {}", report.header.maker(),
                                                           report.installed_version, report.library));
  text += fmt::format("Can be loaded here: {} ({})\n",
                      report.verdict == Verdict::yes ? "yes, on a GPU of the kind that it was built for"
                                                     : verdict_names[static_cast<int>(report.verdict)],
                      report.reason);
  if (!report.remedy.empty()) text += fmt::format("    {}\n", report.remedy);
  return text;
}

std::string json_of(const Report& report) {
  const PlanHeader& header = report.header;
  nlohmann::ordered_json options;
  if (header.options)
    for (const auto& [name, given] : options_of(*header.options)) options[name] = given;
  const auto weights = header.weights ? nlohmann::ordered_json(*header.weights) : nlohmann::ordered_json();
  return nlohmann::ordered_json{
             {"path", json_text(report.path.string())},
             {"backend", report.header.maker()},
             {"backend_version", header.version},
             {"size", report.file_size},
             {"size_in_header", header.size},
             {"cut_off", header.size > report.file_size},
             {"weights", weights},
             {"options", options},
             {"installed", {{"version", report.installed_version}, {"library", json_text(report.library)}}},
             {"loadable", verdict_names[static_cast<int>(report.verdict)]},
             {"reason", json_text(report.reason)},
             {"remedy", json_text(report.remedy)}}
             .dump(2) +
         "\n";
}

}  // namespace

Tool inspect_plan_tool(Session& session) {
  struct Arguments {
    fs::path file;
    std::optional<std::string> json;
  };
  auto arguments = std::make_shared<Arguments>();
  Tool tool{.name = "plan",
            .summary = "Show what an engine of TensorRT says of itself, without loading it.",
            .description =
                "Which library made the plan, whether all of it is there, and whether the TensorRT that is "
                "installed here can load it; no GPU is needed. What it was built with is told by plans of "
                "TensorRT-RTX 1.6.",
            .examples = {{"polygraph inspect plan model.plan", "Who made it, and whether it fits here."},
                         {"polygraph inspect plan model.plan --json", "The same for programs."}}};
  tool.positionals = {{.names = {"plan_file"},
                       .metavar = "FILE",
                       .help = "The plan.",
                       .arity = Arity::one,
                       .completes = Completes::files,
                       .apply = [arguments](Values values) { arguments->file = values.front(); }}};
  OptionGroup output;
  output.options = {json_option("what it says", arguments->json)};
  tool.groups = {std::move(output), logging_group(session.logging)};
  tool.run = [&session, arguments] {
    refuse_model("--json", arguments->json, arguments->file);
    const Report report = examine(arguments->file);
    write_answer(
        session, arguments->json, [&] { return text_of(report); }, [&] { return json_of(report); });
    return ExitCode::passed;
  };
  return tool;
}

}  // namespace polygraph::cli
