// JUnit XML, as Jenkins, GitLab and GitHub actions read it: one test case a rule. What could not be
// decided is `skipped` with its reason; an incomplete run is an `error`.
#include <fmt/format.h>

#include "ci/reports/escape.h"
#include "ci/reports/figures.h"
#include "ci/reports/report.h"
#include "ci/reports/worst_cases.h"
#include "datasets/text/files.h"

namespace llmops {
namespace {

struct Entry {
  std::string name;
  std::string why;
  Outcome outcome = Outcome::pass;
};

const char* element(Outcome outcome) {
  switch (outcome) {
    case Outcome::fail:
      return "failure";
    case Outcome::incomplete:
      return "error";
    case Outcome::inconclusive:
    case Outcome::not_comparable:
      return "skipped";
    case Outcome::pass:
      break;
  }
  return "";
}

std::vector<Entry> entries(const ReportInput& input) {
  std::vector<Entry> all;
  if (!input.run.complete)
    all.push_back({"the run is complete", input.run.why_incomplete, Outcome::incomplete});
  if (input.verdict != nullptr)
    for (const RuleOutcome& rule : input.verdict->rules) {
      const bool counts = rule.rule.primary || rule.outcome == Outcome::pass;
      all.push_back({rule.rule.text,
                     (counts ? "" : "secondary rule, outside the verdict: ") + rule.why,
                     counts ? rule.outcome : Outcome::inconclusive});
    }
  if (all.empty()) all.push_back({"the run is complete", "", outcome_of(input)});
  return all;
}

std::string worst_text(const ReportInput& input) {
  std::string text;
  const WorstCases worst = worst_cases(input, 5);
  for (const CaseChange& change : worst.cases) {
    text += text.empty() ? "\n\n" + worst.title + ":\n" : "";
    text += change.id;
    for (const CaseChange::Score& score : change.scores)
      text += fmt::format("  {} {} -> {}", score.measure, show(score.baseline, *score.facts),
                          show(score.candidate, *score.facts));
    text += "\n";
    const OutputExcerpt outputs = excerpt(input, change.id, 2, 1000);
    for (const std::string& line : outputs.baseline) text += "  baseline  | " + line + "\n";
    for (const std::string& line : outputs.reference) text += "  reference | " + line + "\n";
    for (const std::string& line : outputs.candidate) text += "  candidate | " + line + "\n";
  }
  return text;
}

void write(const ReportInput& input, std::FILE* out) {
  const std::vector<Entry> all = entries(input);
  int failures = 0;
  int errors = 0;
  int skipped = 0;
  for (const Entry& entry : all) {
    const std::string_view kind = element(entry.outcome);
    failures += kind == "failure" ? 1 : 0;
    errors += kind == "error" ? 1 : 0;
    skipped += kind == "skipped" ? 1 : 0;
  }
  const std::string suite = escape_markup(input.run.suite.empty() ? "llmops" : input.run.suite);
  const std::string counts =
      fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3f}\"",
                  all.size(), failures, errors, skipped, input.run.wall_s);
  write_all(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
  write_all(out, fmt::format("<testsuites name=\"llmops\" {}>\n", counts));
  write_all(out, fmt::format("  <testsuite name=\"{}\" {} timestamp=\"{}\">\n", suite, counts,
                             escape_markup(input.run.created.substr(0, 19))));
  write_all(out, "    <properties>\n");
  const std::pair<const char*, std::string> properties[] = {
      {"run",     input.run.id          },
      {"prompt",  prompt_name(input.run)},
      {"model",   model_name(input.run) },
      {"verdict", headline(input)       }
  };
  for (const auto& property : properties)
    write_all(out, fmt::format("      <property name=\"{}\" value=\"{}\"/>\n", property.first,
                               escape_markup(property.second)));
  write_all(out, "    </properties>\n");
  const bool failed = failures > 0;
  const std::string cases = failed ? worst_text(input) : "";
  for (const Entry& entry : all) {
    const std::string name = escape_markup(entry.name);
    const std::string_view kind = element(entry.outcome);
    write_all(out, fmt::format("    <testcase classname=\"llmops.gate\" name=\"{}\"", name));
    if (kind.empty()) {
      write_all(out, "/>\n");
      continue;
    }
    const std::string why = escape_markup(entry.why);
    write_all(out, fmt::format(">\n      <{} message=\"{}\"", kind, why));
    if (kind == "skipped")
      write_all(out, "/>\n");
    else
      write_all(out, fmt::format(" type=\"{}\">{}{}</{}>\n", shown(entry.outcome), why,
                                 kind == "failure" ? escape_markup(cases) : "", kind));
    write_all(out, "    </testcase>\n");
  }
  write_all(out, "  </testsuite>\n</testsuites>\n");
}

}  // namespace

extern const ReportInfo kJunitReport;
constexpr ReportInfo kJunitReport{
    .name = "junit",
    .extension = ".xml",
    .summary = "JUnit XML, one test case a rule",
    .write = &write,
};

}  // namespace llmops
