#pragma once

#include <polygraph/onnx/box.h>
#include <polygraph/onnx/tensor_data.h>
#include <polygraph/onnx/types.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace polygraph::onnx {

struct Graph;

/// AttributeProto.AttributeType.
enum class AttributeType : std::int32_t {
  undefined = 0,
  float_value = 1,
  int_value = 2,
  string = 3,
  tensor = 4,
  graph = 5,
  floats = 6,
  ints = 7,
  strings = 8,
  tensors = 9,
  graphs = 10,
  sparse_tensor = 11,
  sparse_tensors = 12,
  type_proto = 13,
  type_protos = 14,
};

/// AttributeProto: one named constant of a node.
struct Attribute {
  /// In the order of AttributeType.
  using Value = std::variant<std::monostate, float, std::int64_t, std::string_view, Box<TensorData>,
                             Box<Graph>, std::vector<float>, std::vector<std::int64_t>,
                             std::vector<std::string_view>, std::vector<TensorData>, std::vector<Graph>,
                             Box<SparseTensor>, std::vector<SparseTensor>, Box<Type>, std::vector<Type>>;

  std::string_view name = {};
  /// In a function: the attribute of the function whose value this one takes; it then has none of its own.
  std::string_view ref_attr_name = {};
  Value value;  // without an initialiser: clang would need a complete Graph for it here
  /// The type as the file has it: 0 in models of IR version 1, or a number that this version does not know,
  /// whose value is then among the unknown fields.
  std::int32_t declared_type = 0;
  /// The file names a type but has no value, which then is the default of the type (zero, or an empty
  /// message); it is left out again when the model is written, as long as it is still the default.
  bool value_omitted = false;
  std::string_view doc_string = {};
  UnknownFields unknown = {};

  AttributeType type() const { return static_cast<AttributeType>(value.index()); }
};

/// NodeProto: one operation. An empty name among the inputs or outputs is one that is left out.
struct Node {
  std::string_view name = {};
  std::string_view op_type = {};
  std::string_view domain = {};
  std::string_view overload = {};
  std::vector<std::string_view> inputs = {};
  std::vector<std::string_view> outputs = {};
  std::vector<Attribute> attributes = {};
  std::string_view doc_string = {};
  std::vector<StringEntry> metadata_props = {};
  UnknownFields unknown = {};  ///< among them device_configurations
};

/// TensorAnnotation: the scale and zero point of a tensor, by name.
struct QuantizationAnnotation {
  std::string_view tensor_name = {};
  std::vector<StringEntry> parameters = {};
  UnknownFields unknown = {};
};

/// GraphProto: the nodes of a model or of a sub-graph, in an order in which they can run.
struct Graph {
  std::string_view name = {};
  std::vector<Node> nodes = {};
  std::vector<ValueInfo> inputs = {};
  std::vector<ValueInfo> outputs = {};
  std::vector<ValueInfo> value_info = {};
  std::vector<TensorData> initializers = {};
  std::vector<SparseTensor> sparse_initializers = {};
  std::vector<QuantizationAnnotation> quantization_annotations = {};
  std::string_view doc_string = {};
  std::vector<StringEntry> metadata_props = {};
  UnknownFields unknown = {};
};

/// The domain of the standard operators is empty or `ai.onnx`.
inline bool is_standard_domain(std::string_view domain) {
  return domain.empty() || domain == "ai.onnx";
}

/// OperatorSetIdProto.
struct OpsetImport {
  std::string_view domain = {};
  std::optional<std::int64_t> version = {};
  UnknownFields unknown = {};

  bool is_standard() const { return is_standard_domain(domain); }
};

/// FunctionProto: an operator that the model itself defines, by other operators.
struct Function {
  std::string_view name = {};
  std::string_view domain = {};
  std::string_view overload = {};
  std::vector<std::string_view> inputs = {};
  std::vector<std::string_view> outputs = {};
  std::vector<std::string_view> attributes = {};   ///< names of attributes without a default
  std::vector<Attribute> default_attributes = {};  ///< attributes with a default (`attribute_proto`)
  std::vector<Node> nodes = {};
  std::vector<OpsetImport> opset_imports = {};
  std::vector<ValueInfo> value_info = {};
  std::string_view doc_string = {};
  std::vector<StringEntry> metadata_props = {};
  UnknownFields unknown = {};
};

}  // namespace polygraph::onnx
