#include "onnxrt/session.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/editor.h>
#include <polygraph/onnx/save.h>
#include <polygraph/onnxrt/loaders.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "core/log_format.h"
#include "onnxrt/native_options.h"

namespace polygraph::onnxrt {

std::string_view to_string(ValueKind kind) {
  constexpr std::string_view names[] = {"value of unknown type", "tensor",        "sequence", "map",
                                        "opaque value",          "sparse tensor", "optional"};
  return names[static_cast<std::size_t>(kind)];
}

const std::string& Session::model_name() const {
  return state_->model_name;
}
const TensorMetadata& Session::inputs() const {
  return state_->inputs;
}
const TensorMetadata& Session::outputs() const {
  return state_->outputs;
}
std::span<const ValueKind> Session::input_kinds() const {
  return state_->input_kinds;
}
std::span<const ValueKind> Session::output_kinds() const {
  return state_->output_kinds;
}
const std::vector<std::string>& Session::providers() const {
  return state_->providers;
}
const Library& Session::library() const {
  return state_->library;
}
OrtSession* Session::native() const {
  return state_->session.get();
}

void require_tensors(const Session& session) {
  const auto check = [&](const TensorMetadata& values, std::span<const ValueKind> kinds, const char* role) {
    for (std::size_t i = 0; i < values.size(); ++i)
      if (kinds[i] != ValueKind::tensor)
        throw BackendError(fmt::format("Running {} with ONNX Runtime: the {} '{}' is a {}, and Polygraph "
                                       "runs models of tensors only.",
                                       session.model_name(), role, values[i].name, to_string(kinds[i])),
                           fmt::format("Take a part of the model whose {}s are tensors.", role));
  };
  check(session.inputs(), session.input_kinds(), "input");
  check(session.outputs(), session.output_kinds(), "output");
}

TensorMap Session::run(const FeedDict& feed) const {
  require_tensors(*this);
  const OrtApi& api = state_->api();
  std::vector<Tensor> viewed;
  std::vector<Handle<OrtValue>> values;
  std::vector<const OrtValue*> inputs;
  for (const TensorInfo& input : state_->inputs) {
    const Tensor* tensor = feed.find(input.name);
    if (tensor == nullptr)
      throw InputError(fmt::format("Running {}: the input '{}' is missing.", model_name(), input.name),
                       fmt::format("Feed {}.", input.str()));
    const Tensor& packed = viewed.emplace_back(tensor->contiguous());
    inputs.push_back(values.emplace_back(make_value(api, state_->cpu.get(), packed)).get());
  }
  std::vector<OrtValue*> results(state_->outputs.size(), nullptr);
  OrtStatus* const status =
      api.Run(native(), nullptr, state_->input_names.data(), inputs.data(), inputs.size(),
              state_->output_names.data(), results.size(), results.data());
  if (state_->layer_timing) state_->layer_timing->count_inference();
  check_status(api, status, fmt::format("Running {} with ONNX Runtime", model_name()));
  std::vector<std::shared_ptr<OrtValue>> owners;
  for (OrtValue* result : results) owners.emplace_back(result, api.ReleaseValue);

  TensorMap outputs;
  TypeAndShape type;
  for (std::size_t i = 0; i < owners.size(); ++i) {
    read_type_and_shape(api, owners[i].get(), type);
    const DataType dtype = to_data_type(type.type);
    Tensor tensor;
    if (dtype == DataType::string) {
      tensor = read_strings(api, owners[i].get(), type.dims);
    } else {
      void* data = nullptr;
      check_status(api, api.GetTensorMutableData(owners[i].get(), &data), "Reading an output");
      tensor = Tensor::view(data, dtype, Shape(type.dims), owners[i]);
      // A model may pass an input through: the caller's memory is no output.
      for (const auto& [name, fed] : feed)
        if (fed.dtype() != DataType::string && fed.data() == data && data != nullptr) tensor = tensor.clone();
    }
    outputs.set(state_->outputs[i].name, std::move(tensor));
  }
  return outputs;
}

std::filesystem::path Session::end_profiling() const {
  if (!state_->profiling)
    throw UsageError(fmt::format("Ending the measuring of nodes: {} is not measured.", model_name()),
                     "Make the session with SessionOptions::profile.");
  if (state_->layer_timing) return state_->layer_timing->end();
  return end_native_profiling(state_->api(), native());
}

// SessionFromOnnx

namespace {

// Weights of so few bytes stay in the model, where ONNX Runtime can use their values for shapes.
constexpr std::uint64_t weight_limit = 1024;

// Reads one side of a session's interface.
class InterfaceReader {
 public:
  InterfaceReader(const OrtApi& api, const OrtSession* session) : api_(api), session_(session) {
    check_status(api_, api_.GetAllocatorWithDefaultOptions(&allocator_), attempt);
  }

