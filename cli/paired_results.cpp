#include "cli/paired_results.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "ci/gate/wording.h"
#include "ci/repeats.h"
#include "ci/reports/figures.h"
#include "ci/reports/worst_cases.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

constexpr std::size_t kMostCases = 10;
constexpr double kMoneyScale = 1000;  // one case costs too little to read
constexpr std::size_t kAnswerLines = 3;
constexpr int kWide = 104;  // columns from which all figures stand in one table

std::string version_of(const RunHeader& run) { return visible(prompt_name(run)); }

// A built-in measure that says nothing: the sum of two others, what never happened.
bool dull(const MeasureLine& line) {
  if (!line.baseline && !line.candidate) return true;
  if (!line.measure->builtin || (line.compared != nullptr && line.compared->outcome)) return false;
  if (line.name == "total_tokens") return true;
  const bool same = line.baseline == line.candidate;
  return same && (line.candidate == 0.0 || (line.name == "coverage" && line.candidate == 1.0));
}

std::optional<double> scaled(std::optional<double> value, const Measure& measure) {
  if (value && measure.unit == "usd") *value *= kMoneyScale;
  return value;
}

std::string label(const MeasureLine& line) {
  if (line.measure->name == "cost_per_case") return "$ per 1,000 cases";
  return fit(visible(line.name), 28) + (line.measure->unit == "ms" ? " ms" : "");
}

// "states_fact -0.371", "latency +182%".
std::string moved(const MeasureLine& line) {
  const std::string change = line.measure->kind == ScoreKind::positive
                                 ? show_percent(line.baseline, line.compared->difference)
                                 : "";
  return fmt::format(
      "{} {}", line.name,
      change.empty() ? show_signed(line.compared->difference, *line.measure) : change);
}

void add_list(std::string& text, const char* what, const std::vector<std::string>& list) {
  if (!list.empty())
    text += fmt::format("{}{} {}", text.empty() ? "" : "; ", what, fmt::join(list, ", "));
}

std::string p_or_blank(std::optional<double> p) {
  if (!p) return "";
  return *p < 0.001 ? fmt::format("{:.1e}", *p) : fmt::format("{:.3f}", *p);
}

}  // namespace

PairedResults compare_pairs(const Store& store, const RunHeader& before, const RunHeader& after,
                            const GateSpec* gate) {
  PairedResults results;
  results.decided = decide_run(store, after, gate, store.open_run(before));
  const RunSource& baseline = *results.decided.baseline;
  results.latency = explain_latency(baseline, *results.decided.run);
  results.changed = changed_most(baseline, *results.decided.run, kMostCases);
  // Those of B are there already.
  std::vector<Finding>& findings = results.decided.findings;
  for (Finding& finding : findings)
    if (finding.kind == "flaky" || finding.kind == "variance")
      finding.sentence = "B: " + finding.sentence;
  for (Finding& finding : repeat_findings(baseline)) {
    finding.sentence = "A: " + finding.sentence;
    finding.subject = "A: " + finding.subject;
    findings.push_back(std::move(finding));
  }
  return results;
}

ReportInput report_input(const PairedResults& results) {
  const Decided& decided = results.decided;
  return {.command = "diff",
          .run = decided.run->header(),
          .summary = decided.summary,
          .rows = *decided.run,
          .comparison = &*decided.comparison,
          .verdict = decided.verdict ? &*decided.verdict : nullptr,
          .outputs = decided.outputs.get(),
          .baseline_outputs = decided.baseline_outputs.get(),
          .warnings = decided.warnings,
          .baseline_rows = decided.baseline.get(),
          .findings = decided.findings};
}

std::string verdict_line(const PairedResults& results) {
  const ReportInput input = report_input(results);
  if (input.verdict != nullptr || !input.run.complete) return headline(input);
  const RunHeader& before = results.decided.baseline->header();
  if (!before.complete) return "INCOMPLETE: " + before.why_incomplete;
  std::vector<std::string> better;
  std::vector<std::string> worse;
  std::vector<std::string> other;
  std::vector<std::string> none;
  for (const MeasureLine& line : measure_lines(input)) {
    if (dull(line) || line.compared == nullptr) continue;
    if (line.change == Change::better) better.push_back(moved(line));
    if (line.change == Change::worse) worse.push_back(moved(line));
    if (line.change == Change::other) other.push_back(moved(line));
    if (line.change == Change::none && !line.measure->builtin) none.push_back(line.name);
  }
  std::string text;
  add_list(text, "worse:", worse);
  add_list(text, "better:", better);
  add_list(text, "changed:", other);
  add_list(text, "no detectable change:", none);
  const std::string_view word = !worse.empty() && !better.empty() ? "MIXED"
                                : !worse.empty()                  ? "WORSE"
                                : !better.empty()                 ? "BETTER"
                                                                  : "NO DETECTABLE CHANGE";
  return fmt::format("{}: {} against {}, {}{}{}", word, prompt_name(input.run), prompt_name(before),
                     counted(input.comparison->shared, "case"), text.empty() ? "" : "; ", text);
}

