// Resampling at the size of a large golden set. Figures: tests/bench/README.md.
#include <benchmark/benchmark.h>

#include <vector>

#include "ci/stats/bootstrap.h"
#include "ci/stats/change_point.h"
#include "ci/stats/guarded.h"
#include "ci/stats/paired_binary.h"
#include "ci/stats/permutation.h"
#include "ci/stats/power.h"
#include "ci/stats/t_test.h"
#include "datasets/random.h"

using namespace llmops;
using namespace llmops::stats;

namespace {

std::vector<double> differences(std::size_t n) {
  Random random(1);
  std::vector<double> d(n);
  for (double& x : d) x = random.uniform() - 0.49;
  return d;
}

void bootstrap_of_mean(benchmark::State& state) {
  const auto d = differences(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state)
    benchmark::DoNotOptimize(bootstrap_means(d, {.stream = 1, .resamples = 10000}));
}
BENCHMARK(bootstrap_of_mean)
    ->Arg(1000)
    ->Arg(10000)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

void sign_flips(benchmark::State& state) {
  const auto d = differences(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state)
    benchmark::DoNotOptimize(
        sign_flip_monte_carlo(d, {.stream = 1, .resamples = 10000, .alpha = 0.0}));
}
BENCHMARK(sign_flips)
    ->Arg(1000)
    ->Arg(10000)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

void sign_flips_of_pass_fail(benchmark::State& state) {
  Random random(1);
  std::vector<double> d(10000);
  for (double& x : d) x = random.uniform() < 0.2 ? (random.uniform() < 0.5 ? -1.0 : 1.0) : 0.0;
  for (auto _ : state) benchmark::DoNotOptimize(sign_flip(d));
}
BENCHMARK(sign_flips_of_pass_fail)->Unit(benchmark::kMillisecond);

void paired_t(benchmark::State& state) {
  const auto d = differences(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(t_one_sample(d));
}
BENCHMARK(paired_t)->Arg(10000)->Arg(1000000)->Unit(benchmark::kMicrosecond);

void guarded_bounds(benchmark::State& state) {
  const auto d = differences(10000);
  for (auto _ : state) benchmark::DoNotOptimize(guarded(d, 1.0));
}
BENCHMARK(guarded_bounds)->Unit(benchmark::kMicrosecond);

void tango_interval(benchmark::State& state) {
  const PairedTable table{7000, 900, 850, 1250};
  for (auto _ : state) benchmark::DoNotOptimize(tango_bounds(table));
}
BENCHMARK(tango_interval)->Unit(benchmark::kMicrosecond);

void planned_cases(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(cases_t_paired(0.05));
}
BENCHMARK(planned_cases)->Unit(benchmark::kMicrosecond);

void history_of_200_runs(benchmark::State& state) {
  const auto history = differences(200);
  for (auto _ : state) benchmark::DoNotOptimize(change_points(history));
}
BENCHMARK(history_of_200_runs)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
