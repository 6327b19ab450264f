#include "compare/array_json.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/npy.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <vector>

#include "compare/base64.h"
#include "compare/large_tensor.h"
#include "compare/npz_first_array.h"
#include "compare/numpy_types.h"
#include "core/npy_bytes.h"
#include "core/utf8.h"

namespace polygraph::compare::detail {
namespace {

constexpr std::string_view npy_in_base64 = "k05VTVBZ";  // \x93NUMPY
constexpr std::string_view zip_in_base64 = "UEsDB";     // PK\3\4
constexpr std::size_t piece = 768 << 10;                // bytes encoded at a time: a multiple of 3
constexpr std::size_t group = 4;

/// Base64 of bytes that come in pieces of any size.
class Base64Writer {
 public:
  explicit Base64Writer(JsonWriter& writer) : writer_(writer), text_(base64_size(piece)) {}

  void write(std::span<const std::byte> bytes) {
    while (pending_count_ % 3 != 0 && !bytes.empty()) {
      pending_[pending_count_++] = bytes.front();
      bytes = bytes.subspan(1);
    }
    if (pending_count_ == 3) flush();
    const std::size_t whole = bytes.size() / 3 * 3;
    for (std::size_t done = 0; done < whole; done += piece)
      emit(bytes.subspan(done, std::min(piece, whole - done)));
    for (const std::byte byte : bytes.subspan(whole)) pending_[pending_count_++] = byte;
  }
  void finish() { flush(); }

 private:
  void flush() {
    emit(std::span(pending_).first(pending_count_));
    pending_count_ = 0;
  }
  void emit(std::span<const std::byte> bytes) {
    encode_base64(bytes, text_.data());
    writer_.raw({text_.data(), base64_size(bytes.size())});
  }

  JsonWriter& writer_;
  std::vector<char> text_;
  std::array<std::byte, 3> pending_{};
  std::size_t pending_count_ = 0;
};

/// Decodes a string of base64 in place, from behind its opening quote to behind its closing one.
class Base64Reader {
 public:
  explicit Base64Reader(JsonScanner& scanner) : scanner_(scanner) {}

  /// At most so many bytes are left.
  std::size_t upper_bound() const { return scanner_.rest().size() / group * 3; }

  /// Decodes up to `out.size()` bytes; fewer at the end of the string.
  std::size_t read(std::span<std::byte> out) {
    std::size_t done = take(out);
    while (done < out.size() && !ended_) {
      const std::string_view rest = scanner_.rest();
      const std::size_t whole = std::min((out.size() - done) / 3 * group, rest.size() / group * group);
      if (whole > 0) {
        const std::string_view text = rest.substr(0, whole);
        const std::size_t good = decode_base64(text, out.data() + done) / group * group;
        scanner_.seek(scanner_.position() + good);
        done += good / group * 3;
        if (good == whole) continue;
      }
      last_group();
      done += take(out.subspan(done));
    }
    return done;
  }

  /// Reads what is left, which does not matter but must be base64, and the closing quote.
  void finish() {
    std::vector<std::byte> ignored(ended_ || scanner_.rest().starts_with('"') ? 3 : piece);
    while (read(ignored) == ignored.size()) {
    }
    scanner_.seek(scanner_.position() + 1);
  }

 private:
  std::size_t take(std::span<std::byte> out) {
    const std::size_t count = std::min(out.size(), left_count_);
    std::copy_n(left_.begin(), count, out.begin());
    std::copy(left_.begin() + static_cast<std::ptrdiff_t>(count), left_.end(), left_.begin());
    left_count_ -= count;
    return count;
  }

  /// A group that is not wanted whole, has padding or is bad, or the end of the string.
  void last_group() {
    const std::string_view rest = scanner_.rest();
    if (rest.starts_with('"')) {
      ended_ = true;
      return;
    }
    std::string text(rest.substr(0, group));
    if (text.size() < group) scanner_.fail("the file ends within the base64 of an array");
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    std::fill_n(text.rbegin(), padding, 'A');
    const std::size_t good = decode_base64(text, left_.data());
    const bool ends = rest.size() > group && rest[group] == '"';
    if (good < group) scanner_.fail_at(scanner_.position() + good, "the base64 of an array is damaged");
    if (padding > 0 && !ends)
      scanner_.fail_at(scanner_.position() + group - padding,
                       "the base64 of an array is padded before its end");
    left_count_ = 3 - padding;
    scanner_.seek(scanner_.position() + group);
  }

