#include "ci/serving/load_plots.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "ci/reports/escape.h"
#include "ci/stats/quantile.h"

namespace llmops {
namespace {

constexpr double kWidth = 420, kHeight = 220;
constexpr double kLeft = 52, kRight = 12, kTop = 22, kBottom = 34;
constexpr std::size_t kSteps = 200;
constexpr std::size_t kKinds = 6;  // of line colours that the page knows

// A step of 1, 2 or 5 times a power of ten that cuts `span` into about five.
double tick_step(double span) {
  const double power = std::pow(10.0, std::floor(std::log10(span / 5)));
  const double ratio = span / 5 / power;
  return power * (ratio < 1.5 ? 1 : ratio < 3.5 ? 2 : ratio < 7.5 ? 5 : 10);
}

std::string number(double value) { return fmt::format("{:.4g}", value); }

class Axis {
 public:
  Axis(double low, double high, double from, double to, bool log)
      : low_(low), high_(high > low ? high : low + 1), from_(from), to_(to), log_(log) {}
  double at(double value) const {
    const double share =
        log_ ? std::log(value / low_) / std::log(high_ / low_) : (value - low_) / (high_ - low_);
    return from_ + (to_ - from_) * share;
  }
  std::vector<double> ticks() const {
    std::vector<double> found;
    if (log_) {
      for (double power = std::pow(10.0, std::floor(std::log10(low_))); power <= high_; power *= 10)
        for (const double factor : {1.0, 2.0, 5.0})
          if (factor * power >= low_ && factor * power <= high_) found.push_back(factor * power);
      while (found.size() > 8) {  // powers of ten stay
        std::vector<double> fewer;
        for (std::size_t i = 0; i < found.size(); i += 2) fewer.push_back(found[i]);
        found = fewer;
      }
      return found;
    }
    const double step = tick_step(high_ - low_);
    for (double tick = std::ceil(low_ / step) * step; tick <= high_ + step * 1e-9; tick += step)
      found.push_back(std::abs(tick) < step * 1e-9 ? 0.0 : tick);
    return found;
  }

 private:
  double low_, high_, from_, to_;
  bool log_;
};

bool usable(const LinePlot& plot, const std::pair<double, double>& point) {
  return std::isfinite(point.first) && std::isfinite(point.second) &&
         (!plot.log_x || point.first > 0);
}

std::string open_svg(double height, const std::string& label, const std::string& title) {
  return fmt::format(
      "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\"><text class=\"t\" x=\"{}\" "
      "y=\"12\">{}</text>",
      kWidth, height, escape_markup(label), kLeft, escape_markup(title));
}

}  // namespace

std::string line_plot_svg(const LinePlot& plot) {
  double x_low = 0, x_high = 0, y_high = 0;
  bool any = false;
  for (const PlotLine& line : plot.lines)
    for (const auto& point : line.points) {
      if (!usable(plot, point)) continue;
      x_low = any ? std::min(x_low, point.first) : point.first;
      x_high = any ? std::max(x_high, point.first) : point.first;
      y_high = any ? std::max(y_high, point.second) : point.second;
      any = true;
    }
  if (!any) return "";
  if (!plot.log_x) x_low = std::min(0.0, x_low);
  if (plot.log_x && x_high <= x_low) x_high = 2 * x_low;
  const Axis x(x_low, x_high, kLeft, kWidth - kRight, plot.log_x);
  const Axis y(0, y_high > 0 ? y_high * 1.05 : 1, kHeight - kBottom, kTop, false);

  std::string label = fmt::format("{}: {} against {}", plot.title, plot.y, plot.x), body;
  for (const double tick : x.ticks())
    body += fmt::format(
        "<path class=\"grid\" d=\"M{0:.1f} {1}V{2}\"/><text x=\"{0:.1f}\" "
        "y=\"{3}\" text-anchor=\"middle\">{4}</text>",
        x.at(tick), kTop, kHeight - kBottom, kHeight - kBottom + 12, number(tick));
  for (const double tick : y.ticks())
    body += fmt::format(
        "<path class=\"grid\" d=\"M{0} {1:.1f}H{2}\"/><text x=\"{3}\" y=\"{4:.1f}\" "
        "text-anchor=\"end\">{5}</text>",
        kLeft, y.at(tick), kWidth - kRight, kLeft - 4, y.at(tick) + 4, number(tick));
  std::size_t kind = 0;
  double key_x = kLeft;
  std::string key;
  for (const PlotLine& line : plot.lines) {
    std::string path;
    const std::pair<double, double>* last = nullptr;
    for (const auto& point : line.points) {
      if (!usable(plot, point)) continue;
      path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", x.at(point.first),
                          y.at(point.second));
      if (plot.markers)
        body += fmt::format("<circle class=\"dot\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.5\"/>",
                            x.at(point.first), y.at(point.second));
      last = &point;
    }
    if (last == nullptr) continue;
    const std::string name = fmt::format("line k{}{}", kind % kKinds, line.dashed ? " old" : "");
    body += fmt::format("<path class=\"{}\" d=\"{}\"/>", name, path);
    label += fmt::format("; {}: {} points, last {} at {}", line.name, line.points.size(),
                         number(last->second), number(last->first));
    key +=
        fmt::format("<path class=\"{}\" d=\"M{:.0f} {}h14\"/><text x=\"{:.0f}\" y=\"{}\">{}</text>",
                    name, key_x, kHeight - 4, key_x + 18, kHeight, escape_markup(line.name));
    key_x += 30 + 6.2 * static_cast<double>(line.name.size());
    ++kind;
  }
  return open_svg(kHeight + 6, label, plot.title + " (" + plot.y + ")") + body + key +
         fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text></svg>\n",
                     kWidth - kRight, kHeight - 10, escape_markup(plot.x));
}

