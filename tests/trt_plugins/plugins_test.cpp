#include "trt/versions/plugins.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/core/log.h>
#include <polygraph/trt/loaders.h>

#include <cstdlib>
#include <filesystem>

#include "helpers/message.h"
#include "trt/library.h"

namespace polygraph::trt::test {
namespace {

namespace fs = std::filesystem;
using polygraph::test::message;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;

// Before anything is opened.
[[maybe_unused]] const bool stand_in_named = [] {
  setenv("POLYGRAPH_TENSORRT", POLYGRAPH_STAND_INS "/libnvinfer.so.11", 1);
  return true;
}();

fs::path library(const std::string& name) {
  return fs::path(POLYGRAPH_STAND_INS) / ("lib" + name + ".so");
}

std::vector<PluginName> registered() {
  return registered_plugins(Library().state().plugin_registry());
}

std::vector<std::byte> plan_with(const std::string& plugin) {
  const std::string text = std::string("ftrt\0\0\0\0", 8) + plugin;
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

Engine load(const std::string& plugin, std::vector<fs::path> plugins = {}) {
  return engine_from_bytes(Bytes(plan_with(plugin)), LoadRuntime({}, LoadPlugins(std::move(plugins))));
}

TEST(LoadPlugins, RegistersThemInEveryWayThatThereIs) {
  load_plugins({library("registers"), library("initializes"), library("hands_out")});
  EXPECT_THAT(registered(),
              IsSupersetOf({PluginName{"registers", "1", ""}, PluginName{"initializes", "1", ""},
                            PluginName{"hands_out", "1", ""}}));
  EXPECT_NO_THROW(load_plugins({library("registers")})) << "again";
}

TEST(LoadPlugins, SaysWhatIsWrongWithALibrary) {
  const fs::path folder = testing::TempDir();
  EXPECT_THAT(message<InputError>([&] { load_plugins({folder / "missing.so"}); }),
              AllOf(HasSubstr("missing.so"), HasSubstr("no such file")));
  write_file(folder / "text.so", "this is no library");
  EXPECT_THAT(message<InputError>([&] { load_plugins({folder / "text.so"}); }),
              AllOf(HasSubstr("text.so"), HasSubstr("it is no shared library")));
  EXPECT_THAT(message<BackendError>([] { load_plugins({library("lacks_a_function")}); }),
              AllOf(HasSubstr("lacks_a_function.so"), HasSubstr("undefined symbol: no_such_function"),
                    HasSubstr("`ldd ")));
  EXPECT_THAT(message<BackendError>([] { load_plugins({"libno_such_library.so"}); }),
              HasSubstr("libno_such_library.so"));
  for (int i = 0; i < 2; ++i)
    EXPECT_THAT(message<InputError>([] { load_plugins({library("does_nothing")}); }),
                AllOf(HasSubstr("it registers no plugin that is not there already"),
                      HasSubstr("libnvinfer.so.11"), HasSubstr("REGISTER_TENSORRT_PLUGIN")));
}

TEST(EngineFromBytes, FindsTensorRtsOwnPluginsAndNamesWhatIsMissing) {
  EXPECT_THAT(registered(), Not(Contains(PluginName{"own", "1", ""})));
  EXPECT_NO_THROW(load("own"));
  EXPECT_THAT(registered(), Contains(PluginName{"own", "1", ""}));
  EXPECT_FALSE(Library().state().register_own_plugins()) << "once";
  EXPECT_THAT(message<BackendError>([] { load("late"); }),
              AllOf(HasSubstr("It needs the plugin 'late', version '1', which no library has registered."),
                    HasSubstr("LoadPlugins, --plugins"), Not(HasSubstr("nvidia-smi"))));
  EXPECT_NO_THROW(load("late", {library("late")}));
}

TEST(Runtime, LoadsEnginesThatBringTheirOwn) {
  EXPECT_TRUE(Runtime()->getEngineHostCodeAllowed());
}

}  // namespace
}  // namespace polygraph::trt::test
