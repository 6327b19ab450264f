#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/compare/results_npz.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>

#include <cstring>

#include "compare/npz_names.h"
#include "compare/temporary_folder.h"
#include "compare/zip.h"
#include "helpers/message.h"

namespace polygraph::compare {
namespace {

using test::message;
using testing::HasSubstr;

std::vector<std::byte> bytes_of(const std::filesystem::path& path) {
  const MappedFile file(path);
  return {file.bytes().begin(), file.bytes().end()};
}

void write_archive(const std::filesystem::path& path, const std::vector<std::string>& names) {
  detail::ZipWriter zip(path);
  for (const std::string& name : names) {
    zip.begin(name, "");
    zip.write(std::as_bytes(std::span("abc", 3)));
    zip.end();
  }
  zip.commit();
}

TEST(NpzNames, SurviveBeingPathComponents) {
  for (const std::string name :
       {"", "x", "/a/b", "..", ".x", "a\\b", "50%", "%2F", "a\nb", "\xc3\xa4", "x.npy"}) {
    const std::string component = detail::escape_component(name);
    EXPECT_EQ(detail::unescape_component(component), name);
    EXPECT_EQ(detail::path_problem("0000000000/" + component + ".npy"), "") << component;
    EXPECT_EQ(detail::iteration_path("0000000000/" + component + ".npy")->size(), 2u);
  }
}

TEST(ResultsNpz, ArraysAreUsedWhereTheyLie) {
  const TemporaryFolder folder;
  save_feeds(folder / "x.npz", std::vector<FeedDict>{{{"a", Tensor::full(Shape{1000}, 1.0f)},
                                                      {"b", Tensor::full(Shape{3}, 2.0)}}});
  const std::vector<FeedDict> feeds = load_feeds(folder / "x.npz");
  EXPECT_TRUE(feeds[0]["a"].is_read_only());
  EXPECT_EQ(feeds[0]["b"].values<double>()[2], 2.0);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(feeds[0]["b"].data()) % 64, 0u);
  EXPECT_EQ(saved_kind(folder / "x.npz"), SavedKind::inputs);
}

TEST(ResultsNpz, TheSameDataGivesTheSameBytes) {
  const TemporaryFolder folder;
  const std::vector<FeedDict> feeds{{{"a", Tensor::full(Shape{1000}, 1.0f)}}};
  save_feeds(folder / "1.npz", feeds);
  save_feeds(folder / "2.npz", feeds);
  EXPECT_EQ(bytes_of(folder / "1.npz"), bytes_of(folder / "2.npz"));
}

TEST(ResultsNpz, NamesThatLeadElsewhereAreRefused) {
  const TemporaryFolder folder;
  const std::pair<const char*, const char*> cases[] = {
      {"../x.npy", "'..' in its path"}, {"a/../../x.npy", "'..'"},        {"/x.npy", "absolute path"},
      {"a//x.npy", "empty component"},  {"a\\x.npy", "backslash"},        {"a/./x.npy", "'.' in its path"},
      {"x.txt", "no .npy file"},        {"a\nb.npy", "control character"}};
  for (const auto& [name, problem] : cases) {
    write_archive(folder / "x.npz", {name});
    EXPECT_THAT(message<InputError>([&] { load_feeds(folder / "x.npz"); }), HasSubstr(problem));
  }
  write_archive(folder / "x.npz", {"0000000000/x.npy", "0000000000/r/x.npy"});
  EXPECT_THAT(message<InputError>([&] { load_feeds(folder / "x.npz"); }), HasSubstr("some of its members"));
  write_archive(folder / "x.npz", {"x.npy"});
  EXPECT_THAT(message<InputError>([&] { load_feeds(folder / "x.npz"); }), HasSubstr("the member 'x.npy' of"));
  write_archive(folder / "x.npz", {});
  EXPECT_THAT(message<InputError>([&] { load_feeds(folder / "x.npz"); }), HasSubstr("holds no arrays"));
  EXPECT_THAT(message<InputError>([&] {
                write_archive(folder / "x.npz", {"x", "x"});
              }),
              HasSubstr("two members 'x'"));
}

TEST(ResultsNpz, DamageIsFound) {
  const TemporaryFolder folder;
  save_feeds(folder / "x.npz", std::vector<FeedDict>{{{"a", Tensor::full(Shape{10}, 1.0f)}}});
  const std::vector<std::byte> good = bytes_of(folder / "x.npz");
  for (std::size_t size = 0; size < good.size(); size += 7) {
    write_file(folder / "cut.npz", std::span(good).first(size));
    EXPECT_NE(message<InputError>([&] { load_feeds(folder / "cut.npz"); }), "nothing was thrown") << size;
  }
  // Every byte changed: an error or another array, but nothing else.
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::vector<std::byte> bad = good;
    bad[i] ^= std::byte{0xff};
    try {
      const detail::ZipReader zip(bad, nullptr, "it");
      for (const auto& member : zip.members()) zip.read(member);
    } catch (const InputError&) {
    }
  }
}

}  // namespace
}  // namespace polygraph::compare
