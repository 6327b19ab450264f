#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/official.h>

#include <algorithm>
#include <filesystem>
#include <set>

namespace polygraph::onnx {
namespace {

/// The models of ONNX 1.12's own tests, in the order of their names.
std::vector<std::filesystem::path> node_models() {
  std::vector<std::filesystem::path> models;
  const std::filesystem::path folder = POLYGRAPH_ONNX_TESTDATA;
  if (!std::filesystem::exists(folder)) return models;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".onnx") models.push_back(entry.path());
  std::ranges::sort(models);
  return models;
}

std::string name_of(const std::filesystem::path& model) {
  return model.parent_path().filename();
}

class NodeModels : public testing::Test {
 protected:
  void SetUp() override {
    if (models_.empty()) GTEST_SKIP() << "there is nothing in " POLYGRAPH_ONNX_TESTDATA;
    ASSERT_GT(models_.size(), 1000u);
  }
  const std::vector<std::filesystem::path> models_ = node_models();
};

TEST_F(NodeModels, AreValid) {
  // The operators' definitions have become stricter since these models were made.
  const std::set<std::string> outdated = {"test_PixelShuffle", "test_mvn", "test_operator_repeat",
                                          "test_operator_repeat_dim_overflow"};
  for (const auto& path : models_) {
    const std::vector<CheckFinding> findings = check_model(load_model(path), true);
    EXPECT_EQ(!findings.empty(), outdated.contains(name_of(path)))
        << path << ": " << (findings.empty() ? "" : findings[0].message);
  }
}

TEST_F(NodeModels, GetTypesForAllTheirValues) {
  for (const auto& path : models_) {
    Model model = load_model(path);
    const std::vector<std::string> complaints = infer_shapes_officially(model);
    EXPECT_EQ(!complaints.empty(), name_of(path) == "test_mvn")
        << path << ": " << (complaints.empty() ? "" : complaints[0]);
    for (const ValueInfo& output : model.graph.outputs)
      EXPECT_TRUE(output.type) << path << ": " << output.name;
  }
}

TEST_F(NodeModels, StayValidWhenConverted) {
  // The batch dimension of Scan, up to opset 8, is lost by the converter.
  const std::set<std::string> broken = {"test_scan_sum"};
  std::size_t converted = 0;
  for (const auto& path : models_) {
    Model model = load_model(path);
    if (!model.opset() || !check_model(model, true).empty()) continue;
    try {
      passes::convert_opset(model, 21);
    } catch (const InputError& error) {
      ADD_FAILURE() << path << ": " << error.what();
      continue;
    }
    ++converted;
    const std::vector<CheckFinding> findings = check_model(model, true);
    EXPECT_EQ(!findings.empty(), broken.contains(name_of(path)))
        << path << ": " << (findings.empty() ? "" : findings[0].message);
  }
  EXPECT_GT(converted, 1000u);
}

TEST_F(NodeModels, SurviveTheTextForm) {
  constexpr std::size_t everything = SIZE_MAX;
  std::size_t same = 0;
  for (const auto& path : models_) {
    const std::string text = to_text(load_model(path), everything);
    if (text.find("...") != std::string::npos) continue;  // values that have no text form
    EXPECT_EQ(to_text(parse_text(text), everything), text) << path;
    ++same;
  }
  EXPECT_GT(same, 1000u);
}

}  // namespace
}  // namespace polygraph::onnx
