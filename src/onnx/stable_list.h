#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

namespace polygraph::onnx {

/// A vector under edit: elements are added and removed in constant time and neither move nor change their
/// numbers. `settle` brings the vector up to date.
template <class T>
class StableList {
 public:
  explicit StableList(std::vector<T>& base)
      : base_(base), base_size_(static_cast<std::uint32_t>(base.size())), removed_(base.size()) {}

  /// All numbers there ever were: those removed have theirs still.
  std::uint32_t size() const { return static_cast<std::uint32_t>(removed_.size()); }
  std::size_t count() const { return removed_.size() - removals_; }
  bool contains(std::uint32_t i) const { return i < removed_.size() && !removed_[i]; }

  T& operator[](std::uint32_t i) { return i < base_size_ ? base_[i] : added_[i - base_size_]; }
  const T& operator[](std::uint32_t i) const { return i < base_size_ ? base_[i] : added_[i - base_size_]; }

  std::uint32_t add(T element) {
    added_.push_back(std::move(element));
    removed_.push_back(false);
    return size() - 1;
  }

  void remove(std::uint32_t i) {
    (*this)[i] = T();
    removed_[i] = true;
    ++removals_;
  }

  /// Writes what is left into the vector, in the order of the numbers.
  void settle() {
    if (added_.empty() && removals_ == 0) return;
    std::size_t kept = 0;
    for (std::uint32_t i = 0; i < base_size_; ++i) {
      if (removed_[i]) continue;
      if (kept != i) base_[kept] = std::move(base_[i]);
      ++kept;
    }
    base_.erase(base_.begin() + static_cast<std::ptrdiff_t>(kept), base_.end());
    for (std::uint32_t i = base_size_; i < size(); ++i)
      if (!removed_[i]) base_.push_back(std::move(added_[i - base_size_]));
  }

  /// Writes the elements of these numbers into the vector.
  void settle(const std::vector<std::uint32_t>& order) {
    std::vector<T> ordered;
    ordered.reserve(order.size());
    constexpr std::size_t ahead = 8;  // elements are anywhere in memory
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (i + ahead < order.size())
        for (std::size_t byte = 0; byte < sizeof(T); byte += 64)
          __builtin_prefetch(reinterpret_cast<const char*>(&(*this)[order[i + ahead]]) + byte);
      ordered.push_back(std::move((*this)[order[i]]));
    }
    base_ = std::move(ordered);
  }

 private:
  std::vector<T>& base_;
  std::uint32_t base_size_;
  std::deque<T> added_;
  std::vector<bool> removed_;
  std::size_t removals_ = 0;
};

}  // namespace polygraph::onnx
