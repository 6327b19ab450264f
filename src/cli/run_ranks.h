#pragma once

#include <polygraph/compare/rank_group.h>
#include <polygraph/core/log.h>

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "cli/run_arguments.h"
#include "cli/session.h"

/// `run` under mpirun: each rank runs and compares its share of the iterations, rank 0 reports.
namespace polygraph::cli {

/// Log lines of a rank other than 0, which are shown by rank 0 with the next report.
class HeldLog {
 public:
  using Lines = std::vector<std::pair<Severity, std::string>>;

  /// Holds lines back from now on, as long as it lives: warnings and above, and with `all` every one.
  explicit HeldLog(bool all);
  HeldLog(const HeldLog&) = delete;
  HeldLog& operator=(const HeldLog&) = delete;
  ~HeldLog();

  Lines take();
  /// The error that is being handled, with the warnings behind its own lines.
  [[noreturn]] void throw_with_lines();

 private:
  std::mutex mutex_;
  Lines lines_;
};

/// The ranks that share this run: just this one, unless mpirun launched several. They are left when the
/// session ends.
std::shared_ptr<compare::RankGroup> join_run(Session& session);

/// What a rank does of what was asked for: engines share the processors of the host, unless their threads
/// were chosen, and only rank 0 writes.
RunArguments arguments_for_rank(const RunArguments& arguments, const compare::RankGroup& ranks);

/// Shows what another rank logged: warnings that this process has not shown yet, and other lines with the
/// rank's name.
void show_log(const HeldLog::Lines& lines, const std::string& from);

}  // namespace polygraph::cli
