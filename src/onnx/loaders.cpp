#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/literals.h>
#include <polygraph/onnx/loaders.h>

#include <utility>

#include "core/log_format.h"
#include "onnx/name_table.h"
#include "onnx/tensors.h"

namespace polygraph::onnx {
namespace {

/// Maps every file of external data once: one that is missing is told of now.
void look_for_external_data(Model& model) {
  NameTable seen;
  for_each_tensor(model, [&](const TensorData& tensor) {
    if (!tensor.is_external()) return;
    const std::string_view location = external_data_of(tensor).location;
    if (seen.contains(location)) return;
    seen.add(location);
    model.storage.external_file(location);
  });
}

bool asks_for_all(const std::vector<std::string>& outputs) {
  using Names = std::vector<std::string>;
  return outputs == Names{"mark-all"} || outputs == Names{"mark all"} || outputs == Names{"mark", "all"};
}

std::string literal(const ExtractSubgraph::Boundaries& boundaries) {
  if (!boundaries) return "{}";
  std::string text;
  for (const passes::Boundary& boundary : *boundaries)
    text += fmt::format("{}{{{}, {}, {}}}", text.empty() ? "" : ", ", cpp_literal(boundary.name),
                        boundary.dtype ? fmt::format("DataType::{}", to_string(*boundary.dtype)) : "{}",
                        boundary.shape ? cpp_literal(*boundary.shape) : "{}");
  return "{{" + text + "}}";
}

}  // namespace

OnnxFromPath::OnnxFromPath(std::filesystem::path path, LoadOptions options)
    : path_(std::move(path)), options_(std::move(options)) {}

Model OnnxFromPath::operator()() const {
  Model model = load_model(path_);
  if (!options_.external_data_dir.empty()) model.storage.set_folder(options_.external_data_dir);
  if (!options_.ignore_external_data) look_for_external_data(model);
  log_verbose("Read '{}': {} nodes", path_.native(), model.graph.nodes.size());
  return model;
}

std::string OnnxFromPath::str() const {
  return cpp_expression<1>("OnnxFromPath", path_, options_);
}

OnnxFromBytes::OnnxFromBytes(Source<Bytes> serialized_onnx) : serialized_onnx_(std::move(serialized_onnx)) {}

Model OnnxFromBytes::operator()() const {
  const Bytes bytes = serialized_onnx_.get();
  return load_model_from_bytes(bytes.span(), bytes.keep_alive());
}

std::string OnnxFromBytes::str() const {
  return cpp_expression<1>("OnnxFromBytes", serialized_onnx_);
}

SaveOnnx::SaveOnnx(Source<Model> model, std::filesystem::path path, SaveOptions options)
    : model_(std::move(model)), path_(std::move(path)), options_(std::move(options)) {}

Model SaveOnnx::operator()() const {
  Model model = model_.get();
  save_model(model, path_, options_);
  log_info("Saved the model to '{}'", path_.native());
  return model;
}

std::string SaveOnnx::str() const {
  return cpp_expression<2>("SaveOnnx", model_, path_, options_);
}

ConvertToExternalData::ConvertToExternalData(Source<Model> model, std::filesystem::path path,
                                             SaveOptions options)
    : model_(std::move(model)), path_(std::move(path)), options_(std::move(options)) {
  if (!options_.external_data_path) options_.external_data_path.emplace();
}

Model ConvertToExternalData::operator()() const {
  save_model(model_.get(), path_, options_);
  log_info("Saved the model to '{}', its weights beside it", path_.native());
  return load_model(path_);
}

std::string ConvertToExternalData::str() const {
  SaveOptions printed = options_;
  if (printed.external_data_path->empty()) printed.external_data_path.reset();
  return cpp_expression<2>("ConvertToExternalData", model_, path_, printed);
}

BytesFromOnnx::BytesFromOnnx(Source<Model> model) : model_(std::move(model)) {}

Bytes BytesFromOnnx::operator()() const {
  return encode_model(model_.get());
}

std::string BytesFromOnnx::str() const {
  return cpp_expression<1>("BytesFromOnnx", model_);
}

ModifyOutputs::ModifyOutputs(Source<Model> model, OutputOptions options)
    : model_(std::move(model)), options_(std::move(options)) {}

Model ModifyOutputs::operator()() const {
  Model model = model_.get();
  passes::modify_outputs(
      model, {.outputs = asks_for_all(options_.outputs) ? std::vector<std::string>{"*"} : options_.outputs,
              .op_types = options_.mark_types,
              .exclude = options_.exclude_outputs});
  return model;
}

std::string ModifyOutputs::str() const {
  return cpp_expression<1>("ModifyOutputs", model_, options_);
}

SetUpperBound::SetUpperBound(Source<Model> model, std::map<std::string, std::int64_t> upper_bounds)
    : model_(std::move(model)), upper_bounds_(std::move(upper_bounds)) {}

Model SetUpperBound::operator()() const {
  Model model = model_.get();
  const std::vector<std::string> bounded = passes::set_upper_bounds(model, upper_bounds_);
  if (bounded.empty())
    log_warning("Setting upper bounds: no size in the model needs one");
  else
    log_info("Set upper bounds of {}", fmt::join(bounded, ", "));
  return model;
}

std::string SetUpperBound::str() const {
  return cpp_expression<2>("SetUpperBound", model_, upper_bounds_);
}

ExtractSubgraph::ExtractSubgraph(Source<Model> model, Boundaries inputs, Boundaries outputs)
    : model_(std::move(model)), inputs_(std::move(inputs)), outputs_(std::move(outputs)) {}

Model ExtractSubgraph::operator()() const {
  Model model = model_.get();
  passes::extract_subgraph(model, inputs_, outputs_);
  return model;
}

std::string ExtractSubgraph::str() const {
  return detail::call_expression("ExtractSubgraph", {model_.str(), literal(inputs_), literal(outputs_)}, 1);
}

}  // namespace polygraph::onnx
