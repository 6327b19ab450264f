#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/onnxrt.h>

#include <algorithm>
#include <cstdlib>

#include "helpers/message.h"
#include "onnxrt/models.h"
#include "onnxrt/temporary_folder.h"

namespace polygraph::onnxrt::test {
namespace {

namespace fs = std::filesystem;

using polygraph::test::message;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

// An event as ONNX Runtime writes it.
std::string node(const std::string& name, int begin, int duration, const std::string& op_type = "Add",
                 int index = 0, int thread = 1) {
  return R"({"cat" : "Node","pid" :1,"tid" :)" + std::to_string(thread) + R"(,"dur" :)" +
         std::to_string(duration) + R"(,"ts" :)" + std::to_string(begin) + R"(,"ph" : "X","name" :")" + name +
         R"(_kernel_time","args" : {"thread_scheduling_stats" : {"main_thread": {"thread_pool_name": "p", )"
         R"("block_size": [1, {"name": "no", "provider": "no"}]}},"output_type_shape" : [{"float":[4]}],)"
         R"("node_index" : ")" +
         std::to_string(index) + R"(","provider" : "CPUExecutionProvider","op_name" : ")" + op_type + "\"}}";
}

std::string run(int begin, int duration) {
  return R"({"cat" : "Session","pid" :1,"tid" :1,"dur" :)" + std::to_string(duration) + R"(,"ts" :)" +
         std::to_string(begin) + R"(,"ph" : "X","name" :"model_run","args" : {}})";
}

std::string trace(const std::vector<std::string>& events) {
  std::string text = "[\n";
  for (std::size_t i = 0; i < events.size(); ++i) text += events[i] + (i + 1 < events.size() ? ",\n" : "\n");
  return text + "]\n";
}

class ReadProfile : public testing::Test {
 protected:
  Profile read(const std::string& text, std::int64_t skip = 0) {
    write_file(file_, text);
    return read_profile(file_, skip);
  }
  std::string refusal(const std::string& text) {
    return message<InputError>([&] { read(text); });
  }

