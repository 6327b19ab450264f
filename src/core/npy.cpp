#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/files.h>
#include <polygraph/core/npy.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <vector>

#include "core/npy_bytes.h"
#include "core/npy_header.h"
#include "core/utf8.h"

namespace polygraph {
namespace {

static_assert(std::endian::native == std::endian::little, "elements are read and written without swapping");

/// A NumPy type: byte order, kind and size, e.g. `<f4`, `|b1`, `>U12`.
struct Descr {
  bool big_endian = false;
  char kind = 0;
  std::size_t item_size = 0;  // in bytes
};

struct KnownType {
  std::string_view code;  // kind and size
  DataType dtype;
};
constexpr KnownType known_types[] = {
    {"f4", DataType::float32},   {"f8", DataType::float64},     {"f2", DataType::float16},
    {"i8", DataType::int64},     {"i4", DataType::int32},       {"i2", DataType::int16},
    {"i1", DataType::int8},      {"u8", DataType::uint64},      {"u4", DataType::uint32},
    {"u2", DataType::uint16},    {"u1", DataType::uint8},       {"b1", DataType::boolean},
    {"c8", DataType::complex64}, {"c16", DataType::complex128},
};

[[noreturn]] void fail(std::string_view source, const std::string& problem, std::string remedy) {
  throw InputError(fmt::format("Cannot read {} as a .npy file: {}", source, problem), std::move(remedy));
}

Descr parse_descr(const std::string& text, std::string_view source) {
  Descr descr;
  std::string_view rest = text;
  if (!rest.empty() && std::string_view("<>|=").find(rest[0]) != std::string_view::npos) {
    descr.big_endian = rest[0] == '>';
    rest.remove_prefix(1);
  }
  if (rest.starts_with('O')) {
    fail(source, "it holds Python objects, which are not read since that would run code.",
         "Convert the array to numbers or strings with astype() before numpy.save().");
  }
  if (!rest.empty()) {
    descr.kind = rest[0];
    rest.remove_prefix(1);
  }
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), descr.item_size);
  const std::size_t unit = descr.kind == 'U' ? 4 : 1;
  const bool fits = !__builtin_mul_overflow(descr.item_size, unit, &descr.item_size);
  if (error != std::errc() || end != rest.data() + rest.size() || !fits || descr.item_size == 0) {
    fail(source, fmt::format("its element type '{}' is not one that has elements.", text),
         "Convert the array with astype() before numpy.save().");
  }
  return descr;
}

/// Bytes that one element takes in a file: NumPy packs no bits.
std::size_t stored_size(DataType dtype) {
  return static_cast<std::size_t>(std::max(bit_width(dtype), 8)) / 8;
}

std::string type_code(const Descr& descr) {
  return fmt::format("{}{}", descr.kind, descr.kind == 'U' ? descr.item_size / 4 : descr.item_size);
}

/// Whether only the size of the elements is known. `f1` is how ml_dtypes's float8_e5m2 calls itself.
bool is_opaque(const Descr& descr) {
  return descr.kind == 'V' || (descr.kind == 'f' && descr.item_size == 1);
}

DataType opaque_type(const Descr& descr, std::optional<DataType> as, std::string_view source) {
  if (descr.kind == 'f' && !as) return DataType::float8e5m2;
  std::string allowed;
  for (const DataType dtype : all_data_types())
    if (dtype != DataType::string && stored_size(dtype) == descr.item_size)
      allowed += (allowed.empty() ? "" : ", ") + std::string(to_string(dtype));
  if (allowed.empty()) {
    fail(source,
         fmt::format("its elements are raw data of {} bytes, which no tensor type has.", descr.item_size),
         "Convert the array with astype() before numpy.save().");
  }
  if (!as) {
    fail(source,
         fmt::format("its elements are raw data of {} bytes and the file does not say of which type.",
                     descr.item_size),
         "Name the type, one of: " + allowed + ".");
  }
  if (*as == DataType::string || stored_size(*as) != descr.item_size) {
    fail(source,
         fmt::format("its elements are raw data of {} bytes, which cannot be {}.", descr.item_size,
                     to_string(*as)),
         "Name another type, one of: " + allowed + ".");
  }
  return *as;
}

DataType data_type(const Descr& descr, std::optional<DataType> as, std::string_view source) {
  if (is_opaque(descr)) return opaque_type(descr, as, source);
  std::optional<DataType> found;
  if (descr.kind == 'U' || descr.kind == 'S') found = DataType::string;
  const std::string code = type_code(descr);
  for (const KnownType& known : known_types)
    if (code == known.code) found = known.dtype;
  if (!found) {
    fail(source, fmt::format("its element type '{}' has no equivalent in ONNX.", code),
         "Convert the array with astype() before numpy.save().");
  }
  if (as && *as != *found) {
    fail(source, fmt::format("its elements are {}, not {}.", to_string(*found), to_string(*as)),
         fmt::format("Read it as {} and convert it with Tensor::cast().", to_string(*found)));
  }
  return *found;
}

