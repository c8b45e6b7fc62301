// One page that needs nothing else: verdict, figures, and the plots of a bench run.
#include <fmt/format.h>

#include <algorithm>

#include "ci/reports/escape.h"
#include "ci/reports/page.h"
#include "ci/serving/load_plots.h"
#include "cli/bench/report.h"
#include "datasets/text/files.h"

namespace llmops {
namespace {

constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--back:#fff;--text:#1b1f24;--soft:#57606a;--line:#d0d7de;--good:#116329;--bad:#a40e26;--doubt:#7d4e00;--a:#0969da;--b:#bc4c00;--c:#1a7f37;--d:#8250df;--e:#bf3989;--f:#9a6700}
@media(prefers-color-scheme:dark){:root{--back:#0d1117;--text:#e6edf3;--soft:#9da7b3;--line:#30363d;--good:#56d364;--bad:#ff7b72;--doubt:#e3b341;--a:#58a6ff;--b:#f0883e;--c:#3fb950;--d:#bc8cff;--e:#f778ba;--f:#d29922}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:72rem;padding:1.5rem;background:var(--back);color:var(--text);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.35rem;border-left:.4rem solid;padding-left:.8rem;margin:.2rem 0 .6rem;overflow-wrap:anywhere}
h2{font-size:1.05rem;margin:1.8rem 0 .5rem}
.pass{color:var(--good)}.fail{color:var(--bad)}.inconclusive,.incomplete,.not_comparable{color:var(--doubt)}
.soft{color:var(--soft)}.scroll{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{text-align:left;vertical-align:top;padding:.25rem .8rem .25rem 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
th{color:var(--soft);font-weight:600;white-space:nowrap}.n{text-align:right;white-space:nowrap}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.45 ui-monospace,monospace}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(22rem,1fr));gap:1rem}
svg{width:100%;height:auto}svg text{font:10px system-ui,sans-serif;fill:var(--soft)}svg .t{font-size:12px;fill:var(--text)}
.grid{stroke:var(--line);stroke-width:.6}.axis{stroke:var(--soft);fill:none}.line{fill:none;stroke-width:1.6}.old{stroke-dasharray:5 3}.dot{fill:var(--soft)}
.k0{stroke:var(--a)}.k1{stroke:var(--b)}.k2{stroke:var(--c)}.k3{stroke:var(--d)}.k4{stroke:var(--e)}.k5{stroke:var(--f)}
.longer{fill:var(--bad)}.shorter{fill:var(--good)}.whole{fill:var(--soft)}
@media print{body{max-width:none;padding:0}}
)";

constexpr std::size_t kMostPoints = 6;  // whose lines one plot holds

std::string cell(const std::optional<double>& value) {
  return value ? fmt::format("<td class=\"n\">{:.4g}</td>", *value) : "<td class=\"n\">-</td>";
}

std::string range(const std::optional<double>& low, const std::optional<double>& high) {
  if (!low && !high) return "<td></td>";
  const auto end = [](const std::optional<double>& value) {
    return value ? fmt::format("{:.4g}", *value) : std::string("?");
  };
  return fmt::format("<td class=\"soft\">{} to {}</td>", end(low), end(high));
}

class Page {
 public:
  Page(const BenchView& view, std::FILE* out) : view_(view), out_(out) {}

  void write() {
    const bool gated = view_.gate.verdict.has_value();
    const std::string name = member(view_.header.model, "name");
    print(page_start("bench: " + name, kStyle));
    print(fmt::format(
        "<header><h1 class=\"{}\">{}</h1>\n<p class=\"soft\">{} · {} · {}</p></header>\n<main>\n",
        gated ? llmops::name(view_.gate.verdict->outcome) : std::string_view("ungated"),
        escape_markup(gated ? view_.gate.verdict->headline : "Load on " + name),
        escape_markup(name), escape_markup(member(view_.header.model, "base_url")),
        escape_markup(view_.header.created)));
    rules();
    cause();
    figures();
    plots();
    text();
    print("</main>");
    print(kPageEnd);
  }

 private:
  void print(std::string_view text) { write_all(out_, text); }
  void heading(std::string_view text) { print(fmt::format("<h2>{}</h2>\n", escape_markup(text))); }
  static std::string member(const Object& from, std::string_view key) {
    const Value* found = from.find(key);
    return found == nullptr ? "" : to_text(*found);
  }

  void rules() {
    if (!view_.gate.verdict) return;
    heading("Rules");
    print("<div class=\"scroll\"><table>");
    for (const RuleOutcome& rule : view_.gate.verdict->rules)
      print(fmt::format("<tr><td class=\"{0}\">{0}</td><td>{1}</td><td>{2}</td></tr>",
                        name(rule.outcome), escape_markup(rule.rule.text),
                        escape_markup(rule.why)));
    print("</table></div>\n");
  }

