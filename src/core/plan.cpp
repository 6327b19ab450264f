#include "core/plan.h"

#include <fmt/format.h>

#include <concepts>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace polygraph {

namespace {

using Bytes = std::span<const std::byte>;

// Numbers are little-endian. Beyond the end, and once something was not as expected, all is 0 and `ok` false.
class Reader {
 public:
  Reader(Bytes bytes, std::size_t at) : bytes_(bytes), at_(at) {}
  bool ok() const { return ok_; }

  template <std::integral T>
  T number() {
    T value{};
    if (const Bytes taken = take(sizeof(T)); ok_) std::memcpy(&value, taken.data(), sizeof(T));
    return value;
  }
  std::string_view text(std::size_t size) {
    const Bytes taken = take(size);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }
  void skip(std::uint64_t count) { take(count); }
  template <std::integral T>
  void expect(T value) {
    ok_ = number<T>() == value && ok_;
  }
  void expect(std::string_view expected) { ok_ = text(expected.size()) == expected && ok_; }

 private:
  Bytes take(std::uint64_t count) {
    ok_ = ok_ && at_ <= bytes_.size() && count <= bytes_.size() - at_;
    if (!ok_) return {};
    at_ += static_cast<std::size_t>(count);
    return bytes_.subspan(at_ - static_cast<std::size_t>(count), static_cast<std::size_t>(count));
  }

  Bytes bytes_;
  std::size_t at_;
  bool ok_ = true;
};

// The engine's record: each value stands behind its kind (16 bits) and the kind's version, 1. A record within
// begins likewise and ends with its kind's complement.
class Record {
 public:
  Record(Bytes bytes, std::size_t at) : reader_(bytes, at) {}
  bool ok() const { return reader_.ok(); }

  int byte() { return value<std::uint8_t>(0x8002); }
  std::int32_t int32() { return value<std::int32_t>(0x8007); }
  std::int64_t int64() { return value<std::int64_t>(0x8009); }
  std::int64_t size() { return value<std::int64_t>(0x8008); }
  bool boolean() { return value<std::uint8_t>(0x800a) != 0; }
  // As many bytes as the number in front of them.
  void bytes() { reader_.skip(static_cast<std::uint64_t>(int64())); }
  void begin(std::uint16_t kind) {
    reader_.expect(kind);
    reader_.expect(std::uint16_t{1});
  }
  void end(std::uint16_t kind) { reader_.expect(static_cast<std::uint16_t>(~kind)); }
  void header() {
    reader_.expect("ptrt");
    reader_.skip(16);
  }

 private:
  template <std::integral T>
  T value(std::uint16_t kind) {
    begin(kind);
    return reader_.number<T>();
  }
  Reader reader_;
};

std::optional<PlanOptions> read_options(Bytes bytes, std::size_t at) {
  Record record(bytes, at);
  record.header();
  for (int i = 0; i < 4; ++i) record.byte();  // the version once more
  record.begin(0x804e);
  record.int32();
  record.begin(0x8011);
  record.begin(0x800f);
  record.int64();
  for (int i = 0; i < 2; ++i) record.size();
  for (int i = 0; i < 12; ++i) record.int32();
  record.end(0x800f);
  record.end(0x8011);
  record.boolean();
  PlanOptions options;
  options.strip_plan = record.boolean();
  for (int i = 0; i < 2; ++i) record.int64();
  record.begin(0x8058);  // where the weights are
  record.bytes();
  record.int64();
  record.int32();
  for (int i = 0; i < 2; ++i) record.int64();
  record.end(0x8058);
  record.begin(0x8057);
  options.refittable = record.int32() == 1;
  record.boolean();
  options.tf32 = record.boolean();
  options.weight_streaming = record.boolean();
  return record.ok() ? std::optional(options) : std::nullopt;
}

// The table of sections follows the header: name (backwards), offset and size of each.
void read_sections(Bytes bytes, PlanHeader& header) {
  constexpr std::size_t header_size = 64;
  constexpr std::size_t engine_at = header_size + 2 * 24;
  Reader reader(bytes, header_size);
  reader.expect("NGNE");
  reader.expect(std::uint32_t{0});
  reader.expect(std::uint64_t{engine_at});
  reader.skip(8);
  reader.expect("THGW");
  reader.expect(std::uint32_t{0});
  const auto offset = reader.number<std::uint64_t>();
  const auto size = reader.number<std::uint64_t>();
  if (!reader.ok() || offset > header.size || size > header.size - offset) return;
  header.weights = size;
  header.options = read_options(bytes, engine_at);
}

PlanHeader read_rtx(Bytes bytes) {
  PlanHeader header{.rtx = true};
  Reader reader(bytes, 16);
  const auto size = reader.number<std::uint64_t>();
  const int major = reader.number<std::uint8_t>();
  const int minor = reader.number<std::uint8_t>();
  const int patch = reader.number<std::uint8_t>();
  reader.skip(5);
  if (!reader.ok()) return header;
  header.size = size;
  header.version = fmt::format("{}.{}.{}", major, minor, patch);
  if (major == 1 && minor == 6) read_sections(bytes, header);
  return header;
}

// As TensorRT 8.5 writes plans: one record, in front of which its size stands.
PlanHeader read_record(Bytes bytes) {
  constexpr std::size_t record_at = 24;
  PlanHeader header;
  const auto size = Reader(bytes, 16).number<std::uint64_t>();
  Record record(bytes, record_at);
  const int major = record.byte();
  const int minor = record.byte();
  const int patch = record.byte();
  const int build = record.byte();
  if (!record.ok() || major != 8 || size > UINT64_MAX - record_at) return header;
  header.size = size + record_at;
  header.version = fmt::format("{}.{}.{}.{}", major, minor, patch, build);
  return header;
}

PlanHeader read_tensorrt(Bytes bytes) {
  PlanHeader header;
  Reader reader(bytes, 4);
  reader.expect(std::uint32_t{0});  // how the plan is written: only this way is known
  reader.skip(16);
  const int major = reader.number<std::uint8_t>();
  const int minor = reader.number<std::uint8_t>();
  const int patch = reader.number<std::uint8_t>();
  const int build = reader.number<std::uint8_t>();
  if (reader.ok() && (major > 8 || (major == 8 && minor >= 6)))
    header.version = fmt::format("{}.{}.{}.{}", major, minor, patch, build);
  return header;
}

}  // namespace

std::optional<PlanHeader> read_plan_header(Bytes bytes) {
  if (bytes.size() < 4) return std::nullopt;
  const std::string_view magic(reinterpret_cast<const char*>(bytes.data()), 4);
  if (magic == "vtrt") return read_rtx(bytes);
  if (magic == "ftrt") return read_tensorrt(bytes);
  if (magic == "ptrt") return read_record(bytes);
  return std::nullopt;
}

}  // namespace polygraph
