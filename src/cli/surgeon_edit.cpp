#include "cli/surgeon_edit.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/editor.h>
#include <polygraph/onnx/official.h>
#include <polygraph/onnx/passes.h>
#include <polygraph/onnx/save.h>
#include <sys/stat.h>

#include <algorithm>
#include <functional>
#include <future>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>

#include "cli/json_output.h"
#include "cli/surgeon_floats.h"
#include "core/log_format.h"

namespace polygraph::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::size_t most_listed_findings = 10;
// Nodes from which on unchanged ones are not checked again: the ONNX library checks some 100 in a
// millisecond.
constexpr std::size_t large_graph = 20'000;

fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

// A model in the text form, by the name that the ONNX library gives such files.
bool is_text(const fs::path& file) {
  return file.extension() == ".onnxtxt";
}

onnx::Model read_model(const MappedFile& file) {
  if (!is_text(file.path())) return onnx::load_model(file);
  onnx::Model model =
      onnx::parse_text({reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()});
  model.storage.set_folder(folder_of(file.path()));
  return model;
}

onnx::SaveReport write_model(const onnx::Model& model, const OnnxSaving& saving,
                             const std::function<void()>& before_commit) {
  if (!is_text(saving.output)) return onnx::save_model(model, saving.output, saving.options, before_commit);
  before_commit();
  const std::string text = onnx::to_text(model, std::numeric_limits<std::size_t>::max());
  write_file(saving.output, text);
  return {.model_bytes = text.size()};
}

// Whether what is written to this path comes out at the same place as standard output.
bool is_standard_output(const fs::path& path, int fd) {
  struct stat place {};
  struct stat output {};
  if (stat(path.c_str(), &place) != 0 || fstat(fd, &output) != 0) return false;
  return !S_ISREG(place.st_mode) && place.st_dev == output.st_dev && place.st_ino == output.st_ino;
}

std::string list_text(const std::vector<std::string>& lines) {
  std::string text;
  for (std::size_t i = 0; i < std::min(lines.size(), most_listed_findings); ++i) text += "\n  " + lines[i];
  if (lines.size() > most_listed_findings)
    text += fmt::format("\n  and {} more", lines.size() - most_listed_findings);
  return text;
}

std::vector<std::string> finding_texts(const std::vector<onnx::CheckFinding>& findings) {
  std::vector<std::string> texts;
  for (const onnx::CheckFinding& finding : findings)
    texts.push_back(finding.node.empty() || finding.message.find(finding.node) != std::string::npos
                        ? finding.message
                        : fmt::format("Node '{}': {}", finding.node, finding.message));
  return texts;
}

std::vector<std::string> dangling_texts(const onnx::Model& model) {
  std::vector<std::string> texts;
  for (const std::string_view value : onnx::dangling_values(model))
    texts.push_back(fmt::format("Nothing makes the value '{}'", value));
  return texts;
}

// What the standard forbids and engines live with: operators that it does not know, in its own domain (how
// TensorRT's plugins are written), and outputs whose shape nobody knows.
bool is_tolerable(const std::string& finding) {
  return finding.find("No Op registered for") != std::string::npos ||
         finding.find("Field 'shape' of 'type' is required") != std::string::npos;
}

// Refuses what is new; what was wrong with the original is a warning.
template <class Find>
void refuse_new(const Find& find, const onnx::Model& model, const ModelEdit& edit, const fs::path& output) {
  std::vector<std::string> findings = find(model);
  const auto serious = std::ranges::stable_partition(findings, is_tolerable);
  const std::vector<std::string> tolerable(findings.begin(), serious.begin());
  std::vector<std::string> old_findings;
  std::vector<std::string> new_findings;
  if (!serious.empty()) {
    const std::vector<std::string> then = find(edit.original());
    const std::set<std::string> known(then.begin(), then.end());
    for (const std::string& finding : serious)
      (known.contains(finding) ? old_findings : new_findings).push_back(finding);
  }
  if (!new_findings.empty())
    throw InputError(fmt::format("'{}' is not written: this change would make the model invalid:{}",
                                 output.string(), list_text(new_findings)),
                     "Change the arguments, or save it all the same with --no-check.");
  if (!tolerable.empty())
    log_warning("The model is not valid by the letter, but engines may take it:{}", list_text(tolerable));
  if (!old_findings.empty())
    log_warning("The model was not valid before, and still is not:{}", list_text(old_findings));
}

