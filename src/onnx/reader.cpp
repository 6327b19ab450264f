#include "onnx/reader.h"

#include <fmt/format.h>

#include <utility>

#include "onnx/wire.h"

namespace polygraph::onnx {
namespace {

void append(std::vector<std::byte>& bytes, ByteSpan more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}

/// A packed field that came in several pieces or element by element, as older writers do, made into one.
class PackedData {
 public:
  /// @param before  Values that were read already.
  explicit PackedData(ByteSpan before) : single_(before) {}

  void add_packed(ByteSpan piece) {
    if (joined_.empty() && single_.empty()) {
      single_ = piece;
      return;
    }
    join();
    append(joined_, piece);
  }
  /// One element with its tag.
  void add_element(ByteSpan whole) {
    join();
    const std::byte* p = whole.data();
    const std::byte* const end = p + whole.size();
    std::uint64_t tag = 0;
    read_varint(p, end, tag);
    append(joined_, {p, end});
  }
  ByteSpan finish(Storage& storage) const { return joined_.empty() ? single_ : storage.intern(joined_); }

 private:
  void join() { append(joined_, std::exchange(single_, {})); }

  ByteSpan single_;
  std::vector<std::byte> joined_;
};

/// What the field numbers of AttributeProto that hold values stand for.
AttributeType attribute_type_of_field(std::uint64_t number) {
  switch (number) {
    case 2:
      return AttributeType::float_value;
    case 3:
      return AttributeType::int_value;
    case 4:
      return AttributeType::string;
    case 5:
      return AttributeType::tensor;
    case 6:
      return AttributeType::graph;
    case 7:
      return AttributeType::floats;
    case 8:
      return AttributeType::ints;
    case 9:
      return AttributeType::strings;
    case 10:
      return AttributeType::tensors;
    case 11:
      return AttributeType::graphs;
    case 14:
      return AttributeType::type_proto;
    case 15:
      return AttributeType::type_protos;
    case 22:
      return AttributeType::sparse_tensor;
    case 23:
      return AttributeType::sparse_tensors;
    default:
      return AttributeType::undefined;
  }
}

Attribute::Value empty_value(AttributeType type) {
  switch (type) {
    case AttributeType::undefined:
      return {};
    case AttributeType::float_value:
      return 0.0f;
    case AttributeType::int_value:
      return std::int64_t{0};
    case AttributeType::string:
      return std::string_view();
    case AttributeType::tensor:
      return Box<TensorData>(TensorData());
    case AttributeType::graph:
      return Box<Graph>(Graph());
    case AttributeType::floats:
      return std::vector<float>();
    case AttributeType::ints:
      return std::vector<std::int64_t>();
    case AttributeType::strings:
      return std::vector<std::string_view>();
    case AttributeType::tensors:
      return std::vector<TensorData>();
    case AttributeType::graphs:
      return std::vector<Graph>();
    case AttributeType::sparse_tensor:
      return Box<SparseTensor>(SparseTensor());
    case AttributeType::sparse_tensors:
      return std::vector<SparseTensor>();
    case AttributeType::type_proto:
      return Box<Type>(Type());
    case AttributeType::type_protos:
      return std::vector<Type>();
  }
  return {};
}

/// One function per message of onnx.proto. Fields that are unknown, or known but of another wire type, are
/// kept. A message that comes twice where it may come once is merged, as protocol buffers demand.
class Reader {
 public:
  explicit Reader(Storage& storage) : storage_(storage) {}

  void only_tensor(TensorData& data) { tensor(data, storage_.bytes(), {nullptr, "tensor"}); }

  bool model(Model& model) {
    const FieldPath path{nullptr, "model"};
    bool has_graph = false;
    WireReader reader(storage_.bytes(), storage_, path);
    for (WireField field; reader.next(field);) {
      switch (field.tag) {
        case varint_tag(1):
          model.ir_version = field.as_int64();
          break;
        case bytes_tag(2):
          model.producer_name = field.as_text();
          break;
        case bytes_tag(3):
          model.producer_version = field.as_text();
          break;
        case bytes_tag(4):
          model.domain = field.as_text();
          break;
        case varint_tag(5):
          model.model_version = field.as_int64();
          break;
        case bytes_tag(6):
          model.doc_string = field.as_text();
          break;
        case bytes_tag(7):
          has_graph = true;
          graph(model.graph, field.payload, {&path, "graph"}, 1);
          break;
        case bytes_tag(8):
          add(model.opset_imports, field, path, "opset_import", &Reader::opset_import);
          break;
        case bytes_tag(14):
          add(model.metadata_props, field, path, "metadata_props", &Reader::string_entry);
          break;
        case bytes_tag(20):
          add(model.training_info, field, path, "training_info", &Reader::training_info);
          break;
        case bytes_tag(25):
          add(model.functions, field, path, "functions", &Reader::function);
          break;
        default:
          model.unknown.add(field.whole);
      }
    }
    return has_graph;
  }

