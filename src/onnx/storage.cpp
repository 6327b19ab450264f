#include <fmt/format.h>
#include <polygraph/core/error.h>
#include <polygraph/onnx/storage.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <mutex>
#include <unordered_map>

#include "onnx/storage_location.h"

namespace polygraph::onnx {
namespace fs = std::filesystem;

void UnknownFields::add(ByteSpan field) {
  std::vector<ByteSpan>& pieces = pieces_.make();
  if (!pieces.empty() && pieces.back().data() + pieces.back().size() == field.data())
    pieces.back() = {pieces.back().data(), pieces.back().size() + field.size()};
  else
    pieces.push_back(field);
}

struct Storage::ExternalFiles {
  std::mutex mutex;
  std::unordered_map<std::string, MappedFile> files;
};

Storage::Storage() : external_(std::make_shared<ExternalFiles>()) {}

Storage::Storage(const MappedFile& file)
    : bytes_(file.bytes()),
      keep_alive_(file.keep_alive()),
      path_(file.path()),
      folder_(path_.parent_path()),
      file_(file) {
  if (folder_.empty()) folder_ = ".";
  external_ = std::make_shared<ExternalFiles>();
}

Storage::Storage(ByteSpan bytes, std::shared_ptr<const void> keep_alive, fs::path folder)
    : bytes_(bytes),
      keep_alive_(std::move(keep_alive)),
      folder_(std::move(folder)),
      external_(std::make_shared<ExternalFiles>()) {}

// The copy leaves the rest of the last chunk to the original.
Storage::Storage(const Storage& other)
    : bytes_(other.bytes_),
      keep_alive_(other.keep_alive_),
      path_(other.path_),
      folder_(other.folder_),
      file_(other.file_),
      chunks_(other.chunks_),
      held_(other.held_),
      external_(other.external_) {}

Storage& Storage::operator=(Storage other) noexcept {
  bytes_ = other.bytes_;
  keep_alive_ = std::move(other.keep_alive_);
  path_ = std::move(other.path_);
  folder_ = std::move(other.folder_);
  file_ = std::move(other.file_);
  chunks_ = std::move(other.chunks_);
  free_ = other.free_;
  held_ = std::move(other.held_);
  external_ = std::move(other.external_);
  return *this;
}

Storage::~Storage() = default;

std::string Storage::name() const {
  return path_.empty() ? "the model in memory" : "'" + path_.string() + "'";
}

std::optional<std::size_t> Storage::offset_of(ByteSpan piece) const {
  const std::less_equal<const std::byte*> not_after;
  if (piece.data() == nullptr || !not_after(bytes_.data(), piece.data()) ||
      !not_after(piece.data() + piece.size(), bytes_.data() + bytes_.size()))
    return std::nullopt;
  return static_cast<std::size_t>(piece.data() - bytes_.data());
}

ByteSpan Storage::intern(ByteSpan bytes) {
  constexpr std::size_t chunk_size = 64 << 10;
  const std::size_t room = std::max<std::size_t>(bytes.size(), 1);  // an empty text has an address too
  std::span<std::byte> target;
  if (room > chunk_size / 4) {
    target = {chunks_.emplace_back(std::make_shared_for_overwrite<std::byte[]>(room)).get(), room};
  } else {
    if (room > free_.size())
      free_ = {chunks_.emplace_back(std::make_shared_for_overwrite<std::byte[]>(chunk_size)).get(),
               chunk_size};
    target = free_.first(room);
    free_ = free_.subspan(room);
  }
  if (!bytes.empty()) std::memcpy(target.data(), bytes.data(), bytes.size());
  return target.first(bytes.size());
}

std::string_view Storage::intern(std::string_view text) {
  const ByteSpan copy = intern(std::as_bytes(std::span(text)));
  return {reinterpret_cast<const char*>(copy.data()), copy.size()};
}

void Storage::hold(std::shared_ptr<const void> memory) {
  if (memory) held_.push_back(std::move(memory));
}

namespace {

/// The file itself, all symbolic links followed.
fs::path resolve_external(const Storage& storage, std::string_view location) {
  const auto refuse = [&](const std::string& why) {
    throw InputError(
        fmt::format("Cannot read the external data '{}' of {}: {}.", location, storage.name(), why),
        "Put the data file into the model's folder and name it relative to that folder.");
  };
  if (storage.folder().empty()) {
    throw InputError(
        fmt::format("Cannot read the external data '{}' of {}: the folder it is in is not known.", location,
                    storage.name()),
        "Load the model from its file, or say which folder its external data is in.");
  }
  const fs::path relative(location);
  if (const std::string problem = problem_of_location(location); !problem.empty()) refuse(problem);

  std::error_code error;
  const fs::path folder = fs::canonical(storage.folder(), error);
  if (error) refuse("the model's folder cannot be opened: " + error.message());
  const fs::path path = storage.folder() / relative;
  const fs::path resolved = fs::canonical(path, error);
  if (error) {
    throw InputError(fmt::format("Cannot read the external data '{}' of {}: {}.", path.string(),
                                 storage.name(), error.message()),
                     "Put the data file beside the model.");
  }
  if (!is_inside(resolved, folder)) refuse("it is a symbolic link that leads out of the model's folder");
  if (!fs::is_regular_file(resolved, error)) refuse("it is not a file");
  return resolved;
}

}  // namespace

MappedFile Storage::external_file(std::string_view location) const {
  const std::scoped_lock lock(external_->mutex);
  const std::string key = (folder_ / location).string();
  if (const auto found = external_->files.find(key); found != external_->files.end()) return found->second;
  return external_->files.emplace(key, MappedFile(resolve_external(*this, location))).first->second;
}

}  // namespace polygraph::onnx
