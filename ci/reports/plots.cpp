#include "ci/reports/plots.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ci/reports/escape.h"
#include "ci/reports/figures.h"

namespace llmops {
namespace {

constexpr double kWidth = 300;
constexpr double kHeight = 120;
constexpr double kBase = 96;  // where bars stand; the axis labels are below
constexpr std::size_t kPlots = 24;

std::string axis(double x, const char* anchor, const std::string& text) {
  return fmt::format("<text x=\"{:.1f}\" y=\"112\" text-anchor=\"{}\">{}</text>", x, anchor,
                     escape_markup(text));
}

std::string edge(double value) { return fmt::format("{:.4g}", value); }

// What is plotted of one measure.
struct Plot {
  const Measure* measure;
  std::size_t column;
  std::optional<std::size_t> baseline_column;
  Histogram candidate, baseline, difference;
};

std::optional<std::pair<double, double>> extent(const MeasureSummary& figures) {
  const Measure& measure = figures.measure;
  if (measure.kind == ScoreKind::binary || measure.kind == ScoreKind::bounded)
    return std::pair(measure.range.low, measure.range.high);
  if (!figures.p99 || !figures.mean || !(*figures.p99 > 0)) return std::nullopt;
  return std::pair(0.0, *figures.p99);
}

std::vector<Plot> plots_of(const ReportInput& input) {
  std::vector<Plot> plots;
  const std::vector<Measure>& measures = input.rows.header().measures;
  for (std::size_t i = 0; i < measures.size() && plots.size() < kPlots; ++i) {
    const Measure& measure = measures[i];
    if (measure.builtin && measure.name != "output_tokens" && measure.name != "latency" &&
        measure.name != "ttft")
      continue;
    for (const MeasureSummary& figures : input.summary.measures) {
      const auto range = figures.measure.name == measure.name ? extent(figures) : std::nullopt;
      if (!range || !(range->second > range->first)) continue;
      std::optional<std::size_t> theirs;
      if (input.baseline_rows != nullptr) {
        const std::vector<Measure>& old = input.baseline_rows->header().measures;
        for (std::size_t j = 0; j < old.size(); ++j)
          if (old[j].name == measure.name) theirs = j;
      }
      const double span = range->second - range->first;
      const Histogram values(range->first, range->second, 20);
      plots.push_back({&measure, i, theirs, values, values, Histogram(-span, span, 21)});
    }
  }
  return plots;
}

std::optional<double> at(const CaseRow& row, std::size_t column) {
  return column < row.values.size() ? row.values[column] : std::nullopt;
}

void fill(const ReportInput& input, std::vector<Plot>& plots) {
  CaseRow row;
  CaseRow old;
  std::unique_ptr<RowStream> theirs =
      input.baseline_rows == nullptr ? nullptr : input.baseline_rows->rows();
  bool there = theirs != nullptr && theirs->next(old);
  const auto count_old = [&] {
    for (Plot& plot : plots)
      if (const auto value = plot.baseline_column ? at(old, *plot.baseline_column) : std::nullopt)
        plot.baseline.add(*value);
  };
  for (const auto rows = input.rows.rows(); rows->next(row);) {
    for (; there && old.id < row.id; there = theirs->next(old)) count_old();
    const bool pair = there && old.id == row.id;
    for (Plot& plot : plots) {
      const std::optional<double> value = at(row, plot.column);
      if (value) plot.candidate.add(*value);
      const auto before =
          pair && plot.baseline_column ? at(old, *plot.baseline_column) : std::nullopt;
      if (value && before) plot.difference.add(*value - *before);
    }
    if (pair) {
      count_old();
      there = theirs->next(old);
    }
  }
  for (; there; there = theirs->next(old)) count_old();
}

}  // namespace

Histogram::Histogram(double low, double high, std::size_t bins)
    : low_(low), high_(high), counts_(bins, 0) {}

void Histogram::add(double value) {
  if (!std::isfinite(value)) return;
  const auto bins = static_cast<double>(counts_.size());
  const double place = std::floor((value - low_) / (high_ - low_) * bins);
  ++counts_[static_cast<std::size_t>(std::clamp(place, 0.0, bins - 1.0))];
  ++total_;
}

std::string histogram_svg(const std::string& title, const Histogram& bars, const Histogram* over) {
  std::int64_t most = 1;
  for (const std::int64_t count : bars.counts()) most = std::max(most, count);
  if (over != nullptr)
    for (const std::int64_t count : over->counts()) most = std::max(most, count);
  const double step = kWidth / static_cast<double>(bars.counts().size());
  const auto top = [&](std::int64_t count) {
    return kBase - 76.0 * static_cast<double>(count) / static_cast<double>(most);
  };
  std::string label = fmt::format("{}: {} values from {} to {}, counts by bin", title, bars.total(),
                                  edge(bars.low()), edge(bars.high()));
  for (const std::int64_t count : bars.counts()) label += fmt::format(" {}", count);
  std::string out = fmt::format(
      "<svg viewBox=\"-4 0 {} {}\" role=\"img\" aria-label=\"{}\"><text class=\"t\" x=\"0\" "
      "y=\"12\">{}</text>",
      kWidth + 8, kHeight, escape_markup(label), escape_markup(title));
  for (std::size_t i = 0; i < bars.counts().size(); ++i) {
    if (bars.counts()[i] == 0) continue;
    const double y = top(bars.counts()[i]);
    out += fmt::format(
        "<rect class=\"bar\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>",
        static_cast<double>(i) * step + 0.5, y, step - 1, kBase - y);
  }
  if (over != nullptr && over->total() > 0) {
    std::string path = fmt::format("M0 {:.1f}", kBase);
    for (std::size_t i = 0; i < over->counts().size(); ++i)
      path +=
          fmt::format("V{:.1f}H{:.1f}", top(over->counts()[i]), static_cast<double>(i + 1) * step);
    out += fmt::format("<path class=\"old\" d=\"{}V{:.1f}\"/>", path, kBase);
  }
  out += fmt::format("<path class=\"axis\" d=\"M0 {0}H{1}\"/>", kBase, kWidth);
  out += axis(0, "start", edge(bars.low())) + axis(kWidth, "end", edge(bars.high()));
  out += axis(kWidth / 2, "middle", fmt::format("n = {}", bars.total()));
  return out + "</svg>\n";
}

std::string distributions_svg(const ReportInput& input) {
  std::vector<Plot> plots = plots_of(input);
  if (plots.empty()) return "";
  fill(input, plots);
  std::string out;
  for (const Plot& plot : plots) {
    const std::string unit = plot.measure->unit.empty() ? "" : " (" + plot.measure->unit + ")";
    if (plot.candidate.total() == 0) continue;
    out += histogram_svg(plot.measure->name + unit, plot.candidate, &plot.baseline);
    if (plot.difference.total() > 0)
      out += histogram_svg(plot.measure->name + unit + ": change case by case", plot.difference,
                           nullptr);
  }
  return out;
}

std::string intervals_svg(const ReportInput& input) {
  if (input.comparison == nullptr) return "";
  struct Line {
    const MetricComparison* compared;
    double low, middle, high;  // oriented: positive is better
  };
  std::vector<Line> lines;
  double reach = 0.05;
  for (const MetricComparison& compared : input.comparison->metrics) {
    const Measure& measure = compared.measure;
    const bool bounded = measure.kind == ScoreKind::binary || measure.kind == ScoreKind::bounded;
    if (measure.builtin || !bounded || !compared.difference || !compared.interval_low ||
        !compared.interval_high)
      continue;
    Line line{&compared, *compared.interval_low, *compared.difference, *compared.interval_high};
    if (measure.better == Better::lower) line = {&compared, -line.high, -line.middle, -line.low};
    reach =
        std::max({reach, std::abs(line.low), std::abs(line.high), compared.margin.value_or(0.0)});
    lines.push_back(line);
  }
  if (lines.empty() || !std::isfinite(reach)) return "";
  const double left = 180;
  const double half = 200;
  const auto x = [&](double value) { return left + half + half * value / (reach * 1.05); };
  const double height = 26.0 * static_cast<double>(lines.size()) + 24;
  std::string body;
  std::string label = "difference to the baseline with its 95% interval";
  double y = 16;
  for (const Line& line : lines) {
    const std::string name = line.compared->metric;
    label +=
        fmt::format("; {} {:+.4f} from {:+.4f} to {:+.4f}", name, line.middle, line.low, line.high);
    body += fmt::format("<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>", left - 8,
                        y + 4, escape_markup(fit(name, 26)));
    if (line.compared->margin && line.compared->scale == Scale::difference)
      body += fmt::format("<path class=\"margin\" d=\"M{:.1f} {:.1f}v18\"/>",
                          x(-*line.compared->margin), y - 9);
    body += fmt::format("<path class=\"{}\" d=\"M{:.1f} {:.1f}H{:.1f}\"/>",
                        line.low > 0    ? "up"
                        : line.high < 0 ? "down"
                                        : "flat",
                        x(line.low), y, x(line.high));
    body += fmt::format("<circle class=\"dot\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.5\"/>",
                        x(line.middle), y);
    y += 26;
  }
  return fmt::format(
             "<svg class=\"wide\" viewBox=\"0 0 {0} {1:.0f}\" role=\"img\" aria-label=\"{2}\">"
             "<path class=\"axis\" d=\"M{3:.1f} 2V{4:.0f}\"/>",
             left + 2 * half + 10, height, escape_markup(label), x(0), height - 18) +
         body +
         fmt::format("<text x=\"{:.1f}\" y=\"{:.0f}\" text-anchor=\"start\">{:+.3f} worse</text>",
                     left, height - 4, -reach * 1.05) +
         fmt::format(
             "<text x=\"{:.1f}\" y=\"{:.0f}\" text-anchor=\"end\">better {:+.3f}</text></svg>\n",
             left + 2 * half, height - 4, reach * 1.05);
}

}  // namespace llmops
