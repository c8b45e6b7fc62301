#include "ci/plan.h"

#include <doctest/doctest.h>

#include <cmath>
#include <fmt/format.h>

#include "datasets/random.h"
#include "tests/support/built_run.h"

using namespace llmops;

namespace {

Rule rule_of(std::string metric, RuleKind kind, double amount, bool relative = false) {
  return {.text = metric,
          .metric = metric,
          .statistic = "mean",
          .kind = kind,
          .amount = amount,
          .relative = relative};
}

}  // namespace

TEST_CASE("plan: cases, detectable effect and power of each rule") {
  GateSpec gate;
  gate.rules = {rule_of("pass", RuleKind::max_drop, 0.05),
                rule_of("output_tokens", RuleKind::max_increase, 0.1, true),
                rule_of("error_rate", RuleKind::max, 0.01),
                rule_of("pass", RuleKind::max_drop, 0),
                rule_of("judge", RuleKind::min, 3),
                rule_of("nothing", RuleKind::min, 3)};
  const std::vector<Measure> measures = {test::binary_measure("pass"),
                                         test::bounded_measure("judge", 1, 5)};
  const auto plans = plan_gate(gate, measures, {.cases = 200});
  REQUIRE(plans.size() == 6);
  // ((1.6449 + 0.8416) sqrt(0.2)/0.05)^2
  CHECK(plans[0].cases_to_pass == 495);
  CHECK(plans[0].cases_at_least == 46);
  CHECK(*plans[0].mde == doctest::Approx(0.0886).epsilon(0.01));
  CHECK(*plans[0].power_now == doctest::Approx(0.475).epsilon(0.01));
  CHECK(plans[0].power_curve[2].first == 495);
  CHECK(plans[0].power_curve[2].second == doctest::Approx(0.8).epsilon(0.01));
  CHECK(plans[0].power_curve[4].second > 0.99);
  CHECK(*plans[1].cases_to_pass == 43);
  CHECK(plans[2].cases_at_least == 299);
  CHECK(plans[3].refusal ==
        "with a margin of 0 only an improvement passes, whatever the number of cases");
  CHECK(plans[4].refusal == "how many cases a limit takes depends on how far off the score is");
  CHECK(plans[5].refusal == "nothing of that name is measured");
}

TEST_CASE("plan: an earlier comparison gives the spread, repeats give the best number of answers") {
  test::BuiltRun a({test::bounded_measure("judge")}), b({test::bounded_measure("judge")});
  for (int i = 0; i < 400; ++i) {
    Random random(1, static_cast<std::uint64_t>(i));
    for (auto* run : {&a, &b}) {
      CaseRow& row = run->add(fmt::format("c{:03}", i), {0.3 + 0.4 * random.uniform()});
      row.samples = 2;
      row.variances = {0.02};
    }
  }
  GateSpec gate;
  gate.rules = {rule_of("judge", RuleKind::max_drop, 0.03)};
  const Comparison earlier = compare(a, b, gate);
  const auto plans =
      plan_gate(gate, a.header().measures,
                {.cases = 100, .cost_case = 4, .cost_repeat = 1, .earlier = &earlier});
  CHECK(plans[0].spread_from == "the last comparison (400 cases)");
  // sd of a difference of two uniforms on [0, 0.4] is 0.163; the guard adds a little.
  CHECK(plans[0].spread == doctest::Approx(0.175).epsilon(0.05));
  REQUIRE(plans[0].best_repeats);
  CHECK(*plans[0].best_repeats > 2);

  // With k answers to n cases SE^2 = (between + within/k)/n. A new case costs as much as four
  // answers, so 100 further answers are one a case, or 25 new cases.
  const MetricComparison& judge = *earlier.find("judge");
  const double between = judge.variance_between.value(), within = judge.variance_within.value();
  CHECK(within == doctest::Approx(0.04));  // 0.02 of each run
  REQUIRE(plans[0].advice);
  const RepeatAdvice& advice = *plans[0].advice;
  CHECK(advice.samples == 2);
  CHECK(advice.cases == 125);
  CHECK(advice.error == doctest::Approx(std::sqrt((between + within) / 100)));
  CHECK(advice.error_samples == doctest::Approx(std::sqrt((between + within / 2) / 100)));
  CHECK(advice.error_cases == doctest::Approx(std::sqrt((between + within) / 125)));
  CHECK_FALSE(advice.more_cases());

  // Where a new case costs no more than an answer, more cases always buy more.
  const auto cheap = plan_gate(gate, a.header().measures, {.cases = 100, .earlier = &earlier});
  REQUIRE(cheap[0].advice);
  CHECK(cheap[0].advice->cases == 200);
  CHECK(cheap[0].advice->more_cases());
}
