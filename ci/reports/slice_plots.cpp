// Forest plots: one line a slice, its difference and interval, worst first.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "ci/reports/escape.h"
#include "ci/reports/layout.h"
#include "ci/reports/plots.h"

namespace llmops {
namespace {

constexpr std::size_t kMostSlices = 24;  // of one score
constexpr std::size_t kMostScores = 8;
constexpr double kLeft = 230, kHalf = 200, kLine = 22;

struct Line {
  std::string name;
  double low, middle, high;  // oriented: positive is better
  bool worse;
};

std::string plot(const std::string& title, const std::vector<Line>& lines) {
  double reach = 0.01;
  for (const Line& line : lines) reach = std::max({reach, std::abs(line.low), std::abs(line.high)});
  const auto x = [&](double value) { return kLeft + kHalf + kHalf * value / (reach * 1.05); };
  const double bottom = 26 + kLine * static_cast<double>(lines.size());
  std::string label = title + ": difference to the baseline by slice";
  std::string body;
  double y = 34;
  for (const Line& line : lines) {
    label += fmt::format("; {} {:+.4f} from {:+.4f} to {:+.4f}{}", line.name, line.middle, line.low,
                         line.high, line.worse ? ", worse" : "");
    body += fmt::format("<text{} x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>",
                        line.worse ? " class=\"t\"" : "", kLeft - 8, y + 4,
                        escape_markup(fit(line.name, 34)));
    body += fmt::format("<path class=\"{}\" d=\"M{:.1f} {:.1f}H{:.1f}\"/>",
                        line.low > 0    ? "up"
                        : line.high < 0 ? "down"
                                        : "flat",
                        x(line.low), y, x(line.high));
    body += fmt::format("<circle class=\"dot\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\"/>",
                        x(line.middle), y);
    if (line.worse)
      body += fmt::format("<text class=\"t\" x=\"{:.1f}\" y=\"{:.1f}\">worse</text>",
                          kLeft + 2 * kHalf + 14, y + 4);
    y += kLine;
  }
  return fmt::format(
             "<svg class=\"wide\" viewBox=\"0 0 {0:.0f} {1:.0f}\" role=\"img\" aria-label=\"{2}\">"
             "<text class=\"t\" x=\"{3:.1f}\" y=\"12\" text-anchor=\"middle\">{4}</text>"
             "<path class=\"axis\" d=\"M{3:.1f} 20V{5:.0f}\"/>",
             kLeft + 2 * kHalf + 60, bottom + 20, escape_markup(label), x(0), escape_markup(title),
             bottom) +
         body +
         fmt::format("<text x=\"{:.1f}\" y=\"{:.0f}\">{:+.3f} worse</text>", kLeft, bottom + 14,
                     -reach * 1.05) +
         fmt::format("<text x=\"{:.1f}\" y=\"{:.0f}\" text-anchor=\"end\">better {:+.3f}</text>",
                     kLeft + 2 * kHalf, bottom + 14, reach * 1.05) +
         "</svg>\n";
}

}  // namespace

std::string slices_svg(const ReportInput& input) {
  if (input.comparison == nullptr) return "";
  std::map<std::string, std::vector<Line>> by_score;
  for (const SliceFinding& slice : input.comparison->slices) {
    const MetricComparison* whole = input.comparison->find(slice.metric);
    if (whole == nullptr || whole->scale != Scale::difference || !slice.difference ||
        !slice.lower || !slice.upper || !std::isfinite(*slice.lower) ||
        !std::isfinite(*slice.upper))
      continue;
    if (by_score.size() == kMostScores && !by_score.contains(slice.metric)) continue;
    std::vector<Line>& lines = by_score[slice.metric];
    if (lines.size() == kMostSlices) continue;
    const std::string tag =
        slice.tag.value == "true" ? slice.tag.key : slice.tag.key + " = " + slice.tag.value;
    lines.push_back(
        {fmt::format("{} ({})", tag, slice.n), *slice.lower,
         whole->measure.better == Better::lower ? -*slice.difference : *slice.difference,
         *slice.upper, slice.worse});
  }
  std::string out;
  for (auto& [metric, lines] : by_score) {
    std::ranges::stable_sort(lines, [](const Line& a, const Line& b) {
      return std::pair(!a.worse, a.middle) < std::pair(!b.worse, b.middle);
    });
    out += plot(metric, lines);
  }
  return out;
}

}  // namespace llmops
