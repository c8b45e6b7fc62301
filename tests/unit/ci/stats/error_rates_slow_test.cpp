// Error rates of the gate's methods in many simulated runs: the promise that the formulas make.
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "ci/stats/gate_bounds.h"
#include "ci/stats/guarded.h"
#include "ci/stats/sequential.h"
#include "datasets/random.h"

using namespace llmops;
using namespace llmops::stats;

namespace {

constexpr int kRuns = 20000;
constexpr double kAlpha = 0.05;

// The share of runs that may pass by chance: alpha and three standard errors.
double allowed() { return kAlpha + 3.0 * std::sqrt(kAlpha * (1.0 - kAlpha) / kRuns); }

template <class Happens>
double share(Happens happens) {
  int count = 0;
  for (std::uint64_t run = 0; run < kRuns; ++run) {
    Random random(23, run);
    count += happens(random);
  }
  return static_cast<double>(count) / kRuns;
}

}  // namespace

// The failures are as rare as the margin allows and each is total: the case that misleads most. The
// guard averages below alpha over the sizes of a set, but its passes come in steps: just where a
// sample without any failure begins to pass (2.33/margin cases), chance gives up to (1 - margin)^n
// = 9.6%.
TEST_CASE("error rates: a rare total failure of the size of the margin seldom passes the guard") {
  for (const double rate : {0.01, 0.025, 0.05, 0.1}) {
    double sum = 0.0;
    const std::size_t sizes[] = {20, 46, 50, 100, 150, 200, 300, 500};
    for (const std::size_t n : sizes) {
      CAPTURE(n);
      CAPTURE(rate);
      const double passes = share([&](Random& random) {
        std::vector<double> d(n);
        for (double& x : d) x = random.uniform() < rate ? -1.0 : 0.0;
        return guarded(d, 1.0, 1.0 - kAlpha)->lower > -rate;
      });
      CHECK(passes <= 0.10);
      sum += passes;
    }
    CAPTURE(rate);
    CHECK(sum / std::size(sizes) <= allowed());
  }
}

TEST_CASE("error rates: no loss is seldom called a regression") {
  for (const std::size_t n : {20U, 50U, 200U})
    for (const double discordance : {0.05, 0.2, 0.5}) {
      CAPTURE(n);
      CAPTURE(discordance);
      GateQuestion question{.kind = DataKind::binary, .margin = 0.01, .alpha = kAlpha};
      const double alarms = share([&](Random& random) {
        std::vector<double> b(n), c(n);
        for (std::size_t i = 0; i < n; ++i) {
          b[i] = random.uniform() < 0.5 ? 1.0 : 0.0;
          c[i] = random.uniform() < discordance ? 1.0 - b[i] : b[i];
        }
        const auto bounds = paired_bounds(b, c, question);
        return decide(bounds->for_verdict(), kAlpha).verdict == Verdict::regression;
      });
      CHECK(alarms <= allowed());
    }
}

TEST_CASE("error rates: stopping early and the final look together keep alpha") {
  const double alarms = share([](Random& random) {
    std::vector<double> d(300);
    for (double& x : d) {
      const double u = random.uniform();
      x = u < 0.1 ? -1.0 : u < 0.2 ? 1.0 : 0.0;
    }
    return two_stage(d, DataKind::binary, 1.0, 0.05)->verdict == Verdict::regression;
  });
  CHECK(alarms <= allowed());
  const double passes = share([](Random& random) {
    std::vector<double> d(300);
    for (double& x : d) {
      const double u = random.uniform();
      x = u < 0.125 ? -1.0 : u < 0.2 ? 1.0 : 0.0;  // a loss of 0.05, exactly the margin
    }
    return two_stage(d, DataKind::binary, 1.0, 0.05)->verdict == Verdict::pass;
  });
  CHECK(passes <= allowed());
}
