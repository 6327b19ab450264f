#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/files.h>
#include <polygraph/onnx/convert_float.h>
#include <polygraph/onnx/diff.h>
#include <polygraph/onnx/editor.h>
#include <polygraph/onnx/official.h>
#include <polygraph/onnx/passes.h>
#include <polygraph/onnx/save.h>

#include <filesystem>
#include <functional>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "onnx/build.h"
#include "onnx/node_prints.h"

// What the tools do with one model in several threads; run it under ThreadSanitizer.

namespace polygraph::onnx {
namespace {

constexpr int length = 6000;             // more than the number from which models are compared in two threads
constexpr std::int64_t width = 3 << 20;  // elements: several pieces of deferred data

/// A chain of additions of one large weight, in a file.
std::filesystem::path chain_file() {
  static const std::filesystem::path path = [] {
    Model model = build::model(build::graph({}, {}, {}));
    model.graph.inputs = {build::value("x", std::vector<std::int64_t>{width})};
    model.graph.outputs = {build::value("y", std::vector<std::int64_t>{width})};
    TensorData& weight = model.graph.initializers.emplace_back();
    weight.name = "w";
    weight.data_type = 1;
    weight.dims = {width};
    const std::vector<float> values(static_cast<std::size_t>(width), 0.5f);
    weight.raw_data = model.storage.intern(std::as_bytes(std::span(values)));
    std::string_view last = "x";
    for (int i = 0; i < length; ++i) {
      const std::string_view next =
          i + 1 == length ? "y" : model.storage.intern(std::string_view("v" + std::to_string(i)));
      model.graph.nodes.push_back(
          build::node("Add", {last, "w"}, {next}, model.storage.intern("n" + std::to_string(i))));
      last = next;
    }
    std::filesystem::path file = std::filesystem::path(testing::TempDir()) / "threads_test.onnx";
    save_model(model, file);
    return file;
  }();
  return path;
}

/// Saves the model while another thread checks it, twice at the same time.
void check_while_saving(const Model& model, const NodePrints& before) {
  std::vector<std::future<void>> all;
  for (const char* name : {"threads_test_1.onnx", "threads_test_2.onnx"})
    all.push_back(std::async(std::launch::async, [&model, &before, name] {
      const std::filesystem::path file = std::filesystem::path(testing::TempDir()) / name;
      std::future<std::vector<std::string>> findings = std::async(std::launch::async, [&] {
        std::vector<std::string> texts;
        for (const CheckFinding& finding : check_edited_model(model, before))
          texts.push_back(finding.message);
        for (const CheckFinding& finding : check_model(model)) texts.push_back(finding.message);
        for (const std::string_view value : dangling_values(model)) texts.emplace_back(value);
        return texts;
      });
      save_model(model, file, {.external_data_path = std::string()},
                 [&] { EXPECT_THAT(findings.get(), testing::IsEmpty()); });
      EXPECT_EQ(load_model(file).graph.nodes.size(), model.graph.nodes.size());
    }));
  for (std::future<void>& each : all) each.get();
}

TEST(Threads, AModelIsCheckedWhileItIsWritten) {
  Model model = load_model(chain_file());
  std::optional<NodePrints> prints;
  std::future<void> side = std::async(std::launch::async, [&] { prints.emplace(model); });
  static_cast<void>(dangling_values(model));
  side.get();
  passes::insert_node(model, {.op_type = "Relu", .name = "new", .inputs = {"v3"}, .outputs = {"v3"}});
  check_while_saving(model, *prints);
}

TEST(Threads, SoIsOneWhoseWeightsAreConvertedMeanwhile) {
  Model model = load_model(chain_file());
  const NodePrints prints(model);
  passes::convert_to_fp16(model);
  check_while_saving(model, prints);
}

TEST(Threads, CopiesAreEditedAndCompared) {
  const Model model = load_model(chain_file());
  const auto edited = [&] {
    Model copy = model;
    passes::name_nodes(copy);
    passes::extract_subgraph(copy, std::vector<passes::Boundary>{{"v5"}}, std::nullopt);
    copy.storage.intern("a text of its own");
    return copy;
  };
  std::future<Model> other = std::async(std::launch::async, edited);
  const Model mine = edited();
  EXPECT_TRUE(diff_models(mine, other.get()).equal());
  EXPECT_FALSE(diff_models(model, mine).equal());
}

}  // namespace
}  // namespace polygraph::onnx
