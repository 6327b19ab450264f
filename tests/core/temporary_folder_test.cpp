#include "core/temporary_folder.h"

#include <gtest/gtest.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>

#include <cstdlib>

namespace polygraph::test {
namespace {

namespace fs = std::filesystem;

TEST(TemporaryFolder, GoesWithTheObject) {
  fs::path path;
  {
    const TemporaryFolder folder;
    const TemporaryFolder other;
    path = folder.path();
    EXPECT_NE(path, other.path());
    write_file(path / "inner/file", "text");
    EXPECT_TRUE(fs::exists(path / "inner/file"));
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(TemporaryFolder, GoesWhenASignalEndsTheProgram) {
  const TemporaryFolder folder;
  write_file(folder.path() / "file", "text");
  discard_unfinished_files();
  EXPECT_FALSE(fs::exists(folder.path()));
}

TEST(TemporaryFolder, NeedsAPlace) {
  setenv("TMPDIR", "/nowhere", 1);
  EXPECT_THROW(TemporaryFolder(), InputError);
  unsetenv("TMPDIR");
}

}  // namespace
}  // namespace polygraph::test
