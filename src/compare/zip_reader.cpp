#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <unordered_set>

#include "compare/zip.h"
#include "compare/zip_fields.h"

namespace polygraph::compare::detail {
namespace {

using namespace zip;

constexpr std::uint16_t stored = 0;
constexpr std::uint16_t deflated = 8;
constexpr std::uint16_t encrypted = 1;
constexpr std::uint64_t max_expansion = 1032;  // of deflate: 258 bytes for 2 bits

struct Directory {
  std::uint64_t count = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

std::optional<std::size_t> find_end(std::span<const std::byte> bytes) {
  if (bytes.size() < end_size) return std::nullopt;
  const std::size_t last = bytes.size() - end_size;
  const std::size_t first = last - std::min<std::size_t>(last, full16);
  for (std::size_t at = last + 1; at-- > first;)
    if (get<std::uint32_t>(bytes, at) == end_signature) return at;
  return std::nullopt;
}

/// Replaces what did not fit into 32 bits.
bool read_extra64(std::span<const std::byte> extra, ZipMember& member) {
  while (extra.size() >= 4) {
    const auto id = get<std::uint16_t>(extra, 0);
    const std::size_t size = get<std::uint16_t>(extra, 2);
    extra = extra.subspan(4);
    if (size > extra.size()) return false;
    std::span<const std::byte> field = extra.first(size);
    extra = extra.subspan(size);
    if (id != extra64) continue;
    for (std::uint64_t* number : {&member.size, &member.stored_size, &member.header_offset}) {
      if (*number != full32) continue;
      if (field.size() < 8) return false;
      *number = get<std::uint64_t>(field, 0);
      field = field.subspan(8);
    }
  }
  return true;
}

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

ZipReader::ZipReader(std::span<const std::byte> bytes, std::shared_ptr<const void> keep_alive,
                     std::string source)
    : bytes_(bytes), keep_alive_(std::move(keep_alive)), source_(std::move(source)) {
  read_directory();
}

void ZipReader::fail(const std::string& problem) const {
  throw InputError(fmt::format("Cannot read {} as a .npz file: {}", source_, problem),
                   "Write it again, e.g. with numpy.savez().");
}

void ZipReader::read_directory() {
  const auto end = find_end(bytes_);
  if (!end) fail("it has no directory of a ZIP archive at its end; it may be truncated.");
  if (get<std::uint16_t>(bytes_, *end + 4) != get<std::uint16_t>(bytes_, *end + 6))
    fail("it is an archive in several parts.");
  Directory directory{get<std::uint16_t>(bytes_, *end + 10), get<std::uint32_t>(bytes_, *end + 16),
                      get<std::uint32_t>(bytes_, *end + 12)};
  if (*end >= locator64_size && get<std::uint32_t>(bytes_, *end - locator64_size) == locator64_signature) {
    const auto at = get<std::uint64_t>(bytes_, *end - locator64_size + 8);
    if (at > bytes_.size() || bytes_.size() - at < end64_size ||
        get<std::uint32_t>(bytes_, at) != end64_signature)
      fail("its directory is damaged.");
    directory = {get<std::uint64_t>(bytes_, at + 32), get<std::uint64_t>(bytes_, at + 48),
                 get<std::uint64_t>(bytes_, at + 40)};
  }
  if (directory.offset > *end || directory.size > *end - directory.offset ||
      directory.count > directory.size / central_size)
    fail("its directory does not lie within it.");

  std::span<const std::byte> rest = bytes_.subspan(directory.offset, directory.size);
  std::unordered_set<std::string> names;
  for (std::uint64_t i = 0; i < directory.count; ++i) {
    if (rest.size() < central_size || get<std::uint32_t>(rest, 0) != central_signature)
      fail("its directory is damaged.");
    const std::size_t name_size = get<std::uint16_t>(rest, 28);
    const std::size_t extra_size = get<std::uint16_t>(rest, 30);
    const std::size_t comment_size = get<std::uint16_t>(rest, 32);
    if (rest.size() - central_size < name_size + extra_size + comment_size) fail("its directory is damaged.");
    ZipMember member{.name = text_of(rest.subspan(central_size, name_size)),
                     .comment = text_of(rest.subspan(central_size + name_size + extra_size, comment_size)),
                     .method = get<std::uint16_t>(rest, 10),
                     .crc = get<std::uint32_t>(rest, 16),
                     .stored_size = get<std::uint32_t>(rest, 20),
                     .size = get<std::uint32_t>(rest, 24),
                     .header_offset = get<std::uint32_t>(rest, 42)};
    if ((get<std::uint16_t>(rest, 8) & encrypted) != 0)
      fail(fmt::format("its member '{}' is encrypted.", member.name));
    if (!read_extra64(rest.subspan(central_size + name_size, extra_size), member))
      fail("its directory is damaged.");
    if (!names.insert(member.name).second) fail(fmt::format("it has two members '{}'.", member.name));
    members_.push_back(std::move(member));
    rest = rest.subspan(central_size + name_size + extra_size + comment_size);
  }
}

std::span<const std::byte> ZipReader::stored_bytes(const ZipMember& member) const {
  const auto is_within = [&](std::uint64_t offset, std::uint64_t size) {
    return offset <= bytes_.size() && size <= bytes_.size() - offset;
  };
  const std::string problem =
      fmt::format("its member '{}' does not lie within it; it is damaged.", member.name);
  if (!is_within(member.header_offset, local_size)) fail(problem);
  const std::span<const std::byte> header = bytes_.subspan(member.header_offset, local_size);
  if (get<std::uint32_t>(header, 0) != local_signature) fail(problem);
  const std::uint64_t begin =
      member.header_offset + local_size + get<std::uint16_t>(header, 26) + get<std::uint16_t>(header, 28);
  if (!is_within(begin, member.stored_size)) fail(problem);
  return bytes_.subspan(begin, member.stored_size);
}

ZipReader::Content ZipReader::read(const ZipMember& member) const {
  const std::span<const std::byte> in = stored_bytes(member);
  if (member.method == stored) {
    if (member.size != member.stored_size)
      fail(fmt::format("the sizes of its member '{}' contradict each other.", member.name));
    return {in, keep_alive_};
  }
  if (member.method != deflated)
    fail(fmt::format("its member '{}' is compressed by method {}; known are 0 (stored) and 8 (deflated).",
                     member.name, member.method));
  const std::string damaged = fmt::format("its member '{}' is damaged.", member.name);
  if (member.size / max_expansion > member.stored_size) fail(damaged);  // before memory is asked for

  auto out = std::make_shared<std::vector<std::byte>>(member.size);
  z_stream stream{};
  if (::inflateInit2(&stream, -MAX_WBITS) != Z_OK) fail("there is not enough memory.");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, &::inflateEnd);
  // zlib counts in 32 bits.
  std::size_t read = 0, written = 0;
  int status = Z_OK;
  while (status == Z_OK) {
    constexpr std::size_t most = std::numeric_limits<unsigned>::max();
    const std::size_t more_in = std::min(most, in.size() - read),
                      more_out = std::min(most, out->size() - written);
    stream.next_in = const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(in.data() + read));
    stream.avail_in = static_cast<unsigned>(more_in);
    std::byte nothing;
    stream.next_out = reinterpret_cast<unsigned char*>(more_out == 0 ? &nothing : out->data() + written);
    stream.avail_out = static_cast<unsigned>(more_out);
    status = ::inflate(&stream, Z_NO_FLUSH);
    read += more_in - stream.avail_in;
    written += more_out - stream.avail_out;
  }
  const auto crc = ::crc32_z(0, reinterpret_cast<const unsigned char*>(out->data()), out->size());
  if (status != Z_STREAM_END || written != out->size() || crc != member.crc) fail(damaged);
  return {*out, out};
}

}  // namespace polygraph::compare::detail
