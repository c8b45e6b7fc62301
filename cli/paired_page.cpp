// `diff --html`: the texts of both versions side by side, what each case comes to, and the figures
// and answers of a paired run. All text from outside is escaped.
#include <fmt/format.h>

#include <algorithm>

#include "ci/gate/wording.h"
#include "ci/reports/escape.h"
#include "ci/reports/figures.h"
#include "ci/reports/page.h"
#include "ci/reports/worst_cases.h"
#include "cli/paired_results.h"
#include "datasets/text/files.h"
#include "datasets/text/json.h"

namespace llmops {
namespace {

constexpr std::size_t kLongText = 16 * 1024;  // bytes of one answer that are shown
constexpr std::size_t kCases = 200;           // cases with their messages

constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--back:#fff;--text:#1b1f24;--soft:#57606a;--line:#d0d7de;--panel:#f6f8fa;--good:#116329;--bad:#a40e26;--doubt:#7d4e00;--ins:#d5f5dc;--del:#fbdfe1}
@media(prefers-color-scheme:dark){:root{--back:#0d1117;--text:#e6edf3;--soft:#9da7b3;--line:#30363d;--panel:#161b22;--good:#56d364;--bad:#ff7b72;--doubt:#e3b341;--ins:#12391d;--del:#4b1418}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:80rem;padding:1.5rem;background:var(--back);color:var(--text);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.3rem;margin:.2rem 0 .6rem;overflow-wrap:anywhere}
h2{font-size:1.05rem;margin:1.8rem 0 .5rem}h3{font-size:.95rem;margin:1rem 0 .3rem}
.soft{color:var(--soft)}.better,.pass{color:var(--good)}.worse,.fail{color:var(--bad)}.inconclusive,.incomplete,.not_comparable{color:var(--doubt)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{text-align:left;vertical-align:top;padding:.25rem .8rem .25rem 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
th{color:var(--soft);font-weight:600;white-space:nowrap}
.n{text-align:right;white-space:nowrap}
.two{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:.8rem}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--panel);border-radius:.4rem;padding:.6rem;margin:.2rem 0 .6rem;unicode-bidi:isolate;font:13px/1.45 ui-monospace,monospace}
ins{background:var(--ins);text-decoration:underline}del{background:var(--del)}
details{border:1px solid var(--line);border-radius:.4rem;margin:.4rem 0;padding:.3rem .7rem}
summary{cursor:pointer;overflow-wrap:anywhere}
@media print{body{max-width:none;padding:0}details{break-inside:avoid}}
)";

class Page {
 public:
  Page(const PromptChanges& changes, const Dataset* dataset, const PairedResults* results,
       std::FILE* out)
      : changes_(changes), dataset_(dataset), results_(results), out_(out) {
    if (results_ != nullptr) input_.emplace(report_input(*results_));
  }

  void write() {
    const std::string names =
        fmt::format("{} → {}", called(*changes_.before), called(*changes_.after));
    print(page_start(names, kStyle));
    print(fmt::format("<header><h1>{}</h1>\n",
                      escape_markup(results_ == nullptr ? names : verdict_line(*results_))));
    if (results_ != nullptr) print(fmt::format("<p class=\"soft\">{}</p>\n", escape_markup(names)));
    print("</header>\n<main>\n");
    if (results_ != nullptr) {
      metrics();
      rules();
      reasons();
      changed();
    }
    texts();
    tokens();
    cases();
    if (results_ != nullptr) warnings();
    print("</main>");
    print(kPageEnd);
  }

 private:
  void print(std::string_view text) { write_all(out_, text); }
  void heading(std::string_view text) { print(fmt::format("<h2>{}</h2>\n", escape_markup(text))); }
  void table(std::initializer_list<const char*> columns) {
    print("<div class=\"scroll\"><table><thead><tr>");
    for (const std::string_view column : columns)
      print(fmt::format("<th scope=\"col\">{}</th>", column));
    print("</tr></thead><tbody>\n");
  }
  void end_table() { print("</tbody></table></div>\n"); }

  // Both sides of a message: what was removed stands left, what was added right.
  void message(const MessageDiff& diff) {
    print(fmt::format("<h3>{} <span class=\"soft\">({})</span></h3>\n", escape_markup(diff.role),
                      name(diff.kind)));
    std::string left;
    std::string right;
    for (const DiffSpan& span : diff.spans) {
      const std::string text = escape_markup(span.text);
      if (span.kind == DiffSpan::Kind::removed) left += "<del>" + text + "</del>";
      if (span.kind == DiffSpan::Kind::added) right += "<ins>" + text + "</ins>";
      if (span.kind != DiffSpan::Kind::same) continue;
      left += text;
      right += text;
    }
    print(fmt::format(
        "<div class=\"two\"><pre dir=\"auto\">{}</pre><pre dir=\"auto\">{}</pre></div>\n", left,
        right));
  }

  void texts() {
    heading("What is asked");
    const PromptDiff& diff = changes_.diff;
    if (diff.same && diff.fields.empty()) print("<p>no difference in what is asked</p>\n");
    if (!diff.fields.empty()) {
      table({"changed", "before", "after"});
      const auto shown_value = [](const Value& value) {
        return value.is_null() ? std::string("(none)") : escape_markup(dump_json(value));
      };
      for (const FieldDiff& field : diff.fields)
        print(fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td></tr>\n", escape_markup(field.path),
                          shown_value(field.before), shown_value(field.after)));
      end_table();
    }
    for (const MessageDiff& each : diff.messages) message(each);
  }

  void token_row(const std::string& what, std::size_t before, std::size_t after) {
    print(fmt::format(
        "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td "
        "class=\"n\">{:+}</td></tr>\n",
        what, before, after, static_cast<std::int64_t>(after) - static_cast<std::int64_t>(before)));
  }

  void tokens() {
    heading("Tokens");
    print(fmt::format("<p class=\"soft\">counted with: {}</p>\n",
                      escape_markup(changes_.counter->name())));
    table({"", "before", "after", "difference"});
    token_row("templates", changes_.tokens_before, changes_.tokens_after);
    std::size_t before = 0;
    std::size_t after = 0;
    for (const CaseTokens& each : changes_.cases) {
      before += each.before;
      after += each.after;
    }
    if (!changes_.cases.empty()) token_row("all cases", before, after);
    end_table();
  }

  void cases() {
    if (changes_.cases.empty() || dataset_ == nullptr) return;
    heading("Cases");
    Case row;
    std::size_t at = 0;
    for (const auto stream = dataset_->cases(); at < kCases && stream->next(row); ++at) {
      const auto found = std::ranges::find(changes_.cases, row.id, &CaseTokens::id);
      if (found == changes_.cases.end()) continue;
      print(fmt::format("<details><summary><b>{}</b> · {} → {} tokens{}</summary>\n",
                        escape_markup(row.id), found->before, found->after,
                        found->same ? " · the same messages" : ""));
      if (const Result<std::vector<MessageDiff>> diff = diff_rendered(changes_, row))
        for (const MessageDiff& each : *diff) message(each);
      print("</details>\n");
    }
    if (changes_.cases.size() > at)
      print(fmt::format("<p class=\"soft\">{} cases; the first {} are shown</p>\n",
                        changes_.cases.size(), at));
  }

  void metrics() {
    heading("Difference, case by case");
    table({"metric", "before", "after", "", "difference", "95% interval", "p", "wins", "losses",
           "ties"});
    for (const MeasureLine& line : measure_lines(*input_)) {
      if (!line.baseline && !line.candidate) continue;
      const Measure& measure = *line.measure;
      const MetricComparison* found = line.compared;
      const int decimals = decimals_for(line, 4);
      print(fmt::format("<tr><td>{} <span class=\"soft\">{}</span></td>", escape_markup(line.name),
                        escape_markup(measure.unit)));
      const auto number = [&](const std::string& text) {
        print("<td class=\"n\">" + text + "</td>");
      };
      number(show(line.baseline, measure, decimals));
      number(show(line.candidate, measure, decimals));
      print(fmt::format("<td class=\"{0}\">{0}</td>", shown(line.change)));
      if (found != nullptr) {
        number(show_signed(found->difference, measure, decimals));
        number(show_signed_interval(found->interval_low, found->interval_high, measure, decimals));
        number(found->p_value ? fmt::format("{:.2g}", *found->p_value) : "");
        for (const std::int64_t count : {found->wins, found->losses, found->ties})
          number(fmt::format("{}", count));
      }
      print("</tr>\n");
    }
    end_table();
    print(
        "<p class=\"soft\">~ the interval holds zero; wins: cases in which the version after is "
        "better</p>\n");
  }

  void rules() {
    if (input_->verdict == nullptr || input_->verdict->rules.empty()) return;
    heading("Rules, with the version before as the baseline");
    table({"outcome", "rule", "why"});
    for (const RuleOutcome& rule : input_->verdict->rules)
      print(fmt::format("<tr><td class=\"{}\">{}</td><td>{}</td><td>{}</td></tr>\n",
                        name(rule.outcome), shown(rule.outcome), escape_markup(rule.rule.text),
                        escape_markup(rule.why)));
    end_table();
  }

  void reasons() {
    std::vector<std::string> sentences;
    for (const LatencySplit& split : results_->latency.splits) {
      std::string text = split.sentence + ":";
      for (const LatencyPart& part : split.parts)
        text += fmt::format(" {} {} ms;", part.name, signed_figure(part.ms));
      text.pop_back();
      sentences.push_back(std::move(text));
    }
    for (const Finding& finding : input_->findings)
      if (!finding.told && finding.kind != "latency") sentences.push_back(finding.sentence);
    if (sentences.empty()) return;
    heading("Where it comes from");
    print("<ul>\n");
    for (const std::string& each : sentences) print("<li>" + escape_markup(each) + "</li>\n");
    print("</ul>\n");
  }

  void answer(const std::optional<std::string>& text) {
    print("<pre dir=\"auto\">");
    if (text) {
      const std::string_view part = head_bytes(*text, kLongText);
      print(escape_markup(part));
      if (part.size() < text->size())
        print(fmt::format(" … (the first {} of {} bytes)", part.size(), text->size()));
    }
    print("</pre>");
  }

  void changed() {
    if (results_->changed.empty()) return;
    heading("Cases that changed most");
    for (const ChangedCase& each : results_->changed) {
      print(fmt::format("<details open><summary><b>{}</b>", escape_markup(each.id)));
      for (const ChangedCase::Score& score : each.scores)
        print(fmt::format(" · {} {} → {}", escape_markup(score.measure),
                          score.baseline ? show(score.baseline, *score.facts) : "unscored",
                          score.candidate ? show(score.candidate, *score.facts) : "unscored"));
      print("</summary>\n");
      if (const auto row = input_->outputs->find_case(each.id))
        for (const std::string& reference : row->references)
          print(fmt::format("<p><span class=\"soft\">reference</span> {}</p>\n",
                            escape_markup(head_bytes(reference, 2000))));
      print("<div class=\"two\">");
      answer(output_text(input_->baseline_outputs, each.id));
      answer(output_text(input_->outputs, each.id));
      print("</div></details>\n");
    }
  }

  void warnings() {
    const std::vector<std::string> all = all_warnings(*input_);
    if (all.empty()) return;
    heading("Warnings");
    print("<ul>\n");
    for (const std::string& each : all) print("<li>" + escape_markup(each) + "</li>\n");
    print("</ul>\n");
  }

  const PromptChanges& changes_;
  const Dataset* dataset_;
  const PairedResults* results_;
  std::optional<ReportInput> input_;
  std::FILE* out_;
};

}  // namespace

void write_page(const PromptChanges& changes, const Dataset* dataset, const PairedResults* results,
                std::FILE* out) {
  Page(changes, dataset, results, out).write();
}

}  // namespace llmops
