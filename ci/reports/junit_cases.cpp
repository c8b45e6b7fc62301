// JUnit XML with a test case a case. Failed: its call gave no answer (`error`), or it got worse
// than in the baseline in a score that the gate names (`failure`; without a baseline: a 0/1 score
// is 0). Skipped with the reason: its answers disagree (flaky), or a score is missing. It decides
// nothing: chance alone moves single cases, and the gate's rules say what that means.
#include <fmt/format.h>

#include <set>

#include "ci/reports/escape.h"
#include "ci/reports/figures.h"
#include "ci/reports/follower.h"
#include "ci/reports/layout.h"
#include "ci/reports/report.h"
#include "ci/reports/worst_cases.h"
#include "datasets/text/files.h"

namespace llmops {
namespace {

constexpr std::size_t kLongText = 2000;  // bytes of an output that are shown

struct Finding {
  std::string_view element;  // "", "failure", "error", "skipped"
  std::string why;
};

class Judge {
 public:
  explicit Judge(const ReportInput& input)
      : input_(input),
        measures_(input.rows.header().measures),
        theirs_(columns_in(input.baseline_rows, measures_)) {
    if (input.verdict != nullptr)
      for (const RuleOutcome& rule : input.verdict->rules) gated_.insert(rule.rule.metric);
  }

  Finding look(const CaseRow& row, const CaseRow* old) const {
    if (row.failed == row.samples && row.failed > 0) return {"error", error_of(row.id)};
    Finding found;
    for (std::size_t i = 0; i < measures_.size() && i < row.values.size(); ++i) {
      const Measure& measure = measures_[i];
      if (measure.builtin || measure.better == Better::neither) continue;
      if (!gated_.empty() && !gated_.contains(measure.name)) continue;
      const Finding one = score(measure, i, row, old);
      if (rank(one) > rank(found)) found = one;
    }
    return found;
  }

 private:
  static int rank(const Finding& finding) {
    return finding.element.empty() ? 0 : finding.element == "skipped" ? 1 : 2;
  }

  Finding score(const Measure& measure, std::size_t i, const CaseRow& row,
                const CaseRow* old) const {
    const std::optional<double> now = row.values[i];
    if (!now)
      return {"skipped", fmt::format("inconclusive: {} has no score{}", measure.name,
                                     note_of(row.id, measure.name))};
    const bool answers_differ =
        i < row.variances.size() && row.variances[i] && *row.variances[i] > 0;
    if (measure.kind == ScoreKind::binary && answers_differ)
      return {"skipped", fmt::format("flaky: {} is {} over {} samples", measure.name,
                                     show(now, measure), row.samples)};
    const std::optional<double> before =
        old != nullptr && theirs_[i] && *theirs_[i] < old->values.size() ? old->values[*theirs_[i]]
                                                                         : std::nullopt;
    if (before) {
      const bool worse = measure.better == Better::lower ? *now > *before : *now < *before;
      if (!worse) return {};
      return {"failure",
              fmt::format("{} {} -> {}", measure.name, show(before, measure), show(now, measure))};
    }
    if (measure.kind == ScoreKind::binary && *now == (measure.better == Better::lower ? 1.0 : 0.0))
      return {"failure", fmt::format("{} is {}", measure.name, show(now, measure))};
    return {};
  }

  std::string error_of(const std::string& id) const {
    return output_text(input_.outputs, id).value_or("every call failed");
  }
  std::string note_of(const std::string& id, const std::string& measure) const {
    if (input_.outputs == nullptr) return "";
    for (const SampleView& view : input_.outputs->samples(id))
      for (const auto& [name, note] : view.notes)
        if (name == measure) return ": " + note;
    return "";
  }

  const ReportInput& input_;
  const std::vector<Measure>& measures_;
  std::vector<std::optional<std::size_t>> theirs_;
  std::set<std::string> gated_;
};

double seconds_of(const CaseRow& row, const std::vector<Measure>& measures) {
  for (std::size_t i = 0; i < measures.size() && i < row.values.size(); ++i)
    if (measures[i].builtin && measures[i].name == "latency")
      return row.values[i].value_or(0) / 1000;
  return 0;
}

// Calls `visit(row, finding)` for every case.
template <typename Visit>
void each_case(const ReportInput& input, const Visit& visit) {
  const Judge judge(input);
  Follower baseline(input.baseline_rows);
  CaseRow row;
  for (const auto rows = input.rows.rows(); rows->next(row);)
    visit(row, judge.look(row, baseline.at(row.id)));
}

void write(const ReportInput& input, std::FILE* out) {
  std::int64_t tests = 0, failures = 0, errors = 0, skipped = 0;
  each_case(input, [&](const CaseRow&, const Finding& found) {
    ++tests;
    failures += found.element == "failure" ? 1 : 0;
    errors += found.element == "error" ? 1 : 0;
    skipped += found.element == "skipped" ? 1 : 0;
  });
  const std::string counts =
      fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3f}\"",
                  tests, failures, errors, skipped, input.run.wall_s);
  const std::string suite = escape_markup(input.run.suite.empty() ? "llmops" : input.run.suite);
  write_all(out, fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                             "<testsuites name=\"llmops\" {0}>\n"
                             "  <testsuite name=\"{1}\" {0} timestamp=\"{2}\">\n",
                             counts, suite, escape_markup(input.run.created.substr(0, 19))));
  const std::vector<Measure>& measures = input.rows.header().measures;
  each_case(input, [&](const CaseRow& row, const Finding& found) {
    write_all(out,
              fmt::format("    <testcase classname=\"llmops.cases\" name=\"{}\" time=\"{:.3f}\"",
                          escape_markup(row.id), seconds_of(row, measures)));
    if (found.element.empty()) return write_all(out, "/>\n");
    const std::string why = escape_markup(head_bytes(found.why, kLongText));
    write_all(out, fmt::format(">\n      <{} message=\"{}\"", found.element, why));
    if (found.element != "failure") return write_all(out, "/>\n    </testcase>\n");
    std::string text = found.why;
    for (const auto& [who, outputs] :
         {std::pair("baseline", input.baseline_outputs), std::pair("candidate", input.outputs)})
      if (const auto output = output_text(outputs, row.id))
        text += fmt::format("\n{}:\n{}", who, head_bytes(*output, kLongText));
    write_all(out,
              fmt::format(" type=\"worse\">{}</failure>\n    </testcase>\n", escape_markup(text)));
  });
  write_all(out, "  </testsuite>\n</testsuites>\n");
}

}  // namespace

extern const ReportInfo kJunitCasesReport;
constexpr ReportInfo kJunitCasesReport{
    .name = "junit-cases",
    .extension = ".cases.xml",
    .summary = "JUnit XML, one test case a case of the dataset",
    .write = &write,
};

}  // namespace llmops
