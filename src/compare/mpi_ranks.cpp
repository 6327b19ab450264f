#include <fmt/format.h>
#include <polygraph/compare/rank_group.h>
#include <polygraph/core/error.h>
#include <polygraph/core/log.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <list>
#include <thread>
#include <vector>

#include "compare/open_mpi.h"
#include "core/log_format.h"

namespace polygraph::compare {
namespace {

using detail::OpenMpi;

// A process that was not launched with others.
class OneRank final : public RankGroup {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  void send(int, RankMessage) override { nobody(); }
  std::optional<RankMessage> receive(int, Seconds) override { nobody(); }
  void flush() override {}
  void leave(int) override {}

 private:
  [[noreturn]] static void nobody() {
    throw UsageError("A message to or from another rank: there is just one.", "Launch several with mpirun.");
  }
};

// MPI's own waiting keeps a processor busy, which the ranks of this host need to compute. Looks often at
// first, then now and then; `look` says whether it is done. Returns whether it was within the time.
template <class Look>
bool wait_until(RankGroup::Seconds seconds, const Look& look) {
  using Clock = std::chrono::steady_clock;
  constexpr auto shortest = std::chrono::microseconds(20);
  constexpr auto longest = std::chrono::microseconds(1000);
  constexpr int looks_without_sleep = 100;
  const Clock::time_point begin = Clock::now();
  std::chrono::microseconds sleep = shortest;
  for (int looks = 1; !look(); ++looks) {
    if (seconds >= RankGroup::Seconds(0) && Clock::now() - begin >= seconds) return false;
    if (looks < looks_without_sleep) {
      ::sched_yield();
      continue;
    }
    std::this_thread::sleep_for(sleep);
    sleep = std::min(2 * sleep, longest);
  }
  return true;
}

/// A message goes out as its kind and size, and then its bytes, in parts that an int can count. Sends are
/// synchronous: they take room at the receiver only once it asks for them.
class MpiRanks final : public RankGroup {
 public:
  MpiRanks() : mpi_(OpenMpi::open()) {
    int provided = 0;
    check(mpi_.init_thread(nullptr, nullptr, OpenMpi::thread_funneled, &provided), "joining the job");
    check(mpi_.comm_set_errhandler(mpi_.world, mpi_.errors_return), "joining the job");
    check(mpi_.comm_rank(mpi_.world, &rank_), "joining the job");
    check(mpi_.comm_size(mpi_.world, &size_), "joining the job");
    std::array<char, OpenMpi::max_version> version{};
    int length = 0;
    if (mpi_.get_library_version(version.data(), &length) == OpenMpi::success)
      log_verbose("{} | Rank {} of {}", version.data(), rank_, size_);
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  void send(int to, RankMessage message) override {
    wait_until(for_ever, [&] {
      progress();
      return std::ranges::count(outgoing_, to, &Outgoing::to) < most_under_way;
    });
    Outgoing& out = outgoing_.emplace_back();
    out.to = to;
    out.content = std::move(message.bytes);
    out.header = {message.kind, out.content.size()};
    start_send(out, to, &out.header, sizeof out.header);
    for (std::size_t begin = 0; begin < out.content.size(); begin += part_size)
      start_send(out, to, out.content.data() + begin, std::min(part_size, out.content.size() - begin));
  }

  std::optional<RankMessage> receive(int from, Seconds seconds) override {
    const auto look = [&] {
      int there = 0;
      OpenMpi::Status status{};
      check(mpi_.iprobe(from, tag, mpi_.world, &there, &status), attempt("receiving from", from));
      progress();
      return there != 0;
    };
    if (!wait_until(seconds, look)) return std::nullopt;
    Header header{};
    receive_into(from, &header, sizeof header);
    if (header.size == 0) return RankMessage{.kind = static_cast<std::uint32_t>(header.kind)};
    const std::shared_ptr<std::byte[]> bytes = std::make_shared_for_overwrite<std::byte[]>(header.size);
    for (std::size_t begin = 0; begin < header.size; begin += part_size)
      receive_into(from, bytes.get() + begin, std::min(part_size, header.size - begin));
    return RankMessage{.kind = static_cast<std::uint32_t>(header.kind),
                       .bytes = Bytes(std::span<const std::byte>(bytes.get(), header.size), bytes)};
  }

  void flush() override {
    wait_until(for_ever, [&] {
      progress();
      return outgoing_.empty();
    });
  }

  void leave(int status) override {
    if (!in_step) {
      mpi_.abort(mpi_.world, status);
      return;
    }
    flush();
    check(mpi_.finalize(), "leaving the job");
  }

 private:
  static constexpr int tag = 0;
  static constexpr std::ptrdiff_t most_under_way = 2;  // to one rank
  static constexpr std::size_t part_size = std::size_t{1} << 30;

  struct Header {
    std::uint64_t kind;
    std::uint64_t size;
  };
  struct Outgoing {
    int to = 0;
    Header header{};
    Bytes content;
    std::vector<OpenMpi::Handle> requests;  // those that are not complete
  };

  std::string attempt(const char* what, int other) const { return fmt::format("{} {}", what, where(other)); }

  void check(int error, const std::string& what) const {
    if (error == OpenMpi::success) return;
    std::array<char, OpenMpi::max_error_string> text{};
    int length = 0;
    mpi_.error_string(error, text.data(), &length);
    throw BackendError(fmt::format("MPI failed while {}: {}.", what, text.data()),
                       "See what mpirun says of the job, and whether all hosts can be reached.");
  }

  void start_send(Outgoing& out, int to, const void* data, std::size_t size) {
    check(mpi_.issend(data, static_cast<int>(size), mpi_.byte, to, tag, mpi_.world,
                      &out.requests.emplace_back()),
          attempt("sending to", to));
  }

  void receive_into(int from, void* data, std::size_t size) {
    OpenMpi::Handle request{};
    check(mpi_.irecv(data, static_cast<int>(size), mpi_.byte, from, tag, mpi_.world, &request),
          attempt("receiving from", from));
    wait_until(for_ever, [&] { return is_done(request); });
  }

  bool is_done(OpenMpi::Handle& request) {
    int done = 0;
    OpenMpi::Status status{};
    check(mpi_.test(&request, &done, &status), "exchanging messages");
    return done != 0;
  }

  // Lets go of what has been received. Messages to different ranks may be done in any order.
  void progress() {
    for (Outgoing& out : outgoing_)
      std::erase_if(out.requests, [&](OpenMpi::Handle& request) { return is_done(request); });
    std::erase_if(outgoing_, [](const Outgoing& out) { return out.requests.empty(); });
  }

  OpenMpi mpi_;
  int rank_ = 0;
  int size_ = 1;
  std::list<Outgoing> outgoing_;  // which stay where they are: MPI reads from there
};

}  // namespace

std::unique_ptr<RankGroup> join_ranks() {
  if (launched_rank().size == 1) return std::make_unique<OneRank>();
  return std::make_unique<MpiRanks>();
}

}  // namespace polygraph::compare
