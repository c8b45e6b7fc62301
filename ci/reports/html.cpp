// One page that needs nothing else: no request, no style attribute. The content security policy
// allows exactly its style sheet and its script, by their hashes; all text from outside is escaped,
// or packed data that the script shows as text.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ci/repeats.h"
#include "ci/reports/escape.h"
#include "ci/reports/figures.h"
#include "ci/reports/html/assets.h"
#include "ci/reports/html/case_data.h"
#include "ci/reports/layout.h"
#include "ci/reports/page.h"
#include "ci/reports/plots.h"
#include "ci/reports/report.h"
#include "ci/reports/worst_cases.h"
#include "datasets/text/files.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

constexpr std::size_t kWorstCases = 20;

// The page's own script, in the order in which its parts need each other.
std::string page_script() {
  return fmt::format("'use strict';\n(() => {{\n{}\n{}\n{}\n{}\n{}}})();\n", page_data_js,
                     page_words_js, page_cases_js, page_case_js, page_main_js);
}

class Html {
 public:
  Html(const ReportInput& input, std::FILE* out) : input_(input), out_(out) {}

  void write() {
    const Outcome outcome = outcome_of(input_);
    const std::string script = page_script();
    const PagePowers powers{.script = script, .served = input_.served};
    print(page_start(fmt::format("{}: {}", shown(outcome), prompt_name(input_.run)), page_style(),
                     powers));
    print("<a class=\"skip\" href=\"#cases\">Skip to the cases</a>\n");
    print(fmt::format("<header><h1 class=\"{}\">{}</h1>\n", name(outcome),
                      escape_markup(headline(input_))));
    about();
    print("</header>\n<main>\n");
    rules();
    findings();
    metrics();
    const WorstCases first = worst_cases(input_, kWorstCases);
    worst(first);
    flaky();
    warnings();
    plots();
    tests();
    cases(first);
    print("</main>\n");
    print(page_end(powers));
  }

 private:
  void print(std::string_view text) { write_all(out_, text); }
  void heading(std::string_view text) { print(fmt::format("<h2>{}</h2>\n", escape_markup(text))); }

  void about() {
    const RunHeader& run = input_.run;
    std::string line =
        fmt::format("{}{} cases, {} samples · {} calls made, {} cached, {} failed, {} retried",
                    who(run), run.counts.cases, run.counts.samples, run.counts.made,
                    run.counts.cached, run.counts.failed, run.counts.retried);
    if (run.cost_usd > 0) line += fmt::format(" · ${:.4f}", run.cost_usd);
    print(fmt::format("<p class=\"soft\">{}<br>run {} · {}", escape_markup(line),
                      escape_markup(run.id), escape_markup(run.created)));
    if (input_.comparison != nullptr) {
      print(fmt::format("<br>baseline {}", escape_markup(input_.comparison->baseline_id)));
      for (const std::string& change : input_.comparison->changed)
        print("<br>changed: " + escape_markup(change));
    }
    for (const auto& entry : run.counts.errors)
      print(fmt::format("<br>{} failed: {}", entry.second, escape_markup(entry.first)));
    for (const auto& entry : run.counts.faults)
      print(
          fmt::format("<br>{} attempts ended with: {}", entry.second, escape_markup(entry.first)));
    print("</p>\n");
  }

  void rules() {
    if (input_.verdict == nullptr || input_.verdict->rules.empty()) return;
    heading("Rules");
    print(
        "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">outcome</th><th "
        "scope=\"col\">rule</th>"
        "<th scope=\"col\">why</th></tr></thead><tbody>\n");
    for (const RuleOutcome& rule : input_.verdict->rules)
      print(
          fmt::format("<tr><td class=\"{}\">{}</td><td class=\"rule\">{}{}</td><td>{}</td></tr>\n",
                      name(rule.outcome), shown(rule.outcome), escape_markup(rule.rule.text),
                      rule.rule.primary ? "" : " (secondary)", escape_markup(rule.why)));
    print("</tbody></table></div>\n");
  }

  void findings() {
    if (input_.findings.empty()) return;
    heading("Findings");
    print("<ul>\n");
    for (const Finding& finding : input_.findings)
      print(fmt::format("<li>{}</li>\n", escape_markup(finding.sentence)));
    print("</ul>\n");
  }

