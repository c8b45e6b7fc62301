#include "ci/gate/verdict.h"

#include <fmt/format.h>

#include <algorithm>

#include "ci/gate/rules/rules.h"
#include "ci/gate/wording.h"

namespace llmops {
namespace {

bool is_not_pass(const RuleOutcome& rule) {
  return rule.rule.primary && rule.outcome != Outcome::pass;
}

// The rule that decides the whole: the first that failed, else the first that left it open.
const RuleOutcome* deciding(const std::vector<RuleOutcome>& rules) {
  for (const RuleOutcome& each : rules)
    if (each.rule.primary && each.outcome == Outcome::fail) return &each;
  const auto open = std::ranges::find_if(rules, is_not_pass);
  return open == rules.end() ? nullptr : &*open;
}

std::string shouted(Outcome outcome) {
  switch (outcome) {
    case Outcome::pass:
      return "PASS";
    case Outcome::fail:
      return "FAIL";
    case Outcome::inconclusive:
      return "INCONCLUSIVE";
    case Outcome::incomplete:
      return "INCOMPLETE";
    case Outcome::not_comparable:
      break;
  }
  return "NOT COMPARABLE";
}

std::string headline(const Verdict& verdict, const RuleOutcome* decided_by, const RunHeader& run) {
  const auto open = std::ranges::count_if(verdict.rules, is_not_pass);
  const std::string more = open > 1 ? fmt::format(" (and {})", counted(open - 1, "more rule")) : "";
  switch (verdict.outcome) {
    case Outcome::incomplete:
      return fmt::format("INCOMPLETE: {}", run.why_incomplete.empty() ? "the run did not finish"
                                                                      : run.why_incomplete);
    case Outcome::pass: {
      const auto gating = std::ranges::count_if(
          verdict.rules, [](const RuleOutcome& each) { return each.rule.primary; });
      if (gating == 1)
        return fmt::format("PASS: {}", verdict.rules.front().rule.primary
                                           ? verdict.rules.front().why
                                           : "the rule holds");
      return fmt::format("PASS: all {} hold", counted(gating, "rule"));
    }
    default:
      return fmt::format("{}: {}{}", shouted(verdict.outcome), decided_by->why, more);
  }
}

}  // namespace

void conclude(Verdict& verdict, const RunHeader& run) {
  const RuleOutcome* decided_by = deciding(verdict.rules);
  verdict.outcome = !run.complete           ? Outcome::incomplete
                    : decided_by != nullptr ? decided_by->outcome
                                            : Outcome::pass;
  verdict.headline = headline(verdict, decided_by, run);
}

Verdict decide(const GateSpec& gate, const RunSource& candidate, const Summary&,
               Comparison* comparison) {
  Verdict verdict;
  for (const Rule& rule : gate.rules) verdict.rules.push_back({.rule = rule, .why = ""});
  decide_comparing_rules(gate, comparison, verdict.rules);
  decide_absolute_rules(gate, candidate, verdict.rules);
  conclude(verdict, candidate.header());
  if (gate.exclude_errors && candidate.header().counts.failed > 0)
    verdict.warnings.push_back(
        fmt::format("errors: exclude leaves {} out of the comparison, wherever they fell",
                    counted(candidate.header().counts.failed, "failed call")));
  return verdict;
}

int exit_status(const Verdict& verdict, OnInconclusive policy) {
  switch (verdict.outcome) {
    case Outcome::pass:
      return 0;
    case Outcome::fail:
      return 1;
    case Outcome::incomplete:
      return 3;
    case Outcome::inconclusive:
    case Outcome::not_comparable:
      break;
  }
  return policy == OnInconclusive::fail ? 4 : 0;
}

}  // namespace llmops
