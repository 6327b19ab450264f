#pragma once

#include <polygraph/compare/comparator.h>
#include <polygraph/compare/rank_group.h>

#include <functional>
#include <optional>
#include <utility>

/// Iterations spread over ranks: iteration i is made by rank i % size, and rank 0 takes all of them, in their
/// order. What it takes, and so what it finds, is what one process would.
namespace polygraph::compare {

/// What each rank does with its iterations.
template <class Item>
struct SplitIterations {
  /// On every rank: what its next iteration gives; nothing at the end.
  std::function<std::optional<Item>()> make;
  /// On the ranks other than 0.
  std::function<Bytes(const Item&)> encode;
  /// On rank 0: what rank `from` encoded.
  std::function<Item(const Bytes& message, int from)> decode;
  /// On rank 0, for each iteration of all ranks. Returns whether to go on.
  std::function<bool(Item)> take;
};

namespace detail {

/// Rank 0's part; the two functions are for its own iterations.
struct OwnIterations {
  std::function<bool()> make;  ///< whether there is another
  std::function<bool()> take;
};
void collect_iterations(RankGroup& ranks, const OwnIterations& own,
                        const std::function<bool(const Bytes& message, int from)>& take);
/// The others'.
void serve_iterations(RankGroup& ranks, const std::function<std::optional<Bytes>()>& make);

}  // namespace detail

/// Runs all iterations, on every rank its own; all ranks have to call it. Iterations that `take` does not
/// want any more, or that come after an error, do not count, whichever rank has made them: every rank ends
/// its current one and returns.
///
/// Throws on rank 0 what `make` and `take` throw there, and the error of another rank, once its iteration's
/// turn has come, as one of the same class that names the rank; InputError if some ranks have more iterations
/// than others, as where their hosts have different files. On the other ranks, what `make` throws is only
/// sent.
/// @code
///   const auto ranks = join_ranks();
///   const auto data = every_nth(generated_inputs({.iterations = 1000}), ranks->rank(), ranks->size());
///   RunStream stream({&onnxrt, &engine}, *data);
///   Comparator comparator({SimpleCompareFunc()});
///   reduce_iterations<std::vector<PairComparison>>(
///       *ranks, {.make = [&]() -> std::optional<std::vector<PairComparison>> {
///                  const Iteration* iteration = stream.next();
///                  if (iteration == nullptr) return std::nullopt;
///                  return comparator.measure(iteration->results);
///                },
///                .encode = encode_comparisons,
///                .decode = [](const Bytes& message, int) { return decode_comparisons(message); },
///                .take = [&](std::vector<PairComparison> found) {
///                  comparator.add(std::move(found));
///                  return true;
///                }});
///   if (ranks->rank() == 0 && !comparator.finish()) ...
///   ranks->leave(0);
/// @endcode
template <class Item>
void reduce_iterations(RankGroup& ranks, const SplitIterations<Item>& work) {
  if (ranks.rank() != 0) {
    detail::serve_iterations(ranks, [&]() -> std::optional<Bytes> {
      const std::optional<Item> item = work.make();
      return item ? std::optional(work.encode(*item)) : std::nullopt;
    });
    return;
  }
  std::optional<Item> item;
  const detail::OwnIterations own{.make = [&] { return (item = work.make()).has_value(); },
                                  .take = [&] { return work.take(*std::exchange(item, std::nullopt)); }};
  detail::collect_iterations(
      ranks, own, [&](const Bytes& message, int from) { return work.take(work.decode(message, from)); });
}

/// Comparisons as bytes, exact to the last bit, with all details; the results themselves are not part of them
/// (`first` and `second` are null when they come back). For processes of one version of Polygraph on machines
/// of one byte order. Reading throws InputError if the bytes are damaged.
Bytes encode_comparisons(const std::vector<PairComparison>& comparisons);
std::vector<PairComparison> decode_comparisons(const Bytes& message);

}  // namespace polygraph::compare
