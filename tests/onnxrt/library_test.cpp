#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/onnxrt.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "core/find_library.h"
#include "helpers/message.h"
#include "onnxrt/models.h"
#include "onnxrt/temporary_folder.h"

namespace polygraph::onnxrt::test {
namespace {

namespace fs = std::filesystem;
using polygraph::test::message;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

const LibraryNames names{"libonnxruntime.so", {"onnxruntime/capi"}};

fs::path stand_in(const std::string& name) {
  return fs::path(POLYGRAPH_STAND_INS) / ("libonnxruntime_" + name + ".so");
}

void touch(const fs::path& path) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << "no library";
}

TEST(Library, IsFoundAndLoadedOnce) {
  const Library library;
  EXPECT_THAT(library.version(), testing::StartsWith("1." + std::to_string(library.minor_version()) + "."));
  EXPECT_GE(library.minor_version(), 20);
  EXPECT_THAT(library.providers(), Contains("CPUExecutionProvider"));
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] { EXPECT_EQ(Library(library.path()).env(), library.env()); });
}

// CMakeLists.txt runs all of these tests once for each version, named by the variable.
TEST(Library, IsTheVersionThatTheTestsAreRunWith) {
  const char* const folder = getenv("POLYGRAPH_ONNXRUNTIME");
  ASSERT_NE(folder, nullptr) << "run by ctest";
  const Library library;
  EXPECT_THAT(library.path().string(), AllOf(testing::StartsWith(fs::canonical(folder).string()),
                                             testing::EndsWith(".so." + library.version())));
}

TEST(Library, IsRefusedIfItIsNotOnnxRuntimeOfAKnownKind) {
  EXPECT_THAT(
      message<BackendError>([] { Library library(stand_in("old")); }),
      AllOf(HasSubstr("is ONNX Runtime 1.19.2; Polygraph needs 1.20"), HasSubstr("pip install onnxruntime")));
  EXPECT_THAT(message<BackendError>([] { Library library(stand_in("newer_major")); }), HasSubstr("2.0.0"));
  EXPECT_THAT(message<BackendError>([] { Library library(stand_in("without_table")); }),
              HasSubstr("1.99.0 ('" + stand_in("without_table").string() + "') does not offer version 16"));
  EXPECT_THAT(message<BackendError>([] { Library library(stand_in("nothing")); }),
              HasSubstr("is not ONNX Runtime: it lacks OrtGetApiBase()"));
}

TEST(Library, TellsWhereItLooked) {
  const TemporaryFolder folder;
  EXPECT_THAT(
      message<BackendError>([&] { Library library(folder / "none.so"); }),
      AllOf(HasSubstr("the path '" + (folder / "none.so").string()), HasSubstr("pip install onnxruntime")));
  EXPECT_THAT(message<BackendError>([&] { Library library(folder.path()); }),
              HasSubstr((folder / "lib").string()));
  touch(folder / "libonnxruntime.so");
  EXPECT_THAT(message<BackendError>([&] { Library library(folder.path()); }),
              HasSubstr("Cannot load '" + (folder / "libonnxruntime.so").string()));
  const Variable named("POLYGRAPH_ONNXRUNTIME", (folder / "nowhere").c_str());
  EXPECT_THAT(message<BackendError>([] { Library library; }), HasSubstr("POLYGRAPH_ONNXRUNTIME '"));
}

TEST(Library, IsWhereTheVariableSays) {
  const Library library;
  const Variable file("POLYGRAPH_ONNXRUNTIME", library.path().c_str());
  EXPECT_EQ(Library().path(), library.path());
  const Variable inside("POLYGRAPH_ONNXRUNTIME", library.path().parent_path().c_str());
  EXPECT_EQ(Library().path(), library.path());
  const TemporaryFolder folder;  // as pip fills one
  fs::create_directory(folder / "onnxruntime");
  fs::create_directory_symlink(library.path().parent_path(), folder / "onnxruntime/capi");
  const Variable packages("POLYGRAPH_ONNXRUNTIME", folder.path().c_str());
  EXPECT_EQ(Library().path(), library.path());
}

TEST(Library, IsTheNewestOfAFolder) {
  const TemporaryFolder folder;
  for (const char* name : {"libonnxruntime.so", "libonnxruntime.so.1.9.0", "libonnxruntime.so.1.20.1",
                           "libonnxruntime.so.old", "libonnxruntime_providers_shared.so"})
    touch(folder / name);
  EXPECT_EQ(library_at(folder.path(), names).path, folder / "libonnxruntime.so.1.20.1");
}