  void metrics() {
    const bool compared = input_.comparison != nullptr;
    heading("Metrics");
    print("<div class=\"scroll\"><table><thead><tr>");
    for (const char* name :
         {"metric", "baseline", "candidate", "", "difference", "95% interval", "p50", "p95", "n"}) {
      const std::string_view column = name;
      if (!compared && (column == "baseline" || column.empty() || column == "difference")) continue;
      print(fmt::format("<th scope=\"col\"{}>{}</th>",
                        column == "metric" || column.empty() ? "" : " class=\"n\"", column));
    }
    print("</tr></thead><tbody>\n");
    for (const MeasureLine& line : measure_lines(input_)) {
      if (!line.baseline && !line.candidate) continue;
      metric(line, compared);
    }
    print("</tbody></table></div>\n");
    if (compared)
      print(
          "<p class=\"soft\">~ no detectable change: the interval of the difference holds "
          "zero</p>\n");
  }

  void tests() {
    const std::vector<TestLine> lines = test_lines(input_);
    if (lines.empty()) return;
    print("<details><summary>How it was tested</summary>\n");
    print(
        "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">metric</th><th "
        "scope=\"col\">decided by</th><th scope=\"col\">because</th><th "
        "scope=\"col\">t-test</th><th scope=\"col\" class=\"n\">detectable</th><th "
        "scope=\"col\" class=\"n\">cases to pass</th></tr></thead><tbody>\n");
    for (const TestLine& line : lines)
      print(fmt::format(
          "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"n\">{}</td>"
          "<td class=\"n\">{}</td></tr>\n",
          escape_markup(line.compared->metric), escape_markup(line.method), escape_markup(line.why),
          escape_markup(line.t_test), escape_markup(line.detectable), line.needed));
    print("</tbody></table></div>\n");
    print(
        "<p class=\"soft\">detectable: the smallest change found with 80% power; cases to pass: "
        "when nothing changed</p></details>\n");
  }

  void metric(const MeasureLine& line, bool compared) {
    const Measure& measure = *line.measure;
    const int decimals = decimals_for(line, 4);
    const auto number = [&](const std::string& text) {
      print("<td class=\"n\">" + text + "</td>");
    };
    print(fmt::format("<tr><td>{}{}</td>", escape_markup(line.name),
                      measure.unit.empty() || measure.unit == "tokens"
                          ? ""
                          : " <span class=\"soft\">" + escape_markup(measure.unit) + "</span>"));
    if (compared) number(show(line.baseline, measure, decimals));
    number(show(line.candidate, measure, decimals));
    const MetricComparison* found = line.compared;
    if (compared) {
      print(fmt::format("<td class=\"{0}\">{0}</td>", shown(line.change)));
      number(found == nullptr ? "" : show_signed(found->difference, measure, decimals));
      number(found == nullptr ? ""
                              : show_signed_interval(found->interval_low, found->interval_high,
                                                     measure, decimals));
    } else {
      number(show_interval(*line.summary, decimals));
    }
    const MeasureSummary* summary = line.summary;
    number(summary == nullptr ? "" : show(summary->p50, measure, decimals));
    number(summary == nullptr ? "" : show(summary->p95, measure, decimals));
    number(found != nullptr     ? fmt::format("{}", found->n)
           : summary != nullptr ? fmt::format("{}", summary->n)
                                : "");
    print("</tr>\n");
  }

  void plots() {
    const std::string intervals = intervals_svg(input_);
    if (!intervals.empty()) {
      heading("Difference to the baseline, better is right");
      print(intervals);
      print(
          "<p class=\"soft\">bar: 95% interval; short upright line: the margin that is still "
          "accepted</p>\n");
    }
    const std::string slices = slices_svg(input_);
    if (!slices.empty()) {
      heading("Slices, better is right");
      print(slices);
      print(
          "<p class=\"soft\">in brackets: cases; `worse` where the loss holds after correction for "
          "all slices (false discoveries at most 10%)</p>\n");
    }
    const bool two = input_.baseline_rows != nullptr;
    small_plots("Distributions", distributions_svg(input_),
                two ? "bars: candidate; outline: baseline" : "");
    small_plots("Times", latency_svg(input_), two ? "line: candidate; dashed: baseline" : "");
    const std::string usage = usage_svg(input_);
    if (!usage.empty()) {
      heading("Tokens and cost of a case");
      print(usage);
      if (two) print("<p class=\"soft\">bars: candidate; outline: baseline</p>\n");
    }
    small_plots("History of this suite",
                history_svg(input_.history, input_.rows.header().measures, input_.run.id),
                "means of its runs, oldest first; circle: passed or not gated, cross: failed, "
                "triangle: undecided; ringed: the baseline");
  }

