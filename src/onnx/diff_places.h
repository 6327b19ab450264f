#pragma once

#include <cstddef>
#include <optional>
#include <unordered_map>
#include <vector>

namespace polygraph::onnx {

/// Where in a list the things of each name are. A name should be there once; of several with one name the
/// first of one model is the first of the other.
template <class Key>
class Places {
 public:
  void add(const Key& key, std::size_t place) { places_[key].list.push_back(place); }

  /// The first place with this name that was not given away yet.
  std::optional<std::size_t> take(const Key& key) {
    const auto found = places_.find(key);
    if (found == places_.end() || found->second.next == found->second.list.size()) return std::nullopt;
    return found->second.list[found->second.next++];
  }

 private:
  struct Entry {
    std::vector<std::size_t> list;
    std::size_t next = 0;
  };
  std::unordered_map<Key, Entry> places_;
};

}  // namespace polygraph::onnx