 private:
  /// Appends an element to `list` and reads it with `read`.
  template <class T, class... Args>
  void add(std::vector<T>& list, const WireField& field, const FieldPath& path, const char* name,
           void (Reader::*read)(T&, ByteSpan, const FieldPath&, Args...), Args... args) {
    const auto index = static_cast<std::int64_t>(list.size());
    (this->*read)(list.emplace_back(), field.payload, FieldPath{&path, name, index}, args...);
  }

  void string_entry(StringEntry& entry, ByteSpan message, const FieldPath& path) {
    WireReader reader(message, storage_, path);
    for (WireField field; reader.next(field);) {
      switch (field.tag) {
        case bytes_tag(1):
          entry.key = field.as_text();
          break;
        case bytes_tag(2):
          entry.value = field.as_text();
          break;
        default:
          entry.unknown.add(field.whole);
      }
    }
  }

  void opset_import(OpsetImport& opset, ByteSpan message, const FieldPath& path) {
    WireReader reader(message, storage_, path);
    for (WireField field; reader.next(field);) {
      switch (field.tag) {
        case bytes_tag(1):
          opset.domain = field.as_text();
          break;
        case varint_tag(2):
          opset.version = field.as_int64();
          break;
        default:
          opset.unknown.add(field.whole);
      }
    }
  }

  void training_info(TrainingInfo& info, ByteSpan message, const FieldPath& path) {
    WireReader reader(message, storage_, path);
    for (WireField field; reader.next(field);) {
      switch (field.tag) {
        case bytes_tag(1):
          graph(info.initialization.make(), field.payload, {&path, "initialization"}, 1);
          break;
        case bytes_tag(2):
          graph(info.algorithm.make(), field.payload, {&path, "algorithm"}, 1);
          break;
        case bytes_tag(3):
          add(info.initialization_bindings, field, path, "initialization_binding", &Reader::string_entry);
          break;
        case bytes_tag(4):
          add(info.update_bindings, field, path, "update_binding", &Reader::string_entry);
          break;
        default:
          info.unknown.add(field.whole);
      }
    }
  }

  void function(Function& function, ByteSpan message, const FieldPath& path) {
    WireReader reader(message, storage_, path);
    for (WireField field; reader.next(field);) {
      switch (field.tag) {
        case bytes_tag(1):
          function.name = field.as_text();
          break;
        case bytes_tag(4):
          function.inputs.push_back(field.as_text());
          break;
        case bytes_tag(5):
          function.outputs.push_back(field.as_text());
          break;
        case bytes_tag(6):
          function.attributes.push_back(field.as_text());
          break;
        case bytes_tag(7):
          add(function.nodes, field, path, "node", &Reader::node, 1);
          break;
        case bytes_tag(8):
          function.doc_string = field.as_text();
          break;
        case bytes_tag(9):
          add(function.opset_imports, field, path, "opset_import", &Reader::opset_import);
          break;
        case bytes_tag(10):
          function.domain = field.as_text();
          break;
        case bytes_tag(11):
          add(function.default_attributes, field, path, "attribute_proto", &Reader::attribute, 1);
          break;
        case bytes_tag(12):
          add(function.value_info, field, path, "value_info", &Reader::value_info);
          break;
        case bytes_tag(13):
          function.overload = field.as_text();
          break;
        case bytes_tag(14):
          add(function.metadata_props, field, path, "metadata_props", &Reader::string_entry);
          break;
        default:
          function.unknown.add(field.whole);
      }
    }
  }

