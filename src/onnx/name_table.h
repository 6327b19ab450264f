#pragma once

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace polygraph::onnx {

/// Numbers names: 0, 1, 2, ... in the order in which they first came. The texts are not copied. Unlike
/// `std::unordered_map` it allocates nothing per name and compares texts only where their hashes agree.
class NameTable {
 public:
  static constexpr std::uint32_t none = 0xffff'ffff;

  explicit NameTable(std::size_t expected = 8) : slots_(std::bit_ceil(expected * 2 + 8)) {
    names_.reserve(expected);
  }

  /// The number of the name, given now if it has none.
  std::uint32_t add(std::string_view name) {
    const std::uint32_t hash = hash_of(name);
    Slot& slot = slots_[place(name, hash)];
    if (slot.id != none) return slot.id;
    const auto id = static_cast<std::uint32_t>(names_.size());
    slot = {id, hash};
    names_.push_back(name);
    if (names_.size() * 2 > slots_.size()) grow();
    return id;
  }

  /// The number of the name, or `none`.
  std::uint32_t find(std::string_view name) const { return slots_[place(name, hash_of(name))].id; }
  bool contains(std::string_view name) const { return find(name) != none; }

  /// Has what a look at these names will touch brought into the cache, all at the same time. Returns the
  /// number of each that is there, by its hash alone: to prefetch what belongs to it, nothing else.
  void prefetch(std::span<const std::string_view> names, std::span<std::uint32_t> guesses) const {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t i = 0; i < names.size(); ++i) {
      guesses[i] = hash_of(names[i]);
      __builtin_prefetch(&slots_[guesses[i] & mask]);
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
      std::size_t at = guesses[i] & mask;
      while (slots_[at].id != none && slots_[at].hash != guesses[i]) at = (at + 1) & mask;
      guesses[i] = slots_[at].id;
      if (guesses[i] != none) __builtin_prefetch(&names_[guesses[i]]);
    }
    for (const std::uint32_t guess : guesses.first(names.size()))
      if (guess != none) __builtin_prefetch(names_[guess].data());
  }

  std::string_view operator[](std::uint32_t id) const { return names_[id]; }
  std::size_t size() const { return names_.size(); }

  /// Lets two names that are in the table change their numbers.
  void exchange(std::uint32_t a, std::uint32_t b) {
    std::swap(slots_[place(names_[a], hash_of(names_[a]))].id,
              slots_[place(names_[b], hash_of(names_[b]))].id);
    std::swap(names_[a], names_[b]);
  }

 private:
  struct Slot {
    std::uint32_t id = none;
    std::uint32_t hash = 0;
  };

  static std::uint32_t hash_of(std::string_view name) {
    return static_cast<std::uint32_t>(XXH3_64bits(name.data(), name.size()));
  }

  /// Where the name is, or the free slot where it belongs. At most half of the slots are taken.
  std::size_t place(std::string_view name, std::uint32_t hash) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash & mask;
    while (slots_[at].id != none && (slots_[at].hash != hash || names_[slots_[at].id] != name))
      at = (at + 1) & mask;
    return at;
  }

  void grow() {
    const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots_.size() * 2));
    const std::size_t mask = slots_.size() - 1;
    for (const Slot& slot : old) {
      if (slot.id == none) continue;
      std::size_t at = slot.hash & mask;
      while (slots_[at].id != none) at = (at + 1) & mask;
      slots_[at] = slot;
    }
  }

  std::vector<Slot> slots_;
  std::vector<std::string_view> names_;
};

}  // namespace polygraph::onnx
