#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/loaders.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "helpers/message.h"
#include "onnx/build.h"

namespace polygraph::onnx {
namespace {

namespace fs = std::filesystem;
using build::graph;
using build::names_of;
using build::node;
using build::scalar;
using build::text;
using test::message;
using testing::ElementsAre;
using testing::HasSubstr;

class Loaders : public testing::Test {
 protected:
  Loaders() {
    fs::create_directories(folder_);
    save_model(chain(), path_);
  }
  ~Loaders() override { fs::remove_all(folder_); }

  static Model chain() {
    return build::model(graph(
        {"x"}, {node("Add", {"x", "w"}, {"a"}, "add"), node("Neg", {"a"}, {"y"}, "neg")}, {"y"}, {"w"}));
  }

  fs::path folder_ =
      fs::path(testing::TempDir()) /
      (std::string("loaders-") + testing::UnitTest::GetInstance()->current_test_info()->name());
  fs::path path_ = folder_ / "chain.onnx";
};

void rename_output(Model& model) {
  model.graph.nodes[1].outputs[0] = model.graph.outputs[0].name = "renamed";
}

TEST_F(Loaders, AreComposedAndDoNothingUntilCalled) {
  const fs::path out = folder_ / "deeper" / "out.onnx";
  const auto build = SaveOnnx(
      ModifyOutputs(extend(OnnxFromPath(path_), rename_output, "rename_output"), {.outputs = {"*"}}), out);
  EXPECT_FALSE(fs::exists(out));
  EXPECT_THAT(build.str(), testing::StartsWith("SaveOnnx(ModifyOutputs(extend(OnnxFromPath(\""));
  EXPECT_THAT(build.str(), HasSubstr("chain.onnx\"), rename_output), {.outputs = {\"*\"}}), \""));
  const Model saved = build();
  EXPECT_THAT(names_of(saved.graph.outputs), ElementsAre("a", "renamed"));
  EXPECT_EQ(text(load_model(out).graph), text(saved.graph));
}

TEST_F(Loaders, TwinsWorkAtOnceAndLeaveTheCallersModelAlone) {
  const Model model = onnx_from_path(path_);
  const std::string before = text(model.graph);
  const Model marked = modify_outputs(model, {.outputs = {"mark", "all"}, .exclude_outputs = {"y"}});
  EXPECT_THAT(names_of(marked.graph.outputs), ElementsAre("a"));
  EXPECT_THAT(names_of(modify_outputs(model, {.mark_types = {"A*"}}).graph.outputs), ElementsAre("a"));
  const Model part = extract_subgraph(model, {{{"a", {}, {}}}}, {});
  EXPECT_EQ(text(part.graph), "a -> y = Neg(a) -> y");
  EXPECT_EQ(text(model.graph), before);
}

TEST_F(Loaders, BytesRoundTrip) {
  const Bytes bytes = bytes_from_onnx(onnx_from_path(path_));
  EXPECT_EQ(bytes.size(), fs::file_size(path_));
  const auto load = OnnxFromBytes(BytesFromOnnx(OnnxFromPath(path_)));
  const Model model = load();
  EXPECT_EQ(text(model.graph), text(chain().graph));
  EXPECT_EQ(tensor_of(model.graph.initializers[0], model).element_as_double(0), 1.0);
}

TEST_F(Loaders, ConvertToExternalDataYieldsWhatWasWritten) {
  const fs::path out = folder_ / "external.onnx";
  const Model model = convert_to_external_data(OnnxFromPath(path_), out, {.size_threshold = 0});
  EXPECT_TRUE(model.graph.initializers[0].is_external());
  EXPECT_TRUE(fs::exists(folder_ / "external.onnx.data"));
  EXPECT_EQ(tensor_of(model.graph.initializers[0], model).element_as_double(0), 1.0);
  EXPECT_EQ(ConvertToExternalData(chain(), "m.onnx", {.external_data_path = "w"}).str(),
            "ConvertToExternalData(/* callable */, \"m.onnx\", {.external_data_path = \"w\"})");
}

TEST_F(Loaders, ExternalDataIsLookedForAtOnce) {
  const fs::path out = folder_ / "external.onnx";
  save_onnx(chain(), out, {.external_data_path = "", .size_threshold = 0});
  const fs::path elsewhere = folder_ / "elsewhere";
  fs::create_directory(elsewhere);
  fs::rename(folder_ / "external.onnx.data", elsewhere / "external.onnx.data");
  EXPECT_THAT(message<InputError>([&] { onnx_from_path(out); }), HasSubstr("external.onnx.data"));
  const Model structure = onnx_from_path(out, {.ignore_external_data = true});
  EXPECT_EQ(structure.graph.nodes.size(), 2u);
  EXPECT_THROW(tensor_of(structure.graph.initializers[0], structure), InputError);
  const Model whole = onnx_from_path(out, {.external_data_dir = elsewhere.string()});
  EXPECT_EQ(tensor_of(whole.graph.initializers[0], whole).element_as_double(0), 1.0);
}

TEST_F(Loaders, SetUpperBoundNamesUnknownValues) {
  EXPECT_THAT(message<InputError>([&] {
                set_upper_bound(OnnxFromPath(path_), {{"yy", 3}});
              }),
              HasSubstr("no node makes a value 'yy'. Did you mean 'y'?"));
  EXPECT_EQ(text(set_upper_bound(OnnxFromPath(path_), {{"", 3}}).graph), text(chain().graph));
}

TEST_F(Loaders, PrintAsTheyAreWritten) {
  EXPECT_EQ(OnnxFromPath("m.onnx", {.ignore_external_data = true}).str(),
            "OnnxFromPath(\"m.onnx\", {.ignore_external_data = true})");
  EXPECT_EQ(SetUpperBound(OnnxFromPath("m.onnx"), {{"a", 3}}).str(),
            "SetUpperBound(OnnxFromPath(\"m.onnx\"), {{\"a\", 3}})");
  EXPECT_EQ(ExtractSubgraph(OnnxFromPath("m.onnx")).str(), "ExtractSubgraph(OnnxFromPath(\"m.onnx\"))");
  EXPECT_EQ(
      ExtractSubgraph(OnnxFromPath("m.onnx"), {}, {{{"y", DataType::float16, PartialShape{"n", 3, -1}}}})
          .str(),
      "ExtractSubgraph(OnnxFromPath(\"m.onnx\"), {}, {{{\"y\", DataType::float16, PartialShape{\"n\", 3, "
      "-1}}}})");
  EXPECT_EQ(BytesFromOnnx(OnnxFromPath("m.onnx")).str(), "BytesFromOnnx(OnnxFromPath(\"m.onnx\"))");
}

TEST_F(Loaders, WorkInSeveralThreads) {
  const auto load = ModifyOutputs(OnnxFromPath(path_), {.outputs = {"*"}});
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { right += load().graph.outputs.size() == 2; });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 4);
}

TEST_F(Loaders, FailWhenCalled) {
  const auto load = OnnxFromPath(folder_ / "none.onnx");
  EXPECT_THAT(message<InputError>([&] { load(); }), HasSubstr("none.onnx"));
  EXPECT_THROW(onnx_from_bytes(Bytes(std::vector<std::byte>(3))), InputError);
}

}  // namespace
}  // namespace polygraph::onnx
