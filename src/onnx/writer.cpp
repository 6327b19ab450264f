#include "onnx/writer.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/save.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "onnx/wire.h"

namespace polygraph::onnx {
namespace {

ByteSpan bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

constexpr std::size_t tag_size(std::uint64_t number) {
  return varint_size(number << 3);
}

/// The first pass: measures the messages.
class FieldSizer {
 public:
  explicit FieldSizer(std::vector<std::uint64_t>& sizes) : sizes_(sizes) {}

  std::uint64_t size() const { return size_; }

  void varint(std::uint64_t number, std::uint64_t value) { size_ += tag_size(number) + varint_size(value); }
  void fixed32(std::uint64_t number, float) { size_ += tag_size(number) + sizeof(float); }
  void bytes(std::uint64_t number, std::string_view text) { add(number, text.size()); }
  void payload(std::uint64_t number, const Payload& payload) { add(number, payload.size); }
  void verbatim(ByteSpan fields) { size_ += fields.size(); }
  template <class Fields>
  void message(std::uint64_t number, const Fields& fields) {
    const std::size_t index = sizes_.size();
    sizes_.push_back(0);
    const std::uint64_t outer = std::exchange(size_, 0);
    fields();
    sizes_[index] = size_;
    add(number, std::exchange(size_, outer));
  }

 private:
  void add(std::uint64_t number, std::uint64_t length) {
    size_ += tag_size(number) + varint_size(length) + length;
  }

  std::vector<std::uint64_t>& sizes_;
  std::uint64_t size_ = 0;
};

/// The second pass: writes the same fields, through a buffer.
class FieldWriter {
 public:
  FieldWriter(const std::vector<std::uint64_t>& sizes, ModelSink& sink)
      : next_size_(sizes.begin()), sink_(sink) {}

  void varint(std::uint64_t number, std::uint64_t value) {
    make_room(2 * longest_varint);
    write_varint(end_, varint_tag(number));
    write_varint(end_, value);
  }
  void fixed32(std::uint64_t number, float value) {
    make_room(longest_varint + sizeof value);
    write_varint(end_, fixed32_tag(number));
    std::memcpy(end_, &value, sizeof value);
    end_ += sizeof value;
  }
  void bytes(std::uint64_t number, std::string_view text) {
    head(number, text.size());
    verbatim(bytes_of(text));
  }
  void payload(std::uint64_t number, const Payload& payload) {
    head(number, payload.size);
    if (payload.size <= longest_copy && !payload.deferred && !payload.decoded) return verbatim(payload.bytes);
    flush();
    sink_.write(payload);
  }
  void verbatim(ByteSpan fields) {
    if (fields.size() > longest_copy) {
      flush();
      sink_.write(fields);
    } else if (!fields.empty()) {
      make_room(fields.size());
      std::memcpy(end_, fields.data(), fields.size());
      end_ += fields.size();
    }
  }
  template <class Fields>
  void message(std::uint64_t number, const Fields& fields) {
    head(number, *next_size_++);
    fields();
  }
  void flush() {
    if (end_ != buffer_.get()) sink_.write({buffer_.get(), end_});
    end_ = buffer_.get();
  }

 private:
  static constexpr std::size_t longest_varint = 10;
  static constexpr std::size_t longest_copy = 16 << 10;
  static constexpr std::size_t buffer_size = 64 << 10;

  void head(std::uint64_t number, std::uint64_t length) {
    make_room(2 * longest_varint);
    write_varint(end_, bytes_tag(number));
    write_varint(end_, length);
  }
  void make_room(std::size_t count) {
    if (buffer_size - static_cast<std::size_t>(end_ - buffer_.get()) < count) flush();
  }

