// GitLab's code quality report: an issue for each rule that did not pass, at its line of the suite.
#include <fmt/format.h>

#include "ci/reports/figures.h"
#include "ci/reports/report.h"
#include "datasets/text/files.h"
#include "datasets/text/hash.h"
#include "datasets/text/json.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

// GitLab's words: info, minor, major, critical, blocker.
const char* severity(Outcome outcome, bool primary) {
  if (!primary) return "info";
  switch (outcome) {
    case Outcome::fail:
      return "critical";
    case Outcome::incomplete:
      return "major";
    default:
      return "minor";
  }
}

Object issue(const ReportInput& input, const std::string& what, const std::string& why,
             const char* how_bad, std::uint32_t line) {
  const std::string path = visible(input.run.suite.empty() ? "llmops.yaml" : input.run.suite);
  return Object{
      {"description", visible(why.empty() ? what : why)},
      {"check_name",  "llmops " + visible(what)        },
      {"fingerprint",
       sha256(path + "\n" + prompt_name(input.run) + "\n" + model_name(input.run) + "\n" + what)
           .substr(0,                                    32)},
      {"severity",             how_bad                                    },
      {"location",
       Object{{"path", path},
              {"lines", Object{{"begin", static_cast<std::int64_t>(std::max(1U, line))}}}}}
  };
}

void write(const ReportInput& input, std::FILE* out) {
  List issues;
  if (!input.run.complete)
    issues.push_back(issue(input, "the run is complete", input.run.why_incomplete,
                           severity(Outcome::incomplete, true), 1));
  if (input.verdict != nullptr)
    for (const RuleOutcome& rule : input.verdict->rules)
      if (rule.outcome != Outcome::pass)
        issues.push_back(issue(input, rule.rule.text, rule.why,
                               severity(rule.outcome, rule.rule.primary), rule.rule.mark.line));
  write_all(out, dump_json_pretty(Value(std::move(issues))) + "\n");
}

}  // namespace

extern const ReportInfo kCodeQualityReport;
constexpr ReportInfo kCodeQualityReport{
    .name = "code-quality",
    .extension = ".codequality.json",
    .summary = "GitLab's code quality report, an issue a rule that did not pass",
    .write = &write,
};

}  // namespace llmops
