// The functions of ONNX Runtime's table, at the places where c_api.h has them: each is called, and does what
// its name says. CMakeLists.txt runs the tests with several versions of the library.
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/core/log.h>
#include <polygraph/onnx/save.h>
#include <polygraph/onnxrt.h>

#include <cstddef>
#include <fstream>
#include <limits>
#include <regex>
#include <set>
#include <sstream>

#include "helpers/message.h"
#include "onnxrt/c_api.h"
#include "onnxrt/models.h"
#include "onnxrt/temporary_folder.h"
#include "onnxrt/translate.h"

namespace polygraph::onnxrt::test {
namespace {

namespace fs = std::filesystem;
using polygraph::test::message;
using testing::AllOf;
using testing::AnyOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string text_of(const fs::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::set<std::string> listed() {
#define POLYGRAPH_NAME(name, place) #name,
  return {POLYGRAPH_ORT_SLOTS(POLYGRAPH_NAME)};
#undef POLYGRAPH_NAME
}

// What is not listed has neither its place asserted nor a test that it is called.
TEST(Slots, AreAllThatTheHeaderDeclares) {
  const std::string header = text_of(fs::path(POLYGRAPH_SOURCES) / "onnxrt/c_api.h");
  const std::size_t begin = header.find("struct OrtApi {");
  ASSERT_NE(begin, std::string::npos);
  const std::string table = header.substr(begin, header.find("\n};", begin) - begin);
  static const std::regex member(R"(\(\*(\w+)\)\()");
  std::set<std::string> declared;
  for (std::sregex_iterator it(table.begin(), table.end(), member), end; it != end; ++it)
    declared.insert((*it)[1]);
  EXPECT_EQ(declared, listed());
}

// With a library that counts calls.
class CountedSlots : public testing::Test {
 protected:
  CountedSlots()
      : over_("POLYGRAPH_STAND_IN_OVER", Library().path().c_str()),
        library_(fs::path(POLYGRAPH_STAND_INS) / "libonnxruntime_counting.so") {}

  int calls_of(const std::string& slot) const {
    void* const handle = dlopen(library_.path().c_str(), RTLD_NOW | RTLD_NOLOAD);
    return reinterpret_cast<int (*)(const char*)>(dlsym(handle, "polygraph_calls_of"))(slot.c_str());
  }

  // The message of a call that has to fail, with its code in front.
  std::string failure(OrtStatus* status) const {
    const OrtApi& api = library_.api();
    if (status == nullptr) return "no error";
    std::string text = std::to_string(api.GetErrorCode(status)) + " " + api.GetErrorMessage(status);
    api.ReleaseStatus(status);
    return text;
  }

  Session session(ModelSource model, SessionOptions options = {}) const {
    return session_from_onnx(std::move(model), std::move(options), library_);
  }

  void interface() const;
  void values() const;
  void texts() const;
  void weights() const;
  void options() const;
  void optimisation() const;
  void logging() const;
  void errors() const;
  void providers() const;

  TemporaryFolder folder_;
  Variable over_;
  Library library_;
};

// Names, types and dimensions, known, named and open, in the order of the model.
void CountedSlots::interface() const {
  ModelBuilder builder;
  builder.input("a", DataType::float32, {-1, 3}).input("b", DataType::int64, {2});
  builder.node("Relu", {"a"}, {"c"}).node("SequenceConstruct", {"b", "b"}, {"s"});
  builder.output("c", DataType::float32, {-1, 3}).output("s");
  const Session made = session(builder.model());
  EXPECT_EQ(made.inputs().str(), "{a [dtype=float32, shape=('batch', 3)],\n b [dtype=int64, shape=(2,)]}");
  EXPECT_EQ(made.outputs().str(), "{c [dtype=float32, shape=('batch', 3)],\n s}");
  EXPECT_THAT(made.output_kinds(), ElementsAre(ValueKind::tensor, ValueKind::sequence));
}

// Bytes in and out, of shapes that the model leaves open.
void CountedSlots::values() const {
  ModelBuilder builder;
  builder.input("x", DataType::float32, {-1, 3}).node("Add", {"x", "x"}, {"y"}).output("y");
  const Session made = session(builder.model());
  constexpr float least = std::numeric_limits<float>::denorm_min();
  const TensorMap outputs =
      made.run({{"x", Tensor::from({1.5f, -0.0f, 3e38f, least, 0.0f, -2.0f}, Shape{2, 3})}});
  EXPECT_EQ(outputs["y"].shape(), (Shape{2, 3}));
  EXPECT_THAT(outputs["y"].values<float>(),
              ElementsAre(3, -0.0f, std::numeric_limits<float>::infinity(), 2 * least, 0, -4));
}

void CountedSlots::texts() const {
  ModelBuilder builder;
  builder.input("x", DataType::string, {2}).node("Identity", {"x"}, {"y"}).output("y");
  Tensor words(DataType::string, Shape{2});
  words.mutable_strings()[0] = "first";
  words.mutable_strings()[1] = "";
  EXPECT_THAT(session(builder.model()).run({{"x", words}})["y"].strings(), ElementsAre("first", ""));
}

// In memory, in a file, beside a file, and beside the file of a model that was changed.
void CountedSlots::weights() const {
  const Tensor ones = Tensor::full(Shape{4096}, 1.0f);
  ModelBuilder builder;
  builder.input("x", DataType::float32, {1}).initializer("w", ones);
  builder.node("Add", {"x", "w"}, {"y"}).output("y");
  const auto last = [&](ModelSource model) {
    return session(std::move(model)).run({{"x", Tensor::full(Shape{1}, 0.5f)}})["y"].values<float>().back();
  };
  EXPECT_EQ(last(builder.model()), 1.5f);
  onnx::save_model(builder.model(), folder_ / "inside.onnx");
  EXPECT_EQ(last(folder_ / "inside.onnx"), 1.5f);
  onnx::save_model(builder.model(), folder_ / "beside.onnx", {.external_data_path = "w.data"});
  EXPECT_EQ(last(folder_ / "beside.onnx"), 1.5f);
  onnx::Model edited = onnx::load_model(folder_ / "beside.onnx");
  edited.graph.nodes[0].op_type = "Sub";
  EXPECT_EQ(last(std::move(edited)), -0.5f);
}

int threads_of_this_process() {
  return static_cast<int>(std::distance(fs::directory_iterator("/proc/self/task"), fs::directory_iterator()));
}

// The threads that a session starts besides the caller's.
void CountedSlots::options() const {
  const auto started = [&](SessionOptions options) {
    const int before = threads_of_this_process();
    const Session made = session(contract_model("identity"), std::move(options));
    return threads_of_this_process() - before;
  };
  EXPECT_EQ(started({.intra_op_threads = 1}), 0);
  EXPECT_EQ(started({.intra_op_threads = 3}), 2);
  EXPECT_EQ(started({.intra_op_threads = 1, .inter_op_threads = 1}), 0);
  EXPECT_GE(started({.intra_op_threads = 1, .inter_op_threads = 3}), 2) << "nodes in parallel";
  EXPECT_THAT(message<BackendError>([&] {
                started({.config = {{std::string(2000, 'k'), "v"}}});
              }),
              HasSubstr("kkk"));
}

// What is left of a graph, as the times of its nodes tell.
void CountedSlots::optimisation() const {
  ModelBuilder builder;
  builder.input("x", DataType::float32, {2}).node("Identity", {"x"}, {"i"}).node("Relu", {"i"}, {"y"});
  builder.output("y");
  const auto times = [&](GraphOptimizationLevel level) {
    const Session made = session(
        builder.model(), {.graph_optimization_level = level, .profile = (folder_ / "times").string()});
    made.run({{"x", Tensor::full(Shape{2}, 1.0f)}});
    return text_of(made.end_profiling());
  };
  EXPECT_THAT(times(GraphOptimizationLevel::disabled),
              AllOf(HasSubstr("\"op_name\" : \"Identity\""), HasSubstr("\"op_name\" : \"Relu\"")));
  EXPECT_THAT(times(GraphOptimizationLevel::all),
              AllOf(Not(HasSubstr("\"op_name\" : \"Identity\"")), HasSubstr("\"op_name\" : \"Relu\"")));
}

void CountedSlots::logging() const {
  const auto lines_at = [&](LogSeverity severity) {
    std::string lines;
    set_log_sink([&](Severity, std::string_view line) { lines += std::string(line) + '\n'; });
    set_log_options({.level = Severity::ultra_verbose});
    session(contract_model("identity"), {.log_severity = severity});
    set_log_options({});
    set_log_sink({});
    return lines;
  };
  EXPECT_THAT(lines_at(LogSeverity::verbose), HasSubstr("ONNX Runtime: "));
  EXPECT_THAT(lines_at(LogSeverity::fatal), Not(HasSubstr("ONNX Runtime: ")));
}

// Our own reader comes first and says more, so ONNX Runtime is asked directly.
void CountedSlots::errors() const {
  const OrtApi& api = library_.api();
  const auto made =
      make<OrtSessionOptions>(api, "Making options", api.ReleaseSessionOptions, api.CreateSessionOptions);
  OrtSession* none = nullptr;
  const std::string missing = folder_ / "none.onnx";
  EXPECT_THAT(failure(api.CreateSession(library_.env(), missing.c_str(), made.get(), &none)),
              AllOf(testing::StartsWith("3 "), HasSubstr("none.onnx")));
  const Bytes whole = onnx::encode_model(contract_model("identity"));
  EXPECT_THAT(
      failure(api.CreateSessionFromArray(library_.env(), whole.data(), whole.size() / 2, made.get(), &none)),
      testing::StartsWith("7 "));
  EXPECT_EQ(none, nullptr);

  ModelBuilder unknown;
  unknown.input("x", DataType::float32, {2}).node("Frobnicate", {"x"}, {"y"}).output("y");
  EXPECT_THAT(message<BackendError>([&] { session(unknown.model()); }), HasSubstr("Frobnicate"));
  ModelBuilder later(999);
  later.input("x", DataType::float32, {2}).node("Relu", {"x"}, {"y"}).output("y");
  EXPECT_THAT(message<BackendError>([&] { session(later.model()); }), HasSubstr("999"));
}

void CountedSlots::providers() const {
  EXPECT_THAT(library_.providers(), Contains("CPUExecutionProvider"));
  if (std::ranges::find(library_.providers(), "AzureExecutionProvider") != library_.providers().end()) {
    EXPECT_THAT(session(contract_model("identity"), {.providers = {"azure"}}).providers(),
                ElementsAre("AzureExecutionProvider", "CPUExecutionProvider"));
  }
  const OrtApi& api = library_.api();
  const auto made =
      make<OrtSessionOptions>(api, "Making options", api.ReleaseSessionOptions, api.CreateSessionOptions);
  EXPECT_THAT(failure(api.SessionOptionsAppendExecutionProvider(made.get(), "none", nullptr, nullptr, 0)),
              AnyOf(HasSubstr("none"), HasSubstr("Unknown provider name")));

  const bool has_gpu = std::ranges::any_of(library_.providers(), [](const std::string& provider) {
    return provider.starts_with("CUDA") || provider.starts_with("Tensorrt");
  });
  ASSERT_FALSE(has_gpu) << "Providers.* in library_test.cpp has tests of those; here each is to fail";
  // Each says in its own words that this build has no such provider. It makes no options either, so these are
  // zeros in their place.
  alignas(std::max_align_t) std::byte zeros[4096] = {};
  OrtCUDAProviderOptionsV2* cuda = nullptr;
  EXPECT_THAT(failure(api.CreateCUDAProviderOptions(&cuda)), HasSubstr("CUDA"));
  api.ReleaseCUDAProviderOptions(cuda);
  cuda = reinterpret_cast<OrtCUDAProviderOptionsV2*>(zeros);
  EXPECT_THAT(failure(api.UpdateCUDAProviderOptions(cuda, nullptr, nullptr, 0)), HasSubstr("CUDA"));
  EXPECT_THAT(failure(api.SessionOptionsAppendExecutionProvider_CUDA_V2(made.get(), cuda)),
              AnyOf(HasSubstr("CUDA"), HasSubstr("Cuda"), HasSubstr("libonnxruntime_providers_shared"),
                    HasSubstr("pinned_memory")));  // a newer one looks at the options first
  OrtTensorRTProviderOptionsV2* tensorrt = nullptr;
  EXPECT_THAT(failure(api.CreateTensorRTProviderOptions(&tensorrt)), HasSubstr("TensorRT"));
  api.ReleaseTensorRTProviderOptions(tensorrt);
  tensorrt = reinterpret_cast<OrtTensorRTProviderOptionsV2*>(zeros);
  EXPECT_THAT(failure(api.UpdateTensorRTProviderOptions(tensorrt, nullptr, nullptr, 0)),
              HasSubstr("TensorRT"));
  EXPECT_THAT(
      failure(api.SessionOptionsAppendExecutionProvider_TensorRT_V2(made.get(), tensorrt)),
      AnyOf(HasSubstr("TensorRT"), HasSubstr("Tensorrt"), HasSubstr("libonnxruntime_providers_shared")));
}

TEST_F(CountedSlots, AreEachCalledAndDoWhatTheirNamesSay) {
  interface();
  values();
  texts();
  weights();
  options();
  optimisation();
  logging();
  errors();
  providers();
  for (const std::string& slot : listed()) EXPECT_GT(calls_of(slot), 0) << slot << " has no test above";
}

TEST_F(CountedSlots, LetNothingByThatIsNotCounted) {
  const OrtApi& api = library_.api();
  EXPECT_EQ(calls_of("NoSuchFunction"), -1);
  const int before = calls_of("GetAllocatorWithDefaultOptions");
  OrtAllocator* allocator = nullptr;
  check_status(api, api.GetAllocatorWithDefaultOptions(&allocator), "Asking for the allocator");
  EXPECT_EQ(calls_of("GetAllocatorWithDefaultOptions"), before + 1);
}

// A version takes a type or names it in an error; it never reads it as another.
TEST(ElementTypes, AreTakenOrRefusedByName) {
  const Library library;
  const OrtApi& api = library.api();
  const auto cpu = make<OrtMemoryInfo>(api, "Preparing", api.ReleaseMemoryInfo, api.CreateCpuMemoryInfo,
                                       OrtDeviceAllocator, OrtMemTypeDefault);
  int taken = 0;
  for (const DataType dtype : all_data_types()) {
    const Tensor tensor(dtype, Shape{8});
    std::optional<TypeAndShape> read;
    const std::string refusal = message<Error>([&] {
      const auto value = make_value(api, cpu.get(), tensor);
      read_type_and_shape(api, value.get(), read.emplace());
    });
    if (refusal == "nothing was thrown") {
      ++taken;
      EXPECT_EQ(to_data_type(read->type), dtype);
    } else {
      EXPECT_THAT(refusal, HasSubstr(std::string(to_string(dtype))));
    }
  }
  EXPECT_GE(taken, 18);
}

}  // namespace
}  // namespace polygraph::onnxrt::test
