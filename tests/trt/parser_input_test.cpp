#include "trt/parser_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/save.h>
#include <polygraph/trt.h>

#include <cstdlib>
#include <filesystem>
#include <numeric>

#include "helpers/message.h"
#include "onnxrt/models.h"
#include "trt/layers.h"
#include "trt/library.h"
#include "trt/network.h"

namespace polygraph::trt::test {
namespace {

namespace fs = std::filesystem;
using onnxrt::test::ModelBuilder;
using polygraph::test::message;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t tiny = 2048;  // in place of 2 GB
constexpr std::int64_t size = 64;

// y = x + w, of 16 KiB of weights.
onnx::Model model(std::string_view output = "y") {
  ModelBuilder b;
  Tensor w(DataType::float32, Shape{size, size});
  std::iota(w.mutable_values<float>().begin(), w.mutable_values<float>().end(), 1.0f);
  b.input("x", DataType::float32, {size, size}).initializer("w", w).node("Add", {"x", "w"}, {output});
  b.output(output, DataType::float32, {size, size});
  return b.model();
}

// The weights of the network, wherever its layers have them.
std::vector<float> weights(const Network& network) {
  for (nvinfer1::ILayer* layer : layers_of(*network)) {
    if (layer->getType() != nvinfer1::LayerType::kCONSTANT) continue;
    const nvinfer1::Weights found = static_cast<nvinfer1::IConstantLayer*>(layer)->getWeights();
    const auto* const values = static_cast<const float*>(found.values);
    return {values, values + found.count};
  }
  return {};
}

std::vector<float> expected_weights() {
  std::vector<float> values(size * size);
  std::iota(values.begin(), values.end(), 1.0f);
  return values;
}

class ParserInputTest : public testing::Test {
 protected:
  void SetUp() override {
    folder = fs::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder);
    fs::create_directories(folder / "temporary");
    setenv("TMPDIR", (folder / "temporary").c_str(), 1);
  }
  void TearDown() override {
    EXPECT_TRUE(fs::is_empty(folder / "temporary"));
    unsetenv("TMPDIR");
    fs::remove_all(folder);
  }
  bool has_temporary() const { return !fs::is_empty(folder / "temporary"); }

  // The network that is made of the input, which has gone by then.
  Network parsed(const onnx::Model& from, std::uint64_t limit, bool through_a_file) {
    const auto state = make_network(Library(), false);
    state->parser = state->library.state().make_parser(*state->network);
    {
      const ParserInput input(from, Weights::inside, limit);
      EXPECT_LE(input.bytes().size(), limit);
      EXPECT_EQ(has_temporary(), through_a_file);
      EXPECT_TRUE(state->parser->parse(input.bytes().data(), input.bytes().size(), input.path()));
    }
    EXPECT_FALSE(has_temporary());
    return Network(state);
  }

  fs::path folder;
};

TEST_F(ParserInputTest, IsInMemoryIfItFits) {
  EXPECT_EQ(ParserInput(model()).path(), nullptr);
  EXPECT_EQ(weights(parsed(model(), ParserInput::largest_size, false)), expected_weights());
}

TEST_F(ParserInputTest, LeavesWeightsInTheFileTheyComeFrom) {
  onnx::save_model(model(), folder / "m.onnx");
  onnx::Model loaded = onnx::load_model(folder / "m.onnx");
  loaded.graph.name = "changed";
  EXPECT_EQ(weights(parsed(loaded, tiny, false)), expected_weights());
  EXPECT_LT(ParserInput(loaded, Weights::in_place).bytes().size(), tiny);
  EXPECT_GT(ParserInput(loaded).bytes().size(), tiny);
}

TEST_F(ParserInputTest, SavesLargeModelsThatAreInNoFile) {
  EXPECT_EQ(weights(parsed(model(), tiny, true)), expected_weights());
  const Bytes plan = engine_bytes_from_network(parsed(model(), tiny, true));
  EXPECT_GT(plan.size(), 0u) << "the weights outlive the file";
}

TEST_F(ParserInputTest, FindsExternalDataInAnyFolder) {
  onnx::save_model(model(), folder / "m.onnx", {.external_data_path = "m.data"});
  fs::create_directories(folder / "elsewhere");
  fs::rename(folder / "m.data", folder / "elsewhere/m.data");
  onnx::Model loaded = onnx::load_model(folder / "m.onnx");
  EXPECT_THAT(message<InputError>([&] { network_from_onnx_model(loaded); }), HasSubstr("m.data"));
  loaded.storage.set_folder(folder / "elsewhere");
  EXPECT_EQ(weights(network_from_onnx_model(loaded)), expected_weights());
  EXPECT_EQ(weights(parsed(loaded, tiny, false)), expected_weights()) << "references are small";
  // Some weights in the model's file, others elsewhere: only a temporary file can hold both.
  onnx::save_model(loaded, folder / "n.onnx");
  onnx::Model both = onnx::load_model(folder / "n.onnx");
  both.storage.set_folder(folder / "elsewhere");
  EXPECT_EQ(weights(parsed(both, tiny, true)), expected_weights());
  loaded.storage.set_folder({});
  EXPECT_THAT(message<InputError>([&] { network_from_onnx_model(loaded); }), HasSubstr("m.data"));
}

TEST_F(ParserInputTest, NeedsAPlaceForTheTemporaryFile) {
  setenv("TMPDIR", "/nowhere", 1);
  EXPECT_THAT(message<InputError>([] { const ParserInput input(model(), Weights::inside, tiny); }),
              AllOf(HasSubstr("temporary folder"), HasSubstr("TMPDIR")));
  setenv("TMPDIR", (folder / "temporary").c_str(), 1);
}

TEST(NetworkFromOnnxModel, IsPrinted) {
  EXPECT_EQ(NetworkFromOnnxModel([] { return model(); }).str().rfind("NetworkFromOnnxModel(", 0), 0u);
  const Network network = network_from_onnx_model(model("z"));
  EXPECT_THAT(names_of(outputs_of(*network)), ElementsAre("z"));
}

}  // namespace
}  // namespace polygraph::trt::test
