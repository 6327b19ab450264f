#include <fmt/format.h>

#include <algorithm>

#include "reference/elementwise.h"
#include "reference/operators.h"

namespace polygraph::reference {

namespace {

Values concat(const Call& call) {
  const Shape shape = broadcast_shape(call, call.shape(0), call.shape(1));
  return {value_of(
      map_pairs<std::string, std::string>(call.tensor(0), call.tensor(1), DataType::string, shape,
                                          [](const std::string& a, const std::string& b) { return a + b; }),
      DataType::string)};
}

// At most `limit` cuts, if that is not negative; without a delimiter at runs of white space.
std::vector<std::string> cut(std::string_view text, std::string_view delimiter, std::int64_t limit) {
  constexpr std::string_view spaces = " \t\n\r\f\v";
  std::vector<std::string> parts;
  const auto may_cut = [&] { return limit < 0 || static_cast<std::int64_t>(parts.size()) < limit; };
  if (delimiter.empty()) {
    while (true) {
      const std::size_t begin = text.find_first_not_of(spaces);
      if (begin == std::string_view::npos) return parts;
      text.remove_prefix(begin);
      const std::size_t end = may_cut() ? text.find_first_of(spaces) : std::string_view::npos;
      parts.emplace_back(text.substr(0, end));
      if (end == std::string_view::npos) return parts;
      text.remove_prefix(end);
    }
  }
  if (text.empty()) return parts;
  for (std::size_t end = text.find(delimiter); end != std::string_view::npos && may_cut();
       end = text.find(delimiter)) {
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(end + delimiter.size());
  }
  parts.emplace_back(text);
  return parts;
}

Values split(const Call& call) {
  const std::string_view delimiter = call.attribute("delimiter", "");
  const std::int64_t limit = call.attribute("maxsplit", std::int64_t{-1});
  std::vector<std::vector<std::string>> all;
  std::size_t longest = 0;
  for (const std::string& text : call.tensor(0).strings()) {
    all.push_back(cut(text, delimiter, limit));
    longest = std::max(longest, all.back().size());
  }
  Dims dims(call.shape(0).begin(), call.shape(0).end());
  dims.push_back(static_cast<std::int64_t>(longest));
  Tensor parts(DataType::string, Shape(dims)), counts(DataType::int64, call.shape(0));
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::ranges::copy(all[i], parts.mutable_strings().begin() + static_cast<std::ptrdiff_t>(i * longest));
    counts.mutable_values<std::int64_t>()[i] = static_cast<std::int64_t>(all[i].size());
  }
  return {value_of(std::move(parts), DataType::string), value_of(std::move(counts), DataType::int64)};
}

// Counts of sequences of n words or numbers that may skip some: the operator's page describes the pool.
Values tf_idf(const Call& call) {
  const std::int64_t shortest = call.attribute("min_gram_length", std::int64_t{1});
  const std::int64_t longest = call.attribute("max_gram_length", std::int64_t{1});
  const std::int64_t most_skipped = call.attribute("max_skip_count", std::int64_t{0});
  const std::string_view mode = call.attribute("mode", "TF");
  const auto starts = call.integers_attribute("ngram_counts"),
             places = call.integers_attribute("ngram_indexes");
  const auto weights = call.floats_attribute("weights");
  const bool of_texts = call.tensor(0).dtype() == DataType::string;
  std::vector<std::string> pool = call.strings_attribute("pool_strings"), words;
  if (!of_texts)
    for (const std::int64_t number : call.integers_attribute("pool_int64s"))
      pool.push_back(fmt::format("{}", number));
  if (of_texts)
    words.assign(call.tensor(0).strings().begin(), call.tensor(0).strings().end());
  else
    for (const std::int64_t number : call.integers(0)) words.push_back(fmt::format("{}", number));
  const std::size_t rank = call.shape(0).rank();
  const std::int64_t rows = rank == 2 ? call.shape(0)[0] : 1;
  const std::int64_t length = rows == 0 ? 0 : static_cast<std::int64_t>(words.size()) / rows;
  const std::int64_t columns = places.empty() ? 0 : *std::ranges::max_element(places) + 1;
  Tensor result(DataType::float64, rank == 2 ? Shape{rows, columns} : Shape{columns});
  const auto out = result.mutable_values<double>();
  std::size_t gram = 0;
  for (std::size_t n = 1; n <= starts.size(); ++n) {
    const std::size_t begin = static_cast<std::size_t>(starts[n - 1]);
    const std::size_t end = n < starts.size() ? static_cast<std::size_t>(starts[n]) : pool.size();
    for (std::size_t p = begin; p + n <= end; p += n, ++gram) {
      if (static_cast<std::int64_t>(n) < shortest || static_cast<std::int64_t>(n) > longest) continue;
      for (std::int64_t row = 0; row < rows; ++row) {
        std::int64_t count = 0;
        // A single word has nothing to skip.
        for (std::int64_t skip = 0; skip <= (n == 1 ? 0 : most_skipped); ++skip)
          for (std::int64_t at = 0; at + static_cast<std::int64_t>(n - 1) * (skip + 1) < length; ++at) {
            bool is_same = true;
            for (std::size_t k = 0; is_same && k < n; ++k)
              is_same = words[static_cast<std::size_t>(
                            row * length + at + static_cast<std::int64_t>(k) * (skip + 1))] == pool[p + k];
            count += is_same ? 1 : 0;
          }
        const double weight = gram < weights.size() ? weights[gram] : 1;
        const auto occurs = static_cast<double>(count);
        out[static_cast<std::size_t>(row * columns + places.at(gram))] = mode == "TF" ? occurs
                                                                         : mode == "IDF"
                                                                             ? (count > 0 ? weight : 0)
                                                                             : occurs * weight;
      }
    }
  }
  return {value_of(std::move(result), DataType::float32)};
}

}  // namespace

void add_texts(Operators& operators) {
  operators.insert({{"StringConcat", concat}, {"StringSplit", split}, {"TfIdfVectorizer", tf_idf}});
}

}  // namespace polygraph::reference