  template <class Count, class Name, class Type>
  void read(Count get_count, Name get_name, Type get_type, const std::vector<onnx::ValueInfo>& declared,
            TensorMetadata& metadata, std::vector<ValueKind>& kinds) const {
    std::unordered_map<std::string_view, const onnx::ValueInfo*> declared_by_name;
    for (const onnx::ValueInfo& value : declared) declared_by_name.emplace(value.name, &value);
    std::size_t count = 0;
    check_status(api_, get_count(session_, &count), attempt);
    for (std::size_t i = 0; i < count; ++i) {
      TensorInfo info;
      char* name = nullptr;
      check_status(api_, get_name(session_, i, allocator_, &name), attempt);
      info.name = name;
      check_status(api_, api_.AllocatorFree(allocator_, name), attempt);
      const auto type = make<OrtTypeInfo>(api_, attempt, api_.ReleaseTypeInfo, get_type, session_, i);
      ONNXType kind{};
      check_status(api_, api_.GetOnnxTypeFromTypeInfo(type.get(), &kind), attempt);
      kinds.push_back(kind >= ONNX_TYPE_UNKNOWN && kind <= ONNX_TYPE_OPTIONAL ? static_cast<ValueKind>(kind)
                                                                              : ValueKind::unknown);
      if (kind == ONNX_TYPE_TENSOR) {
        const OrtTensorTypeAndShapeInfo* tensor = nullptr;
        check_status(api_, api_.CastTypeInfoToTensorInfo(type.get(), &tensor), attempt);
        const auto known = declared_by_name.find(info.name);
        read_tensor(tensor, known == declared_by_name.end() ? nullptr : known->second, info);
      } else {
        info.shape = PartialShape::unknown_rank();
      }
      metadata.add(std::move(info));
    }
  }

 private:
  static constexpr std::string_view attempt = "Asking ONNX Runtime for the inputs and outputs of a model";

  void read_tensor(const OrtTensorTypeAndShapeInfo* tensor, const onnx::ValueInfo* declared,
                   TensorInfo& info) const {
    TypeAndShape type;
    read_type_and_shape(api_, tensor, type);
    info.dtype = to_data_type(type.type);
    // ONNX Runtime tells an unknown rank as it tells a scalar.
    if (type.dims.empty() && declared && !(declared->type && declared->type->shape)) {
      info.shape = PartialShape::unknown_rank();
      return;
    }
    std::vector<const char*> names(type.dims.size(), nullptr);
    check_status(api_, api_.GetSymbolicDimensions(tensor, names.data(), names.size()), attempt);
    std::vector<Dimension> dims;
    for (std::size_t i = 0; i < names.size(); ++i)
      if (type.dims[i] >= 0)
        dims.emplace_back(type.dims[i]);
      else
        dims.emplace_back(std::string(names[i] ? names[i] : ""));
    info.shape = PartialShape(std::move(dims));
  }

  const OrtApi& api_;
  const OrtSession* session_;
  OrtAllocator* allocator_ = nullptr;
};

// Builds the state of a session step by step.
class SessionMaker {
 public:
  SessionMaker(const SessionOptions& options, Library library)
      : state_(std::make_shared<Session::State>(std::move(library))),
        api_(state_->api()),
        timing_(options.time_layers ? std::make_unique<LayerTiming>(options.profile) : nullptr),
        native_(native_options(options, state_->library, timing_ ? timing_->prefix() : options.profile)) {
    state_->providers = native_.providers;
    state_->profiling = !options.profile.empty();
    state_->cpu = make<OrtMemoryInfo>(api_, "Preparing an ONNX Runtime session", api_.ReleaseMemoryInfo,
                                      api_.CreateCpuMemoryInfo, OrtDeviceAllocator, OrtMemTypeDefault);
  }

  Session from(const std::filesystem::path& path) {
    // Our own reader finds damage, and says where; it reads the structure only, which costs little.
    const onnx::Model model = onnx::load_model(path);
    if (model.storage.bytes().size() > onnx::largest_readable_model) return from(model);
    state_->model_name = model.storage.name();
    state_->session = make<OrtSession>(api_, reading(), api_.ReleaseSession, api_.CreateSession,
                                       state_->library.env(), path.c_str(), native_.options.get());
    return finish(model);
  }

  Session from(const Bytes& bytes) {
    const onnx::Model model = onnx::load_model_from_bytes(bytes.span(), bytes.keep_alive());
    state_->model_name = model.storage.name();
    read(bytes);
    return finish(model);
  }

  Session from(const onnx::Model& model) {
    state_->model_name = model.storage.name();
    state_->storage = model.storage;
    onnx::Model without_weights = model;
    hand_over_weights(without_weights, model);
    if (!model.storage.folder().empty())  // where external data is
      check_status(api_,
                   api_.AddSessionConfigEntry(native_.options.get(),
                                              "session.model_external_initializers_file_folder_path",
                                              model.storage.folder().c_str()),
                   reading());
    read(onnx::encode_model(without_weights));
    return finish(model);
  }

 private:
  std::string reading() const { return fmt::format("Reading {} with ONNX Runtime", state_->model_name); }