void write_json(Session& session, const Reporting& reporting, const Json& json) {
  const std::string text = json.dump(2) + "\n";
  if (*reporting.json == standard_output)
    session.output.write(text);
  else
    write_file(*reporting.json, text);
}

}  // namespace

struct ModelEdit::ExtraJson {
  Json members = Json::object();
};

OptionGroup report_group(Reporting& reporting) {
  return {.title = "Report", .options = {json_option("what changed", reporting.json)}};
}

ModelEdit::ModelEdit(std::string tool, const OnnxLoading& loading, const OnnxSaving& saving)
    : tool_(std::move(tool)),
      loading_(loading),
      saving_(saving),
      file_(loading.model, MappedFile::Use::parts),
      model_(original()),
      extra_(std::make_unique<ExtraJson>()) {
  std::future<void> side;
  if (saving.check && model_.graph.nodes.size() >= large_graph)
    side = std::async(std::launch::async, [this] { prints_.emplace(model_); });
  before_ = summary_of(model_);
  if (side.valid()) side.get();
  apply_loading_options();
}

ModelEdit::~ModelEdit() = default;

onnx::Model ModelEdit::original() const {
  onnx::Model model = read_model(file_);
  set_data_folder(loading_, model);
  return model;
}

void ModelEdit::apply_loading_options() {
  if (loading_.infer_shapes) infer_shapes_of(model_);
  if (loading_.selects_outputs()) onnx::passes::modify_outputs(model_, loading_.outputs);
  if (loading_.fp16) convert_floats(*this, DataType::float16, {});
  if (!loading_.upper_bounds.empty())
    for (const std::string& value : onnx::passes::set_upper_bounds(model_, loading_.upper_bounds))
      note(fmt::format("Bounded '{}'", value));
}

void ModelEdit::add_json(const std::string& member, nlohmann::ordered_json value) {
  extra_->members[member] = std::move(value);
}

void ModelEdit::check() const {
  refuse_new(dangling_texts, model_, *this, saving_.output);
  const auto findings = [this](const onnx::Model& model) {
    const bool in_part = &model == &model_ && model.graph.nodes.size() >= large_graph && prints_;
    return finding_texts(in_part ? onnx::check_edited_model(model, *prints_) : onnx::check_model(model));
  };
  refuse_new(findings, model_, *this, saving_.output);
}

ExitCode ModelEdit::finish(Session& session, const Reporting& reporting) {
  refuse_model("--json", reporting.json, loading_.model);
  // Looked at while it is written; only a good one takes its place.
  std::future<void> checked = std::async(std::launch::async, [this] {
    if (saving_.check) check();
  });
  std::optional<onnx::Model> elsewhere;
  if (loading_.ignore_external_data) {  // references that nobody looked at are right where the output is
    elsewhere = model_;
    elsewhere->storage.set_folder(folder_of(saving_.output));
  }
  const onnx::SaveReport saved =
      write_model(elsewhere ? *elsewhere : model_, saving_, [&] { checked.get(); });
  report(session, reporting, saved);
  return ExitCode::passed;
}

void ModelEdit::report(Session& session, const Reporting& reporting, const onnx::SaveReport& saved) const {
  const ModelChange change = change_between(before_, summary_of(model_));
  if (reporting.json) {
    Json json{{"tool", tool_},
              {"model", json_text(loading_.model.string())},
              {"output", json_text(saving_.output.string())}};
    json.update(change_to_json(change));
    json["notes"] = Json::array();
    for (const std::string& line : notes_) json["notes"].push_back(json_text(line));
    json.update(extra_->members);
    json["saved"] = {{"model_bytes", saved.model_bytes},
                     {"external_bytes", saved.external_bytes},
                     {"external_tensors", saved.external_tensors}};
    write_json(session, reporting, json);
    if (*reporting.json == standard_output) return;
  }
  std::string text = shows_ops_ ? describe_ops(change) + "\n" : std::string();
  text += describe_change(change);
  for (const std::string& line : notes_) text += line + "\n";
  text += fmt::format("Saved '{}' ({}", saving_.output.string(), byte_count_text(saved.model_bytes));
  if (saved.external_tensors != 0)
    text += fmt::format("; {} tensors in files beside it", saved.external_tensors);
  text += ")\n";
  // A model that goes to standard output must not be mixed with text.
  if (is_standard_output(saving_.output, session.output.fd()))
    log_info("{}", text);
  else
    session.output.write(text);
}

void infer_shapes_of(onnx::Model& model) {
  for (const std::string& complaint : onnx::infer_shapes_officially(model))
    log_warning("Shape inference: {}", complaint);
}

}  // namespace polygraph::cli
