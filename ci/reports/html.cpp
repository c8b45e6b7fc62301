// One page that needs nothing else: no script, no request, no style attribute. The content security
// policy allows exactly the one style sheet in it, by its hash; all text from outside is escaped.
#include <fmt/format.h>

#include "ci/reports/escape.h"
#include "ci/reports/figures.h"
#include "ci/reports/layout.h"
#include "ci/reports/page.h"
#include "ci/reports/plots.h"
#include "ci/reports/report.h"
#include "ci/reports/worst_cases.h"
#include "datasets/text/files.h"

namespace llmops {
namespace {

constexpr std::size_t kWorstCases = 20;
constexpr std::size_t kLongText = 16 * 1024;  // bytes of one output that are shown
constexpr std::int64_t kAllCases = 2000;      // rows of the case table; the CSV holds every one
constexpr std::int64_t kCasesWithText = 500;  // of them with their outputs

constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--back:#fff;--text:#1b1f24;--soft:#57606a;--line:#d0d7de;--panel:#f6f8fa;--good:#116329;--bad:#a40e26;--doubt:#7d4e00;--mark:#0550ae;--bar:#6aa6e8}
@media(prefers-color-scheme:dark){:root{--back:#0d1117;--text:#e6edf3;--soft:#9da7b3;--line:#30363d;--panel:#161b22;--good:#56d364;--bad:#ff7b72;--doubt:#e3b341;--mark:#79c0ff;--bar:#1f6feb}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:72rem;padding:1.5rem;background:var(--back);color:var(--text);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.35rem;border-left:.4rem solid;padding-left:.8rem;margin:.2rem 0 .6rem;overflow-wrap:anywhere}
h2{font-size:1.05rem;margin:1.8rem 0 .5rem}
.pass,.better{color:var(--good)}.fail,.worse{color:var(--bad)}.inconclusive,.incomplete,.not_comparable{color:var(--doubt)}
.soft{color:var(--soft)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{text-align:left;vertical-align:top;padding:.25rem .8rem .25rem 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
th{color:var(--soft);font-weight:600;white-space:nowrap}
td.pass,td.fail,td.inconclusive,td.incomplete,td.not_comparable{white-space:nowrap}
.n{text-align:right;white-space:nowrap}
details{border:1px solid var(--line);border-radius:.4rem;margin:.4rem 0;padding:.3rem .7rem}
summary{cursor:pointer;overflow-wrap:anywhere}
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(18rem,1fr));gap:.8rem}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--panel);border-radius:.4rem;padding:.6rem;margin:.2rem 0 .6rem;unicode-bidi:isolate;max-height:30rem;overflow:auto;font:13px/1.45 ui-monospace,monospace}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(17rem,1fr));gap:1rem}
svg{width:100%;height:auto}svg.wide{max-width:40rem}
svg text{font:11px system-ui,sans-serif;fill:var(--soft)}svg .t{fill:var(--text)}
.bar{fill:var(--bar)}.old{fill:none;stroke:var(--text);stroke-width:1.2}.axis{fill:none;stroke:var(--line)}
.margin{stroke:var(--doubt);stroke-width:2;fill:none}.dot{fill:var(--text)}
.up,.down,.flat{fill:none;stroke-width:3}.up{stroke:var(--good)}.down{stroke:var(--bad)}.flat{stroke:var(--soft)}
a:focus,summary:focus{outline:2px solid var(--mark)}
@media print{body{max-width:none;padding:0}pre{max-height:none}details{break-inside:avoid}}
)";

class Html {
 public:
  Html(const ReportInput& input, std::FILE* out) : input_(input), out_(out) {}

