#include "ci/repeats.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "ci/stats/pass_at_k.h"
#include "datasets/random.h"
#include "evaluators/reduce.h"
#include "tests/support/built_run.h"

using namespace llmops;

namespace {

// A case of four samples of which `right` pass.
void add(test::BuiltRun& run, const std::string& id, int right) {
  CaseRow& row = run.add(id, {right / 4.0});
  row.samples = 4;
  row.variances = {right * (4 - right) / 12.0};  // n p (1 - p)/(n - 1)
}

}  // namespace

TEST_CASE("repeats: flaky cases, the split of the variance, by hand") {
  test::BuiltRun run({test::binary_measure("exact_match")});
  run.change_header().samples_per_case = 4;
  add(run, "a", 4);
  add(run, "b", 0);
  add(run, "c", 2);
  add(run, "d", 3);
  const std::vector<RepeatedMeasure> repeats = find_repeats(run);
  REQUIRE(repeats.size() == 1);
  const RepeatedMeasure& found = repeats[0];
  CHECK(found.cases == 4);
  CHECK(found.flaky_count == 2);
  REQUIRE(found.flaky.size() == 2);
  CHECK(found.flaky[0].id == "c");
  CHECK(found.flaky[1].id == "d");
  // Case means 1, 0, 1/2, 3/4: mean 9/16, variance 35/192. Within: (0 + 0 + 1/3 + 1/4)/4 = 7/48.
  CHECK(found.between_samples.value() == doctest::Approx(7.0 / 48));
  CHECK(found.between_cases.value() == doctest::Approx(35.0 / 192 - 7.0 / 48 / 4));
  CHECK_FALSE(found.of_judge.has_value());

  const std::vector<Finding> findings = repeat_findings(run);
  REQUIRE(findings.size() == 2);
  CHECK(findings[0].kind == "flaky");
  CHECK(findings[0].sentence ==
        "2 of 4 cases are flaky: their samples disagree on exact_match: c (2 of 4), d (3 of 4)");
  CHECK(findings[0].parts.size() == 2);
  CHECK(findings[1].kind == "variance");
  CHECK(findings[1].sentence ==
        "exact_match varies by 0.5401 from sample to sample: 50% of that lies between cases, 50% "
        "between the samples of a case");
}

TEST_CASE("repeats: one sample a case, no spread, few cases") {
  test::BuiltRun once({test::binary_measure("exact_match")});
  once.add("a", {1.0});
  CHECK(find_repeats(once).empty());
  CHECK(repeat_findings(once).empty());

  test::BuiltRun same({test::binary_measure("exact_match")});
  same.change_header().samples_per_case = 4;
  add(same, "a", 4);
  CHECK_FALSE(find_repeats(same)[0].between_cases.has_value());
  add(same, "b", 4);
  CHECK(find_repeats(same)[0].between_cases == 0.0);
  CHECK(repeat_findings(same).empty());
}

TEST_CASE("repeats: what samples are reduced to, tokens and draws are not split") {
  const Measure own = test::binary_measure("judge");
  Measure draws;
  draws.name = "judge.draw_variance";
  draws.kind = ScoreKind::positive;
  test::BuiltRun run({own, reduced(own, *read_reducer("vote")), draws});
  run.change_header().samples_per_case = 2;
  for (int i = 0; i < 40; ++i) {
    CaseRow& row = run.add(fmt::format("c{:02}", i), {i % 2 == 0 ? 0.5 : 1.0, 1.0, 0.1});
    row.samples = 2;
    row.variances = {i % 2 == 0 ? 0.5 : 0.0, std::nullopt, 0.01};
  }
  const std::vector<RepeatedMeasure> repeats = find_repeats(run);
  REQUIRE(repeats.size() == 1);
  CHECK(repeats[0].of_judge.value() == doctest::Approx(0.1));
  CHECK(repeats[0].between_samples.value() == doctest::Approx(0.25 - 0.1));
  CHECK(repeat_findings(run).back().parts.back().name == "judge");
}

// Scores are x = case + sample, of standard deviations 0.2 and 0.1.
TEST_CASE("repeats: the split finds the variances that made the scores") {
  test::BuiltRun run({test::bounded_measure("score")});
  run.change_header().samples_per_case = 5;
  for (int i = 0; i < 4000; ++i) {
    Random random(7, static_cast<std::uint64_t>(i));
    const auto spread = [&](double sd) { return sd * std::sqrt(12.0) * (random.uniform() - 0.5); };
    const double truth = 0.5 + spread(0.2);
    double sum = 0, squares = 0;
    for (int j = 0; j < 5; ++j) {
      const double x = truth + spread(0.1);
      sum += x;
      squares += x * x;
    }
    CaseRow& row = run.add(fmt::format("c{:04}", i), {sum / 5});
    row.samples = 5;
    row.variances = {(squares - sum * sum / 5) / 4};
  }
  const std::vector<RepeatedMeasure> repeats = find_repeats(run);
  // Their standard errors over 4,000 cases are about 0.0005 and 0.0001.
  CHECK(repeats.at(0).between_cases.value() == doctest::Approx(0.04).epsilon(0.04));
  CHECK(repeats.at(0).between_samples.value() == doctest::Approx(0.01).epsilon(0.03));
}

TEST_CASE("repeats: pass@k and pass^k of a case are those of the statistics") {
  for (int n = 1; n <= 12; ++n)
    for (int c = 0; c <= n; ++c)
      for (int k = 1; k <= n; ++k) {
        std::vector<SampleScore> samples;
        for (int i = 0; i < n; ++i) samples.push_back({i < c ? 1.0 : 0.0, ""});
        const auto wanted = stats::pass_at_k(n, c, k);
        REQUIRE(wanted);
        CHECK(reduce({Reducer::Kind::pass_any, k}, Better::higher, n, samples).value() ==
              doctest::Approx(wanted->any).epsilon(1e-12));
        CHECK(reduce({Reducer::Kind::pass_all, k}, Better::higher, n, samples).value() ==
              doctest::Approx(wanted->all).epsilon(1e-12));
      }
}
