// One screen: the verdict, why, the figures, the cases to look at, and the verdict's line again
// where a CI log ends.
#include <fmt/format.h>

#include <algorithm>

#include "ci/reports/figures.h"
#include "ci/reports/layout.h"
#include "ci/reports/report.h"
#include "ci/reports/worst_cases.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

constexpr std::size_t kWorstCases = 3;
constexpr std::size_t kWarnings = 8;
constexpr std::size_t kFindings = 8;
constexpr double kMoneyScale = 1000;  // one case costs too little to read

// As one word of a command line.
std::string shell_word(const std::string& text) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./@%+:,=";
  if (text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

class Screen {
 public:
  Screen(const ReportInput& input, const TerminalStyle& style)
      : input_(input),
        width_(static_cast<std::size_t>(std::clamp(style.width, 60, 120))),
        decimals_(style.width >= 100 ? 4 : 3),
        paint_{style.color} {}

  std::string render() {
    headline_line();
    about();
    rules();
    findings();
    const std::vector<MeasureLine> lines = measure_lines(input_);
    if (input_.comparison != nullptr)
      differences(lines);
    else
      means(lines);
    tests();
    spread(lines);
    worst();
    warnings();
    more();
    headline_line();
    return std::move(out_);
  }

  void headline_line() {
    const Outcome outcome = outcome_of(input_);
    std::string text = visible(headline(input_));
    if (out_.empty()) {
      bool first = true;
      for (const std::string& line : wrap(text, width_)) {
        out_ += (first ? coloured(line, outcome) : line) + "\n";
        first = false;
      }
    } else {
      out_ += "\n" + coloured(text, outcome) + "\n";  // one line, however long
    }
  }

  std::string take() { return std::move(out_); }

 private:
  // The outcome carries the colour, and says the same without it.
  std::string coloured(const std::string& text, Outcome outcome) const {
    const std::string_view word = shown(outcome);
    const std::size_t end =
        text.starts_with(word) ? word.size() : std::min(text.find(' '), text.size());
    return paint_(tone(outcome), text.substr(0, end)) + text.substr(end);
  }

  void heading(std::string_view text) { out_ += "\n" + paint_(Tone::strong, text) + "\n"; }

  void about() {
    const RunHeader& run = input_.run;
    std::string text = who(run) + fmt::format("{} case{}", run.counts.cases,
                                              run.counts.cases == 1 ? "" : "s");
    if (run.counts.samples != run.counts.cases)
      text += fmt::format(" · {} samples", run.counts.samples);
    if (run.counts.cached > 0) text += fmt::format(" · {} cached", run.counts.cached);
    if (run.counts.retried > 0) text += fmt::format(" · {} retried", run.counts.retried);
    if (run.counts.failed > 0) text += fmt::format(" · {} failed", run.counts.failed);
    if (run.cost_usd > 0) text += fmt::format(" · ${:.4f}", run.cost_usd);
    if (run.wall_s > 0) text += fmt::format(" · {:.2f} s", run.wall_s);
    for (const std::string& line : wrap(visible(text), width_))
      out_ += paint_(Tone::dim, line) + "\n";
    if (input_.comparison != nullptr) {
      for (const std::string& change : input_.comparison->changed)
        for (const std::string& line : wrap("changed: " + visible(change), width_))
          out_ += paint_(Tone::dim, line) + "\n";
    }
    for (const SideUse& use : run.side_uses) {
      std::string line = fmt::format("judge: {} by {} · {} answered", use.evaluator, use.model,
                                     use.answered);
      if (use.cached > 0) line += fmt::format(" · {} cached", use.cached);
      if (use.failed > 0) line += fmt::format(" · {} failed", use.failed);
      if (use.cost_usd > 0) line += fmt::format(" · ${:.4f}", use.cost_usd);
      for (const std::string& part : wrap(visible(line), width_))
        out_ += paint_(Tone::dim, part) + "\n";
    }
    classes("errors:", run.counts.errors, Tone::bad);
    if (run.counts.retried > 0)
      classes("failed attempts, those that a retry mended too:", run.counts.faults, Tone::dim);
  }

  void classes(std::string text, const std::vector<std::pair<std::string, std::int64_t>>& counts,
               Tone tone) {
    if (counts.empty()) return;
    for (const auto& entry : counts) text += fmt::format(" {} {}", entry.second, entry.first);
    for (const std::string& line : wrap(visible(text), width_)) out_ += paint_(tone, line) + "\n";
  }

  void rules() {
    if (input_.verdict == nullptr || input_.verdict->rules.empty()) return;
    heading("Rules");
    std::size_t widest = 0;
    for (const RuleOutcome& rule : input_.verdict->rules)
      widest = std::max(widest, shown(rule.outcome).size());
    for (const RuleOutcome& rule : input_.verdict->rules) {
      const std::string word(shown(rule.outcome));
      out_ += "  " + paint_(tone(rule.outcome), word) + std::string(widest - word.size() + 2, ' ') +
              visible(rule.rule.text) + (rule.rule.primary ? "" : " (secondary)") + "\n";
      for (const std::string& line : wrap(visible(rule.why), width_ - widest - 4))
        if (!line.empty()) out_ += std::string(widest + 4, ' ') + line + "\n";
    }
  }

  // What a rule says already is not said twice.
  void findings() {
    std::size_t shown_ones = 0, left_out = 0;
    for (const Finding& finding : input_.findings) {
      if (finding.told) continue;
      if (shown_ones == kFindings) {
        ++left_out;
        continue;
      }
      if (shown_ones++ == 0) heading("Findings");
      std::string mark = "- ";
      for (const std::string& line : wrap(visible(finding.sentence), width_ - 4)) {
        out_ += "  " + mark + line + "\n";
        mark = "  ";
      }
    }
    if (left_out > 0) out_ += fmt::format("    and {} more in the report\n", left_out);
  }

  void differences(const std::vector<MeasureLine>& lines) {
    using Align = TextTable::Align;
    TextTable table({{.header = "metric"},
                     {.header = "baseline", .align = Align::decimal},
                     {.header = "candidate", .align = Align::decimal},
                     {.header = "", .align = Align::left},
                     {.header = "difference", .align = Align::decimal},
                     {.header = "95% interval", .align = Align::right, .optional = true},
                     {.header = "relative", .align = Align::decimal, .optional = true}});
    for (const MeasureLine& line : lines) {
      if ((!line.baseline && !line.candidate) || dull(line)) continue;
      const Measure& measure = *line.measure;
      const MetricComparison* compared = line.compared;
      const auto difference = compared == nullptr ? std::nullopt : compared->difference;
      const bool relative = measure.kind == ScoreKind::positive;
      const int decimals = decimals_for(line, decimals_, kMoneyScale);
      table.add({{label(line)},
                 {show(scaled(line.baseline, measure), measure, decimals)},
                 {show(scaled(line.candidate, measure), measure, decimals)},
                 {std::string(shown(line.change)), tone(line.change)},
                 {show_signed(scaled(difference, measure), measure, decimals)},
                 {compared == nullptr ? "" : interval(*compared, decimals)},
                 {relative ? show_percent(line.baseline, difference) : ""}});
    }
    if (table.empty()) return;
    heading("Difference to the baseline");
    out_ += table.render(width_, paint_);
    out_ +=
        paint_(Tone::dim, "  ~ no detectable change: the interval of the difference holds zero") +
        "\n";
  }

  void tests() {
    using Align = TextTable::Align;
    TextTable table({{.header = "metric"},
                     {.header = "decided by", .align = Align::left, .optional = true},
                     {.header = "t-test", .align = Align::left},
                     {.header = "detectable", .align = Align::decimal},
                     {.header = "cases to pass", .align = Align::right}});
    for (const TestLine& line : test_lines(input_)) {
      const bool tested = line.compared->p_value.has_value();
      const Measure& measure = line.compared->measure;
      const bool money = line.compared->metric == "cost_per_case";
      const std::string detectable = show(scaled(line.compared->mde, measure), measure);
      table.add({{money ? "$ per 1,000 cases" : fit(visible(line.compared->metric), 28)},
                 {line.method},
                 {tested ? line.t_test : "-"},
                 {detectable.empty() ? "-" : detectable},
                 {line.needed.empty() ? "-" : line.needed}});
    }
    if (table.empty()) return;
    heading("What these cases can tell");
    out_ += table.render(width_, paint_);
    out_ += paint_(Tone::dim,
                   "  detectable: found with 80% power; cases to pass: had nothing changed") +
            "\n";
  }

  void means(const std::vector<MeasureLine>& lines) {
    using Align = TextTable::Align;
    TextTable table({{.header = "metric"},
                     {.header = "mean", .align = Align::decimal},
                     {.header = "95% interval", .align = Align::right},
                     {.header = "cases", .align = Align::right},
                     {.header = "unscored", .align = Align::right}});
    for (const MeasureLine& line : lines) {
      if (line.measure->builtin || line.summary == nullptr) continue;
      const MeasureSummary& figures = *line.summary;
      table.add(
          {{visible(line.name)},
           {figures.mean ? show(figures.mean, *line.measure, decimals_) : "not measured"},
           {show_interval(figures, decimals_)},
           {fmt::format("{}", figures.n)},
           {figures.unscored > 0 ? fmt::format("{}", figures.unscored) : ""}});
    }
    if (table.empty()) return;
    heading("Scores");
    out_ += table.render(width_, paint_);
  }

  void spread(const std::vector<MeasureLine>& lines) {
    using Align = TextTable::Align;
    TextTable table({{.header = "of this run"},
                     {.header = "mean", .align = Align::decimal},
                     {.header = "p50", .align = Align::decimal},
                     {.header = "p95", .align = Align::decimal},
                     {.header = "p99", .align = Align::decimal},
                     {.header = "total", .align = Align::decimal, .optional = true}});
    for (const MeasureLine& line : lines) {
      if (line.summary == nullptr || line.measure->unit.empty() || !line.summary->mean) continue;
      if (dull(line)) continue;
      const MeasureSummary& figures = *line.summary;
      const Measure& measure = *line.measure;
      const int decimals = decimals_for(line, 3, kMoneyScale);
      table.add({{label(line)},
                 {show(scaled(figures.mean, measure), measure, decimals)},
                 {show(scaled(figures.p50, measure), measure, decimals)},
                 {show(scaled(figures.p95, measure), measure, decimals)},
                 {show(scaled(figures.p99, measure), measure, decimals)},
                 {measure.unit == "tokens" ? show(figures.total, measure) : ""}});
    }
    if (table.empty()) return;
    heading("Tokens, cost, time");
    out_ += table.render(width_, paint_);
  }

  // A built-in measure that no rule names and that says nothing new on one screen: the sum of two
  // others, a rate that is as it should be. The other reports show all.
  static bool dull(const MeasureLine& line) {
    if (!line.measure->builtin || (line.compared != nullptr && line.compared->outcome))
      return false;
    if (line.name == "total_tokens") return true;
    const bool same = !line.baseline || line.baseline == line.candidate;
    return (line.name == "error_rate" && same && line.candidate == 0.0) ||
           (line.name == "coverage" && same && line.candidate == 1.0);
  }

  static std::optional<double> scaled(std::optional<double> value, const Measure& measure) {
    if (value && measure.unit == "usd") *value *= kMoneyScale;
    return value;
  }

  // On a narrow screen without blanks, so that the column has room.
  std::string interval(const MetricComparison& compared, int decimals) const {
    const Measure& measure = compared.measure;
    std::string text = show_signed_interval(scaled(compared.interval_low, measure),
                                            scaled(compared.interval_high, measure), measure,
                                            decimals);
    const std::size_t gap = width_ < 100 ? text.find(" .. ") : std::string::npos;
    if (gap != std::string::npos) text.replace(gap, 4, "..");
    return text;
  }

  static std::string label(const MeasureLine& line) {
    if (line.measure->name == "cost_per_case") return "$ per 1,000 cases";
    return fit(visible(line.name), 28) + (line.measure->unit == "ms" ? " ms" : "");
  }

  void worst() {
    const WorstCases worst = worst_cases(input_, kWorstCases);
    if (worst.cases.empty()) return;
    heading(worst.title);
    for (const CaseChange& change : worst.cases) {
      std::string moved;
      for (const CaseChange::Score& score : change.scores) {
        if (!moved.empty()) moved += ", ";
        moved += visible(score.measure) + " ";
        if (score.baseline) moved += show(score.baseline, *score.facts) + " -> ";
        moved += score.candidate ? show(score.candidate, *score.facts) : "unscored";
      }
      if (change.failed > 0) moved += (moved.empty() ? "" : ", ") + std::string("failed");
      out_ += "  " + paint_(Tone::strong, fit(visible(change.id), width_ - 2)) + "\n";
      for (const std::string& line : wrap(moved, width_ - 4))
        if (!line.empty()) out_ += "    " + line + "\n";
      const OutputExcerpt texts = excerpt(input_, change.id, 2, 4096);
      passage("baseline ", texts.baseline);
      passage("reference", texts.reference);
      passage("candidate", texts.candidate);
    }
  }

  void passage(const std::string& who, const std::vector<std::string>& lines) {
    std::string first = who;
    for (const std::string& line : lines) {
      out_ += "    " + paint_(Tone::dim, first + " |") + " " +
              fit(visible(line), width_ - who.size() - 7) + "\n";
      first = std::string(who.size(), ' ');
    }
  }

  void warnings() {
    const std::vector<std::string> all = all_warnings(input_);
    if (all.empty()) return;
    heading("Warnings");
    for (std::size_t i = 0; i < std::min(all.size(), kWarnings); ++i) {
      std::string mark = "! ";
      for (const std::string& line : wrap(visible(all[i]), width_ - 4)) {
        out_ += "  " + mark + line + "\n";
        mark = "  ";
      }
    }
    if (all.size() > kWarnings)
      out_ += fmt::format("    and {} more in the report\n", all.size() - kWarnings);
  }

  void more() {
    const std::string id = visible(input_.run.id);
    if (id.empty() || input_.outputs == nullptr) return;  // scores from a file are not stored
    heading("More");
    const std::string where =
        input_.store.empty() ? "" : " --store " + shell_word(visible(input_.store));
    out_ += "  all cases   llmops report " + id + where + " --html report.html\n";
    out_ += "  browse      llmops view" + where + "\n";
    out_ += "  re-decide   llmops gate " + id + where + "\n";
    if (outcome_of(input_) == Outcome::pass && input_.run.complete)
      out_ += "  accept      llmops baseline set " + id + " FILE" + where + "\n";
  }

  const ReportInput& input_;
  std::size_t width_;
  int decimals_;
  Paint paint_;
  std::string out_;
};

}  // namespace

std::string render_terminal(const ReportInput& input, const TerminalStyle& style) {
  Screen screen(input, style);
  if (!style.quiet) return screen.render();
  return Paint{style.color}(tone(outcome_of(input)), visible(headline(input))) + "\n";
}

}  // namespace llmops