  void small_plots(std::string_view title, const std::string& plots, std::string_view legend) {
    if (plots.empty()) return;
    heading(title);
    print(fmt::format("<div class=\"plots\">\n{}</div>\n", plots));
    if (!legend.empty()) print(fmt::format("<p class=\"soft\">{}</p>\n", legend));
  }

  // Without the script's table the cases to look at first still say what they lost.
  void worst(const WorstCases& found) {
    if (found.cases.empty()) return;
    heading(found.title);
    print("<ul>\n");
    for (const CaseChange& change : found.cases) {
      const std::string id = escape_markup(visible(change.id));
      print(fmt::format("<li><a href=\"#cases\" data-case=\"{0}\">{0}</a>", id));
      for (const CaseChange::Score& score : change.scores)
        print(fmt::format(" · {} {}{}", escape_markup(score.measure),
                          score.baseline ? show(score.baseline, *score.facts) + " → " : "",
                          score.candidate ? show(score.candidate, *score.facts) : "unscored"));
      print(fmt::format("{}</li>\n", change.failed > 0 ? " · failed" : ""));
    }
    print("</ul>\n");
  }

  // Cases whose samples disagree, the most variable first.
  void flaky() {
    if (input_.run.samples_per_case < 2) return;
    const std::vector<RepeatedMeasure> repeats = find_repeats(input_.rows);
    const auto all = [](const RepeatedMeasure& each) { return each.flaky_count; };
    if (std::ranges::none_of(repeats, [&](const auto& each) { return all(each) > 0; })) return;
    heading("Flaky cases: their samples disagree");
    print(
        "<div class=\"scroll\"><table id=\"flaky\"><thead><tr><th scope=\"col\">metric</th><th "
        "scope=\"col\">case</th><th scope=\"col\" class=\"n\">mean</th><th scope=\"col\" "
        "class=\"n\">standard deviation</th><th scope=\"col\" class=\"n\">samples</th></tr>"
        "</thead><tbody>\n");
    std::int64_t left_out = 0;
    for (const RepeatedMeasure& each : repeats) {
      for (const FlakyCase& found : each.flaky) {
        const std::string id = escape_markup(visible(found.id));
        print(
            fmt::format("<tr><td>{}</td><td><a href=\"#cases\" data-case=\"{}\">{}</a></td><td "
                        "class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n",
                        escape_markup(each.measure->name), id, id, show(found.mean, *each.measure),
                        show(std::sqrt(found.variance), *each.measure), found.samples));
      }
      left_out += all(each) - std::ssize(each.flaky);
    }
    print("</tbody></table></div>\n");
    if (left_out > 0)
      print(fmt::format("<p class=\"soft\">and {} more, less variable</p>\n", left_out));
  }

  void warnings() {
    const std::vector<std::string> all = all_warnings(input_);
    if (all.empty()) return;
    heading("Warnings");
    print("<ul>\n");
    for (const std::string& warning : all) print("<li>" + escape_markup(warning) + "</li>\n");
    print("</ul>\n");
  }

  void cases(const WorstCases& first) {
    print(
        "<section id=\"cases\"><h2>All cases</h2>\n<div id=\"app\"></div>\n<noscript><p>The table "
        "of cases needs JavaScript; the CSV report holds them too.</p></noscript>\n");
    const WrittenCases written = write_cases(input_, first.cases, out_);
    if (input_.outputs != nullptr && !input_.served && written.with_texts < written.cases)
      print(
          fmt::format("<p class=\"soft\">The page holds the texts of {} of {} cases, those to look "
                      "at first; <code>llmops view</code> shows all, and the CSV report holds "
                      "them.</p>\n",
                      written.with_texts, written.cases));
    print("</section>\n");
  }

  const ReportInput& input_;
  std::FILE* out_;
};

void write(const ReportInput& input, std::FILE* out) { Html(input, out).write(); }

}  // namespace

extern const ReportInfo kHtmlReport;
constexpr ReportInfo kHtmlReport{
    .name = "html",
    .extension = ".html",
    .summary = "one self-contained page with every case",
    .write = &write,
};

}  // namespace llmops