/// Copies items from Fortran order, in which the first axis varies fastest, to C order.
void copy_from_fortran_order(const std::byte* source, std::byte* target, const Shape& shape,
                             std::int64_t count, std::size_t item_size) {
  if (count == 0) return;  // the product of the other dimensions may overflow
  const std::size_t rank = shape.rank();
  std::vector<std::int64_t> strides(rank);
  std::int64_t stride = static_cast<std::int64_t>(item_size);
  for (std::size_t axis = 0; axis < rank; ++axis) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  std::vector<std::int64_t> position(rank);
  for (std::int64_t i = 0; i < count; ++i, target += item_size) {
    std::memcpy(target, source, item_size);
    for (std::size_t axis = rank; axis-- > 0;) {
      source += strides[axis];
      if (++position[axis] < shape[axis]) break;
      source -= strides[axis] * shape[axis];
      position[axis] = 0;
    }
  }
}

void swap_bytes(std::span<std::byte> bytes, std::size_t unit) {
  for (std::size_t i = 0; i < bytes.size(); i += unit) std::ranges::reverse(bytes.subspan(i, unit));
}

std::string decode_string(std::span<const std::byte> item, char kind, std::string_view source) {
  if (kind == 'S') {
    const std::string_view text(reinterpret_cast<const char*>(item.data()), item.size());
    return std::string(text.substr(0, text.find_last_not_of('\0') + 1));
  }
  std::vector<std::uint32_t> code_points(item.size() / 4);
  std::memcpy(code_points.data(), item.data(), item.size());
  while (!code_points.empty() && code_points.back() == 0) code_points.pop_back();
  std::string text;
  for (const std::uint32_t c : code_points) {
    if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) {
      fail(source, fmt::format("one of its strings has the value {:#x}, which is no Unicode character.", c),
           "Write the array again with numpy.save().");
    }
    append_utf8(text, c);
  }
  return text;
}

/// The code points of UTF-8.
std::vector<std::uint32_t> decode_utf8(const std::string& text) {
  std::vector<std::uint32_t> result;
  const auto invalid = [&] {
    throw InputError("Cannot write a string tensor as a .npy file: one of its strings is not valid UTF-8.",
                     "NumPy stores Unicode text; encode binary data, e.g. as base64, or save it as uint8.");
  };
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t length = utf8_length(rest);
    if (length == 0) invalid();
    const auto first = static_cast<unsigned char>(rest[0]);
    std::uint32_t c = length == 1 ? first : first & (0x7Fu >> length);
    for (const char next : rest.substr(1, length - 1))
      c = c << 6 | (static_cast<unsigned char>(next) & 0x3Fu);
    result.push_back(c);
    rest.remove_prefix(length);
  }
  return result;
}

/// The codes of elements narrower than a byte, one per byte.
std::vector<std::byte> unpack(const Tensor& tensor) {
  std::vector<std::byte> codes(static_cast<std::size_t>(tensor.element_count()));
  const auto* packed = static_cast<const std::byte*>(tensor.data());
  const auto bits = static_cast<std::size_t>(bit_width(tensor.dtype()));
  const auto mask = static_cast<std::byte>((1u << bits) - 1);
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = packed[i * bits / 8] >> (i * bits % 8) & mask;
  return codes;
}

/// The inverse; bits above the code are ignored, as ml_dtypes does.
void pack(std::span<const std::byte> codes, Tensor& tensor) {
  auto* packed = static_cast<std::byte*>(tensor.mutable_data());
  const auto bits = static_cast<std::size_t>(bit_width(tensor.dtype()));
  const auto mask = static_cast<std::byte>((1u << bits) - 1);
  for (std::size_t i = 0; i < codes.size(); ++i) packed[i * bits / 8] |= (codes[i] & mask) << (i * bits % 8);
}

std::string descr_of(DataType dtype) {
  for (const KnownType& known : known_types)
    if (known.dtype == dtype) return fmt::format("{}{}", stored_size(dtype) == 1 ? '|' : '<', known.code);
  return fmt::format("<V{}", stored_size(dtype));
}

std::size_t longest_text(const Tensor& tensor) {
  std::size_t longest = 1;  // NumPy has no strings of no characters
  for (const std::string& text : tensor.strings()) longest = std::max(longest, decode_utf8(text).size());
  return longest;
}

void write_strings(const Tensor& tensor, std::size_t longest, const detail::NpySink& sink) {
  for (const std::string& text : tensor.strings()) {
    std::vector<std::uint32_t> code_points = decode_utf8(text);
    code_points.resize(longest);
    sink(std::as_bytes(std::span(code_points)));
  }
}

}  // namespace

