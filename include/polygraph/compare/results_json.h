#pragma once

#include <polygraph/compare/saved_data.h>

#include <filesystem>
#include <memory>
#include <optional>

/// Inputs and results in Polygraphy's JSON, byte for byte as its version 0.53.6 writes it.
///
/// Inputs are an array of objects, name to array; results an object of class `RunResults`. An array is the
/// base64 of a `.npy` file. In a folder, each iteration is a file `0000000000.json`, `0000000001.json`, ...;
/// inputs there are one object. Of types that NumPy lacks (bfloat16, fp8, fp4 and integers of 2 and 4 bits)
/// the `.npy` holds raw data; a member `dtype` in front of `array` names the type. Polygraphy reads such
/// files, too, and gets the raw data. docs/saved-data.md has the details.
///
/// Also read are: the marks that older versions set on objects, `LazyNumpyArray`, arrays as latin-1 text and
/// as `.npz`, and arrays in Fortran order, which are saved again in C order. A torch.Tensor is refused: it is
/// a Python pickle.
///
/// Names that are not UTF-8 are written as Python's surrogateescape has it, and read back.
///
/// Nothing is built in memory but the arrays that are asked for. Values nested deeper than 64 levels, members
/// that are named twice, arrays whose text is shorter than their shape, and numbers of more than 1000 digits
/// are refused before memory is asked for.
namespace polygraph::compare {

/// What a JSON file holds. Throws InputError if it is something else.
SavedKind json_kind(const std::filesystem::path& file);

/// Writers of one file (a path with an extension, which is replaced) or a folder (without; it must be empty
/// or not exist). Results of several runners wait in an unnamed temporary file beside the place until
/// `finish()`, since the file has them runner by runner. Throw InputError as `feed_writer` does.
std::unique_ptr<FeedWriter> json_feed_writer(const std::filesystem::path& path);
std::unique_ptr<ResultsWriter> json_results_writer(const std::filesystem::path& path);

/// Readers of one file.
std::unique_ptr<FeedReader> json_feed_reader(const std::filesystem::path& file, ReadOptions options = {});
std::unique_ptr<ResultsReader> json_results_reader(const std::filesystem::path& file,
                                                   ReadOptions options = {});

/// Readers of text in memory, which must outlive them.
/// @param source  What messages call it.
std::unique_ptr<FeedReader> json_feed_reader(std::string_view text, std::string source,
                                             ReadOptions options = {});
std::unique_ptr<ResultsReader> json_results_reader(std::string_view text, std::string source,
                                                   ReadOptions options = {});
SavedKind json_kind(std::string_view text, std::string_view source);

/// The JSON files of a folder, in the order of their iterations: by name. Throws InputError if there is none.
std::vector<std::filesystem::path> json_files(const std::filesystem::path& folder);

}  // namespace polygraph::compare
