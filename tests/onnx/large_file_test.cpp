#include <fcntl.h>
#include <gtest/gtest.h>
#include <polygraph/onnx/model.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
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

TEST(LargeFile, IsReadWithoutItsWeights) {
  const std::uint64_t sizes[] = {3 * gib, 5 * gib};
  std::string heads[2];
  std::uint64_t graph_size = 0;
  for (int i = 0; i < 2; ++i) {
    const std::string fields = varint(1, sizes[i]) + varint(2, 3) + bytes(8, i == 0 ? "first" : "second") +
                               raw_varint(9 << 3 | 2) + raw_varint(sizes[i]);
    heads[i] = raw_varint(5 << 3 | 2) + raw_varint(fields.size() + sizes[i]) + fields;
    graph_size += heads[i].size() + sizes[i];
  }
  const std::string tail = bytes(2, "large");
  SparseFile file;
  file.add(varint(1, 8) + raw_varint(7 << 3 | 2) + raw_varint(graph_size + tail.size()));
  for (int i = 0; i < 2; ++i) {
    file.add(heads[i]);
    file.add_hole(sizes[i]);
  }
  file.add(tail);
  file.add("\x42\x02\x10\x11");  // opset 17
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
  EXPECT_EQ(values.element_as_double(static_cast<std::int64_t>(5 * gib) - 1), 0);
}

}  // namespace
}  // namespace polygraph::onnx