namespace {

class Screen {
 public:
  Screen(const PairedResults& results, const ScreenStyle& style)
      : results_(results),
        input_(report_input(results)),
        lines_(measure_lines(input_)),
        wide_(style.width >= kWide),
        width_(static_cast<std::size_t>(style.width)),
        paint_{style.color} {}

  std::string render() {
    about();
    figures();
    rules();
    latency();
    findings();
    changed();
    warnings();
    out_ += "\n" + visible(verdict_line(results_)) + "\n";
    return std::move(out_);
  }

 private:
  void heading(std::string_view text) { out_ += "\n" + paint_(Tone::strong, text) + "\n"; }
  void paragraph(const std::string& text, std::size_t indent) {
    for (const std::string& line : wrap(visible(text), width_ - indent))
      if (!line.empty()) out_ += std::string(indent, ' ') + line + "\n";
  }

  void about() {
    const RunHeader& a = results_.decided.baseline->header();
    const RunHeader& b = input_.run;
    heading(fmt::format("A {}   B {}", version_of(a), version_of(b)));
    paragraph(fmt::format("{} · {} in both, asked in pairs in random order · ${:.4f} and ${:.4f} · "
                          "runs {} and {}",
                          model_name(b), counted(input_.comparison->shared, "case"), a.cost_usd,
                          b.cost_usd, a.id, b.id),
              2);
    for (const RunHeader* run : {&a, &b})
      if (run->counts.failed > 0)
        paragraph(fmt::format("{} of {} calls of {} failed", run->counts.failed,
                              run->counts.samples, prompt_name(*run)),
                  2);
  }

  void figures() {
    using Align = TextTable::Align;
    std::vector<TextTable::Column> columns = {
        {.header = "metric"      },
        {                 .header = "A", .align = Align::decimal},
        {                 .header = "B", .align = Align::decimal},
        {                 .header = ""                       },
        { .header = "B - A",                        .align = Align::decimal},
        {                 .header = "95% interval",                        .align = Align::right}
    };
    const std::vector<TextTable::Column> tests = {
        {.header = "p",      .align = Align::right},
        {.header = "wins",   .align = Align::right},
        {.header = "losses", .align = Align::right},
        {.header = "ties",   .align = Align::right}
    };
    std::vector<TextTable::Column> second = {{.header = "metric"}};
    second.insert(second.end(), tests.begin(), tests.end());
    if (wide_) columns.insert(columns.end(), tests.begin(), tests.end());
    TextTable table(columns);
    TextTable tested(second);
    for (const MeasureLine& line : lines_) {
      if (dull(line)) continue;
      const Measure& measure = *line.measure;
      const MetricComparison* found = line.compared;
      const int decimals = decimals_for(line, 3, kMoneyScale);
      const auto interval =
          found == nullptr
              ? std::string()
              : show_signed_interval(scaled(found->interval_low, measure),
                                     scaled(found->interval_high, measure), measure, decimals);
      const auto difference = found == nullptr ? std::nullopt : found->difference;
      std::vector<TextTable::Cell> row = {
          {label(line)              },
          {show(scaled(line.baseline, measure), measure, decimals)},
          {show(scaled(line.candidate,                  measure), measure, decimals)},
          {std::string(shown(line.change)),                         tone(line.change)},
          {show_signed(scaled(difference,measure), measure, decimals)},
          {interval               }
      };
      std::vector<TextTable::Cell> counts(tests.size());
      if (found != nullptr)
        counts = {{p_or_blank(found->p_value)},
                  {fmt::format("{}", found->wins)},
                  {fmt::format("{}", found->losses)},
                  {fmt::format("{}", found->ties)}};
      if (wide_) row.insert(row.end(), counts.begin(), counts.end());
      table.add(row);
      counts.insert(counts.begin(), {label(line)});
      tested.add(counts);
    }
    if (table.empty()) return;
    heading("Difference, case by case");
    out_ += table.render(width_, paint_);
    if (!wide_) out_ += "\n" + tested.render(width_, paint_);
    out_ +=
        paint_(Tone::dim, "  ~ the interval holds zero; wins: cases in which B is better") + "\n";
  }

  void rules() {
    if (input_.verdict == nullptr || input_.verdict->rules.empty()) return;
    heading("Rules, with A as the baseline");
    for (const RuleOutcome& rule : input_.verdict->rules) {
      out_ += "  " + paint_(tone(rule.outcome), shown(rule.outcome)) + "  " +
              visible(rule.rule.text) + "\n";
      paragraph(rule.why, 6);
    }
  }

