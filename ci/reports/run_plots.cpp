// Plots of a run as a whole: its times, its tokens and cost, and its suite's history.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ci/reports/escape.h"
#include "ci/reports/figures.h"
#include "ci/reports/plots.h"

namespace llmops {
namespace {

constexpr double kWidth = 300, kHeight = 140, kTop = 24, kBase = 112;
constexpr std::size_t kSteps = 240;     // of the distribution of times
constexpr std::size_t kGroups = 60;     // of the calls, in their order
constexpr std::size_t kMostPlots = 16;  // of the history

std::string text_at(double x, double y, std::string_view anchor, std::string_view text,
                    std::string_view kind = "") {
  return fmt::format("<text{} x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>",
                     kind.empty() ? "" : fmt::format(" class=\"{}\"", kind), x, y, anchor,
                     escape_markup(text));
}

// An upright frame whose values go from `low` at its base to `high` at its top.
struct Frame {
  double low, high;
  double y(double value) const {
    return kBase - (kBase - kTop) * std::clamp((value - low) / (high - low), 0.0, 1.0);
  }
  static std::string open(const std::string& title, const std::string& label) {
    return fmt::format(
        "<svg viewBox=\"-6 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">{}"
        "<path class=\"axis\" d=\"M0 {}H{}\"/>",
        kWidth + 12, kHeight, escape_markup(label), text_at(0, 12, "start", title, "t"), kBase,
        kWidth);
  }
};

// A line through points, in SVG's words.
std::string path(const std::vector<std::pair<double, double>>& points, std::string_view kind) {
  std::string d;
  for (const auto& [x, y] : points)
    d += fmt::format("{}{:.1f} {:.1f}", d.empty() ? "M" : "L", x, y);
  return points.empty() ? "" : fmt::format("<path class=\"{}\" d=\"{}\"/>", kind, d);
}

std::optional<std::size_t> column_of(const RunSource& run, std::string_view name) {
  const std::vector<Measure>& measures = run.header().measures;
  for (std::size_t i = 0; i < measures.size(); ++i)
    if (measures[i].builtin && measures[i].name == name) return i;
  return std::nullopt;
}

// How the times of a run's cases spread.
Histogram times_of(const RunSource* run, std::string_view name, double most) {
  Histogram times(0, most, kSteps);
  const auto column = run == nullptr ? std::nullopt : column_of(*run, name);
  if (!column) return times;
  CaseRow row;
  for (const auto rows = run->rows(); rows->next(row);)
    if (*column < row.values.size() && row.values[*column]) times.add(*row.values[*column]);
  return times;
}

std::vector<std::pair<double, double>> shares(const Histogram& times) {
  std::vector<std::pair<double, double>> points{
      {0, kBase}
  };
  std::int64_t below = 0;
  for (std::size_t i = 0; i < times.counts().size(); ++i) {
    below += times.counts()[i];
    points.emplace_back(
        kWidth * static_cast<double>(i + 1) / kSteps,
        kBase - (kBase - kTop) * static_cast<double>(below) / static_cast<double>(times.total()));
  }
  return points;
}

std::string times_svg(const ReportInput& input, const std::string& name, const std::string& title) {
  const MeasureSummary* figures = input.summary.find(name);
  if (figures == nullptr || !figures->max || !(*figures->max > 0)) return "";
  const double most = figures->p99.value_or(*figures->max) * 1.15;
  if (!(most > 0) || !std::isfinite(most)) return "";
  const Histogram now = times_of(&input.rows, name, most);
  const Histogram before = times_of(input.baseline_rows, name, most);
  if (now.total() == 0) return "";
  std::string out = Frame::open(
      title, fmt::format("{}: share of cases answered within a time, {} cases, p50 {:.4g} ms, p95 "
                         "{:.4g} ms",
                         title, now.total(), figures->p50.value_or(0), figures->p95.value_or(0)));
  if (before.total() > 0) out += path(shares(before), "old dash");
  out += path(shares(now), "line");
  out += text_at(0, kBase + 16, "start", "0");
  out += text_at(kWidth, kBase + 16, "end", fmt::format("{:.4g} ms", most));
  return out + text_at(kWidth / 2, kBase + 16, "middle", "share within a time") + "</svg>\n";
}

// Median and 95th percentile of calls that ended one after another.
std::string time_line(const std::vector<double>& latencies) {
  if (latencies.size() < 10) return "";
  const std::size_t group = std::max<std::size_t>(1, latencies.size() / kGroups);
  std::vector<double> medians, high;
  for (std::size_t at = 0; at < latencies.size(); at += group) {
    std::vector<double> part(
        latencies.begin() + static_cast<std::ptrdiff_t>(at),
        latencies.begin() + static_cast<std::ptrdiff_t>(std::min(at + group, latencies.size())));
    std::ranges::sort(part);
    medians.push_back(part[part.size() / 2]);
    high.push_back(part[(part.size() - 1) * 95 / 100]);
  }
  const Frame frame{0, *std::ranges::max_element(high) * 1.05};
  if (!(frame.high > 0)) return "";
  const auto points = [&](const std::vector<double>& values) {
    std::vector<std::pair<double, double>> all;
    for (std::size_t i = 0; i < values.size(); ++i)
      all.emplace_back(kWidth * (static_cast<double>(i) + 0.5) / static_cast<double>(values.size()),
                       frame.y(values[i]));
    return all;
  };
  std::string out = Frame::open(
      "latency over the run (ms)",
      fmt::format("latency of {} calls in the order of their ends; median of the first {:.4g} ms, "
                  "of the last {:.4g} ms",
                  latencies.size(), medians.front(), medians.back()));
  if (group > 1) out += path(points(high), "old dash");
  out += path(points(medians), "line");
  out += text_at(kWidth, 12, "end", fmt::format("{:.4g} ms", frame.high));
  out += text_at(0, kBase + 16, "start", "first call");
  out += text_at(kWidth, kBase + 16, "end", "last call");
  if (group > 1)
    out += text_at(kWidth / 2, kBase + 16, "middle", "median; dashed: 95th percentile");
  return out + "</svg>\n";
}

// Circle, cross or triangle by the outcome, so that colour is not needed.
std::string mark(const PastRun& run, double x, double y, bool present) {
  const std::string title = fmt::format(
      "<title>{}</title>", escape_markup(fmt::format(
                               "{} {} {}{}{}", run.created, run.label, run.outcome,
                               run.baseline ? ", the baseline" : "", present ? ", this run" : "")));
  std::string out;
  if (run.baseline)
    out += fmt::format("<circle class=\"ring\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"7\"/>", x, y);
  if (run.outcome == "fail")
    return out + fmt::format("<path class=\"down\" d=\"M{0:.1f} {1:.1f}l8 8m0 -8l-8 8\">{2}</path>",
                             x - 4, y - 4, title);
  if (run.outcome == "incomplete" || run.outcome == "inconclusive" ||
      run.outcome == "not_comparable")
    return out +
           fmt::format("<path class=\"dot inconclusive\" d=\"M{:.1f} {:.1f}l5 9h-10z\">{}</path>",
                       x, y - 5, title);
  return out +
         fmt::format("<circle class=\"dot{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\">{}</circle>",
                     run.outcome == "pass" ? " pass" : "", x, y, present ? 5 : 3.5, title);
}

std::string one_history(const std::vector<PastRun>& history, const Measure& measure,
                        const std::string& present) {
  struct Point {
    const PastRun* run;
    double value;
  };
  std::vector<Point> points;
  for (const PastRun& run : history)
    for (const auto& [name, value] : run.means)
      if (name == measure.name) points.push_back({&run, value});
  if (points.size() < 2) return "";
  const auto by_value = [](const Point& a, const Point& b) { return a.value < b.value; };
  double low = std::ranges::min_element(points, by_value)->value;
  double high = std::ranges::max_element(points, by_value)->value;
  const double room = std::max((high - low) * 0.12, std::max(std::abs(high), 1e-9) * 0.01);
  const Frame frame{low - room, high + room};
  const double step = kWidth / static_cast<double>(points.size());
  std::vector<std::pair<double, double>> line;
  std::string marks;
  std::string label = measure.name + " of the suite's runs, oldest first:";
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double x = step * (static_cast<double>(i) + 0.5);
    line.emplace_back(x, frame.y(points[i].value));
    marks += mark(*points[i].run, x, line.back().second, points[i].run->id == present);
    label += fmt::format(" {:.4g} ({}{})", points[i].value, points[i].run->outcome,
                         points[i].run->baseline ? ", baseline" : "");
  }
  std::string out =
      Frame::open(measure.name + (measure.unit.empty() ? "" : " (" + measure.unit + ")"), label);
  out += path(line, "line") + marks;
  out += text_at(kWidth, 12, "end", fmt::format("{:.4g} .. {:.4g}", low, high));
  out += text_at(0, kBase + 16, "start", points.front().run->created.substr(0, 10));
  out += text_at(kWidth, kBase + 16, "end", points.back().run->created.substr(0, 10));
  return out + "</svg>\n";
}

}  // namespace

