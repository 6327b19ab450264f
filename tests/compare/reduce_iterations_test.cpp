#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <polygraph/compare/compare_functions.h>
#include <polygraph/compare/output_details.h>
#include <polygraph/compare/reduce_iterations.h>
#include <polygraph/core/error.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>

#include "compare/message.h"
#include "compare/thread_ranks.h"
#include "helpers/message.h"

namespace polygraph::compare {
namespace {

using polygraph::test::message;
using test::ThreadRanks;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

IterationResult result(const std::string& runner, std::initializer_list<float> values) {
  IterationResult made{.runner_name = runner};
  made.outputs.set("y", Tensor::from(values, Shape{static_cast<std::int64_t>(values.size())}));
  return made;
}

// Numbers that each rank counts: `count` of them, spread over the ranks.
struct Numbers {
  explicit Numbers(std::int64_t all) : count(all) {}

  std::int64_t count;
  std::int64_t last = -1;                         // the last that is wanted; -1: all
  std::function<void(std::int64_t)> before = {};  // each is made
  std::vector<std::int64_t> taken = {};
  std::string error = {};
  std::atomic<std::int64_t> made = 0;

  void run(int size) {
    ThreadRanks::run(size, [&](RankGroup& ranks) {
      std::int64_t next = ranks.rank();
      const SplitIterations<std::int64_t> work{
          .make = [&]() -> std::optional<std::int64_t> {
            if (before) before(next);
            if (next >= count) return std::nullopt;
            ++made;
            return std::exchange(next, next + ranks.size());
          },
          .encode =
              [](const std::int64_t& number) {
                detail::MessageWriter writer;
                writer.write(number);
                return writer.take();
              },
          .decode = [](const Bytes& bytes, int) { return detail::MessageReader(bytes).read<std::int64_t>(); },
          .take =
              [&](std::int64_t number) {
                taken.push_back(number);
                return number != last;
              }};
      try {
        reduce_iterations(ranks, work);
      } catch (const Error& failed) {
        EXPECT_EQ(ranks.rank(), 0);
        error = failed.what();
      }
      EXPECT_TRUE(ranks.in_step);
    });
  }
};

TEST(ReduceIterations, ComeInOrderWhateverTheRanks) {
  for (const int size : {1, 2, 3, 4, 7})
    for (const std::int64_t count : {0, 1, 2, 5, 12}) {
      Numbers numbers(count);
      numbers.run(size);
      ASSERT_EQ(std::ssize(numbers.taken), count) << size;
      for (std::int64_t i = 0; i < count; ++i) EXPECT_EQ(numbers.taken[static_cast<std::size_t>(i)], i);
      EXPECT_THAT(numbers.error, IsEmpty());
    }
}

TEST(ReduceIterations, StopsWhereNoMoreIsWanted) {
  for (const int size : {1, 2, 4})
    for (const std::int64_t last : {0, 1, 5, 6}) {
      Numbers numbers(100000);
      numbers.last = last;
      numbers.run(size);
      EXPECT_EQ(std::ssize(numbers.taken), last + 1);
      EXPECT_LT(numbers.made, 100);  // no rank runs far ahead of rank 0
    }
}

TEST(ReduceIterations, TheFirstErrorIsTold) {
  for (const int size : {1, 2, 3, 4}) {
    Numbers numbers(20);
    numbers.before = [&](std::int64_t number) {
      if (number == 9) throw InputError("The ninth is bad.", "Mend it.", {"a line of the engine"});
      if (number == 13) throw UsageError("That of a later iteration.");
    };
    numbers.run(size);
    EXPECT_THAT(numbers.taken, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8));
    EXPECT_THAT(numbers.error,
                AllOf(HasSubstr("The ninth is bad.\nMend it."), HasSubstr("a line of the engine")));
    if (9 % size != 0) {
      EXPECT_THAT(numbers.error, HasSubstr("Rank " + std::to_string(9 % size) + ": "));
    }
  }
}

TEST(ReduceIterations, RanksWithDifferentDataAreNoticed) {
  Numbers numbers(6);
  numbers.before = [&](std::int64_t number) {
    if (number == 3) throw std::bad_alloc();
  };
  numbers.run(2);
  EXPECT_THAT(numbers.error, HasSubstr("Rank 1: Out of memory."));
  // Rank 1 has no iteration 3, and rank 0 has iteration 4.
  std::string error;
  ThreadRanks::run(2, [&](RankGroup& ranks) {
    std::int64_t left = ranks.rank() == 0 ? 5 : 1;
    const SplitIterations<int> work{
        .make = [&]() -> std::optional<int> { return left-- > 0 ? std::optional(1) : std::nullopt; },
        .encode = [](const int&) { return Bytes(); },
        .decode = [](const Bytes&, int) { return 1; },
        .take = [](int) { return true; }};
    try {
      reduce_iterations(ranks, work);
    } catch (const InputError& failed) {
      error = failed.what();
    }
  });
  EXPECT_THAT(error, HasSubstr("There are 3 iterations for rank 1, and more for rank 0"));
}

TEST(RankGroup, MeetsForOneTask) {
  for (const bool alike : {true, false}) {
    std::string error;
    ThreadRanks::run(3, [&](RankGroup& ranks) {
      try {
        ranks.meet(alike || ranks.rank() < 2 ? "run a" : "run b");
        if (ranks.rank() == 0) {
          EXPECT_THAT(ranks.where(2), HasSubstr("rank 2 on host '"));
        }
      } catch (const UsageError& failed) {
        error = failed.what();
      }
    });
    EXPECT_THAT(
        error, alike ? testing::Matcher<const std::string&>(IsEmpty()) : HasSubstr("command line of rank 2"));
  }
}

TEST(RankGroup, OneRankNeedsNobody) {
  const auto ranks = join_ranks();
  EXPECT_EQ(ranks->rank(), 0);
  EXPECT_EQ(ranks->size(), 1);
  ranks->meet("anything");
  EXPECT_TRUE(ranks->in_step);
  EXPECT_THROW(ranks->send(1, {}), UsageError);
  ranks->leave(0);
}

TEST(LaunchedRank, IsReadFromTheEnvironment) {
  EXPECT_EQ(launched_rank().size, 1);
  ::setenv("OMPI_COMM_WORLD_SIZE", "8", 1);
  ::setenv("OMPI_COMM_WORLD_RANK", "3", 1);
  ::setenv("OMPI_COMM_WORLD_LOCAL_SIZE", "4", 1);
  const LaunchedRank found = launched_rank();
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE"})
    ::unsetenv(name);
  EXPECT_EQ(found.rank, 3);
  EXPECT_EQ(found.size, 8);
  EXPECT_EQ(found.local_size, 4);
  ::setenv("PMI_SIZE", "2", 1);
  ::setenv("PMI_RANK", "0", 1);
  EXPECT_THAT(message<BackendError>([] { launched_rank(); }), HasSubstr("one of 2"));
  ::setenv("PMI_SIZE", "1", 1);
  EXPECT_EQ(launched_rank().size, 1);
  ::unsetenv("PMI_SIZE");
  ::unsetenv("PMI_RANK");
  ::setenv("PMIX_RANK", "1", 1);
  EXPECT_EQ(launched_rank().size, 1);
  ::setenv("SLURM_STEP_NUM_TASKS", "3", 1);
  EXPECT_THAT(message<BackendError>([] { launched_rank(); }), HasSubstr("one of 3"));
  ::unsetenv("PMIX_RANK");
  ::unsetenv("SLURM_STEP_NUM_TASKS");
}

// What one process finds, as text, and what several find.
std::string found_by(int size) {
  std::string json;
  ThreadRanks::run(size, [&](RankGroup& ranks) {
    Comparator comparator({SimpleCompareFunc(), L2CompareFunc(), UlpCompareFunc()}, {.keep_results = true});
    std::int64_t next = ranks.rank();
    const SplitIterations<std::vector<PairComparison>> work{
        .make = [&]() -> std::optional<std::vector<PairComparison>> {
          if (next >= 9) return std::nullopt;
          const auto i = static_cast<float>(std::exchange(next, next + ranks.size()));
          const std::vector<IterationResult> results{result("a", {i, 1.0F / 3.0F, i == 4 ? NAN : 0}),
                                                     result("b", {i, 1.0F / 3.0F + i * 1e-6F, 0}),
                                                     result("c", {i, 1, 1})};
          return comparator.measure(results);
        },
        .encode = encode_comparisons,
        .decode = [](const Bytes& bytes, int) { return decode_comparisons(bytes); },
        .take =
            [&](std::vector<PairComparison> found) {
              comparator.add(std::move(found));
              return true;
            }};
    reduce_iterations(ranks, work);
    if (ranks.rank() != 0) return;
    EXPECT_FALSE(comparator.finish());
    json = comparator.results().to_json();
    for (const PairSummary& pair : comparator.pairs())
      for (const FunctionSummary& function : pair.functions)
        for (const OutputSummary& output : function.outputs)
          json += std::to_string(output.passed) + " " + std::to_string(output.worst_iteration) + " " +
                  std::to_string(output.worst->details->shape.element_count()) + "\n";
  });
  return json;
}

TEST(ReduceIterations, FindWhatOneProcessFinds) {
  const std::string alone = found_by(1);
  EXPECT_THAT(alone, HasSubstr("NaN"));
  for (const int size : {2, 3, 4, 12}) EXPECT_EQ(found_by(size), alone) << size;
}

TEST(Comparisons, SurviveTheWay) {
  const Comparator comparator(
      {SimpleCompareFunc(), UlpCompareFunc(), IndicesCompareFunc(), HistogramOverlapCompareFunc()});
  IterationResult lost{.runner_name = "lost", .failure = "crashed"};
  const std::vector<IterationResult> results{result("a", {1, NAN, 3, INFINITY}),
                                             result("b", {1, 2, -0.0F, 1e-40F}), result("c", {1, 2}), lost};
  const std::vector<PairComparison> before = comparator.measure(results);
  const Bytes bytes = encode_comparisons(before);
  const std::vector<PairComparison> after = decode_comparisons(bytes);
  ASSERT_EQ(after.size(), 3U);
  EXPECT_EQ(after[0].runners, RunnerPair("a", "b"));
  EXPECT_EQ(after[1].results[0][0].second.details->problem, before[1].results[0][0].second.details->problem);
  // Nothing has been lost, to the last bit.
  const Bytes again = encode_comparisons(after);
  ASSERT_EQ(again.size(), bytes.size());
  EXPECT_EQ(std::memcmp(again.data(), bytes.data(), bytes.size()), 0);
}

TEST(Comparisons, DamageIsNoticed) {
  const Comparator comparator({SimpleCompareFunc()});
  const std::vector<IterationResult> results{result("a", {1, 2}), result("b", {1, 3})};
  const Bytes bytes = encode_comparisons(comparator.measure(results));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(decode_comparisons(Bytes(bytes.span().first(size), bytes.keep_alive())), InputError) << size;
  }
}

TEST(Message, HoldsTensorsOfEveryType) {
  for (const DataType dtype : all_data_types()) {
    Tensor tensor(dtype, Shape{2, 3});
    if (dtype == DataType::string) tensor.mutable_strings()[4] = std::string("a\0b", 3);
    detail::MessageWriter writer;
    writer.write(std::string("odd"));  // so that elements need to be aligned
    writer.write(tensor);
    const Bytes bytes = writer.take();
    detail::MessageReader reader(bytes);
    EXPECT_EQ(reader.read_text(), "odd");
    const Tensor read = reader.read_tensor();
    reader.expect_end();
    EXPECT_EQ(read.dtype(), dtype);
    EXPECT_EQ(read.shape(), tensor.shape());
    if (dtype == DataType::string) {
      EXPECT_EQ(read.strings()[4], tensor.strings()[4]);
    } else {
      EXPECT_EQ(std::memcmp(read.data(), tensor.data(), tensor.nbytes()), 0);
    }
  }
}

}  // namespace
}  // namespace polygraph::compare
