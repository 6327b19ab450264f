#include "compare/input_source.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/core/npy.h>
#include <polygraph/onnx/tensor_file.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <system_error>
#include <tuple>
#include <utility>

#include "compare/numpy_types.h"
#include "core/npy_header.h"
#include "core/system_error.h"

namespace polygraph::compare::detail {
namespace {

namespace fs = std::filesystem;

/// Iterations that are made when they are asked for.
class ListReader final : public FeedReader {
 public:
  using Make = std::function<FeedDict(const fs::path&)>;
  ListReader(std::vector<fs::path> paths, Make make) : paths_(std::move(paths)), make_(std::move(make)) {}
  std::optional<FeedDict> next() override {
    if (next_ == paths_.size()) return std::nullopt;
    return make_(paths_[next_++]);
  }
  bool skip() override {
    if (next_ == paths_.size()) return false;
    ++next_;
    return true;
  }

 private:
  std::vector<fs::path> paths_;
  Make make_;
  std::size_t next_ = 0;
};

/// The entries of a folder that are no hidden files, by name; numbers by value.
std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error))
    if (!entry->path().filename().string().starts_with('.')) entries.push_back(entry->path());
  if (error) throw_file_error("read", folder, error.value());
  std::ranges::sort(entries, {}, [](const fs::path& path) {
    // test_data_set_10 comes after test_data_set_9: shorter numbers first.
    const std::string name = path.filename().string();
    const std::size_t digits = name.find_last_not_of("0123456789") + 1;
    return std::tuple(name.substr(0, digits), name.size() - digits, name);
  });
  return entries;
}

bool is_array_file(const fs::path& path) {
  return path.extension() == ".npy" || path.extension() == ".bin";
}

Tensor load_raw(const fs::path& path, const TensorInfo& info) {
  const auto fail = [&](const std::string& problem, const std::string& remedy) {
    throw InputError(
        fmt::format("Cannot read '{}' as raw data of the input '{}': {}", path.string(), info.name, problem),
        remedy);
  };
  if (!info.dtype || *info.dtype == DataType::string)
    fail("raw data needs an element type of fixed size, which the model does not say.",
         "Save the data as .npy.");
  if (!info.shape.has_rank()) fail("the model does not say its rank.", "Save the data as .npy.");
  const MappedFile file(path);
  std::vector<std::int64_t> dims;
  std::optional<std::size_t> open;
  for (std::size_t axis = 0; axis < info.shape.rank(); ++axis) {
    dims.push_back(info.shape[axis].is_static() ? info.shape[axis].min : 1);
    if (info.shape[axis].is_static()) continue;
    if (open)
      fail(fmt::format("the model leaves more than one dimension of {} open.", info.shape.str()),
           "Save the data as .npy.");
    open = axis;
  }
  const std::size_t one = packed_size(*info.dtype, Shape(dims).element_count());
  if (open) {
    if (one == 0 || file.size() % one != 0)
      fail(fmt::format("its {} bytes are not a multiple of the {} bytes that {} of shape {} takes for one "
                       "step of the open dimension.",
                       file.size(), one, to_string(*info.dtype), info.shape.str()),
           "Check the type and the shape of the data.");
    dims[*open] = static_cast<std::int64_t>(file.size() / one);
  } else if (file.size() != one) {
    fail(fmt::format("it has {} bytes, and {} of shape {} takes {}.", file.size(), to_string(*info.dtype),
                     info.shape.str(), one),
         file.size() < one ? "The data ends early; save it again."
                           : "Check the type and the shape of the data.");
  }
  Tensor view = Tensor::view(static_cast<const void*>(file.bytes().data()), *info.dtype, Shape(dims),
                             file.keep_alive());
  if (*info.dtype != DataType::boolean) return view;
  for (const std::byte byte : file.bytes())
    if (byte > std::byte{1}) fail("a boolean in it is neither 0 nor 1.", "Check the type of the data.");
  return view;
}

Tensor load_array(const fs::path& path, const TensorInfo& info) {
  if (path.extension() == ".bin") return load_raw(path, info);
  const MappedFile file(path);
  const auto header = polygraph::detail::parse_npy_header(file.bytes(), fmt::format("'{}'", path.string()));
  return load_npy(path, type_of_raw(header.descr, info.dtype));
}

const TensorInfo& only_input(const fs::path& path, const TensorMetadata& inputs) {
  if (inputs.size() == 1) return inputs[0];
  throw InputError(
      fmt::format("Cannot use '{}' as inputs: it is a single array, and the model has {} inputs.",
                  path.string(), inputs.size()),
      "Name a folder with a file for each input, called as the input, or save the inputs as .npz.");
}

FeedDict single_array(const fs::path& path, const TensorMetadata& inputs) {
  const TensorInfo& info = only_input(path, inputs);
  FeedDict feed;
  feed.set(info.name, load_array(path, info));
  return feed;
}

