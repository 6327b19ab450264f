#include "cli/plot_svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "core/xml_text.h"

namespace polygraph::cli {
namespace {

constexpr double left = 78, top = 64, right = 96, bottom = 56;
constexpr double text_height = 12;

// Pale to dark: lightness tells it without colour, too. The page has the same (html_report/colours.js).
constexpr std::array<std::array<int, 3>, 6> ramp{
    {{237, 243, 248}, {183, 210, 232}, {109, 166, 207}, {54, 117, 175}, {24, 73, 131}, {11, 34, 79}}};
constexpr std::string_view odd_colour = "#c8372d";

std::string colour(double share) {
  const double at = std::clamp(share, 0.0, 1.0) * static_cast<double>(ramp.size() - 1);
  const std::size_t low = std::min(static_cast<std::size_t>(at), ramp.size() - 2);
  const double between = at - static_cast<double>(low);
  std::array<int, 3> mixed{};
  for (std::size_t i = 0; i < 3; ++i)
    mixed[i] = static_cast<int>(std::lround(ramp[low][i] + (ramp[low + 1][i] - ramp[low][i]) * between));
  return fmt::format("#{:02x}{:02x}{:02x}", mixed[0], mixed[1], mixed[2]);
}

class Picture {
 public:
  Picture(double width, double height, const std::string& heading, const PlotTitle& title)
      : width_(width), height_(height) {
    const double whole = left + width + right, tall = top + height + bottom;
    text_ = fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:g}\" height=\"{1:g}\" viewBox=\"0 0 {0:g} "
        "{1:g}\" "
        "font-family=\"system-ui, 'DejaVu Sans', sans-serif\" font-size=\"{2}\" fill=\"#1d2530\">\n"
        "<title>{3}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
        whole, tall, text_height, xml_text(heading + ": " + title.output));
    add("<text x=\"{:g}\" y=\"24\" font-size=\"15\" font-weight=\"600\">{}</text>\n", left,
        xml_text(title.output));
    add("<text x=\"{:g}\" y=\"44\" fill=\"#5c6675\">{} · {} vs. {} · {}</text>\n", left, xml_text(heading),
        xml_text(title.first), xml_text(title.second), title.shape.str());
  }

  template <class... Arguments>
  void add(fmt::format_string<const Arguments&...> format, const Arguments&... arguments) {
    text_ += fmt::format(format, arguments...);
  }

  void cell(double x, double y, double width, double height, std::string_view fill) {
    add("<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" fill=\"{}\"/>\n", left + x,
        top + y, width, height, fill);
  }

  void frame() {
    add("<rect x=\"{:g}\" y=\"{:g}\" width=\"{:g}\" height=\"{:g}\" fill=\"none\" stroke=\"#98a2b3\"/>\n",
        left, top, width_, height_);
  }

  void x_tick(double x, const std::string& label) {
    add("<text x=\"{:.1f}\" y=\"{:g}\" text-anchor=\"middle\">{}</text>\n", left + x, top + height_ + 18,
        label);
  }

  void y_tick(double y, const std::string& label) {
    add("<text x=\"{:g}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n", left - 8, top + y + 4, label);
  }

  void axis_labels(const std::string& x, const std::string& y) {
    add("<text x=\"{:g}\" y=\"{:g}\" text-anchor=\"middle\" fill=\"#5c6675\">{}</text>\n", left + width_ / 2,
        top + height_ + 40, xml_text(x));
    add("<text transform=\"translate(18 {:g}) rotate(-90)\" text-anchor=\"middle\" "
        "fill=\"#5c6675\">{}</text>\n",
        top + height_ / 2, xml_text(y));
  }

  // The scale of colours, from `low` to `high`.
  void key(const std::string& low, const std::string& high) {
    constexpr int steps = 32;
    const double step = height_ / steps;
    for (int i = 0; i < steps; ++i)
      cell(width_ + 14, height_ - step * (i + 1), 12, step + 0.3, colour((i + 0.5) / steps));
    add("<text x=\"{:g}\" y=\"{:g}\">{}</text>\n", left + width_ + 32, top + 10, high);
    add("<text x=\"{:g}\" y=\"{:g}\">{}</text>\n", left + width_ + 32, top + height_, low);
  }

  std::string finish() { return text_ + "</svg>\n"; }

 private:
  double width_, height_;
  std::string text_;
};

std::string number(double value) {
  return fmt::format("{:.2g}", value);
}

std::string axes_text(const Shape& shape, std::size_t begin, std::size_t end) {
  std::string text;
  for (std::size_t axis = begin; axis < end; ++axis)
    if (shape[axis] != 1 || end - begin == 1) text += fmt::format("{}{}", text.empty() ? "" : ", ", axis);
  if (text.empty()) return "element";
  return (text.find(',') == std::string::npos ? "index along axis " : "index along axes ") + text;
}

// The logarithms of the least and the largest positive number, at least a power of ten apart.
std::pair<double, double> log_range(const std::vector<double>& values) {
  double low = HUGE_VAL, high = -HUGE_VAL;
  for (const double value : values)
    if (value > 0) low = std::min(low, std::log10(value)), high = std::max(high, std::log10(value));
  if (low > high) return {0, 1};
  return {std::min(low, high - 1), high};
}

}  // namespace