  void latency() {
    if (!results_.latency.refusal.empty() || results_.latency.splits.empty()) return;
    heading("Where the time goes");
    for (const LatencySplit& split : results_.latency.splits) {
      paragraph(split.sentence, 2);
      std::string parts;
      for (const LatencyPart& part : split.parts)
        parts +=
            fmt::format("{}{} {} ms", parts.empty() ? "" : ", ", part.name, signed_figure(part.ms));
      paragraph(parts, 4);
    }
  }

  void findings() {
    bool first = true;
    for (const Finding& finding : input_.findings) {
      if (finding.told || finding.kind == "latency") continue;
      if (first) heading("Findings");
      first = false;
      paragraph(finding.sentence, 2);
    }
  }

  void passage(const char* who, const std::vector<std::string>& lines) {
    for (std::size_t i = 0; i < lines.size(); ++i)
      out_ += fmt::format("    {} | {}\n", i == 0 ? who : " ", fit(visible(lines[i]), width_ - 8));
  }

  void changed() {
    if (results_.changed.empty()) return;
    heading(fmt::format("Cases that changed most ({} of {})", results_.changed.size(),
                        input_.comparison->shared));
    for (const ChangedCase& each : results_.changed) {
      std::string scores;
      for (const ChangedCase::Score& score : each.scores) {
        if (score.baseline == score.candidate) continue;
        scores += fmt::format("{}{} {} -> {}", scores.empty() ? "" : ", ", score.measure,
                              score.baseline ? show(score.baseline, *score.facts) : "unscored",
                              score.candidate ? show(score.candidate, *score.facts) : "unscored");
      }
      if (each.baseline_tokens && each.candidate_tokens)
        scores += fmt::format("{}output tokens {} -> {}", scores.empty() ? "" : ", ",
                              figure(*each.baseline_tokens), figure(*each.candidate_tokens));
      out_ += "  " + paint_(Tone::strong, fit(visible(each.id), width_ - 2)) + "\n";
      paragraph(scores, 4);
      const OutputExcerpt texts = excerpt(input_, each.id, kAnswerLines, 4096);
      passage("A", texts.baseline);
      passage("B", texts.candidate);
    }
  }

  void warnings() {
    const std::vector<std::string> all = all_warnings(input_);
    if (all.empty()) return;
    heading("Warnings");
    for (const std::string& warning : all) paragraph(warning, 2);
  }

  const PairedResults& results_;
  ReportInput input_;
  std::vector<MeasureLine> lines_;
  bool wide_;
  std::size_t width_;
  Paint paint_;
  std::string out_;
};

Value latency_value(const LatencyCause& cause) {
  if (!cause.refusal.empty())
    return Object{
        {"why", cause.refusal}
    };
  return Object{
      {"cases",  cause.cases        },
      {"splits", splits_value(cause)}
  };
}

Object changed_value(const ChangedCase& each, const ReportInput& input) {
  Object scores;
  for (const ChangedCase::Score& score : each.scores) {
    Object pair;
    if (score.baseline) pair.add("before", *score.baseline);
    if (score.candidate) pair.add("after", *score.candidate);
    scores.add(score.measure, std::move(pair));
  }
  Object out{
      {"case_id", each.id          },
      {"change",  each.change      },
      {"scores",  std::move(scores)}
  };
  if (each.baseline_tokens) out.add("output_tokens_before", *each.baseline_tokens);
  if (each.candidate_tokens) out.add("output_tokens_after", *each.candidate_tokens);
  if (const auto text = output_text(input.baseline_outputs, each.id))
    out.add("output_before", *text);
  if (const auto text = output_text(input.outputs, each.id)) out.add("output_after", *text);
  return out;
}

}  // namespace

std::string to_screen(const PairedResults& results, const ScreenStyle& style) {
  return Screen(results, style).render();
}

void add_to(Object& document, const PairedResults& results) {
  const ReportInput input = report_input(results);
  Value report = to_json(input);
  for (Member& member : *report.object()) document.set(member.key, std::move(member.value));
  const RunHeader& before = results.decided.baseline->header();
  document.add("baseline_run", before.id);
  document.add("baseline_cost_usd", before.cost_usd);
  if (!before.side_uses.empty()) document.add("baseline_judges", judges_value(before.side_uses));
  document.add("verdict_line", verdict_line(results));
  document.add("latency_cause", latency_value(results.latency));
  List changed;
  for (const ChangedCase& each : results.changed) changed.push_back(changed_value(each, input));
  document.add("changed_most", std::move(changed));
}

}  // namespace llmops