  std::vector<std::uint64_t>::const_iterator next_size_;
  ModelSink& sink_;
  std::unique_ptr<std::byte[]> buffer_ = std::make_unique_for_overwrite<std::byte[]>(buffer_size);
  std::byte* end_ = buffer_.get();
};

/// The first field in `fields`; all of them if they are not what a reader would have kept.
ByteSpan first_field(ByteSpan fields) {
  const std::byte* p = fields.data();
  const std::byte* const end = p + fields.size();
  std::uint64_t tag = 0, number = 0, length = 0;
  if (!read_varint(p, end, tag)) return fields;
  switch (static_cast<WireType>(tag & 7)) {
    case WireType::varint:
      if (!read_varint(p, end, number)) return fields;
      break;
    case WireType::fixed64:
      length = 8;
      break;
    case WireType::fixed32:
      length = 4;
      break;
    case WireType::length_delimited:
      if (!read_varint(p, end, length)) return fields;
      break;
    default:
      return fields;
  }
  return length <= static_cast<std::uint64_t>(end - p) ? ByteSpan(fields.data(), p + length) : fields;
}

/// Fields that are unknown to the model's structures, but not all to onnx.proto: a value beside the one of
/// the attribute's type, the segment of a tensor. Protobuf writes the latter where their numbers place them,
/// and the rest at the end.
template <class Out>
class UnknownInPlace {
 public:
  /// @param known  The numbers that have a place, as bits.
  UnknownInPlace(Out& out, const UnknownFields& unknown, std::uint64_t known) : out_(out) {
    for (ByteSpan piece : unknown.pieces()) {
      while (!piece.empty()) {
        const ByteSpan field = first_field(piece);
        fields_.push_back({place_of(field, known), field});
        piece = piece.subspan(field.size());
      }
    }
    std::ranges::stable_sort(fields_, {}, &Field::place);
  }

  void before(std::uint64_t number) {
    for (; next_ < fields_.size() && fields_[next_].place < number; ++next_)
      out_.verbatim(fields_[next_].bytes);
  }
  void rest() {
    for (; next_ < fields_.size(); ++next_) out_.verbatim(fields_[next_].bytes);
  }

 private:
  struct Field {
    std::uint64_t place;
    ByteSpan bytes;
  };

  static std::uint64_t place_of(ByteSpan field, std::uint64_t known) {
    const std::byte* p = field.data();
    std::uint64_t tag = 0;
    read_varint(p, p + field.size(), tag);
    const std::uint64_t number = tag >> 3;
    return number < 64 && (known >> number & 1) ? number : UINT64_MAX;
  }

  Out& out_;
  std::vector<Field> fields_;
  std::size_t next_ = 0;
};

constexpr std::uint64_t numbers(std::initializer_list<std::pair<int, int>> ranges) {
  std::uint64_t bits = 0;
  for (const auto& [first, last] : ranges)
    for (int number = first; number <= last; ++number) bits |= std::uint64_t{1} << number;
  return bits;
}
constexpr std::uint64_t tensor_numbers = numbers({{1, 14}, {16, 16}});
constexpr std::uint64_t typed_numbers = numbers({{4, 5}, {7, 7}, {10, 11}});
constexpr std::uint64_t attribute_numbers = numbers({{1, 11}, {13, 15}, {20, 23}});
constexpr std::uint64_t attribute_value_numbers = numbers({{2, 11}, {14, 15}, {22, 23}});

/// Of several kinds of values, the first in the file counts: others of lower number come after it.
constexpr std::uint64_t without_lower(std::uint64_t known, std::uint64_t values, std::uint64_t first) {
  return known & ~(values & ((std::uint64_t{1} << first) - 1));
}

/// The field of AttributeProto that holds a value, by its type.
constexpr std::array<std::uint64_t, 15> value_numbers = {0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 22, 23, 14, 15};
static_assert(value_numbers.size() == std::variant_size_v<Attribute::Value>);

/// One function per message of onnx.proto, for both passes.
template <class Out>
class MessageWriter {
 public:
  MessageWriter(Out& out, const Model& model, const Placements& placements)
      : out_(out), model_(model), placements_(placements) {}

  void model() {
    optional_int(1, model_.ir_version);
    text(2, model_.producer_name);
    text(3, model_.producer_version);
    text(4, model_.domain);
    optional_int(5, model_.model_version);
    text(6, model_.doc_string);
    message(7, &MessageWriter::graph, model_.graph);
    messages(8, &MessageWriter::opset_import, model_.opset_imports);
    messages(14, &MessageWriter::string_entry, model_.metadata_props);
    messages(20, &MessageWriter::training_info, model_.training_info);
    messages(25, &MessageWriter::function, model_.functions);
    unknown(model_.unknown);
  }

