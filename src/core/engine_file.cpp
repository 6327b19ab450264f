#include <fmt/format.h>
#include <polygraph/core/engine_file.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <ostream>
#include <streambuf>

#include "core/recognise.h"

namespace polygraph {

namespace {

constexpr char magic[8] = {'P', 'O', 'L', 'Y', 'G', 'R', 'P', 'H'};
constexpr std::uint32_t format_version = 1;
constexpr std::uint64_t blob_alignment = 64;

// The first bytes of the file, as they lie there.
struct Header {
  char magic[8];
  std::uint32_t version;
  std::uint32_t description_size;
  std::uint64_t blob_offset;
  std::uint64_t blob_size;
  std::uint64_t blob_checksum;
  std::uint64_t header_checksum;
};
static_assert(sizeof(Header) == 48);
static_assert(std::endian::native == std::endian::little, "the header is written as it lies in memory");

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::uint64_t checksum_of(const Header& header, std::span<const std::byte> description) {
  Checksum sum;
  sum.update(std::as_bytes(std::span(&header, 1)).first(offsetof(Header, header_checksum)));
  sum.update(description);
  return sum.value();
}

// Where an engine is written: bytes at the end, corrections further in front.
class Output {
 public:
  virtual ~Output() = default;
  virtual std::uint64_t size() const = 0;
  virtual void append(std::span<const std::byte> bytes) = 0;
  virtual void write_at(std::uint64_t offset, std::span<const std::byte> bytes) = 0;
  virtual std::uint64_t checksum_from(std::uint64_t offset) = 0;
};

class FileOutput final : public Output {
 public:
  explicit FileOutput(const std::filesystem::path& path) : file_(path) {}
  std::uint64_t size() const override { return file_.size(); }
  void append(std::span<const std::byte> bytes) override { file_.write(bytes); }
  void write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
    file_.write_at(offset, bytes);
  }
  std::uint64_t checksum_from(std::uint64_t offset) override { return file_.checksum_from(offset); }
  void commit() { file_.commit(); }

 private:
  AtomicFile file_;
};

// Memory that grows by moving pages, not bytes.
class MemoryOutput final : public Output {
 public:
  MemoryOutput() = default;
  MemoryOutput(const MemoryOutput&) = delete;
  MemoryOutput& operator=(const MemoryOutput&) = delete;
  ~MemoryOutput() override {
    if (data_) munmap(data_, capacity_);
  }
  std::uint64_t size() const override { return size_; }
  void append(std::span<const std::byte> bytes) override {
    reserve(size_ + bytes.size());
    std::copy(bytes.begin(), bytes.end(), data_ + size_);
    size_ += bytes.size();
  }
  void write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
    std::memcpy(data_ + offset, bytes.data(), bytes.size());
  }
  std::uint64_t checksum_from(std::uint64_t offset) override {
    return checksum({data_ + offset, size_ - offset});
  }

  Bytes release() {
    const std::size_t capacity = capacity_;
    std::shared_ptr<std::byte> owner(std::exchange(data_, nullptr),
                                     [capacity](std::byte* p) { munmap(p, capacity); });
    return Bytes({owner.get(), size_}, owner);
  }

 private:
  void reserve(std::size_t wanted) {
    if (wanted <= capacity_) return;
    const std::size_t capacity = std::max<std::size_t>({wanted + wanted / 2, 1 << 20});
    void* grown = data_ ? mremap(data_, capacity_, capacity, MREMAP_MAYMOVE)
                        : mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (grown == MAP_FAILED) throw std::bad_alloc();
    data_ = static_cast<std::byte*>(grown);
    capacity_ = capacity;
  }

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// A stream over an Output whose position 0 is `begin`. Engine libraries seek back to fill in sizes.
class OutputBuffer final : public std::streambuf {
 public:
  explicit OutputBuffer(Output& output) : output_(output), begin_(output.size()), position_(begin_) {}

  /// Throws what a write has thrown, if any has: engine libraries wrap such errors in their own.
  void rethrow_failure() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 protected:
  std::streamsize xsputn(const char* text, std::streamsize count) override try {
    auto bytes = std::as_bytes(std::span(text, static_cast<std::size_t>(count)));
    const std::size_t inside = std::min<std::uint64_t>(bytes.size(), output_.size() - position_);
    if (inside) output_.write_at(position_, bytes.first(inside));
    if (inside < bytes.size()) output_.append(bytes.subspan(inside));
    position_ += bytes.size();
    return count;
  } catch (...) {
    failure_ = std::current_exception();
    throw;
  }
  int_type overflow(int_type c) override {
    if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
    const char ch = traits_type::to_char_type(c);
    xsputn(&ch, 1);
    return c;
  }
  pos_type seekoff(off_type offset, std::ios_base::seekdir direction, std::ios_base::openmode) override {
    const std::uint64_t base = direction == std::ios_base::beg   ? begin_
                               : direction == std::ios_base::cur ? position_
                                                                 : output_.size();
    const std::uint64_t target = base + static_cast<std::uint64_t>(offset);
    if (target < begin_ || target > output_.size()) return pos_type(off_type(-1));
    position_ = target;
    return pos_type(static_cast<off_type>(position_ - begin_));
  }
  pos_type seekpos(pos_type position, std::ios_base::openmode mode) override {
    return seekoff(off_type(position), std::ios_base::beg, mode);
  }

