// Prometheus' text format, closed as OpenMetrics wants it: the textfile collector of the node
// exporter reads it, and GitLab as a metrics report. No run id among the labels, so that one series
// goes on from run to run.
#include <fmt/format.h>

#include <cmath>

#include "ci/reports/figures.h"
#include "ci/reports/report.h"
#include "datasets/text/files.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

// A label's value: backslash, quote and line break escaped.
std::string label(std::string_view value) {
  std::string out;
  for (const char c : visible(value)) {
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
  return out;
}

class Page {
 public:
  Page(const ReportInput& input, std::FILE* out) : input_(input), out_(out) {
    common_ = fmt::format("suite=\"{}\",prompt=\"{}\",model=\"{}\"", label(input.run.suite),
                          label(prompt_name(input.run)), label(model_name(input.run)));
  }

  void family(std::string_view name, std::string_view help) {
    write_all(out_, fmt::format("# HELP llmops_{0} {1}\n# TYPE llmops_{0} gauge\n", name, help));
  }
  void sample(std::string_view name, const std::string& labels, std::optional<double> value) {
    if (!value || !std::isfinite(*value)) return;
    write_all(out_, fmt::format("llmops_{}{{{}{}{}}} {}\n", name, common_,
                                labels.empty() ? "" : ",", labels, *value));
  }

  void write() {
    run();
    measures();
    rules();
    write_all(out_, "# EOF\n");
  }

 private:
  void run() {
    const RunCounts& counts = input_.run.counts;
    family("outcome", "1 for the outcome of the run's gate, 0 for the others");
    for (const Outcome each : {Outcome::pass, Outcome::fail, Outcome::inconclusive,
                               Outcome::incomplete, Outcome::not_comparable})
      sample("outcome", fmt::format("outcome=\"{}\"", name(each)),
             each == outcome_of(input_) ? 1 : 0);
    const std::pair<std::string_view, std::int64_t> calls[] = {
        {"made",    counts.made   },
        {"cached",  counts.cached },
        {"failed",  counts.failed },
        {"retried", counts.retried}
    };
    family("calls", "calls of the run");
    for (const auto& call : calls)
      sample("calls", fmt::format("kind=\"{}\"", call.first), static_cast<double>(call.second));
    family("cases", "cases of the run");
    sample("cases", "", static_cast<double>(counts.cases));
    family("cost_usd", "what the run cost, in US dollars");
    sample("cost_usd", "", input_.run.cost_usd);
    family("wall_seconds", "how long the run took");
    sample("wall_seconds", "", input_.run.wall_s);
  }

  void measures() {
    const auto each = [&](std::string_view name, std::string_view help, const auto& value) {
      family(name, help);
      for (const MeasureSummary& figures : input_.summary.measures)
        sample(name, fmt::format("metric=\"{}\"", label(figures.measure.name)), value(figures));
    };
    using Figures = const MeasureSummary&;
    each("metric_mean", "mean over the cases; tokens, milliseconds or dollars where it is no score",
         [](Figures figures) { return figures.mean; });
    each("metric_interval_low", "lower end of its interval, of a mean 95 %",
         [](Figures figures) { return figures.interval_low; });
    each("metric_interval_high", "upper end of its interval, of a mean 95 %",
         [](Figures figures) { return figures.interval_high; });
    each("metric_p95", "95th percentile over the cases",
         [](Figures figures) { return figures.p95; });
    each("metric_unscored", "cases without a value", [](Figures figures) {
      return std::optional<double>(static_cast<double>(figures.unscored));
    });
    if (input_.comparison == nullptr) return;
    family("metric_difference", "candidate - baseline");
    for (const MetricComparison& compared : input_.comparison->metrics)
      sample("metric_difference", fmt::format("metric=\"{}\"", label(compared.metric)),
             compared.difference);
  }

  void rules() {
    if (input_.verdict == nullptr) return;
    family("rule_failed", "1 where the rule failed, 0 where it did not");
    for (const RuleOutcome& rule : input_.verdict->rules)
      sample("rule_failed",
             fmt::format("rule=\"{}\",outcome=\"{}\"", label(rule.rule.text), name(rule.outcome)),
             rule.outcome == Outcome::fail ? 1 : 0);
  }

  const ReportInput& input_;
  std::FILE* out_;
  std::string common_;
};

void write(const ReportInput& input, std::FILE* out) { Page(input, out).write(); }

}  // namespace

extern const ReportInfo kPrometheusReport;
constexpr ReportInfo kPrometheusReport{
    .name = "prometheus",
    .extension = ".prom",
    .summary = "Prometheus' text format; GitLab's metrics report",
    .write = &write,
};

}  // namespace llmops