std::string bars_svg(const std::string& title, const std::string& unit,
                     const std::vector<PlotBar>& bars) {
  if (bars.empty()) return "";
  double low = 0, high = 0;
  for (const PlotBar& bar : bars) {
    low = std::min(low, bar.value);
    high = std::max(high, bar.value);
  }
  constexpr double kNames = 130, kRow = 20;
  const double reach = high > low ? high - low : 1;
  const Axis x(low - 0.12 * reach, high + 0.12 * reach, kNames, kWidth - kRight, false);
  const double height = kTop + kRow * static_cast<double>(bars.size()) + 6;
  std::string label = title, body;
  double y = kTop;
  for (const PlotBar& bar : bars) {
    const double from = x.at(std::min(0.0, bar.value)), to = x.at(std::max(0.0, bar.value));
    const char* kind = bar.total ? "whole" : bar.value > 0 ? "longer" : "shorter";
    label += fmt::format("; {} {:+.4g} {}", bar.name, bar.value, unit);
    body += fmt::format(
        "<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text><rect class=\"{}\" x=\"{:.1f}\" "
        "y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>",
        kNames - 6, y + 13, escape_markup(bar.name), kind, from, y + 3, std::max(0.5, to - from),
        kRow - 6);
    body += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{:+.4g}</text>",
                        bar.value < 0 ? from - 3 : to + 3, y + 13, bar.value < 0 ? "end" : "start",
                        bar.value);
    y += kRow;
  }
  return open_svg(height, label, title + " (" + unit + ")") + body +
         fmt::format("<path class=\"axis\" d=\"M{:.1f} {}V{:.1f}\"/></svg>\n", x.at(0), kTop, y);
}

PlotLine latency_cdf(const std::string& name, const std::vector<LoadResult>& loads,
                     std::string_view metric) {
  PlotLine line{.name = name};
  std::vector<double> values;
  for (const LoadResult& load : loads)
    for (const LoadRecord& record : load.records)
      if (in_window(load, record) && record.error == ErrorClass::none)
        if (const auto value = time_of(record, metric)) values.push_back(*value);
  if (values.empty()) return line;
  std::ranges::sort(values);
  const std::size_t n = values.size(), steps = std::min(n, kSteps);
  for (std::size_t step = 1; step <= steps; ++step) {
    const std::size_t rank = (step * n + steps - 1) / steps;  // ceil: 1 to n
    line.points.emplace_back(values[rank - 1], static_cast<double>(rank) / static_cast<double>(n));
  }
  return line;
}

PlotLine per_second(const std::string& name, const LoadResult& load,
                    std::int64_t LoadSecond::*field) {
  PlotLine line{.name = name};
  for (std::size_t second = 0; second < load.seconds.size(); ++second)
    line.points.emplace_back(static_cast<double>(second),
                             static_cast<double>(load.seconds[second].*field));
  return line;
}

PlotLine median_per_second(const std::string& name, const LoadResult& load,
                           std::string_view metric) {
  std::map<std::int64_t, std::vector<double>> seconds;
  for (const LoadRecord& record : load.records)
    if (record.error == ErrorClass::none)
      if (const auto value = time_of(record, metric))
        seconds[static_cast<std::int64_t>(record.scheduled_s)].push_back(*value);
  PlotLine line{.name = name};
  for (const auto& [second, values] : seconds)
    if (const auto median = stats::quantile(values, 0.5))
      line.points.emplace_back(static_cast<double>(second), *median);
  return line;
}

}  // namespace llmops