std::string heat_map_svg(const compare::HeatMap& heat, const PlotTitle& title) {
  constexpr double width = 640;
  const double height =
      heat.cell_rows <= 1 ? 60 : std::clamp(static_cast<double>(heat.cell_rows) * 8, 120.0, 400.0);
  Picture picture(width, height, "Largest absolute difference", title);
  const auto [low, high] = log_range(heat.max);
  for (std::size_t row = 0; row < heat.cell_rows; ++row)
    for (std::size_t column = 0; column < heat.cell_columns; ++column) {
      const std::size_t at = row * heat.cell_columns + column;
      const double x = width / static_cast<double>(heat.cell_columns),
                   y = height / static_cast<double>(heat.cell_rows);
      if (heat.not_finite[at] == 0 && heat.max[at] == 0) continue;
      picture.cell(x * static_cast<double>(column), y * static_cast<double>(row), x + 0.2, y + 0.2,
                   heat.not_finite[at] > 0
                       ? std::string(odd_colour)
                       : colour(0.08 + 0.92 * (std::log10(heat.max[at]) - low) / (high - low)));
    }
  picture.frame();
  if (heat.rows > 0) {
    for (const int part : {0, 1, 2, 3, 4})
      if (const std::int64_t index = (heat.columns - 1) * part / 4;
          part == 0 || index > (heat.columns - 1) * (part - 1) / 4)
        picture.x_tick((static_cast<double>(index) + 0.5) / static_cast<double>(heat.columns) * width,
                       std::to_string(index));
    for (const int part : {0, 1, 2, 3, 4})
      if (const std::int64_t index = (heat.rows - 1) * part / 4;
          part == 0 || index > (heat.rows - 1) * (part - 1) / 4)
        picture.y_tick((static_cast<double>(index) + 0.5) / static_cast<double>(heat.rows) * height,
                       std::to_string(index));
  }
  const bool has_any = std::ranges::any_of(heat.max, [](double value) { return value > 0; });
  if (has_any) picture.key(number(std::pow(10, low)), number(std::pow(10, high)));
  picture.axis_labels(axes_text(title.shape, heat.split, title.shape.rank()),
                      heat.rows > 1 ? axes_text(title.shape, 0, heat.split) : "");
  if (std::ranges::any_of(heat.not_finite, [](std::int64_t count) { return count > 0; }))
    picture.add("<text x=\"{:g}\" y=\"44\" text-anchor=\"end\" fill=\"{}\">red: NaN or infinite</text>\n",
                left + width + right - 8, odd_colour);
  if (!has_any && heat.rows > 0)
    picture.add(
        "<text x=\"{:g}\" y=\"{:g}\" text-anchor=\"middle\" fill=\"#5c6675\">no finite difference</text>\n",
        left + width / 2, top + height / 2);
  return picture.finish();
}

std::string error_metrics_svg(const compare::ErrorMap& map, const PlotTitle& title) {
  constexpr double width = 560, height = 400, zero = 22;
  Picture picture(width, height, "Absolute difference over magnitude", title);
  const std::vector<double>&x = map.magnitudes.edges, &y = map.absolute.bins.edges;
  const auto at = [](const std::vector<double>& edges, double value) {
    return (std::log10(value) - std::log10(edges.front())) /
           (std::log10(edges.back()) - std::log10(edges.front()));
  };
  const std::int64_t most = map.density.empty() ? 0 : std::ranges::max(map.density);
  const std::size_t columns = map.magnitudes.count() + 1;
  for (std::size_t i = 0; i < map.density.size(); ++i) {
    if (map.density[i] == 0) continue;
    const std::size_t row = i / columns, column = i % columns;
    const double x0 = column == 0 ? 0 : zero + 6 + at(x, x[column - 1]) * (width - zero - 6);
    const double x1 = column == 0 ? zero : zero + 6 + at(x, x[column]) * (width - zero - 6);
    const double plot = height - zero - 6;
    const double y0 = row == 0 ? height - zero : plot - at(y, y[row]) * plot;
    const double y1 = row == 0 ? height : plot - at(y, y[row - 1]) * plot;
    const double share =
        most <= 1 ? 1 : std::log(static_cast<double>(map.density[i])) / std::log(static_cast<double>(most));
    picture.cell(x0, y0, x1 - x0 + 0.2, y1 - y0 + 0.2, colour(0.18 + 0.82 * share));
  }
  picture.frame();
  picture.x_tick(zero / 2, "0");
  picture.y_tick(height - zero / 2, "0");
  const auto powers = [](const std::vector<double>& edges, auto tick) {
    if (edges.empty()) return;
    const int first = static_cast<int>(std::ceil(std::log10(edges.front()))),
              last = static_cast<int>(std::floor(std::log10(edges.back())));
    if (last <= first) {  // hardly a power of ten: its ends
      for (const double edge : {edges.front(), edges.back()}) tick(edge, number(edge));
      return;
    }
    const int step = std::max(1, (last - first) / 6 + 1);
    for (int power = first; power <= last; power += step)
      tick(std::pow(10, power), fmt::format("1e{}", power));
  };
  powers(x, [&](double value, const std::string& label) {
    picture.x_tick(zero + 6 + at(x, value) * (width - zero - 6), label);
  });
  powers(y, [&](double value, const std::string& label) {
    picture.y_tick((1 - at(y, value)) * (height - zero - 6), label);
  });
  if (most > 0) picture.key("1", fmt::format("{}", most));
  picture.axis_labels("magnitude in " + title.second, "absolute difference");
  return picture.finish();
}

}  // namespace polygraph::cli