  /// Makes room for what is in a graph, so that large lists are not moved while they grow.
  void reserve(Graph& graph, ByteSpan message, const FieldPath& path) {
    std::size_t nodes = 0, initializers = 0, value_infos = 0;
    WireReader reader(message, storage_, path);
    for (WireField field; reader.next(field);) {
      nodes += field.tag == bytes_tag(1);
      initializers += field.tag == bytes_tag(5);
      value_infos += field.tag == bytes_tag(13);
    }
    // Not for a graph that comes in parts: growing by exactly one part at a time would be quadratic.
    if (graph.nodes.empty()) graph.nodes.reserve(nodes);
    if (graph.initializers.empty()) graph.initializers.reserve(initializers);
    if (graph.value_info.empty()) graph.value_info.reserve(value_infos);
  }

  /// @param depth  1 for the graph of a model, one more for each graph around it.
  void graph(Graph& graph, ByteSpan message, const FieldPath& path, int depth) {
    check_nesting(depth, "graphs", message, path);
    reserve(graph, message, path);
    WireReader reader(message, storage_, path);
    for (WireField field; reader.next(field);) {
      switch (field.tag) {
        case bytes_tag(1):
          add(graph.nodes, field, path, "node", &Reader::node, depth);
          break;
        case bytes_tag(2):
          graph.name = field.as_text();
          break;
        case bytes_tag(5):
          add(graph.initializers, field, path, "initializer", &Reader::tensor);
          break;
        case bytes_tag(10):
          graph.doc_string = field.as_text();
          break;
        case bytes_tag(11):
          add(graph.inputs, field, path, "input", &Reader::value_info);
          break;
        case bytes_tag(12):
          add(graph.outputs, field, path, "output", &Reader::value_info);
          break;
        case bytes_tag(13):
          add(graph.value_info, field, path, "value_info", &Reader::value_info);
          break;
        case bytes_tag(14):
          add(graph.quantization_annotations, field, path, "quantization_annotation", &Reader::annotation);
          break;
        case bytes_tag(15):
          add(graph.sparse_initializers, field, path, "sparse_initializer", &Reader::sparse_tensor);
          break;
        case bytes_tag(16):
          add(graph.metadata_props, field, path, "metadata_props", &Reader::string_entry);
          break;
        default:
          graph.unknown.add(field.whole);
      }
    }
  }

  void annotation(QuantizationAnnotation& annotation, ByteSpan message, const FieldPath& path) {
    WireReader reader(message, storage_, path);
    for (WireField field; reader.next(field);) {
      switch (field.tag) {
        case bytes_tag(1):
          annotation.tensor_name = field.as_text();
          break;
        case bytes_tag(2):
          add(annotation.parameters, field, path, "quant_parameter_tensor_names", &Reader::string_entry);
          break;
        default:
          annotation.unknown.add(field.whole);
      }
    }
  }

  void node(Node& node, ByteSpan message, const FieldPath& path, int depth) {
    WireReader reader(message, storage_, path);
    for (WireField field; reader.next(field);) {
      switch (field.tag) {
        case bytes_tag(1):
          node.inputs.push_back(field.as_text());
          break;
        case bytes_tag(2):
          node.outputs.push_back(field.as_text());
          break;
        case bytes_tag(3):
          node.name = field.as_text();
          break;
        case bytes_tag(4):
          node.op_type = field.as_text();
          break;
        case bytes_tag(5):
          add(node.attributes, field, path, "attribute", &Reader::attribute, depth);
          break;
        case bytes_tag(6):
          node.doc_string = field.as_text();
          break;
        case bytes_tag(7):
          node.domain = field.as_text();
          break;
        case bytes_tag(8):
          node.overload = field.as_text();
          break;
        case bytes_tag(9):
          add(node.metadata_props, field, path, "metadata_props", &Reader::string_entry);
          break;
        default:
          node.unknown.add(field.whole);
      }
    }
  }

  /// Which of the value fields counts: the one of the declared type, which comes last in the file; without a
  /// declared type (IR version 1), the one that is there.
  AttributeType declared_value(Attribute& attribute, ByteSpan message, const FieldPath& path) {
    AttributeType found = AttributeType::undefined;
    WireReader reader(message, storage_, path);
    for (WireField field; reader.next(field);) {
      if (field.tag == varint_tag(20))
        attribute.declared_type = field.as_int32();
      else if (found == AttributeType::undefined)
        found = attribute_type_of_field(field.tag >> 3);
    }
    if (attribute.declared_type == 0) return found;
    const bool known = attribute.declared_type > 0 && attribute.declared_type <= 14;
    return known ? static_cast<AttributeType>(attribute.declared_type) : AttributeType::undefined;
  }

