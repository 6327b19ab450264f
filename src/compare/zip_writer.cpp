#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <zlib.h>

#include <algorithm>

#include "compare/zip.h"
#include "compare/zip_fields.h"

namespace polygraph::compare::detail {
namespace {

using namespace zip;

constexpr std::uint16_t version = 45;                // 64-bit sizes
constexpr std::uint16_t made_by = 3 << 8 | version;  // Unix
constexpr std::uint16_t utf8_names = 1 << 11;
constexpr std::uint16_t first_date = 1 << 5 | 1;  // 1 January 1980: files do not depend on when they are made
constexpr std::uint32_t attributes = 0100644u << 16;
constexpr std::uint16_t padding_id = 0xd935;  // Android's zipalign
constexpr std::size_t alignment = 64;
constexpr std::size_t sizes64 = 16;
constexpr std::size_t crc_offset = 14;

/// From the version to the length of the name, which local and central headers have in common.
void put_common(std::string& out, const ZipMember& member, std::uint32_t stored_size, std::uint32_t size) {
  put(out, version);
  put(out, utf8_names);
  put(out, member.method);
  put(out, std::uint16_t{0});
  put(out, first_date);
  put(out, member.crc);
  put(out, stored_size);
  put(out, size);
  put(out, static_cast<std::uint16_t>(member.name.size()));
}

/// The header, its name and extra fields; the member begins behind it.
std::string local_header(const ZipMember& member) {
  std::string out;
  put(out, local_signature);
  put_common(out, member, full32, full32);
  const std::size_t begin = member.header_offset + local_size + member.name.size() + 4 + sizes64 + 4;
  const std::size_t padding = (alignment - begin % alignment) % alignment;
  put(out, static_cast<std::uint16_t>(4 + sizes64 + 4 + padding));
  out += member.name;
  put(out, extra64);
  put(out, static_cast<std::uint16_t>(sizes64));
  put(out, member.size);
  put(out, member.stored_size);
  put(out, padding_id);
  put(out, static_cast<std::uint16_t>(padding));
  out.append(padding, '\0');
  return out;
}

std::uint32_t limited(std::uint64_t number) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(number, full32));
}

std::string central_header(const ZipMember& member) {
  std::string extra;
  if (member.size >= full32) put(extra, member.size);
  if (member.stored_size >= full32) put(extra, member.stored_size);
  if (member.header_offset >= full32) put(extra, member.header_offset);
  std::string out;
  put(out, central_signature);
  put(out, made_by);
  put_common(out, member, limited(member.stored_size), limited(member.size));
  put(out, static_cast<std::uint16_t>(extra.empty() ? 0 : extra.size() + 4));
  put(out, static_cast<std::uint16_t>(member.comment.size()));
  put(out, std::uint16_t{0});  // disk
  put(out, std::uint16_t{0});
  put(out, attributes);
  put(out, limited(member.header_offset));
  out += member.name;
  if (!extra.empty()) {
    put(out, extra64);
    put(out, static_cast<std::uint16_t>(extra.size()));
    out += extra;
  }
  return out + member.comment;
}

std::string end_record(std::uint64_t count, std::uint64_t offset, std::uint64_t size) {
  std::string out;
  const bool is_large = count >= full16 || offset >= full32 || size >= full32;
  if (is_large) {
    put(out, end64_signature);
    put(out, std::uint64_t{end64_size - 12});
    put(out, made_by);
    put(out, version);
    put(out, std::uint32_t{0});
    put(out, std::uint32_t{0});
    put(out, count);
    put(out, count);
    put(out, size);
    put(out, offset);
    put(out, locator64_signature);
    put(out, std::uint32_t{0});
    put(out, offset + size);
    put(out, std::uint32_t{1});
  }
  const auto short_count = static_cast<std::uint16_t>(std::min<std::uint64_t>(count, full16));
  put(out, end_signature);
  put(out, std::uint16_t{0});
  put(out, std::uint16_t{0});
  put(out, short_count);
  put(out, short_count);
  put(out, limited(size));
  put(out, limited(offset));
  put(out, std::uint16_t{0});
  return out;
}

}  // namespace

void ZipWriter::begin(std::string name, std::string comment) {
  if (name.size() > full16 || comment.size() > full16) {
    throw InputError(
        fmt::format("Cannot write '{}': the name of a member, '{}...', is longer than 65535 bytes.",
                    path_.string(), name.substr(0, 60)),
        "Save as JSON.");
  }
  if (!names_.insert(name).second) {
    throw InputError(fmt::format("Cannot write '{}': there would be two members '{}'.", path_.string(), name),
                     "Save as JSON, which may have several runners of one name.");
  }
  members_.push_back({.name = std::move(name), .comment = std::move(comment), .header_offset = file_.size()});
  file_.write(local_header(members_.back()));
}

void ZipWriter::write(std::span<const std::byte> bytes) {
  ZipMember& member = members_.back();
  file_.write(bytes);
  member.crc = static_cast<std::uint32_t>(
      ::crc32_z(member.crc, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
  member.size += bytes.size();
}

void ZipWriter::end() {
  ZipMember& member = members_.back();
  member.stored_size = member.size;
  const std::string header = local_header(member);
  const auto bytes = std::as_bytes(std::span(header));
  // The checksum, and the sizes in the extra field.
  file_.write_at(member.header_offset + crc_offset, bytes.subspan(crc_offset, 4));
  const std::size_t sizes = local_size + member.name.size() + 4;
  file_.write_at(member.header_offset + sizes, bytes.subspan(sizes, sizes64));
}

void ZipWriter::commit() {
  const std::uint64_t offset = file_.size();
  for (const ZipMember& member : members_) file_.write(central_header(member));
  file_.write(end_record(members_.size(), offset, file_.size() - offset));
  file_.commit();
}

}  // namespace polygraph::compare::detail
