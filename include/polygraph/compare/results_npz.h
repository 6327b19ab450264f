#pragma once

#include <polygraph/compare/saved_data.h>

#include <filesystem>
#include <memory>

/// Inputs and results as NumPy archives: for large data, since arrays are used where they lie in the mapped
/// file.
///
/// Members are called `iteration/input.npy` or `iteration/runner/output.npy`; the iteration is a number of
/// ten digits, and in names `/`, `\`, `%`, control characters and a dot at the start are written as `%2F` and
/// so on. The comment of a member has what `.npy` cannot say: `dtype=bfloat16` for a type that NumPy lacks,
/// `runtime=0.5` (seconds). An archive with other names, as numpy.savez makes it, is one iteration of inputs
/// whose names are those of the members.
///
/// Archives are written without compression and with 64-bit sizes; the same data gives the same bytes. On
/// reading, members may be deflated. Only deflated members are checked against their checksum: the others are
/// not read until they are used.
///
/// Absolute names, and names with `\`, or with `.` or `..` between slashes, are refused, and so are other
/// files in the archive than `.npy`.
namespace polygraph::compare {

/// What an archive holds. Throws InputError if it is damaged.
SavedKind npz_kind(const std::filesystem::path& file);

/// Writers; an older file is replaced by `finish()`. `add` throws InputError for iterations without arrays
/// and for runners of the same name, which the archive cannot hold.
std::unique_ptr<FeedWriter> npz_feed_writer(const std::filesystem::path& path);
std::unique_ptr<ResultsWriter> npz_results_writer(const std::filesystem::path& path);

/// Readers. Tensors are read-only views that keep the mapping alive.
std::unique_ptr<FeedReader> npz_feed_reader(const std::filesystem::path& file, ReadOptions options = {});
std::unique_ptr<ResultsReader> npz_results_reader(const std::filesystem::path& file,
                                                  ReadOptions options = {});

}  // namespace polygraph::compare
