// Markdown for a pull request's comment or a step summary. GitHub refuses a comment above 65,536
// characters: pieces are added while they fit, and what is left out is counted.
#include <fmt/format.h>

#include "ci/reports/escape.h"
#include "ci/reports/figures.h"
#include "ci/reports/layout.h"
#include "ci/reports/report.h"
#include "ci/reports/worst_cases.h"
#include "datasets/text/files.h"

namespace llmops {
namespace {

constexpr std::size_t kMost = 65536;
constexpr std::size_t kReserve =
    1024;  // for the note about what was left out, and the closing lines
constexpr std::size_t kWorstCases = 20;
constexpr std::size_t kLongText = 1500;

// Everything is counted in bytes, which are never fewer than characters.
class Page {
 public:
  bool add(const std::string& piece) {
    if (text_.size() + piece.size() > kMost - kReserve) return false;
    text_ += piece;
    return true;
  }
  void must(const std::string& piece) { text_ += piece; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// A long cell or sentence is cut, so that one cannot push out all others.
std::string cell(std::string_view text) { return escape_markdown(head_bytes(text, 500)); }

const char* sign(Outcome outcome) {
  if (outcome == Outcome::pass) return "✅";
  return outcome == Outcome::fail ? "❌" : "⚠️";
}

void rules(const ReportInput& input, Page& page) {
  if (input.verdict == nullptr || input.verdict->rules.empty()) return;
  page.add("\n| | rule | why |\n| --- | --- | --- |\n");
  std::size_t left_out = 0;
  for (const RuleOutcome& rule : input.verdict->rules) {
    const std::string row = fmt::format("| {} {} | {} | {} |\n", sign(rule.outcome),
                                        shown(rule.outcome), cell(rule.rule.text), cell(rule.why));
    if (page.text().size() > kMost / 3 || !page.add(row)) ++left_out;
  }
  if (left_out > 0) page.must(fmt::format("\n{} more rules are in the full report.\n", left_out));
}

void findings(const ReportInput& input, Page& page) {
  std::string text;
  for (const Finding& finding : input.findings)
    if (!finding.told && page.text().size() + text.size() < kMost / 2)
      text += "- " + cell(finding.sentence) + "\n";
  if (!text.empty()) page.add("\n" + text);
}

void figures(const ReportInput& input, Page& page) {
  const bool compared = input.comparison != nullptr;
  page.add(compared ? "\n| metric | baseline | candidate | | difference | 95% interval |\n"
                      "| --- | ---: | ---: | --- | ---: | ---: |\n"
                    : "\n| metric | mean | 95% interval | cases |\n| --- | ---: | ---: | ---: |\n");
  std::size_t left_out = 0;
  for (const MeasureLine& line : measure_lines(input)) {
    if (!line.baseline && !line.candidate) continue;
    const Measure& measure = *line.measure;
    const std::string name =
        cell(line.name + (measure.unit.empty() ? "" : " (" + measure.unit + ")"));
    const int decimals = decimals_for(line, 3);
    std::string row;
    if (compared) {
      const MetricComparison* found = line.compared;
      row = fmt::format(
          "| {} | {} | {} | {} | {} | {} |\n", name, show(line.baseline, measure, decimals),
          show(line.candidate, measure, decimals),
          line.change == Change::none ? "\\~" : shown(line.change),
          found == nullptr ? "" : show_signed(found->difference, measure, decimals),
          found == nullptr
              ? ""
              : show_signed_interval(found->interval_low, found->interval_high, measure, decimals));
    } else {
      row = fmt::format("| {} | {} | {} | {} |\n", name, show(line.candidate, measure, decimals),
                        show_interval(*line.summary, decimals), line.summary->n);
    }
    if (page.text().size() > kMost / 2 || !page.add(row)) ++left_out;
  }
  if (left_out > 0) page.must(fmt::format("\n{} more metrics are in the full report.\n", left_out));
}

void tests(const ReportInput& input, Page& page) {
  const std::vector<TestLine> lines = test_lines(input);
  if (lines.empty()) return;
  std::string text =
      "\n<details>\n<summary>How it was tested</summary>\n\n| metric | decided by | because | "
      "t-test | detectable | cases to pass |\n| --- | --- | --- | --- | ---: | ---: |\n";
  for (const TestLine& line : lines)
    if (page.text().size() + text.size() < kMost / 2)
      text += fmt::format("| {} | {} | {} | {} | {} | {} |\n", cell(line.compared->metric),
                          cell(line.method), cell(line.why), cell(line.t_test), line.detectable,
                          line.needed);
  page.add(text + "\n</details>\n");
}

std::string one_case(const ReportInput& input, const CaseChange& change) {
  std::string text = "\n**" + markdown_code(head_bytes(change.id, 200)) + "**";
  for (const CaseChange::Score& score : change.scores) {
    text += " · " + cell(score.measure) + " ";
    if (score.baseline) text += show(score.baseline, *score.facts) + " → ";
    text += score.candidate ? show(score.candidate, *score.facts) : "unscored";
  }
  if (change.failed > 0) text += " · failed";
  text += "\n\n";
  const auto block = [&](const char* who, const OutputSource* outputs) {
    const std::optional<std::string> output = output_text(outputs, change.id);
    if (!output) return;
    const std::string_view shown_part = head_bytes(*output, kLongText);
    text += std::string(who) +
            (shown_part.size() < output->size()
                 ? fmt::format(" (the first {} of {} bytes)", shown_part.size(), output->size())
                 : "") +
            ":\n" + markdown_block(shown_part) + "\n";
  };
  block("baseline", input.baseline_outputs);
  block("candidate", input.outputs);
  return text;
}

void worst(const ReportInput& input, Page& page) {
  const WorstCases found = worst_cases(input, kWorstCases);
  if (found.cases.empty()) return;
  constexpr std::string_view kClose = "</details>\n";
  if (!page.add("\n<details>\n<summary>" + escape_markup(found.title) + "</summary>\n")) return;
  std::size_t left_out = 0;
  for (const CaseChange& change : found.cases)
    if (left_out > 0 || !page.add(one_case(input, change))) ++left_out;
  if (left_out > 0) page.must(fmt::format("\n{} more are in the full report.\n", left_out));
  page.must("\n" + std::string(kClose));
}

void warnings(const ReportInput& input, Page& page) {
  const std::vector<std::string> all = all_warnings(input);
  if (all.empty()) return;
  std::size_t left_out = 0;
  page.add("\n");
  for (const std::string& warning : all)
    if (page.text().size() > kMost * 2 / 3 || !page.add("> ⚠️ " + cell(warning) + "\n>\n"))
      ++left_out;
  if (left_out > 0)
    page.must(fmt::format("\n{} more warnings are in the full report.\n", left_out));
}

void write(const ReportInput& input, std::FILE* out) {
  Page page;
  page.must(fmt::format("## {} {}\n\n", sign(outcome_of(input)), cell(headline(input))));
  page.must(fmt::format("{}{} cases · run {}\n", cell(who(input.run)), input.run.counts.cases,
                        markdown_code(head_bytes(input.run.id, 100))));
  rules(input, page);
  findings(input, page);
  figures(input, page);
  tests(input, page);
  warnings(input, page);
  worst(input, page);
  write_all(out, page.text());
}

}  // namespace

extern const ReportInfo kMarkdownReport;
constexpr ReportInfo kMarkdownReport{
    .name = "markdown",
    .extension = ".md",
    .summary = "a pull request's comment, within GitHub's size limit",
    .write = &write,
};

}  // namespace llmops