 private:
  void text(std::uint64_t number, std::string_view value) {
    if (value.data()) out_.bytes(number, value);
  }
  void texts(std::uint64_t number, const std::vector<std::string_view>& values) {
    for (const std::string_view value : values) out_.bytes(number, value);
  }
  void number(std::uint64_t field, std::int64_t value) {
    out_.varint(field, static_cast<std::uint64_t>(value));
  }
  void list(std::uint64_t field, const std::vector<std::int64_t>& values) {
    for (const std::int64_t value : values) number(field, value);
  }
  template <class Int>
  void optional_int(std::uint64_t field, const std::optional<Int>& value) {
    if (value) number(field, *value);
  }
  void unknown(const UnknownFields& fields) {
    for (const ByteSpan piece : fields.pieces()) out_.verbatim(piece);
  }
  template <class T>
  void message(std::uint64_t number, void (MessageWriter::*fields)(const T&), const T& value) {
    out_.message(number, [&] { (this->*fields)(value); });
  }
  template <class T>
  void message(std::uint64_t number, void (MessageWriter::*fields)(const T&), const Box<T>& value) {
    if (value) message(number, fields, *value);
  }
  template <class T>
  void messages(std::uint64_t number, void (MessageWriter::*fields)(const T&), const std::vector<T>& values) {
    for (const T& value : values) message(number, fields, value);
  }

  void string_entry(const StringEntry& entry) {
    text(1, entry.key);
    text(2, entry.value);
    unknown(entry.unknown);
  }

  void opset_import(const OpsetImport& opset) {
    text(1, opset.domain);
    optional_int(2, opset.version);
    unknown(opset.unknown);
  }

  void training_info(const TrainingInfo& info) {
    message(1, &MessageWriter::graph, info.initialization);
    message(2, &MessageWriter::graph, info.algorithm);
    messages(3, &MessageWriter::string_entry, info.initialization_bindings);
    messages(4, &MessageWriter::string_entry, info.update_bindings);
    unknown(info.unknown);
  }

  void function(const Function& function) {
    text(1, function.name);
    texts(4, function.inputs);
    texts(5, function.outputs);
    texts(6, function.attributes);
    ++graph_depth_;
    messages(7, &MessageWriter::node, function.nodes);
    text(8, function.doc_string);
    messages(9, &MessageWriter::opset_import, function.opset_imports);
    text(10, function.domain);
    messages(11, &MessageWriter::attribute, function.default_attributes);
    --graph_depth_;
    messages(12, &MessageWriter::value_info, function.value_info);
    text(13, function.overload);
    messages(14, &MessageWriter::string_entry, function.metadata_props);
    unknown(function.unknown);
  }

  void graph(const Graph& graph) {
    enter(graph_depth_, "graphs");
    messages(1, &MessageWriter::node, graph.nodes);
    text(2, graph.name);
    messages(5, &MessageWriter::tensor, graph.initializers);
    text(10, graph.doc_string);
    messages(11, &MessageWriter::value_info, graph.inputs);
    messages(12, &MessageWriter::value_info, graph.outputs);
    messages(13, &MessageWriter::value_info, graph.value_info);
    messages(14, &MessageWriter::annotation, graph.quantization_annotations);
    messages(15, &MessageWriter::sparse_tensor, graph.sparse_initializers);
    messages(16, &MessageWriter::string_entry, graph.metadata_props);
    unknown(graph.unknown);
    --graph_depth_;
  }

  void annotation(const QuantizationAnnotation& annotation) {
    text(1, annotation.tensor_name);
    messages(2, &MessageWriter::string_entry, annotation.parameters);
    unknown(annotation.unknown);
  }

  void node(const Node& node) {
    texts(1, node.inputs);
    texts(2, node.outputs);
    text(3, node.name);
    text(4, node.op_type);
    messages(5, &MessageWriter::attribute, node.attributes);
    text(6, node.doc_string);
    text(7, node.domain);
    text(8, node.overload);
    messages(9, &MessageWriter::string_entry, node.metadata_props);
    unknown(node.unknown);
  }

