#include <polygraph/onnx/symbolic_size.h>

#include <algorithm>
#include <iterator>
#include <limits>

namespace polygraph::onnx {
namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

std::int64_t sum(std::int64_t a, std::int64_t b) {
  return a > most - b ? most : a + b;
}

std::int64_t product(std::int64_t a, std::int64_t b) {
  return b != 0 && a > most / b ? most : a * b;
}

}  // namespace

SymbolicSize::SymbolicSize(std::int64_t value) {
  if (value > 0) terms_.emplace(std::vector<std::string>(), value);
}

SymbolicSize SymbolicSize::named(std::string_view name) {
  SymbolicSize size;
  size.terms_.emplace(std::vector<std::string>{std::string(name)}, 1);
  return size;
}

std::optional<std::int64_t> SymbolicSize::value() const {
  if (terms_.empty()) return 0;
  if (terms_.size() == 1 && terms_.begin()->first.empty()) return terms_.begin()->second;
  return std::nullopt;
}

std::string SymbolicSize::str(std::size_t most_terms) const {
  if (terms_.empty()) return "0";
  using Term = const std::pair<const std::vector<std::string>, std::int64_t>*;
  std::vector<Term> terms;
  for (const auto& term : terms_) terms.push_back(&term);
  std::stable_sort(terms.begin(), terms.end(),
                   [](Term a, Term b) { return a->first.size() > b->first.size(); });
  std::string text;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    if (i != 0) text += " + ";
    if (i == most_terms) {
      text += "(" + std::to_string(terms.size() - i) + " more terms)";
      break;
    }
    const auto& [names, coefficient] = *terms[i];
    if (coefficient != 1 || names.empty()) text += std::to_string(coefficient);
    for (auto name = names.begin(); name != names.end();) {
      const auto next =
          std::find_if(name, names.end(), [&](const std::string& other) { return other != *name; });
      if (name != names.begin() || coefficient != 1) text += '*';
      text += *name;
      if (next - name > 1) text += '^' + std::to_string(next - name);
      name = next;
    }
  }
  return text;
}

SymbolicSize& SymbolicSize::operator+=(const SymbolicSize& other) {
  for (const auto& [names, coefficient] : other.terms_) {
    std::int64_t& place = terms_[names];
    place = sum(place, coefficient);
  }
  return *this;
}

SymbolicSize operator*(const SymbolicSize& a, const SymbolicSize& b) {
  SymbolicSize result;
  for (const auto& [names_a, coefficient_a] : a.terms_)
    for (const auto& [names_b, coefficient_b] : b.terms_) {
      std::vector<std::string> names;
      std::merge(names_a.begin(), names_a.end(), names_b.begin(), names_b.end(), std::back_inserter(names));
      std::int64_t& place = result.terms_[std::move(names)];
      place = sum(place, product(coefficient_a, coefficient_b));
    }
  return result;
}

SymbolicSize SymbolicSize::divided_by(std::int64_t divisor) const {
  SymbolicSize result = *this;
  for (auto& [names, coefficient] : result.terms_)
    coefficient = coefficient / divisor + (coefficient % divisor != 0 ? 1 : 0);
  return result;
}

SymbolicSize SymbolicSize::upper_bound(const SymbolicSize& a, const SymbolicSize& b) {
  SymbolicSize result = a;
  for (const auto& [names, coefficient] : b.terms_) {
    std::int64_t& place = result.terms_[names];
    place = std::max(place, coefficient);
  }
  return result;
}

}  // namespace polygraph::onnx