  /// @param depth  Of the graph that the attribute is in.
  void attribute(Attribute& attribute, ByteSpan message, const FieldPath& path, int depth) {
    const AttributeType type = declared_value(attribute, message, path);
    attribute.value = empty_value(type);
    attribute.value_omitted = type != AttributeType::undefined;
    WireReader reader(message, storage_, path);
    for (WireField field; reader.next(field);) {
      switch (field.tag) {
        case bytes_tag(1):
          attribute.name = field.as_text();
          break;
        case bytes_tag(13):
          attribute.doc_string = field.as_text();
          break;
        case varint_tag(20):
          break;
        case bytes_tag(21):
          attribute.ref_attr_name = field.as_text();
          break;
        default:
          if (type != AttributeType::undefined && attribute_type_of_field(field.tag >> 3) == type &&
              attribute_value(attribute.value, field, path, depth))
            attribute.value_omitted = false;
          else
            attribute.unknown.add(field.whole);
      }
    }
  }

  /// Reads a value of the type that `value` is of; false if the wire type does not fit.
  bool attribute_value(Attribute::Value& value, const WireField& field, const FieldPath& path, int depth) {
    switch (field.tag) {
      case fixed32_tag(2):
        value = field.as_float();
        return true;
      case varint_tag(3):
        value = field.as_int64();
        return true;
      case bytes_tag(4):
        value = field.as_text();
        return true;
      case bytes_tag(5):
        tensor(*std::get<Box<TensorData>>(value), field.payload, {&path, "t"});
        return true;
      case bytes_tag(6):
        graph(*std::get<Box<Graph>>(value), field.payload, {&path, "g"}, depth + 1);
        return true;
      case fixed32_tag(7):
        std::get<std::vector<float>>(value).push_back(field.as_float());
        return true;
      case bytes_tag(7):
        packed_floats(std::get<std::vector<float>>(value), field.payload, {&path, "floats"});
        return true;
      case varint_tag(8):
        std::get<std::vector<std::int64_t>>(value).push_back(field.as_int64());
        return true;
      case bytes_tag(8):
        packed_ints(std::get<std::vector<std::int64_t>>(value), field.payload, {&path, "ints"});
        return true;
      case bytes_tag(9):
        std::get<std::vector<std::string_view>>(value).push_back(field.as_text());
        return true;
      case bytes_tag(10):
        add(std::get<std::vector<TensorData>>(value), field, path, "tensors", &Reader::tensor);
        return true;
      case bytes_tag(11):
        add(std::get<std::vector<Graph>>(value), field, path, "graphs", &Reader::graph, depth + 1);
        return true;
      case bytes_tag(14):
        type(*std::get<Box<Type>>(value), field.payload, {&path, "tp"}, 1);
        return true;
      case bytes_tag(15):
        add(std::get<std::vector<Type>>(value), field, path, "type_protos", &Reader::type, 1);
        return true;
      case bytes_tag(22):
        sparse_tensor(*std::get<Box<SparseTensor>>(value), field.payload, {&path, "sparse_tensor"});
        return true;
      case bytes_tag(23):
        add(std::get<std::vector<SparseTensor>>(value), field, path, "sparse_tensors",
            &Reader::sparse_tensor);
        return true;
      default:
        return false;
    }
  }