  void cause() {
    if (!view_.gate.cause || view_.gate.cause->splits.empty()) return;
    heading("Why latency changed");
    print("<div class=\"plots\">");
    for (const LatencySplit& split : view_.gate.cause->splits) {
      std::vector<PlotBar> bars;
      for (const LatencyPart& part : split.parts) bars.push_back({std::string(part.name), part.ms});
      bars.push_back({"change", split.change_ms, true});
      print(bars_svg("latency, " + split.quantity, "ms", bars));
    }
    print("</div>\n");
    for (const LatencySplit& split : view_.gate.cause->splits)
      print(fmt::format("<p>{}</p>\n", escape_markup(split.sentence)));
  }

  void times(const std::string& title, const BenchSide& side) {
    print(fmt::format(
        "<h3>{}</h3><div class=\"scroll\"><table><tr><th>ms</th><th class=\"n\">n</th><th "
        "class=\"n\">mean</th><th>95 %</th><th class=\"n\">p50</th><th class=\"n\">p90</th><th "
        "class=\"n\">p95</th><th>95 %</th><th class=\"n\">p99</th><th class=\"n\">p99.9</th></tr>",
        escape_markup(title)));
    for (const TimeFigure& figure : side.figures.times) {
      if (figure.n == 0 || figure.quantiles.size() < 5) continue;
      const auto& q = figure.quantiles;
      print(fmt::format("<tr><td>{}</td><td class=\"n\">{}</td>", figure.name, figure.n) +
            cell(figure.mean) + range(figure.mean_low, figure.mean_high) + cell(q[0].value) +
            cell(q[1].value) + cell(q[2].value) + range(q[2].low, q[2].high) + cell(q[3].value) +
            cell(q[4].value) + "</tr>");
    }
    print("</table></div>\n");
  }

  void figures() {
    heading("Times");
    for (const BenchPoint& point : view_.job.points) {
      times(point.name, point.side);
      if (point.against) times(point.name + ", against", *point.against);
    }
  }

  void cdf(const char* metric, const char* title) {
    LinePlot plot{.title = title, .x = "ms", .y = "share of requests", .lines = {}, .log_x = true};
    for (const BenchPoint& point : view_.job.points) {
      if (plot.lines.size() + 2 > kMostPoints) break;
      plot.lines.push_back(latency_cdf(point.name, point.side.loads, metric));
      if (!point.against) continue;
      plot.lines.push_back(latency_cdf("against", point.against->loads, metric));
      plot.lines.back().dashed = true;
    }
    print(line_plot_svg(plot));
  }

  void over_time(const BenchPoint& point) {
    if (point.side.loads.empty()) return;
    const LoadResult& load = point.side.loads.front();
    print(line_plot_svg({
        .title = "Requests, " + point.name,
        .x = "s",
        .y = "a second",
        .lines = {per_second("sent", load, &LoadSecond::sent),
                  per_second("done", load, &LoadSecond::done),
                  per_second("failed", load, &LoadSecond::failed),
                  per_second("in flight", load, &LoadSecond::in_flight)}
    }));
    print(
        line_plot_svg({.title = "Output tokens, " + point.name,
                       .x = "s",
                       .y = "tokens/s",
                       .lines = {per_second("output tokens", load, &LoadSecond::output_tokens)}}));
    print(line_plot_svg({
        .title = "Median times, " + point.name,
        .x = "s",
        .y = "ms",
        .lines = {median_per_second("ttft", load, "ttft"),
                  median_per_second("service_ttft", load, "service_ttft")}
    }));
  }

  // What a sweep, or several points, are made for: how latency grows with throughput.
  void curve() {
    if (view_.job.points.size() < 2) return;
    PlotLine p50{.name = "latency p50", .points = {}}, p95{.name = "latency p95", .points = {}};
    std::vector<const BenchPoint*> points;
    for (const BenchPoint& point : view_.job.points) points.push_back(&point);
    std::ranges::stable_sort(points, {}, [](const BenchPoint* point) {
      return point->side.figures.steady.output_tokens_per_s;
    });
    for (const BenchPoint* point : points) {
      const TimeFigure* latency = point->side.figures.find("latency");
      if (latency == nullptr || latency->quantiles.size() < 3) continue;
      const double x = point->side.figures.steady.output_tokens_per_s;
      if (latency->quantiles[0].value) p50.points.emplace_back(x, *latency->quantiles[0].value);
      if (latency->quantiles[2].value) p95.points.emplace_back(x, *latency->quantiles[2].value);
    }
    print(line_plot_svg({
        .title = "Throughput and latency",
        .x = "output tokens/s",
        .y = "ms",
        .lines = {p50, p95},
        .markers = true
    }));
  }

  void plots() {
    heading("Plots");
    print("<div class=\"plots\">");
    curve();
    cdf("ttft", "Time to first token");
    cdf("tpot", "Time per output token");
    cdf("latency", "Latency");
    for (std::size_t i = 0; i < view_.job.points.size() && i < kMostPoints; ++i)
      over_time(view_.job.points[i]);
    print("</div>\n");
  }

  void text() {
    heading("As on the terminal");
    print("<pre>" + escape_markup(bench_screen(view_, 120)) + "</pre>\n");
  }

  const BenchView& view_;
  std::FILE* out_;
};

}  // namespace

void write_bench_html(const BenchView& view, std::FILE* out) { Page(view, out).write(); }

}  // namespace llmops
