#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/core/tensor.h>

#include <algorithm>

namespace polygraph {
namespace {

// Below this many tensors comparing the names one by one is as fast as hashing, and nothing needs an index.
constexpr std::size_t index_threshold = 16;

[[noreturn]] void fail_lookup(std::string_view name, const std::vector<std::string>& names) {
  throw InputError(fmt::format("There is no tensor named '{}'.{}", name,
                               names.empty() ? " There are no tensors at all." : suggest(name, names)));
}

}  // namespace

std::string TensorInfo::str() const {
  std::vector<std::string> known;
  if (dtype) known.push_back(fmt::format("dtype={}", to_string(*dtype)));
  if (shape.has_rank()) known.push_back("shape=" + shape.str());
  return known.empty() ? name : fmt::format("{} [{}]", name, fmt::join(known, ", "));
}

const TensorInfo& TensorMetadata::operator[](std::string_view name) const {
  const auto found = std::ranges::find(infos_, name, &TensorInfo::name);
  if (found == infos_.end()) fail_lookup(name, names());
  return *found;
}

bool TensorMetadata::contains(std::string_view name) const {
  return std::ranges::find(infos_, name, &TensorInfo::name) != infos_.end();
}

std::vector<std::string> TensorMetadata::names() const {
  std::vector<std::string> result;
  result.reserve(infos_.size());
  for (const TensorInfo& info : infos_) result.push_back(info.name);
  return result;
}

std::string TensorMetadata::str(int indent) const {
  const std::string separator = ",\n" + std::string(static_cast<std::size_t>(std::max(indent, 0)) + 1, ' ');
  std::string text = "{";
  for (const TensorInfo& info : infos_) {
    if (&info != infos_.data()) text += separator;
    text += info.str();
  }
  return text + "}";
}

TensorMap::TensorMap(std::initializer_list<Entry> entries) {
  entries_.reserve(entries.size());
  for (const Entry& entry : entries) set(entry.first, entry.second);
}

const Tensor* TensorMap::find(std::string_view name) const {
  if (index_.empty()) {
    const auto found = std::ranges::find(entries_, name, &Entry::first);
    return found == entries_.end() ? nullptr : &found->second;
  }
  const auto found = index_.find(std::string(name));
  return found == index_.end() ? nullptr : &entries_[found->second].second;
}

Tensor* TensorMap::find(std::string_view name) {
  return const_cast<Tensor*>(std::as_const(*this).find(name));
}

const Tensor& TensorMap::operator[](std::string_view name) const {
  const Tensor* tensor = find(name);
  if (tensor == nullptr) fail_lookup(name, names());
  return *tensor;
}

Tensor& TensorMap::operator[](std::string_view name) {
  return const_cast<Tensor&>(std::as_const(*this)[name]);
}

void TensorMap::set(std::string name, Tensor tensor) {
  if (Tensor* existing = find(name)) {
    *existing = std::move(tensor);
    return;
  }
  entries_.emplace_back(std::move(name), std::move(tensor));
  if (entries_.size() == index_threshold) {
    for (std::size_t i = 0; i < entries_.size(); ++i) index_.emplace(entries_[i].first, i);
  } else if (entries_.size() > index_threshold) {
    index_.emplace(entries_.back().first, entries_.size() - 1);
  }
}

std::vector<std::string> TensorMap::names() const {
  std::vector<std::string> result;
  result.reserve(entries_.size());
  for (const Entry& entry : entries_) result.push_back(entry.first);
  return result;
}

TensorMap TensorMap::clone() const {
  TensorMap copy = *this;
  for (Entry& entry : copy.entries_) entry.second = entry.second.clone();
  return copy;
}

TensorMetadata TensorMap::metadata() const {
  TensorMetadata result;
  for (const auto& [name, tensor] : entries_) result.add({name, tensor.dtype(), tensor.shape()});
  return result;
}

}  // namespace polygraph