  TemporaryFolder folder_;
  const fs::path file_ = folder_ / "profile.json";
};

std::vector<std::string> names(const Profile& profile) {
  std::vector<std::string> names;
  for (const NodeTime& each : profile.nodes) names.push_back(each.name);
  return names;
}

TEST_F(ReadProfile, SumsUpWhatNodesTook) {
  const Profile profile = read(trace({node("a", 10, 4), node("b", 15, 1, "Relu", 1), run(9, 8),
                                      node("a", 30, 6), node("b", 37, 3, "Relu", 1), run(29, 13)}));
  EXPECT_EQ(profile.inferences, 2);
  EXPECT_DOUBLE_EQ(profile.seconds, 21e-6);
  ASSERT_THAT(profile.nodes, SizeIs(2));
  const NodeTime& a = profile.nodes[0];
  EXPECT_EQ(a.name, "a");
  EXPECT_EQ(a.op_type, "Add");
  EXPECT_EQ(a.provider, "CPUExecutionProvider");
  EXPECT_EQ(a.count, 2);
  EXPECT_DOUBLE_EQ(a.total, 10e-6);
  EXPECT_DOUBLE_EQ(a.mean, 5e-6);
  EXPECT_DOUBLE_EQ(a.min, 4e-6);
  EXPECT_DOUBLE_EQ(a.max, 6e-6);
  EXPECT_DOUBLE_EQ(a.own, 10e-6);
  const LayerTimes times = profile.layer_times();
  EXPECT_EQ(times.inferences, 2);
  EXPECT_EQ(times.layers[1].type, "Relu");
  EXPECT_EQ(times.layers[1].ran_by, "CPUExecutionProvider");
  EXPECT_DOUBLE_EQ(times.layer_seconds(), 14e-6);
}

TEST_F(ReadProfile, TellsNodesOfABodyFromTheNodeAroundThem) {
  // What is inside comes first, and may begin in the same microsecond.
  const Profile profile =
      read(trace({node("before", 10, 2), node("inner", 13, 5, "If"), node("body", 12, 7, "Mul"),
                  node("loop", 12, 20, "Loop"), node("elsewhere", 14, 9, "Mul", 0, 2), run(9, 30)}));
  ASSERT_THAT(names(profile), ElementsAre("before", "inner", "body", "loop", "elsewhere"));
  EXPECT_DOUBLE_EQ(profile.nodes[2].own, 2e-6);
  EXPECT_DOUBLE_EQ(profile.nodes[3].total, 20e-6);
  EXPECT_DOUBLE_EQ(profile.nodes[3].own, 13e-6);
  EXPECT_DOUBLE_EQ(profile.nodes[4].own, 9e-6) << "of another thread";
  EXPECT_DOUBLE_EQ(profile.nodes[0].own, 2e-6);
}

TEST_F(ReadProfile, LeavesOutWhatIsNotWanted) {
  const std::string text =
      trace({node("first", 1, 1), run(0, 3), node("a", 10, 4), run(9, 8), node("cut off", 30, 6)});
  EXPECT_THAT(names(read(text)), ElementsAre("first", "a"));
  EXPECT_THAT(names(read(text, 1)), ElementsAre("a"));
  const Profile none = read(text, 7);
  EXPECT_EQ(none.inferences, 0);
  EXPECT_THAT(none.nodes, IsEmpty());
  EXPECT_EQ(read("[\n]\n").inferences, 0);
}

TEST_F(ReadProfile, TellsNodesOfOneNameApart) {
  EXPECT_THAT(
      names(read(trace({node("a", 1, 1), node("a", 2, 1, "Add", 1), node("a", 3, 1, "Relu"), run(0, 5)}))),
      ElementsAre("a", "a", "a"));
}

// Up to 1.28 names are written as they are; later they are escaped.
TEST_F(ReadProfile, TakesNamesThatAreNoJson) {
  const std::vector<std::string> raw{"quote\"", "back\\slash", "line\nbreak",
                                     "tab\t",   "\xff",        "},\nname\" :\"x"};
  std::vector<std::string> events;
  for (std::size_t i = 0; i < raw.size(); ++i) events.push_back(node(raw[i], static_cast<int>(i) * 2, 1));
  events.push_back(node(R"(esc\"aped\n\u00fc)", 20, 1));
  events.push_back(run(0, 30));
  EXPECT_THAT(names(read(trace(events))), ElementsAre("quote\"", "back\\slash", "line\nbreak", "tab\t",
                                                      "\uFFFD", "},\nname\" :\"x", "esc\"aped\n\u00fc"));
}

TEST_F(ReadProfile, RefusesWhatIsCutOffOrForeign) {
  const std::string whole = trace({node("a", 10, 4), run(9, 8)});
  const std::string file = file_.string();
  for (std::size_t size = 0; size < whole.size() - 2; ++size)
    EXPECT_THAT(refusal(whole.substr(0, size)), AllOf(HasSubstr(file), HasSubstr("at byte"))) << size;
  EXPECT_THAT(refusal(whole.substr(0, whole.size() - 2)), HasSubstr("it is cut off"));
  EXPECT_THAT(refusal("{\"a\": 1}"), HasSubstr("does not begin with '['"));
  EXPECT_THAT(refusal("[1, 2]"), HasSubstr("cut off in the middle of an event"));
  EXPECT_THAT(refusal("[\n{\"a\": 1}\n]"), HasSubstr("no category"));
  EXPECT_THAT(refusal(whole + "x"), HasSubstr("something follows"));
  EXPECT_THAT(refusal(trace({node("a", -1, 4)})), HasSubstr("this is no event"));
  EXPECT_THAT(message<InputError>([&] { read_profile(folder_ / "none.json"); }), HasSubstr("none.json"));
}

// What ONNX Runtime itself writes

onnx::Model chain() {
  ModelBuilder builder;
  builder.input("x", DataType::float32, {64, 64})
      .node("Relu", {"x"}, {"a"})
      .node("Identity", {"a"}, {"b"})
      .node("MatMul", {"b", "b"}, {"c"})
      .node("Add", {"c", "x"}, {"y"})
      .output("y");
  const std::string_view node_names[] = {"relu \"1\"", "back\\slash", "/mat/mul", ""};
  for (std::size_t i = 0; i < 4; ++i) builder.model().graph.nodes[i].name = node_names[i];
  return builder.model();
}

const FeedDict chain_feed{{"x", Tensor::full(Shape{64, 64}, 0.5f)}};

std::vector<std::string> types(const LayerTimes& times) {
  std::vector<std::string> types;
  for (const LayerTime& layer : times.layers) types.push_back(layer.type);
  return types;
}

TEST(Profile, HasEveryNodeOfAModel) {
  const TemporaryFolder folder;
  const Session session =
      session_from_onnx(chain(), SessionOptions{.graph_optimization_level = GraphOptimizationLevel::disabled,
                                                .profile = (folder / "times").string()});
  for (int i = 0; i < 3; ++i) session.run(chain_feed);
  const Profile profile = read_profile(session.end_profiling());
  EXPECT_EQ(profile.inferences, 3);
  ASSERT_THAT(names(profile),
              UnorderedElementsAre("relu \"1\"", "back\\slash", "/mat/mul", HasSubstr("Add_")));
  double own = 0;
  for (const NodeTime& each : profile.nodes) {
    EXPECT_EQ(each.count, 3);
    EXPECT_EQ(each.provider, "CPUExecutionProvider");
    EXPECT_LE(each.min, each.mean);
    EXPECT_LE(each.mean, each.max);
    own += each.own;
  }
  EXPECT_LE(own, profile.seconds);
}

// Files in the folder for temporary ones.
std::size_t files_in(const TemporaryFolder& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()));
}