/// A folder with a file for each input.
FeedDict array_folder(const fs::path& folder, const TensorMetadata& inputs) {
  FeedDict feed;
  for (const fs::path& file : entries_of(folder)) {
    const std::string name = file.stem().string();
    if (!is_array_file(file)) continue;
    if (!inputs.contains(name)) {
      throw InputError(fmt::format("Cannot use '{}' as inputs: the model has no input '{}'.{}", file.string(),
                                   name, suggest(name, inputs.names())),
                       "Call each file as the input that it is for.");
    }
    if (feed.contains(name))
      throw InputError(fmt::format("There are two files for the input '{}' in '{}'.", name, folder.string()),
                       "Remove one.");
    feed.set(name, load_array(file, inputs[name]));
  }
  return feed;
}

std::unique_ptr<FeedReader> folder_source(const fs::path& folder, const TensorMetadata& inputs) {
  if (auto sets = test_data_sets(folder); !sets.empty()) {
    return std::make_unique<ListReader>(
        std::move(sets), [inputs](const fs::path& set) { return load_test_data(set, "input", inputs); });
  }
  const std::vector<fs::path> entries = entries_of(folder);
  const auto any = [&](auto is) { return std::ranges::any_of(entries, is); };
  if (any([](const fs::path& path) { return path.extension() == ".json" || path.extension() == ".npz"; })) {
    std::vector<fs::path> files;
    std::ranges::copy_if(entries, std::back_inserter(files), [](const fs::path& path) {
      return path.extension() == ".json" || path.extension() == ".npz";
    });
    return feed_reader(files, {.raw_types = inputs});
  }
  if (any(is_array_file)) {
    // Files called as inputs are one iteration; with one input, others are an iteration each.
    const bool is_named = any(
        [&](const fs::path& path) { return is_array_file(path) && inputs.contains(path.stem().string()); });
    if (!is_named && inputs.size() == 1) {
      std::vector<fs::path> files;
      std::ranges::copy_if(entries, std::back_inserter(files), is_array_file);
      return std::make_unique<ListReader>(
          std::move(files), [inputs](const fs::path& file) { return single_array(file, inputs); });
    }
    return std::make_unique<ListReader>(std::vector{folder},
                                        [inputs](const fs::path& one) { return array_folder(one, inputs); });
  }
  std::vector<fs::path> folders;
  for (const fs::path& entry : entries) {
    std::error_code error;
    if (!fs::is_directory(entry, error)) continue;
    if (std::ranges::any_of(entries_of(entry), is_array_file)) folders.push_back(entry);
  }
  if (folders.empty()) {
    throw InputError(
        fmt::format("There are no inputs in the folder '{}'.", folder.string()),
        "Known are files .json, .npz, .npy and .bin, folders of those, and ONNX test data (input_0.pb).");
  }
  return std::make_unique<ListReader>(std::move(folders),
                                      [inputs](const fs::path& one) { return array_folder(one, inputs); });
}

}  // namespace

std::vector<fs::path> test_data_sets(const fs::path& path) {
  const auto is_set = [](const fs::path& folder) {
    return fs::exists(folder / "input_0.pb") || fs::exists(folder / "output_0.pb");
  };
  if (is_set(path)) return {path};
  std::vector<fs::path> sets;
  if (!fs::is_directory(path)) return sets;
  for (const fs::path& entry : entries_of(path))
    if (fs::is_directory(entry) && is_set(entry)) sets.push_back(entry);
  return sets;
}

TensorMap load_test_data(const fs::path& folder, const std::string& prefix, const TensorMetadata& wanted) {
  TensorMap tensors;
  for (std::size_t i = 0;; ++i) {
    const fs::path file = folder / fmt::format("{}_{}.pb", prefix, i);
    if (!fs::exists(file)) break;
    onnx::NamedTensor loaded = onnx::load_tensor(file);
    if (!wanted.contains(loaded.name) && i < wanted.size()) loaded.name = wanted[i].name;
    if (tensors.contains(loaded.name) || !wanted.contains(loaded.name)) {
      throw InputError(fmt::format("Cannot use '{}': the model has no other {} for it.{}", file.string(),
                                   prefix, suggest(loaded.name, wanted.names())),
                       fmt::format("A test data set has one file for each {} of the model.", prefix));
    }
    tensors.set(loaded.name, std::move(loaded.tensor));
  }
  return tensors;
}

std::unique_ptr<FeedReader> input_source(const fs::path& path, const TensorMetadata& inputs) {
  std::error_code error;
  if (fs::is_directory(path, error)) return folder_source(path, inputs);
  if (is_array_file(path))
    return std::make_unique<ListReader>(
        std::vector{path}, [inputs](const fs::path& file) { return single_array(file, inputs); });
  if (path.extension() == ".pb") {
    return std::make_unique<ListReader>(std::vector{path}, [inputs](const fs::path& file) {
      const TensorInfo& info = only_input(file, inputs);
      FeedDict feed;
      feed.set(info.name, onnx::load_tensor(file).tensor);
      return feed;
    });
  }
  return feed_reader({path}, {.raw_types = inputs});
}

}  // namespace polygraph::compare::detail
