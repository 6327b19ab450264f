#include "onnx/wire.h"

#include <fmt/format.h>
#include <polygraph/core/error.h>

#include <vector>

namespace polygraph::onnx {

std::string FieldPath::str() const {
  std::vector<const FieldPath*> chain;
  for (const FieldPath* field = this; field; field = field->parent) chain.push_back(field);
  std::string text;
  for (auto field = chain.rbegin(); field != chain.rend(); ++field) {
    if (!text.empty()) text += '.';
    text += (*field)->name;
    if ((*field)->index >= 0) text += fmt::format("[{}]", (*field)->index);
  }
  return text;
}

void fail_at(const Storage& storage, const std::byte* at, const FieldPath& path, const std::string& problem) {
  throw InputError(
      fmt::format("Cannot read {} as an ONNX model: in {}, at byte {} of {}, {}.", storage.name(), path.str(),
                  at - storage.bytes().data(), storage.bytes().size(), problem),
      "Check that the file was copied whole and export or download it again.");
}

void WireReader::fail(const std::byte* at, const char* problem) const {
  fail_at(storage_, at, path_, problem);
}

void WireReader::fail_number(const std::byte* at, std::uint64_t number) const {
  fail(at,
       fmt::format("a field has the number {}, but 1 to {} are allowed", number, max_field_number).c_str());
}

void WireReader::fail_type(const std::byte* at, std::uint64_t number, int type) const {
  fail(at, fmt::format("field {} has the wire type {}, but 0, 1, 2 and 5 are allowed", number, type).c_str());
}

void WireReader::fail_length(const std::byte* at, std::uint64_t number, std::uint64_t length,
                             std::uint64_t left) const {
  fail(at, fmt::format("field {} is said to be {} bytes long, but its message ends after {}", number, length,
                       left)
               .c_str());
}

}  // namespace polygraph::onnx
