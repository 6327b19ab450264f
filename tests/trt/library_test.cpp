#include "trt/versions/library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/trt.h>

#include <cstdlib>

#include "helpers/message.h"

namespace polygraph::trt::test {
namespace {

using polygraph::test::message;
using testing::AllOf;
using testing::HasSubstr;

std::filesystem::path stand_in(const std::string& name) {
  return std::filesystem::path(POLYGRAPH_STAND_INS) / ("libtensorrt_rtx_" + name + ".so");
}

TEST(Library, IsFoundAndKnowsItsVersion) {
  const Library library;
  EXPECT_GE(library.version_number(), 10600);
  EXPECT_LT(library.version_number(), 10700);
  EXPECT_EQ(library.version(), version_text(library.version_number()));
  EXPECT_TRUE(library.is_strongly_typed());
  EXPECT_EQ(Library(library.path()).path(), library.path());
  EXPECT_EQ(Library(library.path().parent_path()).path(), library.path());
}

TEST(Library, OfAnotherVersionIsRefusedBeforeItIsCalled) {
  const std::pair<const char*, const char*> versions[] = {{"8503", "is TensorRT 8.5.3"},
                                                          {"10501", "is TensorRT-RTX 1.5.1"},
                                                          {"101600", "is TensorRT 10.16.0"},
                                                          {"120000", "is TensorRT 12.0.0"}};
  for (const auto& [name, text] : versions)
    EXPECT_THAT(message<BackendError>([&] { Library library(stand_in(name)); }),
                AllOf(HasSubstr(text), HasSubstr("compiled for TensorRT-RTX 1.6.0 to 1.6.99"),
                      HasSubstr("pip install tensorrt-rtx-cu13-libs==1.6.1.120")));
}

TEST(Library, MustBeTensorRt) {
  EXPECT_THAT(message<BackendError>([] { Library library(stand_in("none")); }),
              HasSubstr("is not TensorRT-RTX: it lacks getInferLibVersion()"));
  EXPECT_THAT(message<BackendError>([] { Library library("/nowhere/libtensorrt_rtx.so.1"); }),
              AllOf(HasSubstr("the path '/nowhere/libtensorrt_rtx.so.1' is neither its library nor a folder"),
                    HasSubstr("POLYGRAPH_TENSORRT_RTX=")));
}

TEST(Versions, AreCountedAsTheLibrariesDo) {
  EXPECT_EQ(version_text(8503), "8.5.3");
  EXPECT_EQ(version_text(10601), "1.6.1");
  EXPECT_EQ(version_text(101600), "10.16.0");
  EXPECT_EQ(describe_version(10601), "TensorRT-RTX 1.6.1");
  EXPECT_EQ(describe_version(8503), "TensorRT 8.5.3");
  EXPECT_EQ(describe_version(110100), "TensorRT 11.1.0");
}

}  // namespace
}  // namespace polygraph::trt::test
