#pragma once

#include <polygraph/core/options.h>

#include <initializer_list>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace polygraph::compare {

/// A value for all outputs, or one by name of the output, with "" for all others.
/// @code
///   PerOutput<double> atol = 1e-3;
///   PerOutput<double> rtol = {{"scores", 1e-2}, {"", 1e-5}};
/// @endcode
template <class T>
class PerOutput {
 public:
  PerOutput() = default;
  PerOutput(T value) { values_.emplace("", std::move(value)); }  // NOLINT(google-explicit-constructor)
  PerOutput(std::initializer_list<std::pair<const std::string, T>> values) : values_(values) {}
  explicit PerOutput(std::map<std::string, T> values) : values_(std::move(values)) {}

  /// The value for an output: its own, else that of "", else `fallback`.
  T get(const std::string& output, T fallback) const {
    const T* const found = find(output);
    return found == nullptr ? fallback : *found;
  }
  /// The same, null if there is none.
  const T* find(const std::string& output) const {
    auto found = values_.find(output);
    if (found == values_.end()) found = values_.find("");
    return found == values_.end() ? nullptr : &found->second;
  }
  void set(std::string output, T value) { values_.insert_or_assign(std::move(output), std::move(value)); }
  const std::map<std::string, T>& values() const { return values_; }
  /// The names given, but for "".
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [name, value] : values_)
      if (!name.empty()) names.push_back(name);
    return names;
  }
  friend bool operator==(const PerOutput&, const PerOutput&) = default;

 private:
  std::map<std::string, T> values_;
};

template <class T>
std::string cpp_literal(const PerOutput<T>& value) {
  using polygraph::cpp_literal;
  if (value.values().size() == 1 && value.values().begin()->first.empty())
    return cpp_literal(value.values().begin()->second);
  return cpp_literal(value.values());
}

}  // namespace polygraph::compare