TEST(RunnerLayerTimes, AreThoseOfInferencesSinceTheRestart) {
  const TemporaryFolder folder;
  const Variable temporary("TMPDIR", folder.path().c_str());
  Runner runner(SessionFromOnnx(
      chain(), {.graph_optimization_level = GraphOptimizationLevel::disabled, .time_layers = true}));
  const auto active = runner.activate();
  EXPECT_EQ(files_in(folder), 0u) << "nothing is left, whatever becomes of the process";
  double seconds = 0;
  for (int i = 0; i < 5; ++i) {
    if (i == 2) runner.restart_layer_times();
    runner.infer(chain_feed);
    if (i >= 2) seconds += runner.last_inference_time();
  }
  const LayerTimes times = runner.layer_times();
  EXPECT_EQ(times.inferences, 3);
  EXPECT_THAT(types(times), UnorderedElementsAre("Relu", "Identity", "MatMul", "Add"));
  for (const LayerTime& layer : times.layers) EXPECT_EQ(layer.calls, 3);
  EXPECT_GT(times.layer_seconds(), 0);
  EXPECT_LE(times.layer_seconds(), times.seconds);
  EXPECT_LE(times.seconds, seconds);
  // Nothing more is measured, and the runner goes on.
  runner.infer(chain_feed);
  EXPECT_EQ(runner.layer_times().inferences, 3);
  runner.restart_layer_times();
  runner.infer(chain_feed);
  EXPECT_EQ(runner.layer_times().inferences, 0);
  EXPECT_EQ(files_in(folder), 0u);
}

TEST(RunnerLayerTimes, AreNoneUnlessAskedFor) {
  Runner runner{SessionFromOnnx(chain())};
  const auto active = runner.activate();
  runner.infer(chain_feed);
  EXPECT_EQ(runner.layer_times().inferences, 0);
}

TEST(RunnerLayerTimes, EndBeforeTheyTakeTooMuchMemory) {
  ModelBuilder builder;
  builder.input("x", DataType::float32, {1});
  std::vector<std::string> values{"x"};
  for (int i = 0; i < 20'000; ++i) values.push_back("v" + std::to_string(i));
  for (std::size_t i = 1; i < values.size(); ++i) builder.node("Abs", {values[i - 1]}, {values[i]});
  builder.output(values.back());
  Runner runner(
      SessionFromOnnx(builder.model(), {.graph_optimization_level = GraphOptimizationLevel::disabled,
                                        .intra_op_threads = 1,
                                        .time_layers = true}));
  const auto active = runner.activate();
  for (int i = 0; i < 4; ++i) runner.infer({{"x", Tensor::full(Shape{1}, 1.0f)}});
  EXPECT_EQ(runner.layer_times().inferences, 2) << "50,000 runs of nodes are enough";
}

TEST(RunnerLayerTimes, GoWithATraceThatIsToStay) {
  const TemporaryFolder folder;
  Runner runner(SessionFromOnnx(chain(), {.profile = (folder / "times").string(), .time_layers = true}));
  const auto active = runner.activate();
  runner.infer(chain_feed);
  EXPECT_EQ(runner.layer_times().inferences, 1);
  EXPECT_EQ(files_in(folder), 1u);
  EXPECT_EQ(read_profile(runner.session().end_profiling()).inferences, 1);
}

TEST(RunnerLayerTimes, NeedAFolder) {
  const Variable temporary("TMPDIR", "/nowhere");
  EXPECT_THAT(message<InputError>([] { session_from_onnx(chain(), SessionOptions{.time_layers = true}); }),
              AllOf(HasSubstr("Measuring nodes"), HasSubstr("TMPDIR")));
}

// The bodies of Ifs in Ifs.
TEST(RunnerLayerTimes, OfARealModelAreNotMoreThanItsInference) {
  const fs::path model = fs::path(POLYGRAPH_DEPS) / "silero_vad/data/silero_vad.onnx";
  if (!fs::exists(model)) GTEST_SKIP() << model << " is not there";
  Runner runner(SessionFromOnnx(model, {.intra_op_threads = 1, .time_layers = true}));
  const auto active = runner.activate();
  const FeedDict feed{{"input", Tensor(DataType::float32, Shape{1, 512})},
                      {"state", Tensor(DataType::float32, Shape{2, 1, 128})},
                      {"sr", Tensor::from({std::int64_t{16000}}, Shape{})}};
  for (int i = 0; i < 4; ++i) runner.infer(feed);
  const LayerTimes times = runner.layer_times();
  EXPECT_EQ(times.inferences, 4);
  const auto types = times.by_type();
  for (const char* type : {"If", "LSTM"})
    EXPECT_NE(std::ranges::find(types, type, &TypeTime::type), types.end()) << type;
  EXPECT_LE(times.layer_seconds(), times.seconds) << "nothing counts twice";
  EXPECT_GT(times.layer_seconds(), 0);
}

}  // namespace
}  // namespace polygraph::onnxrt::test