  void tensor(TensorData& tensor, ByteSpan message, const FieldPath& path) {
    PackedData data(tensor.typed_data);
    const auto typed = [&](const WireField& field, TensorData::TypedField number) {
      const bool is_packed = field.type() == WireType::length_delimited;
      if (is_packed && field.payload.empty()) return;  // no values, as if it were not there
      // Values of a second type would not fit data_type.
      if (tensor.typed_field != number && tensor.typed_field != TensorData::TypedField::none) {
        tensor.unknown.add(field.whole);
        return;
      }
      tensor.typed_field = number;
      if (is_packed)
        data.add_packed(field.payload);
      else
        data.add_element(field.whole);
    };
    WireReader reader(message, storage_, path);
    for (WireField field; reader.next(field);) {
      switch (field.tag) {
        case varint_tag(1):
          tensor.dims.push_back(field.as_int64());
          break;
        case bytes_tag(1):
          packed_ints(tensor.dims, field.payload, {&path, "dims"});
          break;
        case varint_tag(2):
          tensor.data_type = field.as_int32();
          break;
        case bytes_tag(4):
        case fixed32_tag(4):
          typed(field, TensorData::TypedField::float_data);
          break;
        case bytes_tag(5):
        case varint_tag(5):
          typed(field, TensorData::TypedField::int32_data);
          break;
        case bytes_tag(6):
          tensor.string_data.push_back(field.as_text());
          break;
        case bytes_tag(7):
        case varint_tag(7):
          typed(field, TensorData::TypedField::int64_data);
          break;
        case bytes_tag(8):
          tensor.name = field.as_text();
          break;
        case bytes_tag(9):
          tensor.raw_data = field.payload;
          break;
        case bytes_tag(10):
        case fixed64_tag(10):
          typed(field, TensorData::TypedField::double_data);
          break;
        case bytes_tag(11):
        case varint_tag(11):
          typed(field, TensorData::TypedField::uint64_data);
          break;
        case bytes_tag(12):
          tensor.doc_string = field.as_text();
          break;
        case bytes_tag(13):
          add(tensor.external_data, field, path, "external_data", &Reader::string_entry);
          break;
        case varint_tag(14):
          tensor.data_location = field.as_int32();
          break;
        case bytes_tag(16):
          add(tensor.metadata_props, field, path, "metadata_props", &Reader::string_entry);
          break;
        default:
          tensor.unknown.add(field.whole);
      }
    }
    tensor.typed_data = data.finish(storage_);
  }

  void sparse_tensor(SparseTensor& sparse, ByteSpan message, const FieldPath& path) {
    WireReader reader(message, storage_, path);
    for (WireField field; reader.next(field);) {
      switch (field.tag) {
        case bytes_tag(1):
          tensor(sparse.values, field.payload, {&path, "values"});
          break;
        case bytes_tag(2):
          tensor(sparse.indices, field.payload, {&path, "indices"});
          break;
        case varint_tag(3):
          sparse.dims.push_back(field.as_int64());
          break;
        case bytes_tag(3):
          packed_ints(sparse.dims, field.payload, {&path, "dims"});
          break;
        default:
          sparse.unknown.add(field.whole);
      }
    }
  }

  void value_info(ValueInfo& info, ByteSpan message, const FieldPath& path) {
    WireReader reader(message, storage_, path);
    for (WireField field; reader.next(field);) {
      switch (field.tag) {
        case bytes_tag(1):
          info.name = field.as_text();
          break;
        case bytes_tag(2):
          type(info.type.make(), field.payload, {&path, "type"}, 1);
          break;
        case bytes_tag(3):
          info.doc_string = field.as_text();
          break;
        case bytes_tag(4):
          add(info.metadata_props, field, path, "metadata_props", &Reader::string_entry);
          break;
        default:
          info.unknown.add(field.whole);
      }
    }
  }

  void type(Type& type, ByteSpan message, const FieldPath& path, int depth) {
    check_nesting(depth, "types", message, path);
    WireReader reader(message, storage_, path);
    for (WireField field; reader.next(field);) {
      switch (field.tag) {
        case bytes_tag(1):
          choose(type, Type::Kind::tensor);
          tensor_type(type, field.payload, {&path, "tensor_type"});
          break;
        case bytes_tag(4):
          choose(type, Type::Kind::sequence);
          element_type(type, field.payload, {&path, "sequence_type"}, depth);
          break;
        case bytes_tag(5):
          choose(type, Type::Kind::map);
          map_type(type, field.payload, {&path, "map_type"}, depth);
          break;
        case bytes_tag(6):
          type.denotation = field.as_text();
          break;
        case bytes_tag(7):
          choose(type, Type::Kind::opaque);
          opaque_type(type, field.payload, {&path, "opaque_type"});
          break;
        case bytes_tag(8):
          choose(type, Type::Kind::sparse_tensor);
          tensor_type(type, field.payload, {&path, "sparse_tensor_type"});
          break;
        case bytes_tag(9):
          choose(type, Type::Kind::optional);
          element_type(type, field.payload, {&path, "optional_type"}, depth);
          break;
        default:
          type.unknown.add(field.whole);
      }
    }
  }

