#pragma once

#include <polygraph/core/bytes.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// Processes that share one run: the ranks of `mpirun -n N`, on one host or many.
namespace polygraph::compare {

/// What the environment says of how this process was launched.
struct LaunchedRank {
  int rank = 0;
  int size = 1;        ///< ranks of the job
  int local_size = 1;  ///< ranks on this host
};

/// The place of this process among those that Open MPI's mpirun launched; rank 0 of 1 if it did not. Reads
/// the environment alone. Throws BackendError if an MPI other than Open MPI launched several: each of them
/// would do all of the work.
LaunchedRank launched_rank();

/// What one rank tells another.
struct RankMessage {
  std::uint32_t kind = 0;  ///< the meaning is the ranks' own affair
  Bytes bytes = {};
};

/// The ranks of a job, as one of them sees them. A message is whole or does not arrive; those from one rank
/// to another arrive in order. For one thread.
/// @code
///   const auto ranks = join_ranks();  // one rank, without MPI, if mpirun did not launch the process
///   if (ranks->rank() != 0) ranks->send(0, {.bytes = Bytes(...)});
///   ...
///   ranks->leave(0);
/// @endcode
class RankGroup {
 public:
  using Seconds = std::chrono::duration<double>;
  static constexpr Seconds for_ever{-1};

  RankGroup() = default;
  RankGroup(const RankGroup&) = delete;
  RankGroup& operator=(const RankGroup&) = delete;
  virtual ~RankGroup() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;

  /// Hands over a message, which is held here until it is received: waits as long as two of those before it
  /// are not yet. So a fast rank waits for a slow one, and no memory fills up. Throws BackendError if the
  /// other rank cannot be reached.
  virtual void send(int to, RankMessage message) = 0;
  /// The next message of a rank, or nothing if none has begun to arrive within `seconds`. Throws BackendError
  /// if the other rank cannot be reached.
  virtual std::optional<RankMessage> receive(int from, Seconds seconds = for_ever) = 0;
  /// Waits until everything that was sent has been received.
  virtual void flush() = 0;
  /// Ends the part of this rank in the job, to be called once by each before its process ends. While
  /// `in_step` is not set, others may still be at work: the job is ended with `status`, and with it their
  /// processes.
  virtual void leave(int status) = 0;

  /// Tells rank 0 the name of each rank's host, and makes sure that all are there for the same thing.
  /// @param task  What that is.
  /// Throws UsageError on rank 0, naming the other rank, if its task is another.
  void meet(const std::string& task);
  /// `rank 2 on host 'name'`, as far as that is known.
  std::string where(int rank) const;

  /// Whether no rank waits for another, so that all may leave.
  bool in_step = true;

 private:
  std::vector<std::string> hosts_;
};

/// The ranks of the job that mpirun launched, by Open MPI's library, which is opened for that (nothing of it
/// is linked): `libmpi.so.40`, or the file that POLYGRAPH_MPI names. A job of one rank, as of a process that
/// mpirun did not launch, needs no library. Throws BackendError, saying what to install, if it cannot be
/// opened or is another MPI's.
///
/// To be called once in a process.
std::unique_ptr<RankGroup> join_ranks();

}  // namespace polygraph::compare
