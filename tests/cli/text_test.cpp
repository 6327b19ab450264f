#include "cli/text.h"

#include <gmock/gmock.h>

#include <sstream>

namespace polygraph::cli {
namespace {

TEST(Wrap, BreaksAtSpaces) {
  EXPECT_EQ(wrap("one two three", 7, 2, 0), "one two\n  three");
  EXPECT_EQ(wrap("one two three", 13, 2, 0), "one two three");
}

TEST(Wrap, FirstLineStartsAtAColumn) {
  EXPECT_EQ(wrap("one two", 7, 4, 4), "one\n    two");
}

TEST(Wrap, LongWordsStayWhole) {
  EXPECT_EQ(wrap("a unbreakable b", 5, 0, 0), "a\nunbreakable\nb");
}

TEST(Wrap, KeepsLineBreaksAndIndentsAfterThem) {
  EXPECT_EQ(wrap("one\ntwo", 20, 2, 0), "one\n  two");
  EXPECT_EQ(wrap("one\n\ntwo", 20, 2, 0), "one\n\n  two");
  EXPECT_EQ(wrap("one\n", 20, 2, 0), "one\n");
}

TEST(Wrap, CountsCharactersAndNotBytes) {
  EXPECT_EQ(wrap("äöü äöü", 7, 0, 0), "äöü äöü");
}

TEST(Wrap, LeavesNoSpaceAtTheEndOfALine) {
  EXPECT_EQ(wrap("one  two  ", 4, 0, 0), "one\ntwo");
}

TEST(Wrap, NoLineIsLongerThanTheWidth) {
  const std::string text =
      "The quick brown fox jumps over the lazy dog, again and again, until nobody looks.";
  for (int width = 10; width < 90; ++width) {
    std::istringstream lines(wrap(text, width, 3, 0));
    for (std::string line; std::getline(lines, line);)
      EXPECT_LE(line.size(), static_cast<std::size_t>(width)) << line;
  }
}

TEST(Indented, IndentsEveryLine) {
  EXPECT_EQ(indented("one two", 6, 2), "  one\n  two");
}

TEST(Join, PutsTheSeparatorBetween) {
  EXPECT_EQ(join({}, ", "), "");
  EXPECT_EQ(join({"a"}, ", "), "a");
  EXPECT_EQ(join({"a", "b"}, ", "), "a, b");
  EXPECT_EQ(join({"", "b"}, ","), ",b");
}

TEST(FirstSentence, EndsAtTheFirstStop) {
  EXPECT_EQ(first_sentence("Log more. Give it twice."), "Log more.");
  EXPECT_EQ(first_sentence("Log to a file.txt"), "Log to a file.txt");
}

}  // namespace
}  // namespace polygraph::cli
