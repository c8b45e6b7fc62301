// The gate on the recorded correctness of four real models.

#include <doctest/doctest.h>

#include <map>

#include "ci/baseline.h"
#include "ci/gate/verdict.h"
#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "tests/support/built_run.h"
#include "tests/support/reference.h"

using namespace llmops;

namespace {

test::BuiltRun run_of(const std::filesystem::path& solutions, const std::string& model) {
  test::BuiltRun run({test::binary_measure("is_correct"), test::positive_measure("latency", "ms")},
                     model);
  Result<LineReader> lines = LineReader::open(solutions);
  REQUIRE(lines);
  for (std::string_view line; lines->next(line);) {
    const Result<Value> row = parse_json(line, "solutions");
    REQUIRE(row);
    const Value& answer = *row->find(model);
    const std::string id = *row->find("question")->string();
    run.add(id, {*answer.find("is_correct")->boolean() ? 1.0 : 0.0, std::nullopt}).output =
        *answer.find("solution")->string();
  }
  return run;
}

GateSpec gate() {
  GateSpec spec;
  spec.rules.push_back({.text = "is_correct max_drop 0.02",
                        .metric = "is_correct",
                        .statistic = "mean",
                        .kind = RuleKind::max_drop,
                        .amount = 0.02});
  return spec;
}

}  // namespace

TEST_CASE("gate: GSM8K, four real models") {
  const auto solutions = test::shared("data/gsm8k/example_model_solutions.jsonl");
  if (!solutions) return;
  struct Row {
    const char* baseline;
    const char* candidate;
    double difference, t;
    Outcome outcome;
    const char* headline;
  };
  const Row rows[] = {
      {"175b_verification", "175b_finetuning", -0.21531463, -14.66305678, Outcome::fail,
       "FAIL: is_correct fell by 0.2153, from 0.5625 to 0.3472, and at 95% confidence by more than "
       "0.1912; "
       "allowed is 0.02 (p = 8.7e-46, 1,319 cases, tango score, mcnemar mid-p)"},
      {"6b_finetuning",     "6b_verification", 0.17361638,  12.85214311,  Outcome::pass,
       "PASS: is_correct rose by 0.1736, from 0.2168 to 0.3904, which is an improvement; a drop of "
       "0.02 or more is "
       "ruled out at 95% confidence (1,319 cases, tango score, mcnemar mid-p)" },
  };
  for (const Row& row : rows) {
    CAPTURE(row.baseline);
    const test::BuiltRun baseline = run_of(*solutions, row.baseline),
                         candidate = run_of(*solutions, row.candidate);
    Comparison comparison = compare(baseline, candidate, gate());
    const Verdict verdict = decide(gate(), candidate, {}, &comparison);
    const MetricComparison& metric = *comparison.find("is_correct");
    CHECK(metric.difference.value() == doctest::Approx(row.difference).epsilon(1e-7));
    CHECK(metric.statistic.value() == doctest::Approx(row.t).epsilon(1e-9));
    CHECK(metric.df == 1318);
    CHECK(verdict.outcome == row.outcome);
    CHECK(exit_status(verdict, OnInconclusive::fail) == (row.outcome == Outcome::fail ? 1 : 0));
    CHECK(verdict.headline == row.headline);

    const test::TemporaryFolder folder;  // and the same from a baseline file
    write_baseline(baseline, folder.path() / "b.json", {});
    Comparison again = compare(**open_baseline(folder.path() / "b.json"), candidate, gate());
    CHECK(again.find("is_correct")->statistic == metric.statistic);
    CHECK(again.find("is_correct")->lower == metric.lower);
  }
}

TEST_CASE("gate: GSM8K, a run against itself passes, timed or not") {
  const auto solutions = test::shared("data/gsm8k/example_model_solutions.jsonl");
  if (!solutions) return;
  GateSpec spec = gate();
  spec.rules[0].amount = 0.0001;  // less than 1,319 cases could ever show
  const test::BuiltRun run = run_of(*solutions, "6b_finetuning");
  Comparison comparison = compare(run, run, spec);
  Verdict verdict = decide(spec, run, {}, &comparison);
  CHECK(verdict.headline == "PASS: the outputs are identical in all 1,319 cases");

  spec.rules.push_back({.text = "latency_p95 max_increase 30%",
                        .metric = "latency",
                        .statistic = "p95",
                        .kind = RuleKind::max_increase,
                        .amount = 0.3,
                        .relative = true});
  comparison = compare(run, run, spec);
  verdict = decide(spec, run, {}, &comparison);
  CHECK(verdict.rules[1].why ==
        "not measured, because no call of either run gave a value of `latency`; the "
        "server or the recording has to report it, else take the rule out");
  CHECK(exit_status(verdict, OnInconclusive::warn) == 0);
  CHECK(exit_status(verdict, OnInconclusive::fail) == 4);

  test::BuiltRun timed = run;
  double latency = 100;
  for (CaseRow& row : timed.change_rows()) row.values[1] = latency += 0.5;
  comparison = compare(timed, timed, spec);
  verdict = decide(spec, timed, {}, &comparison);
  CHECK(verdict.outcome == Outcome::pass);
}
