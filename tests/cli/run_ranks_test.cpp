#include "cli/run_ranks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/core/error.h>

#include "helpers/message.h"

namespace polygraph::cli {
namespace {

using polygraph::test::message;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

TEST(HeldLog, KeepsWarningsForRankZero) {
  {
    HeldLog log(false);
    log_text(Severity::info, "nothing of interest");
    log_text(Severity::warning, "held");
    EXPECT_THAT(log.take(), ElementsAre(Pair(Severity::warning, "held")));
    EXPECT_THAT(log.take(), IsEmpty());
    log_text(Severity::warning, "behind the error");
    const std::string error = message<InputError>([&] {
      try {
        throw InputError("It failed.", "Mend it.");
      } catch (...) {
        log.throw_with_lines();
      }
    });
    EXPECT_THAT(error, HasSubstr("It failed.\nMend it.\n  | behind the error"));
  }
  std::vector<std::string> shown;
  set_log_sink([&](Severity, std::string_view text) { shown.emplace_back(text); });
  log_text(Severity::warning, "of rank 0 and 1");
  show_log(
      {{Severity::warning, "of rank 0 and 1"}, {Severity::warning, "of rank 1"}, {Severity::info, "more"}},
      "rank 1");
  show_log({{Severity::warning, "of rank 1"}}, "rank 2");
  set_log_sink({});
  EXPECT_THAT(shown, ElementsAre("of rank 0 and 1", "of rank 1", "rank 1 | more"));
}

}  // namespace
}  // namespace polygraph::cli
