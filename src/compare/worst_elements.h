#pragma once

#include <polygraph/compare/statistics.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace polygraph::compare::detail {

/// The largest differences seen so far.
class WorstElements {
 public:
  explicit WorstElements(std::size_t limit) : limit_(limit) {}

  /// Whether a difference at an index above those seen could belong to the list.
  bool wants(double absolute) const {
    if (limit_ == 0 || absolute == 0) return false;
    return elements_.size() < limit_ || rank(absolute) > rank(elements_.front().absolute);
  }

  void add(const ElementDifference& element) {
    if (limit_ == 0 || element.absolute == 0) return;
    if (elements_.size() == limit_) {
      if (!is_worse(element, elements_.front())) return;
      std::ranges::pop_heap(elements_, is_worse);
      elements_.pop_back();
    }
    elements_.push_back(element);
    std::ranges::push_heap(elements_, is_worse);
  }

  template <class T>
  void add(const T* absolute, const T* relative, std::size_t count, std::int64_t begin) {
    for (std::size_t i = 0; i < count; ++i)
      if (wants(static_cast<double>(absolute[i])))
        add({begin + static_cast<std::int64_t>(i), static_cast<double>(absolute[i]),
             static_cast<double>(relative[i])});
  }

  void add(const WorstElements& others) {
    for (const ElementDifference& element : others.elements_) add(element);
  }

  std::vector<ElementDifference> sorted() const {
    std::vector<ElementDifference> result = elements_;
    std::ranges::sort(result, is_worse);
    return result;
  }

 private:
  static double rank(double absolute) { return std::isnan(absolute) ? HUGE_VAL : absolute; }
  static bool is_worse(const ElementDifference& a, const ElementDifference& b) {
    const bool a_is_nan = std::isnan(a.absolute), b_is_nan = std::isnan(b.absolute);
    if (a_is_nan != b_is_nan) return a_is_nan;
    if (!a_is_nan && a.absolute != b.absolute) return a.absolute > b.absolute;
    return a.index < b.index;
  }

  std::size_t limit_;
  std::vector<ElementDifference> elements_;  // a heap, the least bad first
};

}  // namespace polygraph::compare::detail
