#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/compare/script.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>

#include <filesystem>
#include <string>

namespace polygraph::compare {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// One file for all tests: compiling takes seconds.
constexpr const char* source = R"(
#include <polygraph/compare/script.h>
#include <stdexcept>
using namespace polygraph;

std::optional<FeedDict> load_data(std::int64_t iteration, const TensorMetadata& inputs) {
  if (iteration == 2) return std::nullopt;
  return FeedDict{{inputs[0].name, Tensor::full(Shape{2}, float(iteration))}};
}
POLYGRAPH_SCRIPT(load_data)

std::optional<FeedDict> wrong_name(std::int64_t, const TensorMetadata&) {
  return FeedDict{{"image", Tensor::full(Shape{2}, 1.0f)}};
}
POLYGRAPH_SCRIPT(wrong_name)

std::unique_ptr<compare::InputData> make_data() { return compare::generated_inputs({.iterations = 4}); }
POLYGRAPH_SCRIPT(make_data)

std::unique_ptr<compare::InputData> make_nothing() { return nullptr; }
POLYGRAPH_SCRIPT(make_nothing)

compare::OutputResults compare_outputs(const compare::IterationResult& a, const compare::IterationResult& b) {
  return {{"y", a.outputs["y"].shape() == b.outputs["y"].shape()}};
}
POLYGRAPH_SCRIPT(compare_outputs)

compare::CompareFunction loose() { return compare::SimpleCompareFunc({.atol = 0.5}); }
POLYGRAPH_SCRIPT(loose)

compare::IterationResult postprocess_outputs(compare::IterationResult result) {
  result.runner_name += " changed";
  return result;
}
POLYGRAPH_SCRIPT(postprocess_outputs)

extern "C" const int polygraph_script_foreign[8] = {1, 2, 3};
extern "C" const detail::ScriptExport polygraph_script_outdated{
    detail::script_mark, detail::script_interface + 1, compare::detail::script_layout, "compare", nullptr};
extern "C" const detail::ScriptExport polygraph_script_of_another_room{
    detail::script_mark, detail::script_interface, compare::detail::script_layout, "kitchen", nullptr};
)";

class Script : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = fs::temp_directory_path() / ("polygraph-script-test-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
    write_file(folder_ / "script.cpp", std::string_view(source));
  }
  static void TearDownTestSuite() { fs::remove_all(folder_); }

  static ScriptName named(std::string name) { return {folder_ / "script.cpp", std::move(name)}; }
  static const TensorMetadata& inputs() {
    static const TensorMetadata metadata{{"x", DataType::float32, {2}}};
    return metadata;
  }
  template <class F>
  static std::string error_of(F f) {
    try {
      f();
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  }

  static inline fs::path folder_;
};

TEST_F(Script, MakesInputs) {
  const auto data = inputs_from_script(named("load_data"));
  data->open(inputs());
  EXPECT_EQ((*data->next())["x"].element_as_double(0), 0);
  EXPECT_EQ((*data->next())["x"].element_as_double(1), 1);
  EXPECT_EQ(data->next(), std::nullopt);
  data->rewind();
  EXPECT_EQ((*data->next())["x"].element_as_double(0), 0);
}

TEST_F(Script, MakesAnObjectThatHasInputs) {
  EXPECT_EQ(inputs_from_script(named("make_data"))->iterations(), 4);
  EXPECT_THAT(error_of([] { inputs_from_script(named("make_nothing")); }), HasSubstr("made no input data"));
}

TEST_F(Script, InputsOfAWrongNameAreRefused) {
  const auto data = inputs_from_script(named("wrong_name"));
  data->open(inputs());
  const std::string error = error_of([&] { data->next(); });
  EXPECT_THAT(error, HasSubstr("wrong_name"));
  EXPECT_THAT(error, HasSubstr("image"));
}

TEST_F(Script, Compares) {
  const IterationResult two{.outputs = {{"y", Tensor::full(Shape{2}, 1.0f)}}};
  const IterationResult three{.outputs = {{"y", Tensor::full(Shape{3}, 1.0f)}}};
  const CompareFunction function = compare_function_from_script(named("compare_outputs"));
  EXPECT_EQ(function.label(), "compare_outputs");
  EXPECT_TRUE(all_passed(function(two, two)));
  const OutputResults differ = function(two, three);
  EXPECT_FALSE(all_passed(differ));
  EXPECT_EQ(differ[0].second.output0_name, "y");
}

TEST_F(Script, ComparesWithThresholds) {
  const CompareFunction function = compare_function_from_script(named("loose"));
  EXPECT_EQ(function.label(), "simple");
  ASSERT_TRUE(function.threshold_for("y"));
  EXPECT_EQ(function.threshold_for("y")->atol, 0.5);
}

TEST_F(Script, ChangesResults) {
  EXPECT_EQ(postprocess_function_from_script(named("postprocess_outputs"))({.runner_name = "a"}).runner_name,
            "a changed");
}

TEST_F(Script, WhatIsNotThereOrOfAnotherKindIsRefused) {
  EXPECT_THAT(error_of([] { inputs_from_script(named("missing")); }),
              HasSubstr("Put POLYGRAPH_SCRIPT(missing) below the function"));
  EXPECT_THAT(error_of([] { inputs_from_script(named("loose")); }), HasSubstr("of another kind"));
  EXPECT_THAT(error_of([] { compare_function_from_script(named("load_data")); }),
              HasSubstr("of another kind"));
  EXPECT_THAT(error_of([] { postprocess_function_from_script(named("loose")); }),
              HasSubstr("of another kind"));
  EXPECT_THAT(error_of([] { inputs_from_script(named("foreign")); }), HasSubstr("does not export"));
  EXPECT_THAT(error_of([] { inputs_from_script(named("of_another_room")); }), HasSubstr("of another kind"));
  EXPECT_THAT(error_of([] { inputs_from_script(named("outdated")); }),
              HasSubstr("compiled for another version"));
  EXPECT_THAT(error_of([] {
                inputs_from_script({folder_ / "none.cpp", "load_data"});
              }),
              HasSubstr("There is no script"));
}

TEST_F(Script, WhatIsNoScriptIsRefused) {
  write_file(folder_ / "bad.cpp", std::string_view("int x = unknown;\n"));
  const std::string error = error_of([] { inputs_from_script({folder_ / "bad.cpp", "load_data"}); });
  EXPECT_THAT(error, HasSubstr("Cannot compile"));
  EXPECT_THAT(error, HasSubstr("unknown"));  // the compiler's words
  write_file(folder_ / "bad.so", std::string_view("no library"));
  EXPECT_THAT(error_of([] {
                inputs_from_script({folder_ / "bad.so", "load_data"});
              }),
              HasSubstr("Cannot load"));
}

TEST(ScriptName, IsSplitAtTheLastColon) {
  const auto parsed = [](const char* text) {
    const ScriptName name = ScriptName::parse(text, "load_data");
    return name.file.string() + " " + name.name;
  };
  EXPECT_EQ(parsed("a.cpp"), "a.cpp load_data");
  EXPECT_EQ(parsed("a.cpp:mine"), "a.cpp mine");
  EXPECT_EQ(parsed("a:b/c.cpp"), "a:b/c.cpp load_data");
  EXPECT_EQ(parsed("a.cpp:"), "a.cpp: load_data");
  EXPECT_EQ(cpp_literal(ScriptName{"a.cpp", "mine"}), R"({"a.cpp", "mine"})");
}

}  // namespace
}  // namespace polygraph::compare