namespace detail {

Tensor read_npy(std::span<const std::byte> bytes, const std::shared_ptr<const void>& keep_alive,
                std::optional<DataType> as, std::string_view source) {
  const NpyHeader header = parse_npy_header(bytes, source);
  const Descr descr = parse_descr(header.descr, source);
  const DataType dtype = data_type(descr, as, source);
  const Shape shape(header.dims);
  const std::int64_t count = shape.element_count();
  std::span<const std::byte> data = bytes.subspan(header.data_offset);
  if (static_cast<std::uint64_t>(count) > data.size() / descr.item_size) {
    fail(source,
         fmt::format(
             "its shape {} of type '{}' needs {} elements of {} bytes, but only {} bytes follow the header.",
             shape.str(), header.descr, count, descr.item_size, data.size()),
         "The file is truncated or damaged; write it again.");
  }
  data = data.first(static_cast<std::size_t>(count) * descr.item_size);

  // Booleans other than 0 and 1 are undefined behaviour for those who read them as bool.
  const bool is_clean =
      dtype != DataType::boolean || std::ranges::all_of(data, [](std::byte b) { return b <= std::byte{1}; });
  const std::size_t unit = descr.kind == 'c' ? descr.item_size / 2 : descr.kind == 'U' ? 4 : descr.item_size;
  const bool must_swap = descr.big_endian && unit > 1 && descr.kind != 'S' && descr.kind != 'V';
  const bool must_transpose = header.fortran_order && shape.rank() > 1;
  const bool is_whole = bit_width(dtype) >= 8;
  const bool is_aligned = reinterpret_cast<std::uintptr_t>(data.data()) % std::min<std::size_t>(unit, 8) == 0;
  if (keep_alive && is_clean && !must_swap && !must_transpose && is_whole && is_aligned)
    return Tensor::view(static_cast<const void*>(data.data()), dtype, shape, keep_alive);

  Tensor result(dtype, shape);
  std::vector<std::byte>
      items;  // in C order and native byte order, where they need another form in the tensor
  std::span<std::byte> target;
  if (is_whole) {
    target = {static_cast<std::byte*>(result.mutable_data()), data.size()};
  } else {
    items.resize(data.size());
    target = items;
  }
  if (must_transpose)
    copy_from_fortran_order(data.data(), target.data(), shape, count, descr.item_size);
  else
    std::ranges::copy(data, target.begin());
  if (must_swap) swap_bytes(target, unit);

  if (!is_clean) {
    for (std::byte& b : target) b = std::byte{b != std::byte{0}};
  } else if (dtype == DataType::string) {
    const std::span<std::string> texts = result.mutable_strings();
    for (std::size_t i = 0; i < texts.size(); ++i)
      texts[i] = decode_string(target.subspan(i * descr.item_size, descr.item_size), descr.kind, source);
  } else if (!is_whole) {
    pack(items, result);
  }
  return result;
}

std::optional<DataType> directly_readable(const NpyHeader& header, std::optional<DataType> as,
                                          std::string_view source) {
  const Descr descr = parse_descr(header.descr, source);
  const DataType dtype = data_type(descr, as, source);
  const bool is_plain = dtype != DataType::string && dtype != DataType::boolean && bit_width(dtype) >= 8;
  const bool in_order = !header.fortran_order || header.dims.size() < 2;
  const bool must_swap = descr.big_endian && descr.item_size > 1 && descr.kind != 'V';
  return is_plain && in_order && !must_swap ? std::optional(dtype) : std::nullopt;
}

void write_npy(const Tensor& tensor, const NpySink& sink) {
  const Tensor source = tensor.contiguous();
  const auto write_header = [&](const std::string& descr) {
    const std::string header = make_npy_header(descr, source.shape().dims());
    sink(std::as_bytes(std::span(header)));
  };
  if (source.dtype() == DataType::string) {
    const std::size_t longest = longest_text(source);
    write_header(fmt::format("<U{}", longest));
    write_strings(source, longest, sink);
    return;
  }
  write_header(descr_of(source.dtype()));
  if (bit_width(source.dtype()) < 8)
    sink(unpack(source));
  else
    sink(std::span(static_cast<const std::byte*>(source.data()), source.nbytes()));
}

}  // namespace detail

Tensor load_npy(const std::filesystem::path& path, std::optional<DataType> as) {
  const MappedFile file(path);
  return detail::read_npy(file.bytes(), file.keep_alive(), as, fmt::format("'{}'", path.string()));
}

Tensor load_npy(std::span<const std::byte> bytes, std::optional<DataType> as) {
  return detail::read_npy(bytes, nullptr, as, "bytes in memory");
}

void save_npy(const std::filesystem::path& path, const Tensor& tensor) {
  AtomicFile file(path);
  detail::write_npy(tensor, [&](std::span<const std::byte> bytes) { file.write(bytes); });
  file.commit();
}

}  // namespace polygraph
