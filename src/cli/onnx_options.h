#pragma once

#include <polygraph/core/files.h>
#include <polygraph/core/shape.h>
#include <polygraph/onnx/model.h>
#include <polygraph/onnx/passes.h>
#include <polygraph/onnx/save.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/metadata_text.h"
#include "cli/option_fields.h"
#include "cli/tool.h"

/// Groups of options that tools share which read, change and write ONNX models. Each fills a struct, which
/// has to outlive the tables.
namespace polygraph::cli {

/// Which model, and what is done to it before the tool sees it.
struct OnnxLoading {
  std::filesystem::path model;
  std::optional<std::filesystem::path> external_data_dir;
  bool ignore_external_data = false;
  bool infer_shapes = false;
  onnx::passes::OutputSelection outputs;
  bool fp16 = false;
  std::map<std::string, std::int64_t> upper_bounds;

  bool selects_outputs() const {
    return !outputs.outputs.empty() || !outputs.op_types.empty() || !outputs.exclude.empty();
  }
};

/// How the result is written.
struct OnnxSaving {
  std::filesystem::path output;
  onnx::SaveOptions options;
  bool check = true;
};

/// Data for running a model, and the shapes that open dimensions get for it.
struct DataLoading {
  std::map<std::string, PartialShape> shapes;
  std::uint64_t seed = 1;
  std::vector<ValueRange> ranges;
  std::map<std::string, std::filesystem::path> files;  ///< `.npy`, by the input's name
};

/// Lets the model look for its external data where the options say: beside it, in a folder, or nowhere.
void set_data_folder(const OnnxLoading& loading, onnx::Model& model);

/// The model, for a backend that is to find its external data in the folder that `--external-data-dir` names;
/// null if that was not given, and the backend reads the file itself. Throws as onnx::OnnxFromPath.
std::shared_ptr<const onnx::Model> model_with_data_folder(const OnnxLoading& loading);

/// The positional argument MODEL_FILE.
Option model_argument(OnnxLoading& loading);

/// `--external-data-dir` alone.
Option data_folder_option(OnnxLoading& loading);

/// `--external-data-dir` and `--ignore-external-data`.
OptionGroup onnx_loading_group(OnnxLoading& loading);

/// The same for tools whose result is a model: `--fp-to-fp16`, too.
OptionGroup onnx_editing_group(OnnxLoading& loading);

/// `--PREFIXoutputs`, `--PREFIXexclude-outputs` and `--PREFIXoutputs-by-type`.
std::vector<Option> output_selection_options(OnnxLoading& loading, const std::string& prefix);

/// `--shape-inference`, or `--no-shape-inference` where it is done by default. With `force_fallback`,
/// `--force-fallback-shape-inference`, too.
OptionGroup shape_inference_group(OnnxLoading& loading, bool* force_fallback);

/// `-o/--output` and the options for external data.
OptionGroup onnx_saving_group(OnnxSaving& saving);

/// `--seed`, `--val-range` and `--load-inputs`.
OptionGroup data_group(DataLoading& data);

/// `--providers` and the other fields of onnxrt::SessionOptions, as settings for the backend.
OptionGroup onnxrt_group(Settings& settings);

/// An option that takes `name:shape` and adds to `shapes`.
Option shapes_option(std::vector<std::string> names, std::string help,
                     std::map<std::string, PartialShape>& shapes);

/// Lets the options of a group write their names to `given`, besides what they do, when they are used.
void record_use(OptionGroup& group, std::vector<std::string>& given);

}  // namespace polygraph::cli