std::string latency_svg(const ReportInput& input) {
  return times_svg(input, "latency", "latency (ms)") +
         times_svg(input, "ttft", "time to first token (ms)") + time_line(input.latencies);
}

std::string usage_svg(const ReportInput& input) {
  struct Bar {
    std::string name;
    const Measure* measure;
    std::optional<double> before;
    double now;
  };
  std::vector<Bar> bars;
  for (const MeasureLine& line : measure_lines(input)) {
    const Measure& measure = *line.measure;
    const bool wanted = measure.unit == "tokens" || measure.unit == "usd";
    if (!measure.builtin || !wanted || measure.name == "total_tokens" || !line.candidate ||
        (*line.candidate == 0 && line.baseline.value_or(0) == 0))
      continue;
    bars.push_back({line.name, &measure, line.baseline, *line.candidate});
  }
  if (bars.empty()) return "";
  constexpr double kLeft = 130, kRoom = 260;
  double tokens = 0, money = 0;
  for (const Bar& bar : bars) {
    double& most = bar.measure->unit == "usd" ? money : tokens;
    most = std::max({most, bar.now, bar.before.value_or(0)});
  }
  std::string body;
  std::string label = "tokens and cost of a case, on average";
  double y = 8;
  for (const Bar& bar : bars) {
    const double most = bar.measure->unit == "usd" ? money : tokens;
    if (!(most > 0) || !std::isfinite(most)) continue;
    const std::string figures =
        (bar.before ? show(bar.before, *bar.measure) + " → " : "") + show(bar.now, *bar.measure);
    label += fmt::format("; {} {}", bar.name, figures);
    body += text_at(kLeft - 8, y + 12, "end", bar.name);
    body +=
        fmt::format("<rect class=\"bar\" x=\"{}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"12\"/>",
                    kLeft, y + 2, kRoom * bar.now / most);
    if (bar.before)
      body +=
          fmt::format("<rect class=\"old\" x=\"{}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"16\"/>",
                      kLeft, y, kRoom * *bar.before / most);
    body += text_at(kLeft + kRoom + 10, y + 12, "start", figures, "t");
    y += 26;
  }
  return fmt::format(
             "<svg class=\"wide\" viewBox=\"0 0 560 {:.0f}\" role=\"img\" aria-label=\"{}\">",
             y + 4, escape_markup(label)) +
         body + "</svg>\n";
}

std::string history_svg(const std::vector<PastRun>& history, const std::vector<Measure>& measures,
                        const std::string& present) {
  std::string out;
  std::size_t plots = 0;
  for (const Measure& measure : measures) {
    const bool wanted = !measure.builtin || measure.name == "output_tokens" ||
                        measure.name == "latency" || measure.name == "cost_per_case";
    if (!wanted || plots == kMostPlots) continue;
    const std::string plot = one_history(history, measure, present);
    plots += plot.empty() ? 0 : 1;
    out += plot;
  }
  return out;
}

}  // namespace llmops