  void attribute(const Attribute& attribute) {
    const std::uint64_t number_of_value = value_numbers[attribute.value.index()];
    const std::int32_t type = type_of(attribute);
    UnknownInPlace<Out> misplaced(
        out_, attribute.unknown,
        type != 0 ? attribute_numbers
                  : without_lower(attribute_numbers, attribute_value_numbers, number_of_value));
    bool written = false;
    const auto value_up_to = [&](std::uint64_t last) {
      if (written || number_of_value > last) return;
      written = true;
      misplaced.before(number_of_value);
      attribute_value(attribute, number_of_value);
    };
    text(1, attribute.name);
    value_up_to(11);
    misplaced.before(13);
    text(13, attribute.doc_string);
    value_up_to(15);
    misplaced.before(20);
    if (type != 0) number(20, type);
    misplaced.before(21);
    text(21, attribute.ref_attr_name);
    value_up_to(23);
    misplaced.rest();
  }

  /// Models of IR version 1 have no types.
  std::int32_t type_of(const Attribute& attribute) const {
    const bool is_implied = attribute.declared_type == 0 && model_.ir_version == 1;
    const bool is_unknown = attribute.type() == AttributeType::undefined;
    return is_implied || is_unknown ? attribute.declared_type : static_cast<std::int32_t>(attribute.type());
  }

  void attribute_value(const Attribute& attribute, std::uint64_t field) {
    const bool may_omit = attribute.value_omitted;
    const auto boxed = [&](auto fields, const auto& box) {
      if (!may_omit || !is_default(*box)) message(field, fields, *box);
    };
    switch (attribute.type()) {
      case AttributeType::undefined:
        return;
      case AttributeType::float_value: {
        const auto value = std::get<float>(attribute.value);
        if (!may_omit || std::bit_cast<std::uint32_t>(value) != 0) out_.fixed32(field, value);
        return;
      }
      case AttributeType::int_value: {
        const auto value = std::get<std::int64_t>(attribute.value);
        if (!may_omit || value != 0) number(field, value);
        return;
      }
      case AttributeType::string: {
        const auto value = std::get<std::string_view>(attribute.value);
        if (!may_omit || !value.empty()) out_.bytes(field, value);
        return;
      }
      case AttributeType::tensor:
        return boxed(&MessageWriter::tensor, std::get<Box<TensorData>>(attribute.value));
      case AttributeType::graph:
        return boxed(&MessageWriter::graph, std::get<Box<Graph>>(attribute.value));
      case AttributeType::floats:
        for (const float value : std::get<std::vector<float>>(attribute.value)) out_.fixed32(field, value);
        return;
      case AttributeType::ints:
        return list(field, std::get<std::vector<std::int64_t>>(attribute.value));
      case AttributeType::strings:
        return texts(field, std::get<std::vector<std::string_view>>(attribute.value));
      case AttributeType::tensors:
        return messages(field, &MessageWriter::tensor, std::get<std::vector<TensorData>>(attribute.value));
      case AttributeType::graphs:
        return messages(field, &MessageWriter::graph, std::get<std::vector<Graph>>(attribute.value));
      case AttributeType::sparse_tensor:
        return boxed(&MessageWriter::sparse_tensor, std::get<Box<SparseTensor>>(attribute.value));
      case AttributeType::sparse_tensors:
        return messages(field, &MessageWriter::sparse_tensor,
                        std::get<std::vector<SparseTensor>>(attribute.value));
      case AttributeType::type_proto:
        return boxed(&MessageWriter::type, std::get<Box<Type>>(attribute.value));
      case AttributeType::type_protos:
        return messages(field, &MessageWriter::type, std::get<std::vector<Type>>(attribute.value));
    }
  }