 private:
  Output& output_;
  std::uint64_t begin_;
  std::uint64_t position_;
  std::exception_ptr failure_;
};

std::string what_it_looks_like(std::span<const std::byte> bytes) {
  if (const auto kind = polygraph::recognise(bytes)) return fmt::format("; it looks like {}", kind->what);
  // The version of the format, in one byte, is what ONNX models begin with.
  const bool onnx = bytes.size() > 2 && bytes[0] == std::byte{0x08} && bytes[1] < std::byte{0x20};
  return onnx ? "; it may be an ONNX model" : "";
}

void write_engine(const EngineInfo& info, Output& output,
                  const std::function<void(std::ostream&)>& write_blob) {
  const std::string description = engine_info_to_json(info);
  Header header{};
  std::memcpy(header.magic, magic, sizeof magic);
  header.version = format_version;
  header.description_size = static_cast<std::uint32_t>(description.size());
  const std::uint64_t end = sizeof header + description.size();
  header.blob_offset = (end + blob_alignment - 1) / blob_alignment * blob_alignment;

  output.append(std::as_bytes(std::span(&header, 1)));
  output.append(bytes_of(description));
  output.append(std::vector<std::byte>(header.blob_offset - end));

  OutputBuffer buffer(output);
  std::ostream stream(&buffer);
  stream.exceptions(std::ios_base::badbit);  // lets a full disk's error through
  try {
    write_blob(stream);
  } catch (...) {
    buffer.rethrow_failure();
    throw;
  }
  buffer.rethrow_failure();

  header.blob_size = output.size() - header.blob_offset;
  header.blob_checksum = output.checksum_from(header.blob_offset);
  header.header_checksum = checksum_of(header, bytes_of(description));
  output.write_at(0, std::as_bytes(std::span(&header, 1)));
}

}  // namespace

void write_engine_file(const EngineInfo& info, const std::filesystem::path& path,
                       const std::function<void(std::ostream&)>& write_blob) {
  FileOutput output(path);
  write_engine(info, output, write_blob);
  output.commit();
}

Bytes write_engine_bytes(const EngineInfo& info, const std::function<void(std::ostream&)>& write_blob) {
  MemoryOutput output;
  write_engine(info, output, write_blob);
  return output.release();
}

bool EngineFile::recognise(std::span<const std::byte> bytes) {
  return bytes.size() >= sizeof magic && std::memcmp(bytes.data(), magic, sizeof magic) == 0;
}

EngineFile EngineFile::read(const Bytes& bytes, const std::string& name) {
  auto fail = [&](std::string_view what, std::string_view remedy) -> InputError {
    return InputError(fmt::format("Loading the engine '{}': {}.", name, what), std::string(remedy));
  };
  constexpr std::string_view build_again =
      "Build the engine again from its model, e.g. with 'polygraph convert'.";
  const auto span = bytes.span();
  if (span.empty()) throw fail("the file is empty", build_again);
  if (!recognise(span))
    throw fail(fmt::format("it is not a saved engine (it does not begin with 'POLYGRPH'){}",
                           what_it_looks_like(span)),
               "Give a file written by save_engine or 'polygraph convert'.");
  if (span.size() < sizeof(Header))
    throw fail(fmt::format("it ends after {} bytes, inside the header", span.size()), build_again);

  Header header;
  std::memcpy(&header, span.data(), sizeof header);
  if (header.version != format_version)
    throw fail(fmt::format("its format version is {}, and this program reads version {}", header.version,
                           format_version),
               build_again);
  if (header.description_size > span.size() - sizeof header)
    throw fail(fmt::format("it ends after {} bytes, inside the description of {} bytes", span.size(),
                           header.description_size),
               build_again);
  const auto description = span.subspan(sizeof header, header.description_size);
  if (checksum_of(header, description) != header.header_checksum)
    throw fail("its header is damaged (wrong checksum)", build_again);
  if (header.blob_offset < sizeof header + header.description_size || header.blob_offset > span.size() ||
      header.blob_size != span.size() - header.blob_offset)
    throw fail(fmt::format("it has {} bytes, and {} are expected", span.size(),
                           header.blob_offset + header.blob_size),
               build_again);

  EngineFile file;
  try {
    file.info =
        engine_info_from_json({reinterpret_cast<const char*>(description.data()), description.size()});
  } catch (const Error& error) {
    throw fail(error.problem(), build_again);
  }
  file.blob = Bytes(span.subspan(header.blob_offset), bytes.keep_alive());
  file.blob_checksum_ = header.blob_checksum;
  return file;
}

void EngineFile::verify(const std::string& name) const {
  if (checksum(blob.span()) != blob_checksum_)
    throw InputError(fmt::format("Loading the engine '{}': its {} bytes of compiled code and weights are "
                                 "damaged (wrong checksum).",
                                 name, blob.size()),
                     "Copy the file again, or build the engine again from its model.");
}

}  // namespace polygraph
