#include "core/utf8.h"

#include <gtest/gtest.h>

#include <string_view>

namespace polygraph {
namespace {

TEST(Utf8Length, RefusesWhatIsNotUtf8) {
  EXPECT_EQ(utf8_length("a"), 1u);
  EXPECT_EQ(utf8_length("ц"), 2u);
  EXPECT_EQ(utf8_length("€"), 3u);
  EXPECT_EQ(utf8_length("😀"), 4u);
  for (const char* bad : {"\x80", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
                          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xff"})
    EXPECT_EQ(utf8_length(bad), 0u);
}

}  // namespace
}  // namespace polygraph
