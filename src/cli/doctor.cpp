// The tool that tells which backends work here.

#include <fmt/format.h>
#include <polygraph/core/backends.h>
#include <polygraph/core/error.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/json_output.h"
#include "cli/logging_options.h"
#include "cli/tools.h"

namespace polygraph::cli {
namespace {

struct Finding {
  BackendInfo info;
  std::string title;    ///< what people call it
  std::string version;  ///< empty if the engine library cannot be had
  std::string library;
  std::string problem;  ///< what is missing
  std::string remedy;
};

Finding examine(BackendInfo info) {
  Finding finding;
  finding.title = info.backend != nullptr ? std::string(info.backend->name()) : info.name;
  finding.problem = info.problem;
  finding.remedy = info.remedy;
  if (info.backend != nullptr) {
    try {
      finding.library = info.backend->library().string();
      finding.version = info.backend->version();
    } catch (const BackendError& error) {
      finding.problem = error.problem();
      finding.remedy = error.remedy();
    }
  }
  finding.info = std::move(info);
  return finding;
}

std::string text_of(const std::vector<Finding>& findings) {
  std::string text = "==== Backends ====\n";
  for (const Finding& finding : findings) {
    const bool found = !finding.version.empty();
    text += fmt::format("{} (--{}): {}\n", finding.title, finding.info.name,
                        found ? "found, version " + finding.version : "not available");
    if (!finding.info.module.empty()) text += fmt::format("    Module: {}\n", finding.info.module.string());
    if (found) text += fmt::format("    Library: {}\n", finding.library);
    if (!found) text += fmt::format("    Missing: {}\n    {}\n", finding.problem, finding.remedy);
  }
  return text;
}

std::string json_of(const std::vector<Finding>& findings) {
  nlohmann::ordered_json backends = nlohmann::ordered_json::array();
  for (const Finding& finding : findings) {
    const bool found = !finding.version.empty();
    nlohmann::ordered_json backend{{"name", finding.info.name}, {"title", finding.title}, {"found", found}};
    backend["module"] = json_text(finding.info.module.string());
    backend["version"] = finding.version;
    backend["library"] = json_text(finding.library);
    backend["problem"] = json_text(finding.problem);
    backend["remedy"] = json_text(finding.remedy);
    backends.push_back(std::move(backend));
  }
  return nlohmann::ordered_json{{"backends", std::move(backends)}}.dump(2) + "\n";
}

}  // namespace

Tool doctor_tool(Session& session) {
  auto json = std::make_shared<std::optional<std::string>>();
  Tool tool{.name = "doctor",
            .summary = "Show which backends work here, and what the others lack.",
            .description =
                "For each backend: whether Polygraph's module and the engine library are found, where, which "
                "version it is, and what to install if it is not.",
            .examples = {{"polygraph doctor", "What works on this machine."},
                         {"polygraph doctor --json", "The same for programs."}}};
  tool.groups = {{.options = {json_option("what was found", *json)}}, logging_group(session.logging)};
  tool.run = [&session, json] {
    std::vector<Finding> findings;
    for (BackendInfo& info : find_backends()) findings.push_back(examine(std::move(info)));
    write_answer(
        session, *json, [&] { return text_of(findings); }, [&] { return json_of(findings); });
    return ExitCode::passed;
  };
  return tool;
}

}  // namespace polygraph::cli