// Prefixes of Python, as they come with virtual environments, pyenv, conda and the user's own packages.
TEST(Library, IsFoundWherePipInstalls) {
  const TemporaryFolder folder;
  const std::string below = "lib/python3.11/site-packages/onnxruntime/capi/libonnxruntime.so.1.30.0";
  const Variable no_venv("VIRTUAL_ENV", nullptr);
  const Variable no_conda("CONDA_PREFIX", nullptr);
  const Variable home("HOME", (folder / "home").c_str());
  const Variable path("PATH", (folder / "empty").c_str());
  const auto found = [&] { return find_library(names).path; };

  touch(folder / "home/.local" / below);
  EXPECT_EQ(found(), folder / "home/.local" / below);
  {
    const Variable conda("CONDA_PREFIX", (folder / "conda").c_str());
    touch(folder / "conda" / below);
    EXPECT_EQ(found(), folder / "conda" / below);

    touch(folder / "made/bin/python3");
    touch(folder / "made/pyvenv.cfg");
    touch(folder / "made" / below);
    const Variable with_venv("PATH",
                             ((folder / "empty").string() + ":" + (folder / "made/bin").string()).c_str());
    EXPECT_EQ(found(), folder / "made" / below);

    const Variable venv("VIRTUAL_ENV", (folder / "venv").c_str());
    EXPECT_EQ(found(), folder / "made" / below) << "it is not in that one";
    touch(folder / "venv" / below);
    EXPECT_EQ(found(), folder / "venv" / below);
  }
  touch(folder / "root/shims/python3");
  std::ofstream(folder / "root/version") << "3.11.7\n";
  touch(folder / "root/versions/3.11.7" / below);
  touch(folder / "root/versions/3.12.1" / below);
  const Variable shims("PATH", (folder / "root/shims").c_str());
  EXPECT_EQ(found(), folder / "root/versions/3.11.7" / below);
  const Variable chosen("PYENV_VERSION", "3.12.1");
  EXPECT_EQ(found(), folder / "root/versions/3.12.1" / below);
}

TEST(Library, LoadersPrintThemselves) {
  EXPECT_EQ(LoadLibrary().str(), "LoadLibrary()");
  EXPECT_EQ(LoadLibrary("a.so").str(), "LoadLibrary(\"a.so\")");
  EXPECT_EQ(SessionFromOnnx("m.onnx").str(), "SessionFromOnnx(\"m.onnx\")");
  EXPECT_EQ(Runner(SessionFromOnnx("m.onnx"), "r").str(),
            R"(onnxrt::Runner(SessionFromOnnx("m.onnx"), "r"))");
  EXPECT_EQ(SessionFromOnnx(BytesFromPath("m.onnx"), {.intra_op_threads = 2}, LoadLibrary("a.so")).str(),
            "SessionFromOnnx(BytesFromPath(\"m.onnx\"), {.intra_op_threads = 2}, LoadLibrary(\"a.so\"))");
}

class Providers : public testing::Test {
 protected:
  Providers()
      : over_("POLYGRAPH_STAND_IN_OVER", Library().path().c_str()),
        log_("POLYGRAPH_STAND_IN_LOG", (folder_ / "log").c_str()),
        gpu_(stand_in("gpu")) {}

  std::vector<std::string> use(SessionOptions options) {
    return session_from_onnx(contract_model("identity"), std::move(options), gpu_).providers();
  }
  std::string added() const {
    std::stringstream text;
    text << std::ifstream(folder_ / "log").rdbuf();
    return text.str();
  }

  TemporaryFolder folder_;
  Variable over_;
  Variable log_;
  Library gpu_;
};

TEST_F(Providers, AreTheCpuByDefault) {
  EXPECT_THAT(use({}), ElementsAre("CPUExecutionProvider"));
  EXPECT_THAT(use({.providers = {"cpu"}}), ElementsAre("CPUExecutionProvider"));
  EXPECT_EQ(added(), "");
}

TEST_F(Providers, AreFoundByPartsOfTheirNames) {
  EXPECT_THAT(
      use({.providers = {"cuda"}, .provider_options = {{"CUDA.device_id", "1"}, {"cuda.arena", "x"}}}),
      ElementsAre("CUDAExecutionProvider", "CPUExecutionProvider"));
  EXPECT_EQ(added(), "CUDA device_id=1 arena=x\n");
}

TEST_F(Providers, KeepTheirOrder) {
  EXPECT_THAT(use({.providers = {"TensorrtExecutionProvider", "CUDA", "tensorRT", "cpu", "cuda"},
                   .provider_options = {{"TensorrtExecutionProvider.trt_fp16_enable", "1"}}}),
              ElementsAre("TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"));
  EXPECT_EQ(added(), "TensorRT trt_fp16_enable=1\nCUDA\n");
}

TEST_F(Providers, ThatDoNotExistAreRefused) {
  EXPECT_THAT(message<UsageError>([&] { use({.providers = {"rocm"}}); }),
              AllOf(HasSubstr("has no execution provider 'rocm'"), HasSubstr("'CUDAExecutionProvider'")));
  EXPECT_THAT(message<UsageError>([&] { use({.providers = {""}}); }), HasSubstr("no execution provider ''"));
  EXPECT_THAT(message<UsageError>([&] {
                use({.provider_options = {{"cuda.device_id", "1"}}});
              }),
              HasSubstr("'cuda.device_id:1' belongs to no provider that is asked for"));
}

}  // namespace
}  // namespace polygraph::onnxrt::test
