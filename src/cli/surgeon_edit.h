#pragma once

#include <polygraph/core/files.h>
#include <polygraph/onnx/model.h>

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/onnx_options.h"
#include "cli/session.h"
#include "cli/summary.h"
#include "onnx/node_prints.h"

namespace polygraph::cli {

/// How a tool that edits models reports what it did.
struct Reporting {
  std::optional<std::string> json;  ///< a file, or `-` for standard output in place of the text
};

/// `--json`.
OptionGroup report_group(Reporting& reporting);

/// One edit of a model file: reads it, lets the tool change it, makes sure that the result is valid, saves
/// it, and reports. Only the structure of the model is in memory.
/// @code
///   ModelEdit edit("surgeon extract", loading, saving);
///   onnx::passes::extract_subgraph(edit.model(), inputs, outputs);
///   return edit.finish(session, reporting);
/// @endcode
class ModelEdit {
 public:
  /// Loads the model and does what the options of loading ask for.
  ModelEdit(std::string tool, const OnnxLoading& loading, const OnnxSaving& saving);

  onnx::Model& model() { return model_; }
  /// The model as it is in the file.
  onnx::Model original() const;

  /// Adds a line to the report. A sentence without its full stop.
  void note(std::string text) { notes_.push_back(std::move(text)); }
  /// Lets the report begin with the table of operators.
  void show_ops() { shows_ops_ = true; }
  /// Adds a member to the JSON report.
  void add_json(const std::string& member, nlohmann::ordered_json value);

  /// Checks, saves and reports. Throws InputError, with nothing written, if the model has become invalid.
  ExitCode finish(Session& session, const Reporting& reporting);

  ModelEdit(const ModelEdit&) = delete;
  ModelEdit& operator=(const ModelEdit&) = delete;
  ~ModelEdit();

 private:
  void apply_loading_options();
  void check() const;
  void report(Session& session, const Reporting& reporting, const onnx::SaveReport& saved) const;

  struct ExtraJson;

  std::string tool_;
  const OnnxLoading& loading_;
  const OnnxSaving& saving_;
  MappedFile file_;
  onnx::Model model_;
  ModelSummary before_;
  std::optional<onnx::NodePrints> prints_;  // of a large model: its unchanged nodes are not checked again
  std::vector<std::string> notes_;
  bool shows_ops_ = false;
  std::unique_ptr<ExtraJson> extra_;
};

/// What infers types and shapes, with complaints logged.
void infer_shapes_of(onnx::Model& model);

}  // namespace polygraph::cli