  JsonScanner& scanner_;
  std::array<std::byte, 3> left_{};  // decoded and not asked for yet
  std::size_t left_count_ = 0;
  bool ended_ = false;
};

/// A whole .npy or .npz file. `bytes` are moved into what the tensor may view.
Tensor read_bytes(std::vector<std::byte> bytes, std::optional<DataType> raw_type, std::string_view source) {
  const auto kept = std::make_shared<std::vector<std::byte>>(std::move(bytes));
  std::span<const std::byte> file = *kept;
  if (file.size() > 1 && file[0] == std::byte{'P'} && file[1] == std::byte{'K'})
    return npz_first_array(file, kept, raw_type, source);
  const auto header = polygraph::detail::parse_npy_header(file, source);
  return polygraph::detail::read_npy(file, kept, type_of_raw(header.descr, raw_type), source);
}

std::vector<std::byte> read_rest(Base64Reader& reader, std::vector<std::byte> bytes = {}) {
  std::vector<std::byte> next(piece);
  while (true) {
    const std::size_t count = reader.read(next);
    bytes.insert(bytes.end(), next.begin(), next.begin() + static_cast<std::ptrdiff_t>(count));
    if (count < next.size()) break;
  }
  reader.finish();
  return bytes;
}

/// The header, and so much of the data as was decoded with it.
std::vector<std::byte> read_header(Base64Reader& reader) {
  std::vector<std::byte> head(12);
  head.resize(reader.read(head));
  if (head.size() < 12) return head;
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(head[i]); };
  std::size_t size = 10 + byte(8) + (byte(9) << 8);
  if (byte(6) > 1) size = 12 + byte(8) + (byte(9) << 8) + (byte(10) << 16) + (byte(11) << 24);
  if (size <= head.size() || size - head.size() > reader.upper_bound()) return head;
  head.resize(size);
  head.resize(12 + reader.read(std::span(head).subspan(12)));
  return head;
}

/// Nothing, and the value is skipped, if the type is not known yet.
std::optional<Tensor> read_base64_npy(JsonScanner& scanner, std::optional<DataType> raw_type, bool may_wait,
                                      std::string_view source) {
  const std::size_t begin = scanner.position();
  scanner.seek(begin + 1);
  Base64Reader reader(scanner);
  std::vector<std::byte> head = read_header(reader);
  const auto header = polygraph::detail::parse_npy_header(head, source);
  if (may_wait && is_raw(header.descr) && !type_of_raw(header.descr, raw_type)) {
    scanner.seek(begin);
    scanner.skip_value();
    return std::nullopt;
  }
  const auto type = polygraph::detail::directly_readable(header, type_of_raw(header.descr, raw_type), source);
  if (!type) return read_bytes(read_rest(reader, std::move(head)), raw_type, source);

  const Shape shape(header.dims);
  const std::size_t size = packed_size(*type, shape.element_count());
  const auto check = [&](std::size_t available) {
    if (size <= available) return;
    scanner.fail(fmt::format("the array '{}' of shape {} needs {} bytes, but only {} follow", header.descr,
                             shape.str(), size, available));
  };
  const std::size_t known = head.size() - header.data_offset;
  check(known + reader.upper_bound() + 2);  // before memory is asked for
  Tensor tensor = unfilled_tensor(*type, shape);
  const std::span<std::byte> data(static_cast<std::byte*>(tensor.mutable_data()), size);
  const std::size_t first = std::min(known, size);
  if (first > 0) std::memcpy(data.data(), head.data() + header.data_offset, first);
  check(first + reader.read(data.subspan(first)));
  reader.finish();
  return tensor;
}

/// Code points up to U+00FF as bytes: how files of old versions hold .npy.
std::vector<std::byte> latin1_bytes(JsonScanner& scanner) {
  const std::size_t begin = scanner.position();
  const std::string text = scanner.string();
  std::vector<std::byte> bytes;
  bytes.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      bytes.push_back(static_cast<std::byte>(c));
    } else if ((c == 0xC2 || c == 0xC3) && utf8_length(std::string_view(text).substr(i)) == 2) {
      bytes.push_back(
          static_cast<std::byte>((c & 3u) << 6 | (static_cast<unsigned char>(text[++i]) & 0x3fu)));
    } else {
      scanner.fail_at(begin, "the text of an array is neither base64 nor the bytes of a .npy file");
    }
  }
  return bytes;
}

bool has_escapes(std::string_view text) {
  return text.substr(0, text.find('"')).find('\\') != std::string_view::npos;
}