  /// Whether nothing would be written for a message.
  static bool is_default(const TensorData& tensor) {
    return tensor.dims.empty() && tensor.data_type == 0 && !tensor.raw_data && tensor.typed_data.empty() &&
           tensor.string_data.empty() && !tensor.name.data() && !tensor.deferred &&
           tensor.external_data.empty() && !tensor.data_location && !tensor.doc_string.data() &&
           tensor.metadata_props.empty() && tensor.unknown.empty();
  }
  static bool is_default(const Graph& graph) {
    return graph.nodes.empty() && !graph.name.data() && graph.initializers.empty() && graph.inputs.empty() &&
           graph.outputs.empty() && graph.value_info.empty() && graph.quantization_annotations.empty() &&
           graph.sparse_initializers.empty() && !graph.doc_string.data() && graph.metadata_props.empty() &&
           graph.unknown.empty();
  }
  static bool is_default(const SparseTensor& sparse) {
    return is_default(sparse.values) && is_default(sparse.indices) && sparse.dims.empty() &&
           sparse.unknown.empty();
  }
  static bool is_default(const Type& type) {
    return type.kind == Type::Kind::none && !type.denotation.data() && type.unknown.empty();
  }

  void tensor(const TensorData& tensor) {
    UnknownInPlace<Out> misplaced(
        out_, tensor.unknown,
        without_lower(tensor_numbers, typed_numbers, static_cast<std::uint64_t>(tensor.typed_field)));
    const auto found = placements_.empty() ? placements_.end() : placements_.find(&tensor);
    const Placement* const placement = found == placements_.end() ? nullptr : &found->second;
    const auto typed = [&](TensorData::TypedField field) {
      const auto number = static_cast<std::uint64_t>(field);
      misplaced.before(number);
      if (!placement && tensor.typed_field == field && !tensor.typed_data.empty())
        out_.payload(number, tensor.typed_data);
    };
    list(1, tensor.dims);
    misplaced.before(2);
    if (tensor.data_type != 0) number(2, tensor.data_type);
    typed(TensorData::TypedField::float_data);
    typed(TensorData::TypedField::int32_data);
    misplaced.before(6);
    if (!placement) texts(6, tensor.string_data);
    typed(TensorData::TypedField::int64_data);
    misplaced.before(8);
    text(8, tensor.name);
    misplaced.before(9);
    if (placement && placement->raw)
      out_.payload(9, *placement->raw);
    else if (!placement && tensor.deferred)
      out_.payload(9, Payload(*tensor.deferred));
    else if (!placement && tensor.raw_data)
      out_.payload(9, raw_data(*tensor.raw_data));
    typed(TensorData::TypedField::double_data);
    typed(TensorData::TypedField::uint64_data);
    misplaced.before(12);
    text(12, tensor.doc_string);
    misplaced.before(13);
    if (!placement) {
      messages(13, &MessageWriter::string_entry, tensor.external_data);
      misplaced.before(14);
      optional_int(14, tensor.data_location);
    } else if (!placement->raw) {
      external_data(*placement);
      misplaced.before(14);
      number(14, TensorData::external_location);
    }
    misplaced.before(16);
    messages(16, &MessageWriter::string_entry, tensor.metadata_props);
    misplaced.rest();
  }

  Payload raw_data(ByteSpan bytes) const {
    const MappedFile* const file = model_.storage.file();
    return file && model_.storage.offset_of(bytes) ? Payload(*file, bytes) : Payload(bytes);
  }

  void external_data(const Placement& placement) {
    const auto entry = [&](std::string_view key, std::string_view value) {
      out_.message(13, [&] {
        out_.bytes(1, key);
        out_.bytes(2, value);
      });
    };
    entry("location", placement.location);
    entry("offset", std::to_string(placement.offset));
    entry("length", std::to_string(placement.length));
  }

  void sparse_tensor(const SparseTensor& sparse) {
    if (!is_default(sparse.values)) message(1, &MessageWriter::tensor, sparse.values);
    if (!is_default(sparse.indices)) message(2, &MessageWriter::tensor, sparse.indices);
    list(3, sparse.dims);
    unknown(sparse.unknown);
  }

  void value_info(const ValueInfo& info) {
    text(1, info.name);
    message(2, &MessageWriter::type, info.type);
    text(3, info.doc_string);
    messages(4, &MessageWriter::string_entry, info.metadata_props);
    unknown(info.unknown);
  }

