#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/backend.h>
#include <polygraph/core/error.h>
#include <polygraph/core/log.h>
#include <polygraph/onnx/save.h>
#include <polygraph/onnxrt.h>
#include <polygraph/onnxrt/evaluator.h>

#include <fstream>
#include <numeric>
#include <sstream>

#include "helpers/message.h"
#include "onnxrt/models.h"
#include "onnxrt/temporary_folder.h"

namespace polygraph::onnxrt::test {
namespace {

using polygraph::test::message;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

// y = x + w, with weights that are larger than what stays in the model.
onnx::Model with_weights(std::int64_t count = 4096) {
  Tensor weights(DataType::float32, Shape{count});
  std::iota(weights.mutable_values<float>().begin(), weights.mutable_values<float>().end(), 0.0f);
  ModelBuilder builder;
  builder.initializer("w", weights).input("x", DataType::float32, {1});
  builder.node("Add", {"x", "w"}, {"y"}).output("y", DataType::float32, {count});
  return builder.model();
}

float last_of(const Session& session) {
  return session.run({{"x", Tensor::full(Shape{1}, 0.5f)}})["y"].values<float>().back();
}

TEST(SessionFromOnnx, TakesWeightsFromWhereTheyAre) {
  const TemporaryFolder folder;
  EXPECT_EQ(last_of(session_from_onnx(with_weights())), 4095.5f) << "in memory, of a model that is gone";

  onnx::save_model(with_weights(), folder / "inside.onnx");
  EXPECT_EQ(last_of(session_from_onnx(folder / "inside.onnx")), 4095.5f);
  EXPECT_EQ(last_of(session_from_onnx(onnx::load_model(folder / "inside.onnx"))), 4095.5f);
  EXPECT_EQ(last_of(session_from_onnx(bytes_from_path(folder / "inside.onnx"))), 4095.5f);

  onnx::save_model(with_weights(), folder / "beside.onnx", {.external_data_path = "w.data"});
  EXPECT_EQ(last_of(session_from_onnx(folder / "beside.onnx")), 4095.5f);
  onnx::Model edited = onnx::load_model(folder / "beside.onnx");
  ASSERT_TRUE(edited.graph.initializers[0].is_external());
  edited.graph.nodes[0].op_type = "Sub";
  EXPECT_EQ(last_of(session_from_onnx(edited)), 0.5f - 4095.0f);
}

// ONNX Runtime drops such weights before it looks for their values.
TEST(SessionFromOnnx, TakesModelsWithWeightsThatNothingUses) {
  onnx::Model model = with_weights();
  onnx::TensorData unused = model.graph.initializers.front();
  unused.name = "unused";
  model.graph.initializers.insert(model.graph.initializers.begin(), std::move(unused));
  EXPECT_EQ(last_of(session_from_onnx(model)), 4095.5f);
}

// Protobuf's limit is not ours: the weights of such a model are handed over apart.
TEST(SessionFromOnnx, TakesModelsPastTwoGigabytes) {
  const TemporaryFolder folder;
  constexpr std::int64_t count = (std::int64_t{1} << 31) + 8;
  // A sparse file: its pages are zeros that nobody wrote.
  std::ofstream(folder / "w.data");
  std::filesystem::resize_file(folder / "w.data", static_cast<std::uintmax_t>(count));
  ModelBuilder builder;
  builder.input("i", DataType::int64, {2}).node("Gather", {"w", "i"}, {"y"}).output("y");
  onnx::Model& model = builder.model();
  onnx::TensorData& data = model.graph.initializers.emplace_back();
  data.name = "w";
  data.data_type = onnx::element_type_of(DataType::uint8);
  data.dims = {count};
  data.data_location = onnx::TensorData::external_location;
  data.external_data.emplace_back().key = "location";
  data.external_data.back().value = "w.data";
  model.storage.set_folder(folder.path());
  const Session session = session_from_onnx(model);
  EXPECT_THAT(
      session.run({{"i", Tensor::from<std::int64_t>({0, count - 1}, Shape{2})}})["y"].values<std::uint8_t>(),
      ElementsAre(0, 0));
}

TEST(SessionFromOnnx, RefusesWhatItCannotRead) {
  const TemporaryFolder folder;
  EXPECT_THAT(message<InputError>([&] { session_from_onnx(folder / "none.onnx"); }), HasSubstr("none.onnx"));
  std::ofstream(folder / "text.onnx") << "not a model";
  EXPECT_THAT(message<InputError>([&] { session_from_onnx(folder / "text.onnx"); }), HasSubstr("text.onnx"));
  onnx::save_model(with_weights(), folder / "beside.onnx", {.external_data_path = "w.data"});
  std::filesystem::remove(folder / "w.data");
  EXPECT_THAT(message<Error>([&] { session_from_onnx(folder / "beside.onnx"); }), HasSubstr("w.data"));

  ModelBuilder unknown;
  unknown.input("x", DataType::float32, {2}).node("Frobnicate", {"x"}, {"y"}).output("y");
  const std::string text = message<BackendError>([&] { session_from_onnx(unknown.model()); });
  EXPECT_THAT(text, AllOf(HasSubstr("Reading the model in memory with ONNX Runtime failed"),
                          HasSubstr("Frobnicate")));
}

TEST(SessionFromOnnx, RefusesOptionsOutOfRange) {
  const auto make = [](SessionOptions options) {
    return [options] { session_from_onnx(contract_model("identity"), options); };
  };
  EXPECT_THAT(message<UsageError>(make({.intra_op_threads = 0})), HasSubstr("intra_op_threads is 0"));
  EXPECT_THAT(message<UsageError>(make({.inter_op_threads = -1})), HasSubstr("inter_op_threads is -1"));
  EXPECT_THAT(message<UsageError>(make({.providers = {"Nonsense"}})),
              HasSubstr("no execution provider 'Nonsense'"));
  EXPECT_THAT(message<BackendError>(make({.config = {{std::string(2000, 'k'), "v"}}})), HasSubstr("kkk"));
}

TEST(SessionFromOnnx, FollowsItsOptions) {
  for (const auto level : {GraphOptimizationLevel::disabled, GraphOptimizationLevel::basic,
                           GraphOptimizationLevel::extended, GraphOptimizationLevel::all})
    EXPECT_EQ(last_of(session_from_onnx(
                  with_weights(), SessionOptions{.graph_optimization_level = level,
                                                 .intra_op_threads = 2,
                                                 .inter_op_threads = 2,
                                                 .log_severity = LogSeverity::error,
                                                 .config = {{"session.intra_op.allow_spinning", "0"}}})),
              4095.5f);
}

TEST(SessionFromOnnx, LogsWhatOnnxRuntimeSays) {
  std::string lines;
  set_log_sink([&](Severity, std::string_view line) { lines += std::string(line) + '\n'; });
  set_log_options({.level = Severity::ultra_verbose});
  session_from_onnx(contract_model("identity"), SessionOptions{.log_severity = LogSeverity::verbose});
  set_log_options({});
  set_log_sink({});
  EXPECT_THAT(lines, HasSubstr("ONNX Runtime: "));
  EXPECT_THAT(lines, HasSubstr("Made an ONNX Runtime session of the model in memory"));
}

TEST(Session, MeasuresItsNodes) {
  const TemporaryFolder folder;
  const Session session =
      session_from_onnx(with_weights(), SessionOptions{.profile = (folder / "times").string()});
  last_of(session);
  const std::filesystem::path file = session.end_profiling();
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  EXPECT_THAT(text.str(), HasSubstr("\"op_name\" : \"Add\""));
  EXPECT_THAT(message<UsageError>([] { session_from_onnx(with_weights()).end_profiling(); }),
              HasSubstr("SessionOptions::profile"));
}

const Backend& backend() {
  void* const module = dlopen(POLYGRAPH_ONNXRT_MODULE, RTLD_NOW | RTLD_LOCAL);
  return *reinterpret_cast<const Backend* (*)()>(dlsym(module, "polygraph_backend"))();
}

TEST(Backend, RunsModelsAndComputesNodes) {
  EXPECT_EQ(backend().name(), "ONNX Runtime");
  EXPECT_EQ(backend().version(), Library().version());
  const auto runner =
      backend().runner({.in_memory = std::make_shared<const onnx::Model>(with_weights())}, "mine");
  EXPECT_EQ(runner->name(), "mine");
  const auto active = runner->activate();
  EXPECT_EQ(runner->infer({{"x", Tensor::full(Shape{1}, 0.5f)}})["y"].values<float>().back(), 4095.5f);
  EXPECT_EQ(backend().evaluator()->name(), "ONNX Runtime " + Library().version());
}

TEST(Backend, TakesOptionsByName) {
  ModelRequest request{.in_memory = std::make_shared<const onnx::Model>(with_weights()),
                       .config = {{"providers", "no_such_provider"}}};
  const auto runner = backend().runner(request);
  EXPECT_THAT(message<UsageError>([&] { static_cast<void>(runner->activate()); }),
              HasSubstr("no_such_provider"));
  request.config = {{"no_such_option", "1"}};
  EXPECT_THAT(message<UsageError>([&] { backend().runner(request); }), HasSubstr("no_such_option"));
  request.config = {};
  request.plugins = {"libplugin.so"};
  EXPECT_THAT(message<UsageError>([&] { backend().runner(request); }), HasSubstr("load plugins"));
}

TEST(Backend, HasNoEngines) {
  EXPECT_THAT(message<BackendError>([] {
                ModelRequest request;
                request.model = "m.onnx";
                backend().build(request);
              }),
              AllOf(HasSubstr("ONNX Runtime has no engines"), HasSubstr("--openvino")));
  EXPECT_THAT(message<BackendError>([] { backend().measure_layers("m.engine", 1); }),
              HasSubstr("no engines"));
}

TEST(Backend, SaysSoIfTheLibraryIsMissing) {
  const Variable named("POLYGRAPH_ONNXRUNTIME", "/nowhere");
  EXPECT_EQ(backend().version(), "(not installed)");
  EXPECT_THAT(message<BackendError>([] { backend().evaluator(); }), HasSubstr("pip install onnxruntime"));
}

}  // namespace
}  // namespace polygraph::onnxrt::test