  void read(const Bytes& bytes) {
    state_->session =
        make<OrtSession>(api_, reading(), api_.ReleaseSession, api_.CreateSessionFromArray,
                         state_->library.env(), bytes.data(), bytes.size(), native_.options.get());
  }

  // Takes larger initializers out of `edited`; ONNX Runtime gets them as views of where they are, and copies
  // them. External data it maps itself.
  void hand_over_weights(onnx::Model& edited, const onnx::Model& model) {
    // It refuses weights for initializers that nothing uses, which it drops: they are dropped here.
    std::unordered_set<std::string_view> used;
    onnx::for_each_graph(model, [&](const onnx::Graph& graph) {
      for (const onnx::Node& node : graph.nodes) used.insert(node.inputs.begin(), node.inputs.end());
      for (const onnx::ValueInfo& output : graph.outputs) used.insert(output.name);
    });
    for (const onnx::ValueInfo& input : model.graph.inputs) used.insert(input.name);
    std::erase_if(edited.graph.initializers,
                  [&](const onnx::TensorData& data) { return !used.contains(data.name); });
    // ONNX Runtime 1.20 does not look in the folder that it is told.
    const bool maps_external_data = state_->library.minor_version() > 20;
    std::vector<std::string> names;
    for (onnx::TensorData& data : edited.graph.initializers) {
      const auto dtype = onnx::data_type_of(data.data_type);
      if (!dtype || dtype == DataType::string || data.name.empty()) continue;
      if (data.is_external() ? maps_external_data : onnx::stored_size(data) <= weight_limit) continue;
      const Tensor& weight = state_->weights.emplace_back(onnx::tensor_of(data, model, onnx::Alignment::any));
      state_->weight_values.push_back(make_value(api_, state_->cpu.get(), weight));
      names.emplace_back(data.name);
      data.raw_data.reset();
      data.typed_field = onnx::TensorData::TypedField::none;
      data.typed_data = {};
      data.data_location = onnx::TensorData::external_location;
      // No such file is ever looked for.
      data.external_data = {{.key = "location", .value = "in_memory", .unknown = {}}};
    }
    if (names.empty()) return;
    std::vector<const char*> keys;
    std::vector<const OrtValue*> values;
    for (std::size_t i = 0; i < names.size(); ++i) {
      keys.push_back(names[i].c_str());
      values.push_back(state_->weight_values[i].get());
    }
    check_status(api_,
                 api_.AddExternalInitializers(native_.options.get(), keys.data(), values.data(), keys.size()),
                 reading());
  }

  Session finish(const onnx::Model& model) {
    Session::State& state = *state_;
    const InterfaceReader reader(api_, state.session.get());
    reader.read(api_.SessionGetInputCount, api_.SessionGetInputName, api_.SessionGetInputTypeInfo,
                model.graph.inputs, state.inputs, state.input_kinds);
    reader.read(api_.SessionGetOutputCount, api_.SessionGetOutputName, api_.SessionGetOutputTypeInfo,
                model.graph.outputs, state.outputs, state.output_kinds);
    for (const TensorInfo& input : state.inputs) state.input_names.push_back(input.name.c_str());
    for (const TensorInfo& output : state.outputs) state.output_names.push_back(output.name.c_str());
    if (timing_) timing_->attach(api_, state.session.get(), node_count(model));
    state.layer_timing = std::move(timing_);
    log_verbose("Made an ONNX Runtime session of {}, which runs on {}", state.model_name,
                fmt::join(state.providers, ", "));
    return Session(std::move(state_));
  }

  static std::size_t node_count(const onnx::Model& model) {
    std::size_t count = 0;
    onnx::for_each_graph(model, [&](const onnx::Graph& graph) { count += graph.nodes.size(); });
    return count;
  }

  std::shared_ptr<Session::State> state_;
  const OrtApi& api_;
  std::unique_ptr<LayerTiming> timing_;
  NativeOptions native_;
};

}  // namespace

std::string ModelSource::str() const {
  if (const auto* path = std::get_if<std::filesystem::path>(&model_)) return cpp_literal(*path);
  if (const auto* bytes = std::get_if<Source<Bytes>>(&model_)) return bytes->str();
  return std::get<Source<onnx::Model>>(model_).str();
}

SessionFromOnnx::SessionFromOnnx(ModelSource model, SessionOptions options, Source<Library> library)
    : model_(std::move(model)), options_(std::move(options)), library_(std::move(library)) {}

Session SessionFromOnnx::operator()() const {
  SessionMaker maker(options_, library_.get());
  if (const auto* path = std::get_if<std::filesystem::path>(&model_.get())) return maker.from(*path);
  if (const auto* bytes = std::get_if<Source<Bytes>>(&model_.get())) return maker.from(bytes->get());
  return maker.from(std::get<Source<onnx::Model>>(model_.get()).get());
}

std::string SessionFromOnnx::str() const {
  return cpp_expression<1>("SessionFromOnnx", model_, options_, library_);
}

}  // namespace polygraph::onnxrt
