#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/official.h>
#include <polygraph/onnx/official_loaders.h>

#include <utility>

#include "core/log_format.h"

namespace polygraph::onnx {

OnnxFromText::OnnxFromText(std::string text) : text_(std::move(text)) {}

Model OnnxFromText::operator()() const {
  return parse_text(text_);
}

std::string OnnxFromText::str() const {
  return cpp_expression<1>("OnnxFromText", text_);
}

InferShapes::InferShapes(Source<Model> model, InferShapesOptions options)
    : model_(std::move(model)), options_(options) {}

Model InferShapes::operator()() const {
  Model model = model_.get();
  const std::vector<std::string> complaints = infer_shapes_officially(
      model, {.strict = options_.strict, .data_propagation = options_.data_propagation});
  if (!complaints.empty() && !options_.error_ok) {
    throw InputError(fmt::format("Cannot infer the shapes of {}: {}", model.storage.name(), complaints[0]),
                     complaints.size() == 1
                         ? std::string()
                         : fmt::format("There are {} more such problems.", complaints.size() - 1));
  }
  for (const std::string& complaint : complaints) log_warning("Inferring shapes: {}", complaint);
  return model;
}

std::string InferShapes::str() const {
  return cpp_expression<1>("InferShapes", model_, options_);
}

ConvertOpset::ConvertOpset(Source<Model> model, std::int64_t version)
    : model_(std::move(model)), version_(version) {}

Model ConvertOpset::operator()() const {
  Model model = model_.get();
  passes::convert_opset(model, version_);
  return model;
}

std::string ConvertOpset::str() const {
  return cpp_expression<2>("ConvertOpset", model_, version_);
}

InlineFunctions::InlineFunctions(Source<Model> model, std::vector<std::string> names)
    : model_(std::move(model)), names_(std::move(names)) {}

Model InlineFunctions::operator()() const {
  Model model = model_.get();
  passes::inline_functions(model, names_);
  return model;
}

std::string InlineFunctions::str() const {
  return cpp_expression<1>("InlineFunctions", model_, names_);
}

}  // namespace polygraph::onnx
