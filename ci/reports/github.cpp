#include "ci/reports/github.h"

#include <fmt/format.h>

#include "ci/reports/figures.h"
#include "datasets/text/utf8.h"
#include "prompts/lint/output.h"

namespace llmops {
namespace {

std::string annotation(std::string_view level, const ReportInput& input, std::uint32_t line,
                       const std::string& title, const std::string& text) {
  std::string place;
  if (!input.run.suite.empty()) place = "file=" + github_escaped(visible(input.run.suite), true);
  if (!place.empty() && line > 0) place += fmt::format(",line={}", line);
  return fmt::format("::{} {}{}title={}::{}\n", level, place, place.empty() ? "" : ",",
                     github_escaped(visible(title), true), github_escaped(visible(text), false));
}

}  // namespace

std::string github_annotations(const ReportInput& input) {
  std::string out;
  if (!input.run.complete)
    out += annotation("error", input, 0, "llmops: the run is incomplete", headline(input));
  if (input.verdict != nullptr)
    for (const RuleOutcome& rule : input.verdict->rules) {
      if (rule.outcome == Outcome::pass) continue;
      out += annotation(!rule.rule.primary              ? "notice"
                        : rule.outcome == Outcome::fail ? "error"
                                                        : "warning",
                        input, rule.rule.mark.line, "llmops: " + rule.rule.text,
                        fmt::format("{}: {}", shown(rule.outcome), rule.why));
    }
  if (out.empty()) out = annotation("notice", input, 0, "llmops", headline(input));
  return out;
}

}  // namespace llmops
