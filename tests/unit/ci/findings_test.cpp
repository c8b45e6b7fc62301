#include "ci/findings.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "ci/baseline.h"
#include "tests/support/built_run.h"
#include "tests/support/reference.h"

using namespace llmops;
using test::BuiltRun;

namespace {

// Input grows with the prompt, output with the answers; `latency` follows both.
BuiltRun run_of(double input, double output, double own, int cases = 60) {
  BuiltRun run({test::positive_measure("input_tokens"), test::positive_measure("output_tokens"),
                test::positive_measure("latency", "ms"), test::positive_measure("ttft", "ms"),
                test::bounded_measure("score")});
  for (Measure& measure : run.change_header().measures) measure.builtin = !measure.unit.empty();
  run.change_header().prompt = Object{
      {"text_tokens",     own },
      {"inserted_tokens", 50.0}
  };
  for (int i = 0; i < cases; ++i) {
    const double in = input + i % 7, out = output + i % 5;
    CaseRow& row = run.add(fmt::format("c{:03}", i),
                           {in, out, 100 + in + 10 * (out - 1), 100 + in, i % 2 == 0 ? 0.5 : 0.6});
    row.tags = {
        {"lang", i % 2 == 0 ? "de" : "en"}
    };
  }
  return run;
}

Rule increase(const char* metric, double share) {
  return {.text = fmt::format("{} max_increase {}%", metric, share * 100),
          .metric = metric,
          .statistic = "mean",
          .kind = RuleKind::max_increase,
          .amount = share,
          .relative = true};
}

std::string sentences(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) text += finding.sentence + "\n";
  return text;
}

}  // namespace

TEST_CASE("findings: causes of tokens and latency, told where a rule fails") {
  const BuiltRun baseline = run_of(100, 20, 50), candidate = run_of(150, 40, 100);
  GateSpec gate;
  gate.rules = {increase("output_tokens", 0.1), increase("latency", 0.1)};
  Comparison comparison = compare(baseline, candidate, gate);
  Verdict verdict = decide(gate, candidate, {}, &comparison);
  std::vector<Finding> findings = find_all(baseline, candidate, comparison, &gate, &verdict);
  const std::string headline = verdict.headline;
  name_causes(findings, verdict);
  CHECK(sentences(findings) ==
        "input_tokens rose by 50, from 102.9 to 152.9 a case: prompt text +50\n"
        "output_tokens rose by 20, from 22 to 42 a case: answers +20\n"
        "latency (mean) rose by 250, from 412.9 to 662.9 ms: output tokens +200, input tokens "
        "+50\n"
        "latency (p95) rose by 250, from 434.1 to 684 ms: output tokens +200, input tokens "
        "+50\n");
  CHECK(verdict.rules[0].why.ends_with("; where it comes from: answers +20"));
  CHECK(verdict.rules[1].why.ends_with(
      "; where it comes from (ms): output tokens +200, input tokens +50"));
  CHECK(verdict.headline == headline);
  CHECK_FALSE(findings[0].told);
  CHECK(findings[1].told);
  CHECK(findings[2].told);
}

TEST_CASE("findings: nothing moved, nothing is said") {
  const BuiltRun run = run_of(100, 20, 50);
  const Comparison comparison = compare(run, run, {});
  CHECK(find_all(run, run, comparison, nullptr, nullptr).empty());
}

TEST_CASE("findings: a slice that got worse") {
  const BuiltRun baseline = run_of(100, 20, 50);
  BuiltRun candidate = run_of(100, 20, 50);
  for (CaseRow& row : candidate.change_rows())
    if (row.tags[0].value == "de") row.values[4] = 0.1;
  const Comparison comparison = compare(baseline, candidate, {});
  const std::string said = sentences(find_slices(comparison));
  CAPTURE(said);
  CHECK(said.find("score got worse where tags.lang = de: from 0.5 to 0.1 (30 cases, p = ") == 0);
  CHECK(said.find("tags.lang = en") == std::string::npos);
}

TEST_CASE("findings: losses that each passed and have added up") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "b.json";
  for (const double output : {100.0, 106.0, 112.0}) {
    BuiltRun accepted = run_of(100, output, 50);
    accepted.change_header().id = fmt::format("r{}", output);
    write_baseline(accepted, file, {});
  }
  const BuiltRun candidate = run_of(100, 118, 50);
  GateSpec gate;
  gate.baseline = file;
  gate.rules = {increase("output_tokens", 0.1)};
  const auto present = open_baseline(file);
  REQUIRE(present);
  Comparison comparison = compare(**present, candidate, gate);
  const Verdict verdict = decide(gate, candidate, {}, &comparison);
  CHECK(verdict.outcome == Outcome::pass);
  const auto found = find_added_losses(file, candidate, gate, verdict);
  REQUIRE(found.size() == 1);
  CHECK(found[0].kind == "slow_drift");
  CHECK(found[0].sentence.find("slow drift: `output_tokens max_increase 10%` does not fail against "
                               "this baseline, but it fails against the oldest one kept (run r100 "
                               "of ") == 0);
  CHECK(found[0].sentence.find("output_tokens rose by 17") != std::string::npos);
}
