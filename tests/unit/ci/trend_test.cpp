#include "ci/trend.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "ci/baseline.h"
#include "datasets/random.h"
#include "tests/support/built_run.h"
#include "tests/support/reference.h"

using namespace llmops;
using test::BuiltRun;

namespace {

BuiltRun run_at(double level, int number) {
  BuiltRun run({test::bounded_measure("score")}, fmt::format("r{:02}", number));
  run.change_header().created = fmt::format("2025-11-{:02}T00:00:00Z", number + 1);
  for (int i = 0; i < 400; ++i) {
    Random random(static_cast<std::uint64_t>(number) + 1, static_cast<std::uint64_t>(i));
    run.add(fmt::format("c{:03}", i), {level + 0.1 * (random.uniform() - 0.5)});
  }
  return run;
}

}  // namespace

TEST_CASE("trend: the run at which the level changed") {
  std::vector<BuiltRun> runs;
  for (int i = 0; i < 16; ++i) runs.push_back(run_at(i < 9 ? 0.8 : 0.7, i));
  std::vector<const RunSource*> sources;
  for (const BuiltRun& run : runs) sources.push_back(&run);
  const Trend trend = find_trend(sources, "score");
  CHECK(trend.points.size() == 16);
  REQUIRE(trend.changes.size() == 1);
  CHECK(trend.changes[0].run == "r09");
  CHECK(trend.changes[0].created == "2025-11-10T00:00:00Z");
  CHECK(trend.changes[0].worse);
  CHECK(*trend.changes[0].relative == doctest::Approx(-0.125).epsilon(0.05));
  CHECK(trend.changes[0].p <= 0.01);
  CHECK(find_trend(sources, "other").points.empty());
  CHECK(find_trend({sources[0]}, "score").changes.empty());
}

TEST_CASE("trend: losses that each passed and have added up") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "b.json";
  GateSpec gate;
  gate.rules.push_back({.text = "score max_drop 0.03",
                        .metric = "score",
                        .statistic = "mean",
                        .kind = RuleKind::max_drop,
                        .amount = 0.03});
  for (int i = 0; i < 4; ++i) write_baseline(run_at(0.8 - 0.02 * i, i), file, {});
  const BuiltRun candidate = run_at(0.72, 4);
  const auto present = open_baseline(file);
  Comparison comparison = compare(**present, candidate, gate);
  const Verdict now = decide(gate, candidate, {}, &comparison);
  CHECK(now.outcome == Outcome::pass);
  const auto drift = find_slow_drift(file, candidate, gate, now);
  REQUIRE(drift.size() == 1);
  CHECK(drift[0].rule == "score max_drop 0.03");
  CHECK(drift[0].oldest == "r00");
  CHECK(drift[0].why.find("score fell by 0.08") != std::string::npos);
  CHECK(find_slow_drift(folder.path() / "none.json", candidate, gate, now).empty());
}
