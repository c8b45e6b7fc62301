#include "ci/drift.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "datasets/random.h"
#include "tests/support/built_run.h"

using namespace llmops;
using test::BuiltRun;

namespace {

// `factor` on tokens and times; `pass` is the pass rate.
BuiltRun traces(std::uint64_t seed, double factor, double pass, int cases = 500) {
  BuiltRun run({test::binary_measure("pass"), test::positive_measure("output_tokens"),
                test::positive_measure("ttft", "ms"), test::bounded_measure("never")});
  for (int i = 0; i < cases; ++i) {
    Random random(seed, static_cast<std::uint64_t>(i));
    run.add(fmt::format("{}-{}", seed, i),
            {random.uniform() < pass ? 1.0 : 0.0, factor * std::exp(4 + random.uniform()),
             factor * 200 * std::exp(random.uniform()), std::nullopt});
  }
  return run;
}

const DriftFinding& of(const std::vector<DriftFinding>& findings, const std::string& measure) {
  return *std::ranges::find(findings, measure, &DriftFinding::measure);
}

}  // namespace

TEST_CASE("drift: traffic of the same kind raises nothing") {
  for (const DriftFinding& finding : find_drift(traces(1, 1, 0.8), traces(2, 1, 0.8))) {
    CAPTURE(finding.measure);
    CHECK(finding.level == DriftLevel::none);
    CHECK(finding.why == "");
    CHECK(finding.baseline_mean);
    CHECK(*finding.stability < 0.1);
  }
}

TEST_CASE("drift: of few cases a large index is chance") {
  int alarms = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed)
    for (const DriftFinding& finding :
         find_drift(traces(seed, 1, 0.8, 60), traces(seed + 100, 1, 0.8, 25)))
      if (finding.why.find("stability index") != std::string::npos) ++alarms;
  CHECK(alarms <= 6);  // of 120, each with a chance below 0.01
  CHECK(of(find_drift(traces(1, 1, 0.8, 60), traces(2, 2, 0.8, 25)), "ttft")
            .why.find("stability index") != std::string::npos);
}

TEST_CASE("drift: each alert level by its figure") {
  const auto findings = find_drift(traces(1, 1, 0.8), traces(2, 1.4, 0.7));
  CHECK(findings.size() == 3);  // `never` has no value in either
  const DriftFinding& tokens = of(findings, "output_tokens");
  CHECK(tokens.level == DriftLevel::alarm);
  CHECK(tokens.why.find("the mean rose by 4") != std::string::npos);
  CHECK(tokens.why.find("(alert at 20%)") != std::string::npos);
  CHECK(*tokens.ks_p < 1e-6);
  CHECK(of(findings, "ttft").why.find("p95 rose by") != std::string::npos);
  const DriftFinding& pass = of(findings, "pass");
  CHECK(pass.level == DriftLevel::alarm);
  CHECK(pass.divergence_bits);
  CHECK_FALSE(pass.ks);
  CHECK(find_drift(traces(1, 1, 0.8), traces(2, 1.4, 0.7),
                   {.tokens_increase = 9, .stability_alarm = 99})[1]
            .level == DriftLevel::notice);
}

TEST_CASE("drift: embeddings") {
  std::vector<std::vector<double>> a, b, same;
  for (int i = 0; i < 40; ++i) {
    Random random(9, static_cast<std::uint64_t>(i));
    a.push_back({1, 0.1 * random.uniform(), 0});
    same.push_back({1, 0.1 * random.uniform(), 0});
    b.push_back({1, 1 + 0.1 * random.uniform(), 0});
  }
  CHECK(find_embedding_drift(a, same).level == DriftLevel::none);
  const DriftFinding moved = find_embedding_drift(a, b);
  CHECK(moved.level == DriftLevel::alarm);
  CHECK(*moved.centroid_p <= 0.01);
  CHECK(find_embedding_drift(a, {}).why != "");
}
