#include <fcntl.h>
#include <gtest/gtest.h>
#include <polygraph/onnx/model.h>
#include <polygraph/onnx/save.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <vector>

#include "onnx/encode.h"

namespace polygraph::onnx {
namespace {

using namespace encode;

constexpr std::uint64_t gib = 1ull << 30;

/// A file with holes where the weights are: large, but without pages on disk.
class SparseFile {
 public:
  SparseFile() : fd_(::open(path_.c_str(), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600)) {}
  SparseFile(const SparseFile&) = delete;
  SparseFile& operator=(const SparseFile&) = delete;
  ~SparseFile() {
    ::close(fd_);
    std::filesystem::remove(path_);
  }
  void add(const std::string& bytes) {
    EXPECT_EQ(::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(size_)),
              static_cast<ssize_t>(bytes.size()));
    size_ += bytes.size();
  }
  void add_hole(std::uint64_t size) {
    size_ += size;
    EXPECT_EQ(::ftruncate(fd_, static_cast<off_t>(size_)), 0);
  }
  const std::filesystem::path& path() const { return path_; }
  std::uint64_t size() const { return size_; }

 private:
  std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / ("polygraph-large-" + std::to_string(::getpid()));
  int fd_;
  std::uint64_t size_ = 0;
};

std::size_t resident_bytes(ByteSpan mapping) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> pages((mapping.size() + page - 1) / page);
  EXPECT_EQ(::mincore(const_cast<std::byte*>(mapping.data()), mapping.size(), pages.data()), 0);
  std::size_t resident = 0;
  for (const unsigned char flags : pages) resident += flags & 1;
  return resident * page;
}

/// A model with its weights inside: uint8 tensors `first` and `second` of these sizes.
void add_model(SparseFile& file, const std::uint64_t (&sizes)[2]) {
  std::string heads[2];
  std::uint64_t graph_size = 0;
  for (int i = 0; i < 2; ++i) {
    const std::string fields = varint(1, sizes[i]) + varint(2, 2) + bytes(8, i == 0 ? "first" : "second") +
                               raw_varint(9 << 3 | 2) + raw_varint(sizes[i]);
    heads[i] = raw_varint(5 << 3 | 2) + raw_varint(fields.size() + sizes[i]) + fields;
    graph_size += heads[i].size() + sizes[i];
  }
  const std::string tail = bytes(2, "large");
  file.add(varint(1, 8) + raw_varint(7 << 3 | 2) + raw_varint(graph_size + tail.size()));
  for (int i = 0; i < 2; ++i) {
    file.add(heads[i]);
    file.add_hole(sizes[i] - 1);
    file.add(i == 0 ? "\x01" : "\x02");
  }
  file.add(tail);
  file.add("\x42\x02\x10\x11");  // opset 17
}

/// Bytes on the disk.
std::uint64_t used_space(const std::filesystem::path& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  return static_cast<std::uint64_t>(status.st_blocks) * 512;
}

class Folder {
 public:
  Folder() { std::filesystem::create_directories(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path); }
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("polygraph-large-out-" + std::to_string(::getpid()));
};

template <class F>
std::chrono::milliseconds time_of(const F& f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
}

// Much longer than it takes, much shorter than copying gigabytes.
constexpr std::chrono::milliseconds at_once(1000);

TEST(LargeFile, IsReadWithoutItsWeights) {
  const std::uint64_t sizes[] = {3 * gib, 5 * gib};
  SparseFile file;
  add_model(file, sizes);
  ASSERT_GT(file.size(), 8 * gib);

  const auto start = std::chrono::steady_clock::now();
  const Model model = load_model(file.path());
  const auto elapsed = std::chrono::steady_clock::now() - start;
  EXPECT_LT(elapsed, std::chrono::milliseconds(500));

  EXPECT_EQ(model.graph.name, "large");
  EXPECT_EQ(model.opset(), 17);
  ASSERT_EQ(model.graph.initializers.size(), 2u);
  const TensorData& second = model.graph.initializers[1];
  EXPECT_EQ(second.name, "second");
  EXPECT_EQ(second.raw_data->size(), 5 * gib);
  EXPECT_EQ(stored_size(second), 5 * gib);
  // What the kernel read ahead around the few bytes of structure.
  EXPECT_LT(resident_bytes(model.storage.bytes()), 64u << 20);

  const Tensor values = tensor_of(second, model);
  EXPECT_EQ(values.data(), second.raw_data->data());
  EXPECT_EQ(values.element_as_double(static_cast<std::int64_t>(5 * gib) - 2), 0);
  EXPECT_EQ(values.element_as_double(static_cast<std::int64_t>(5 * gib) - 1), 2);
}

TEST(LargeFile, GetsExternalDataWhenSaved) {
  SparseFile file;
  add_model(file, {3 * gib, 2 * gib});
  const Folder folder;
  const Model model = load_model(file.path());
  SaveReport report;
  EXPECT_LT(time_of([&] { report = save_model(model, folder.path / "m.onnx"); }), at_once);
  EXPECT_EQ(report.external_tensors, 2u);
  EXPECT_EQ(report.external_bytes, 5 * gib);
  EXPECT_LT(report.model_bytes, 1000u);
  EXPECT_LT(used_space(folder.path / "m.onnx.data"), 1u << 20);
  const Model saved = load_model(folder.path / "m.onnx");
  for (std::size_t i = 0; i < 2; ++i) {
    const Tensor values = tensor_of(saved.graph.initializers[i], saved);
    EXPECT_EQ(values.element_as_double(0), 0);
    EXPECT_EQ(values.element_as_double(values.element_count() - 1), static_cast<double>(i + 1));
  }
}

TEST(LargeFile, StaysOrMovesWithItsExternalData) {
  const Folder source;
  const std::uint64_t size = 10 * gib;
  std::string tensors;
  for (const std::uint64_t offset : {std::uint64_t{0}, size})
    tensors += bytes(5, varint(1, size) + varint(2, 2) + bytes(8, "w" + std::to_string(offset)) +
                            bytes(13, bytes(1, "location") + bytes(2, "w.bin")) +
                            bytes(13, bytes(1, "offset") + bytes(2, std::to_string(offset))) +
                            bytes(13, bytes(1, "length") + bytes(2, std::to_string(size))) + varint(14, 1));
  std::filesystem::create_directories(source.path / "in");
  std::ofstream(source.path / "in/m.onnx", std::ios::binary) << encode::model(tensors);
  std::ofstream(source.path / "in/w.bin") << "first";
  std::filesystem::resize_file(source.path / "in/w.bin", 2 * size);
  const Model model = load_model(source.path / "in/m.onnx");

  SaveReport report;
  EXPECT_LT(time_of([&] { report = save_model(model, source.path / "in/again.onnx"); }), at_once);
  EXPECT_EQ(report.external_bytes, 0u);
  EXPECT_EQ(report.external_tensors, 2u);

  EXPECT_LT(time_of([&] { report = save_model(model, source.path / "out/m.onnx"); }), at_once);
  EXPECT_EQ(report.external_bytes, 2 * size);
  EXPECT_LT(used_space(source.path / "out/m.onnx.data"), 1u << 20);
  const Model saved = load_model(source.path / "out/m.onnx");
  const Tensor values = tensor_of(saved.graph.initializers[0], saved);
  EXPECT_EQ(values.element_as_double(0), 'f');
  EXPECT_EQ(values.element_as_double(static_cast<std::int64_t>(size) - 1), 0);
}

}  // namespace
}  // namespace polygraph::onnx
