#include <fmt/format.h>
#include <polygraph/compare/reduce_iterations.h>
#include <polygraph/core/error.h>

#include <algorithm>
#include <cstdint>

#include "compare/message.h"

// A rank other than 0 sends an item or an error for each of its iterations, and `end` behind the last. Rank 0
// receives the messages of the ranks in turn, so that errors come up in the order of the iterations. To each
// rank it sends one `stop` when nothing is wanted any more, and goes on receiving up to `end`: nobody
// waits for someone who has left.

namespace polygraph::compare::detail {
namespace {

enum Kind : std::uint32_t { item, error, end, stop };

// How long rank 0 waits for a rank that is to stop in the middle of the run: it may be in an inference that
// takes long, or hangs.
constexpr RankGroup::Seconds most_patience{5};

// Rank 0's view of the others.
class Collector {
 public:
  explicit Collector(RankGroup& ranks)
      : ranks_(ranks), ended_(static_cast<std::size_t>(ranks.size()), false) {
    ended_[0] = true;  // this rank's own iterations are not received
  }

  /// The next item of a rank; nothing at its end. Throws the error that it sent.
  std::optional<Bytes> next(int from) {
    if (ended(from)) return std::nullopt;
    RankMessage message = *ranks_.receive(from);
    if (message.kind == Kind::item) return std::move(message.bytes);
    if (message.kind == Kind::error) {
      MessageReader reader(message.bytes);
      std::rethrow_exception(read_error(reader, ranks_.where(from)));
    }
    ended(from) = true;
    return std::nullopt;
  }

  /// Lets all ranks return. Those that are at work get `patience` to notice; returns whether all have.
  bool stop(RankGroup::Seconds patience) {
    for (int to = 1; to < ranks_.size(); ++to) ranks_.send(to, {.kind = Kind::stop});
    bool all = true;
    for (int from = 1; from < ranks_.size(); ++from) {
      while (!ended(from)) {
        const std::optional<RankMessage> message = ranks_.receive(from, patience);
        if (!message) break;
        if (message->kind == Kind::end) ended(from) = true;
      }
      all = all && ended(from);
    }
    if (all) ranks_.flush();
    return all;
  }

 private:
  std::vector<bool>::reference ended(int rank) { return ended_[static_cast<std::size_t>(rank)]; }

  RankGroup& ranks_;
  std::vector<bool> ended_;
};

[[noreturn]] void throw_uneven(const RankGroup& ranks, int more, int fewer, std::int64_t iterations) {
  throw InputError(
      fmt::format("There are {} iterations for {}, and more for {}: the ranks do not see the same data.",
                  iterations, ranks.where(fewer), ranks.where(more)),
      "Make sure that the files are the same on every host.");
}

}  // namespace

void collect_iterations(RankGroup& ranks, const OwnIterations& own,
                        const std::function<bool(const Bytes&, int)>& take) {
  Collector others(ranks);
  ranks.in_step = ranks.size() == 1;
  const auto run = [&] {
    for (std::int64_t i = 0;; ++i) {
      const auto owner = static_cast<int>(i % ranks.size());
      if (owner == 0) {
        if (own.make()) {
          if (own.take()) continue;
          return false;
        }
      } else if (const std::optional<Bytes> message = others.next(owner)) {
        if (take(*message, owner)) continue;
        return false;
      }
      for (int rank = 0; rank < ranks.size(); ++rank)
        if (rank != owner && (rank == 0 ? own.make() : others.next(rank).has_value()))
          throw_uneven(ranks, rank, owner, i);
      return true;
    }
  };
  bool at_end = false;
  try {
    at_end = run();
  } catch (...) {
    try {
      ranks.in_step = others.stop(most_patience);
    } catch (...) {  // the error that came first is the one to tell
    }
    throw;
  }
  ranks.in_step = others.stop(at_end ? RankGroup::for_ever : most_patience);
}

void serve_iterations(RankGroup& ranks, const std::function<std::optional<Bytes>()>& make) {
  ranks.in_step = false;
  bool stopped = false;
  while (!(stopped = ranks.receive(0, RankGroup::Seconds(0)).has_value())) {
    try {
      std::optional<Bytes> made = make();
      if (!made) break;
      ranks.send(0, {Kind::item, *std::move(made)});
    } catch (...) {
      MessageWriter writer;
      write_error(writer, std::current_exception());
      ranks.send(0, {Kind::error, writer.take()});
      break;
    }
  }
  ranks.send(0, {.kind = Kind::end});
  if (!stopped) ranks.receive(0);
  ranks.flush();
  ranks.in_step = true;
}

}  // namespace polygraph::compare::detail