  void write() {
    const Outcome outcome = outcome_of(input_);
    print(page_start(fmt::format("{}: {}", shown(outcome), prompt_name(input_.run)), kStyle));
    print(fmt::format("<header><h1 class=\"{}\">{}</h1>\n", name(outcome),
                      escape_markup(headline(input_))));
    about();
    print("</header>\n<main>\n");
    rules();
    findings();
    metrics();
    tests();
    plots();
    worst();
    warnings();
    all_cases();
    print("</main>");
    print(kPageEnd);
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
      print(fmt::format("<tr><td class=\"{}\">{}</td><td>{}{}</td><td>{}</td></tr>\n",
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
    heading("How it was tested");
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
        "when nothing changed</p>\n");
  }

  void metric(const MeasureLine& line, bool compared) {
    const Measure& measure = *line.measure;
    const int decimals = decimals_for(line, 4);
    const auto number = [&](const std::string& text) {
      print("<td class=\"n\">" + text + "</td>");
    };
    print(fmt::format("<tr><td>{}{}</td>", escape_markup(line.name),
                      measure.unit.empty()
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
      number(show_interval(line.summary->interval_low, line.summary->interval_high, measure,
                           decimals));
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
    const std::string distributions = distributions_svg(input_);
    if (distributions.empty()) return;
    heading("Distributions");
    print("<div class=\"plots\">\n" + distributions + "</div>\n");
    if (input_.baseline_rows != nullptr)
      print("<p class=\"soft\">bars: candidate; outline: baseline</p>\n");
  }

  void output(const char* who, const std::optional<std::string>& text) {
    if (!text) return;
    const std::string_view part = head_bytes(*text, kLongText);
    print(fmt::format("<div><div class=\"soft\">{}{}</div><pre dir=\"auto\">", who,
                      part.size() < text->size()
                          ? fmt::format(", the first {} of {} bytes", part.size(), text->size())
                          : ""));
    print(escape_markup(part) + "</pre></div>\n");
  }

  void case_texts(const std::string& id) {
    const std::optional<Case> row =
        input_.outputs == nullptr ? std::nullopt : input_.outputs->find_case(id);
    if (row) {
      for (const Member& variable : row->variables) {
        if (variable.key == "id" || variable.key == "tags") continue;  // the line above shows them
        const std::string text = to_text(variable.value);
        print(fmt::format("<p><span class=\"soft\">{}</span> {}</p>\n", escape_markup(variable.key),
                          escape_markup(head_bytes(text, 2000))));
      }
      for (const std::string& reference : row->references)
        print(fmt::format("<p><span class=\"soft\">reference</span> {}</p>\n",
                          escape_markup(head_bytes(reference, 2000))));
    }
    print("<div class=\"two\">\n");
    output("baseline", output_text(input_.baseline_outputs, id));
    output("candidate", output_text(input_.outputs, id));
    print("</div>\n");
  }

  void worst() {
    const WorstCases found = worst_cases(input_, kWorstCases);
    if (found.cases.empty()) return;
    heading(found.title);
    bool open = true;
    for (const CaseChange& change : found.cases) {
      print(fmt::format("<details{}><summary><b>{}</b>", open ? " open" : "",
                        escape_markup(change.id)));
      open = false;
      for (const CaseChange::Score& score : change.scores) {
        print(fmt::format(" · {} {}{}", escape_markup(score.measure),
                          score.baseline ? show(score.baseline, *score.facts) + " → " : "",
                          score.candidate ? show(score.candidate, *score.facts) : "unscored"));
      }
      print(fmt::format("{}</summary>\n", change.failed > 0 ? " · failed" : ""));
      case_texts(change.id);
      print("</details>\n");
    }
  }

  void warnings() {
    const std::vector<std::string> all = all_warnings(input_);
    if (all.empty()) return;
    heading("Warnings");
    print("<ul>\n");
    for (const std::string& warning : all) print("<li>" + escape_markup(warning) + "</li>\n");
    print("</ul>\n");
  }

  void all_cases() {
    heading("All cases");
    const std::vector<Measure>& measures = input_.rows.header().measures;
    CaseRow row;
    std::int64_t count = 0;
    for (const auto rows = input_.rows.rows(); rows->next(row);) {
      if (count++ >= kAllCases) continue;
      print(fmt::format("<details><summary>{}", escape_markup(row.id)));
      for (std::size_t i = 0; i < measures.size() && i < row.values.size(); ++i)
        if (!measures[i].builtin)
          print(fmt::format(" · <span class=\"soft\">{}</span> {}", escape_markup(measures[i].name),
                            row.values[i] ? show(row.values[i], measures[i]) : "unscored"));
      for (const Tag& tag : row.tags)
        print(fmt::format(" · <span class=\"soft\">{}{}</span>", escape_markup(tag.key),
                          tag.value == "true" ? "" : "=" + escape_markup(tag.value)));
      print(fmt::format("{}</summary>\n", row.failed > 0 ? " · failed" : ""));
      if (count <= kCasesWithText) case_texts(row.id);
      print("</details>\n");
    }
    if (count > kCasesWithText)
      print(
          fmt::format("<p class=\"soft\">{} cases; the first {} are listed, the first {} with "
                      "their outputs. The "
                      "CSV report holds all.</p>\n",
                      count, std::min(count, kAllCases), kCasesWithText));
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