  /// Of the alternatives of a oneof, the last one counts.
  static void choose(Type& type, Type::Kind kind) {
    if (type.kind == kind) return;
    Type chosen;
    chosen.kind = kind;
    chosen.denotation = type.denotation;
    chosen.unknown = std::move(type.unknown);
    type = std::move(chosen);
  }

  void tensor_type(Type& type, ByteSpan message, const FieldPath& path) {
    WireReader reader(message, storage_, path);
    for (WireField field; reader.next(field);) {
      switch (field.tag) {
        case varint_tag(1):
          type.element_type = field.as_int32();
          break;
        case bytes_tag(2):
          shape(type.shape.make(), field.payload, {&path, "shape"});
          break;
        default:
          type.content_unknown.add(field.whole);
      }
    }
  }

  void element_type(Type& outer, ByteSpan message, const FieldPath& path, int depth) {
    WireReader reader(message, storage_, path);
    for (WireField field; reader.next(field);) {
      if (field.tag == bytes_tag(1))
        type(outer.element.make(), field.payload, {&path, "elem_type"}, depth + 1);
      else
        outer.content_unknown.add(field.whole);
    }
  }

  void map_type(Type& outer, ByteSpan message, const FieldPath& path, int depth) {
    WireReader reader(message, storage_, path);
    for (WireField field; reader.next(field);) {
      switch (field.tag) {
        case varint_tag(1):
          outer.element_type = field.as_int32();
          break;
        case bytes_tag(2):
          type(outer.element.make(), field.payload, {&path, "value_type"}, depth + 1);
          break;
        default:
          outer.content_unknown.add(field.whole);
      }
    }
  }

  void opaque_type(Type& type, ByteSpan message, const FieldPath& path) {
    WireReader reader(message, storage_, path);
    for (WireField field; reader.next(field);) {
      switch (field.tag) {
        case bytes_tag(1):
          type.opaque_domain = field.as_text();
          break;
        case bytes_tag(2):
          type.opaque_name = field.as_text();
          break;
        default:
          type.content_unknown.add(field.whole);
      }
    }
  }

  void shape(ShapeInfo& shape, ByteSpan message, const FieldPath& path) {
    WireReader reader(message, storage_, path);
    for (WireField field; reader.next(field);) {
      if (field.tag == bytes_tag(1))
        add(shape.dims, field, path, "dim", &Reader::dimension);
      else
        shape.unknown.add(field.whole);
    }
  }

  void dimension(DimensionInfo& dimension, ByteSpan message, const FieldPath& path) {
    WireReader reader(message, storage_, path);
    for (WireField field; reader.next(field);) {
      switch (field.tag) {
        case varint_tag(1):
          dimension.value = field.as_int64();
          break;
        case bytes_tag(2):
          dimension.value = field.as_text();
          break;
        case bytes_tag(3):
          dimension.denotation = field.as_text();
          break;
        default:
          dimension.unknown.add(field.whole);
      }
    }
  }

  void packed_ints(std::vector<std::int64_t>& list, ByteSpan packed, const FieldPath& path) {
    const std::byte* p = packed.data();
    const std::byte* const end = p + packed.size();
    while (p != end) {
      const std::byte* const start = p;
      std::uint64_t value = 0;
      if (!read_varint(p, end, value)) fail_at(storage_, start, path, "a number is cut off");
      list.push_back(static_cast<std::int64_t>(value));
    }
  }

  void packed_floats(std::vector<float>& list, ByteSpan packed, const FieldPath& path) {
    if (packed.size() % sizeof(float) != 0)
      fail_at(storage_, packed.data(), path, fmt::format("{} bytes are no whole floats", packed.size()));
    const std::size_t before = list.size();
    list.resize(before + packed.size() / sizeof(float));
    if (!packed.empty()) std::memcpy(list.data() + before, packed.data(), packed.size());
  }

  void check_nesting(int depth, const char* what, ByteSpan message, const FieldPath& path) const {
    if (depth > max_nesting)
      fail_at(storage_, message.data(), path,
              fmt::format("{} are nested deeper than {} levels", what, max_nesting));
  }

  Storage& storage_;
};

}  // namespace

bool read_model(Model& model) {
  return Reader(model.storage).model(model);
}

void read_tensor(TensorData& tensor, Storage& storage) {
  Reader(storage).only_tensor(tensor);
}

}  // namespace polygraph::onnx
