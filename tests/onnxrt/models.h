#pragma once

#include <polygraph/onnx/model.h>

#include <initializer_list>
#include <string_view>

// ONNX models made on the spot.
namespace polygraph::onnxrt::test {

/// A graph that is put together line by line; texts must outlive the model (literals do).
/// @code
///   ModelBuilder b;
///   b.input("x", DataType::float32, {-1, 3}).node("Relu", {"x"}, {"y"}).output("y");
///   onnx::Model model = b.model();
/// @endcode
class ModelBuilder {
 public:
  explicit ModelBuilder(std::int64_t opset = 17, std::int64_t ir_version = 8);
  /// A negative dimension is open; the first such one is called `batch`.
  ModelBuilder& input(std::string_view name, DataType dtype, std::initializer_list<std::int64_t> dims);
  /// Without a type: the engine infers it.
  ModelBuilder& output(std::string_view name);
  ModelBuilder& output(std::string_view name, DataType dtype, std::initializer_list<std::int64_t> dims);
  ModelBuilder& node(std::string_view op_type, std::initializer_list<std::string_view> inputs,
                     std::initializer_list<std::string_view> outputs,
                     std::vector<onnx::Attribute> attributes = {}, std::string_view domain = {});
  ModelBuilder& initializer(std::string_view name, const Tensor& values);
  onnx::Model& model() { return model_; }

 private:
  onnx::Model model_;
};

onnx::Attribute attribute(std::string_view name, onnx::Attribute::Value value);

/// The models of the runner contract, by name.
onnx::Model contract_model(std::string_view name);

}  // namespace polygraph::onnxrt::test