  void type(const Type& type) {
    enter(type_depth_, "types");
    const auto content = [&](std::uint64_t number, void (MessageWriter::*fields)(const Type&)) {
      message(number, fields, type);
    };
    if (type.kind == Type::Kind::tensor) content(1, &MessageWriter::tensor_type);
    if (type.kind == Type::Kind::sequence) content(4, &MessageWriter::element_type);
    if (type.kind == Type::Kind::map) content(5, &MessageWriter::map_type);
    text(6, type.denotation);
    if (type.kind == Type::Kind::opaque) content(7, &MessageWriter::opaque_type);
    if (type.kind == Type::Kind::sparse_tensor) content(8, &MessageWriter::tensor_type);
    if (type.kind == Type::Kind::optional) content(9, &MessageWriter::element_type);
    unknown(type.unknown);
    --type_depth_;
  }

  void tensor_type(const Type& type) {
    optional_int(1, type.element_type);
    message(2, &MessageWriter::shape, type.shape);
    unknown(type.content_unknown);
  }

  void element_type(const Type& type) {
    message(1, &MessageWriter::type, type.element);
    unknown(type.content_unknown);
  }

  void map_type(const Type& type) {
    optional_int(1, type.element_type);
    message(2, &MessageWriter::type, type.element);
    unknown(type.content_unknown);
  }

  void opaque_type(const Type& type) {
    text(1, type.opaque_domain);
    text(2, type.opaque_name);
    unknown(type.content_unknown);
  }

  void shape(const ShapeInfo& shape) {
    messages(1, &MessageWriter::dimension, shape.dims);
    unknown(shape.unknown);
  }

  void dimension(const DimensionInfo& dimension) {
    if (const auto* size = std::get_if<std::int64_t>(&dimension.value)) number(1, *size);
    if (const auto* name = std::get_if<std::string_view>(&dimension.value)) out_.bytes(2, *name);
    text(3, dimension.denotation);
    unknown(dimension.unknown);
  }

  void enter(int& depth, const char* what) const {
    if (++depth > max_nesting) {
      throw InputError(fmt::format("Cannot write {}: {} are nested deeper than {} levels.",
                                   model_.storage.name(), what, max_nesting));
    }
  }

  Out& out_;
  const Model& model_;
  const Placements& placements_;
  int graph_depth_ = 0;
  int type_depth_ = 0;
};

/// Into memory of the right size.
class MemorySink final : public ModelSink {
 public:
  MemorySink(std::byte* target, const Model& model) : target_(target), model_(model) {}

  void write(ByteSpan bytes) override {
    std::memcpy(target_, bytes.data(), bytes.size());
    target_ += bytes.size();
  }
  void write(const Payload& payload) override {
    if (payload.deferred) {
      read_in_parallel(*payload.deferred, {target_, payload.size});
      target_ += payload.size;
    } else if (payload.decoded) {
      const Tensor values = tensor_of(*payload.decoded, model_);
      write({static_cast<const std::byte*>(values.data()), values.nbytes()});
    } else if (payload.size != 0) {
      write(payload.bytes);
    }
  }

 private:
  std::byte* target_;
  const Model& model_;
};

}  // namespace

ModelWriter::ModelWriter(const Model& model, const Placements& placements)
    : model_(model), placements_(placements) {
  FieldSizer sizer(message_sizes_);
  MessageWriter(sizer, model_, placements_).model();
  size_ = sizer.size();
}

void ModelWriter::write(ModelSink& sink) const {
  FieldWriter out(message_sizes_, sink);
  MessageWriter(out, model_, placements_).model();
  out.flush();
}

std::uint64_t encoded_size(const Model& model) {
  return ModelWriter(model, {}).size();
}

Bytes encode_model(const Model& model, std::uint64_t limit) {
  const Placements placements;
  const ModelWriter writer(model, placements);
  if (writer.size() > limit) {
    throw InputError(fmt::format("Cannot encode {} in memory: it takes {} bytes, but at most {} are allowed.",
                                 model.storage.name(), writer.size(), limit),
                     "Save it to a file, with its weights as external data.");
  }
  const auto memory = std::make_shared_for_overwrite<std::byte[]>(writer.size());
  MemorySink sink(memory.get(), model);
  writer.write(sink);
  return Bytes({memory.get(), writer.size()}, memory);
}

}  // namespace polygraph::onnx