/// The value of "array"; nothing, and it is skipped, if it may wait for its type.
std::optional<Tensor> read_payload(JsonScanner& scanner, std::optional<DataType> raw_type, bool may_wait) {
  if (scanner.peek() != '"') scanner.fail("the text of an array is expected");
  const std::string source = fmt::format("the array at byte {} of {}", scanner.position(), scanner.source());
  const std::string_view text = scanner.rest().substr(1);
  if (text.starts_with(npy_in_base64)) return read_base64_npy(scanner, raw_type, may_wait, source);
  if (text.starts_with(zip_in_base64) && !has_escapes(text)) {
    scanner.seek(scanner.position() + 1);
    Base64Reader reader(scanner);
    return read_bytes(read_rest(reader), raw_type, source);
  }
  const std::size_t begin = scanner.position();
  std::vector<std::byte> bytes = latin1_bytes(scanner);
  const std::string_view start(reinterpret_cast<const char*>(bytes.data()),
                               std::min<std::size_t>(bytes.size(), 6));
  if (start != "\x93NUMPY" && !start.starts_with("PK\3\4"))
    scanner.fail_at(begin, "the text of an array is neither base64 nor the bytes of a .npy file");
  return read_bytes(std::move(bytes), raw_type, source);
}

DataType read_type(JsonScanner& scanner) {
  const std::size_t begin = scanner.position();
  const std::string name = scanner.string();
  if (const auto dtype = parse_data_type(name)) return *dtype;
  scanner.fail_at(begin, fmt::format("'{}' is no element type", name));
}

/// What the members of one object are.
struct Members {
  std::optional<std::size_t> array;   // where its text begins
  std::optional<std::size_t> values;  // where the object within begins
  std::optional<DataType> dtype;
  std::string class_name;
};

Tensor read_object(JsonScanner& scanner, std::optional<DataType> raw_type, bool nested);

/// Of the two members that hold data, the one that is read.
void take_once(JsonScanner& scanner, std::optional<std::size_t>& place, std::string_view key) {
  scanner.peek();
  if (place) scanner.fail(fmt::format("an array has two members '{}'", key));
  place = scanner.position();
}

void check_class(const JsonScanner& scanner, std::size_t begin, const Members& members) {
  const std::string_view name = members.class_name;
  const bool is_array = name == "ndarray" && members.array;
  const bool is_lazy = (name == "LazyArray" || name == "LazyNumpyArray") && members.values;
  if (is_array || is_lazy) return;
  if (name.empty()) scanner.fail_at(begin, "an array is expected, and this object is not marked as one");
  scanner.fail_at(begin,
                  fmt::format("an array is expected, not an object of class '{}' with these members", name));
}

Tensor read_object(JsonScanner& scanner, std::optional<DataType> raw_type, bool nested) {
  scanner.peek();
  const std::size_t begin = scanner.position();
  Members members;
  std::optional<Tensor> tensor;
  scanner.object([&](const std::string& key) {
    const bool is_text = scanner.peek() == '"';
    if (key == "dtype" && is_text) {
      members.dtype = read_type(scanner);
    } else if (key == "array" && is_text) {
      take_once(scanner, members.array, key);
      tensor = read_payload(scanner, members.dtype ? members.dtype : raw_type, true);
    } else if (key == "values" && !nested) {
      take_once(scanner, members.values, key);
      tensor = read_object(scanner, raw_type, true);
    } else if (key == "tensor" && is_text) {
      scanner.fail_at(begin,
                      "this is a torch.Tensor, which only Python can unpickle; convert tensors with .numpy() "
                      "before saving");
    } else if (!read_class(scanner, key, members.class_name)) {
      scanner.skip_value();
    }
  });
  check_class(scanner, begin, members);
  if (!tensor) {
    const std::size_t end = scanner.position();
    scanner.seek(*members.array);
    tensor = read_payload(scanner, members.dtype, false);
    scanner.seek(end);
  }
  return *std::move(tensor);
}

}  // namespace

bool read_class(JsonScanner& scanner, std::string_view key, std::string& name) {
  if (scanner.peek() != '"') return false;
  const bool is_legacy = key.starts_with(legacy_class_prefix);
  if (key != class_key && !is_legacy) return false;
  const std::string value = scanner.string();
  if (!is_legacy)
    name = value;
  else if (value == legacy_class_value)
    name = key.substr(legacy_class_prefix.size());
  return true;
}

void write_array(JsonWriter& writer, const Tensor& tensor) {
  writer.begin_object();
  if (!has_numpy_type(tensor.dtype())) {
    writer.key("dtype");
    writer.string(to_string(tensor.dtype()));
  }
  writer.key("array");
  writer.raw("\"");
  Base64Writer base64(writer);
  polygraph::detail::write_npy(tensor, [&](std::span<const std::byte> bytes) { base64.write(bytes); });
  base64.finish();
  writer.raw("\"");
  writer.key(class_key);
  writer.string("ndarray");
  writer.end_object();
}

Tensor read_array(JsonScanner& scanner, std::optional<DataType> raw_type) {
  return read_object(scanner, raw_type, false);
}

}  // namespace polygraph::compare::detail
