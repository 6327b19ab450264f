#include "compare/layer_times_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "core/utf8.h"

namespace polygraph::compare {

namespace {

constexpr std::size_t longest_name = 60;  // characters

// How many bytes the character at the start takes; a byte that is none by itself counts as one.
std::size_t character_length(std::string_view text) {
  return std::max<std::size_t>(utf8_length(text), 1);
}

std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  for (; !text.empty(); text.remove_prefix(character_length(text))) ++width;
  return width;
}

// A name on one line. Of one that is too long the end is kept, which tells more.
std::string cell(std::string_view name, bool shortens) {
  std::string text;
  for (const char c : json_text(name))
    text +=
        static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? fmt::format("\\x{:02x}", c) : std::string(1, c);
  const std::size_t width = width_of(text);
  if (!shortens || width <= longest_name) return text;
  std::string_view rest = text;
  for (std::size_t i = longest_name - 3; i < width; ++i) rest.remove_prefix(character_length(rest));
  return "..." + std::string(rest);
}

/// Lines of cells, in columns as wide as what is in them.
class Table {
 public:
  explicit Table(std::size_t left) : left_(left) {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

  std::string text() const {
    std::vector<std::size_t> widths(rows_.front().size(), 0);
    for (const auto& row : rows_)
      for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
    std::string text;
    for (const auto& row : rows_) {
      std::string line;
      for (std::size_t i = 0; i < row.size(); ++i) {
        if (widths[i] == 0) continue;
        const std::string padding(widths[i] - width_of(row[i]), ' ');
        line += "  " + (i < left_ ? row[i] + padding : padding + row[i]);
      }
      text += "  " + line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return text;
  }

 private:
  std::size_t left_;  // columns that are aligned to the left
  std::vector<std::vector<std::string>> rows_;
};

/// Adds numbers that both tables have.
class Numbers {
 public:
  explicit Numbers(const LayerTimes& times)
      : inferences_(static_cast<double>(times.inferences)), all_(times.layer_seconds()) {}
  void add(std::vector<std::string>& row, std::int64_t calls, double seconds) const {
    row.push_back(std::to_string(calls));
    row.push_back(fmt::format("{:.4f}", seconds * 1e3 / inferences_));
    row.push_back(fmt::format("{:.1f}%", all_ > 0 ? 100 * seconds / all_ : 0.0));
  }

 private:
  double inferences_;
  double all_;
};

std::string rest_text(std::size_t count, std::size_t most, const char* noun) {
  if (most == 0 || count <= most) return {};
  return fmt::format("    ... and {} more {}{} (-v shows all)\n", count - most, noun,
                     count - most == 1 ? "" : "s");
}

std::size_t listed(std::size_t count, std::size_t most) {
  return most == 0 ? count : std::min(count, most);
}

std::string layer_table(const LayerTimes& times, std::size_t most) {
  const Numbers numbers(times);
  const std::vector<LayerTime> layers = times.longest_first();
  // A column of which every cell is empty is left out, with its title.
  const bool has_ran_by =
      std::ranges::any_of(layers, [](const LayerTime& layer) { return !layer.ran_by.empty(); });
  const bool has_type =
      std::ranges::any_of(layers, [](const LayerTime& layer) { return !layer.type.empty(); });
  Table table(3);
  table.add({"Layer", has_type ? "Type" : "", has_ran_by ? "Ran by" : "", "Calls", "Mean (ms)", "Share"});
  for (std::size_t i = 0; i < listed(layers.size(), most); ++i) {
    const LayerTime& layer = layers[i];
    std::vector<std::string> row{cell(layer.name, most != 0), cell(layer.type, most != 0),
                                 cell(layer.ran_by, most != 0)};
    numbers.add(row, layer.calls, layer.seconds);
    table.add(std::move(row));
  }
  return table.text() + rest_text(layers.size(), most, "layer");
}

std::string type_table(const LayerTimes& times, std::size_t most) {
  const Numbers numbers(times);
  const std::vector<TypeTime> types = times.by_type();
  if (types.size() == 1 && types.front().type.empty()) return {};
  Table table(1);
  table.add({"Type", "Layers", "Calls", "Mean (ms)", "Share"});
  for (std::size_t i = 0; i < listed(types.size(), most); ++i) {
    std::vector<std::string> row{types[i].type.empty() ? "(not known)" : cell(types[i].type, most != 0),
                                 std::to_string(types[i].layers)};
    numbers.add(row, types[i].calls, types[i].seconds);
    table.add(std::move(row));
  }
  return table.text() + rest_text(types.size(), most, "type");
}

}  // namespace

std::string layer_times_text(const std::string& runner, const LayerTimes& times, std::size_t most) {
  const double count = static_cast<double>(times.inferences);
  std::string text = fmt::format(
      "{} | Layer Times | {} layer{} took {:.4g} ms of the {:.4g} ms of an inference, on average of {}\n",
      runner, times.layers.size(), times.layers.size() == 1 ? "" : "s", times.layer_seconds() * 1e3 / count,
      times.seconds * 1e3 / count, times.inferences);
  if (times.layers.empty()) return text;
  return text + layer_table(times, most) + type_table(times, most);
}

}  // namespace polygraph::compare
