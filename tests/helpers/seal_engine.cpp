// seal-engine FILE: gives a saved engine, whose header or blob a test has edited, the checksums that fit it.
#include <polygraph/core/files.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>

int main(int argc, char** argv) try {
  using namespace polygraph;
  if (argc != 2) {
    std::fputs("usage: seal-engine FILE\n", stderr);
    return 2;
  }
  std::vector<std::byte> bytes;
  {
    const MappedFile file(argv[1]);
    bytes.assign(file.bytes().begin(), file.bytes().end());
  }
  // The layout is that of polygraph/core/engine_file.h.
  constexpr std::size_t header_size = 48;
  std::uint32_t description_size = 0;
  std::uint64_t blob_offset = 0;
  if (bytes.size() < header_size) return 3;
  std::memcpy(&description_size, &bytes[12], sizeof description_size);
  std::memcpy(&blob_offset, &bytes[16], sizeof blob_offset);
  if (description_size > bytes.size() - header_size || blob_offset > bytes.size()) return 3;
  const std::span<const std::byte> all(bytes);
  const std::uint64_t blob_sum = checksum(all.subspan(blob_offset));
  std::memcpy(&bytes[32], &blob_sum, sizeof blob_sum);
  Checksum sum;
  sum.update(all.first(40));
  sum.update(all.subspan(header_size, description_size));
  const std::uint64_t header_sum = sum.value();
  std::memcpy(&bytes[40], &header_sum, sizeof header_sum);
  write_file(argv[1], all);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "seal-engine: %s\n", error.what());
  return 3;
}
