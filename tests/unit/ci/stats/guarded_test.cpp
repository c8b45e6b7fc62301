#include "ci/stats/guarded.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "ci/stats/distributions.h"
#include "ci/stats/guarded_independent.h"
#include "tests/unit/ci/stats/operations.h"

using namespace llmops;
using namespace llmops::stats;

namespace llmops::test {
namespace {

Object shown_guarded(const Guarded& g, std::size_t n) {
  return {{"n", static_cast<std::int64_t>(n)},
          {"n_aug", static_cast<std::int64_t>(g.used.n)},
          {"mean", g.mean},
          {"mean_aug", g.used.mean},
          {"sd_aug", g.used.sd},
          {"skew_aug", g.used.skewness},
          {"lower", g.lower},
          {"upper", g.upper},
          {"T", g.statistic},
          {"p_less", g.p_less},
          {"p_greater", g.p_greater}};
}

}  // namespace

Operations guarded_operations() {
  return {
      {"guarded",
       [](const Value& in) {
         const std::vector<double> d = numbers(in, "d");
         return shown(
             guarded(d, number(in, "range"), number(in, "level"), number_or(in, "mu0", 0.0)),
             [&](const Guarded& g) { return shown_guarded(g, d.size()); });
       }},
      {"guarded.mean",
       [](const Value& in) {
         const std::vector<double> x = numbers(in, "x");
         return shown(guarded_mean(x, number(in, "lo"), number(in, "hi"), number(in, "level")),
                      [&](const Guarded& g) { return shown_guarded(g, x.size()); });
       }},
      {"skew_corrected",
       [](const Value& in) {
         const std::vector<double> d = numbers(in, "d");
         return shown(skew_corrected(d, number(in, "level")),
                      [&](const Guarded& g) { return shown_guarded(g, d.size()); });
       }},
      {"guarded_independent",
       [](const Value& in) {
         return shown(guarded_independent(numbers(in, "baseline"), numbers(in, "candidate"),
                                          number(in, "lo"), number(in, "hi"), number(in, "level")),
                      [](const GuardedIndependent& g) {
                        return Object{{"mean_diff", g.difference}, {"mean_diff_aug", g.used.mean},
                                      {"se_aug", g.used.se},       {"df", g.used.df},
                                      {"lower", g.lower},          {"upper", g.upper},
                                      {"p_less", g.used.p_less},   {"p_greater", g.used.p_greater}};
                      });
       }},
  };
}

}  // namespace llmops::test

using namespace llmops::test;

TEST_CASE("guarded: reference vectors of differences and means") {
  check_vectors("guarded_interval", guarded_operations());
}

TEST_CASE("guarded: reference vectors of independent arms") {
  check_vectors("guarded_independent", guarded_operations());
}

TEST_CASE("guarded: identical runs, by hand") {
  // 20 zeros and the two pseudo-cases: N = 22, sd = sqrt(2/21), no skewness.
  const auto g = guarded(std::array<double, 20>{}, 1.0);
  REQUIRE(g);
  const double bound = std::sqrt(2.0 / 21.0) * t_isf(0.05, 21.0) / std::sqrt(22.0);
  CHECK(g->lower == doctest::Approx(-bound).epsilon(1e-13));
  CHECK(g->upper == doctest::Approx(bound).epsilon(1e-13));
  CHECK(g->p_less == 0.5);
  CHECK(g->mean == 0.0);
}

TEST_CASE("guarded: from summaries as from values") {
  const std::array d{0.1, -0.3, 0.0, 0.25, 0.6, -0.05};
  const auto direct = guarded(d, 1.0, 0.9, -0.05), summary = guarded(moments(d), 1.0, 0.9, -0.05);
  CHECK(direct->lower == summary->lower);
  CHECK(direct->p_greater == summary->p_greater);
}

TEST_CASE("guarded: swapping the runs mirrors the bounds") {
  const std::array d{0.1, -0.3, 0.0, 0.25, 0.6, -0.05};
  std::array<double, 6> turned{};
  for (std::size_t i = 0; i < d.size(); ++i) turned[i] = -d[i];
  const auto forth = guarded(d, 1.0), back = guarded(turned, 1.0);
  CHECK(forth->lower == doctest::Approx(-back->upper).epsilon(1e-13));
  CHECK(forth->p_less == doctest::Approx(back->p_greater).epsilon(1e-13));
}

TEST_CASE("guarded: bounds and p-values decide alike") {
  const std::array d{0.1, -0.3, 0.0, 0.25, 0.6, -0.05, -0.4, 0.2, 0.2, 0.9};
  const auto g = guarded(d, 1.0, 0.9);
  CHECK(guarded(d, 1.0, 0.9, g->lower)->p_greater == doctest::Approx(0.1).epsilon(1e-10));
  CHECK(guarded(d, 1.0, 0.9, g->upper)->p_less == doctest::Approx(0.1).epsilon(1e-10));
}

TEST_CASE("guarded: input that no run can produce") {
  const std::array d{0.2, 1.5};
  CHECK(guarded(d, 1.0).refusal().code == "value_outside_range");
  CHECK(guarded(d, 1.0).refusal().index == 1);
  CHECK(guarded(moments(d), 1.0).refusal().code == "value_outside_range");
  CHECK(guarded_unchecked(moments(d), 1.0));
  CHECK(guarded(d, 0.0).refusal().code == "bad_range");
  CHECK(guarded_mean(d, 0.0, 1.0).refusal().index == 1);
  CHECK(guarded(std::span<const double>(), 1.0).refusal().code == "no_cases");
  CHECK(skew_corrected(std::array{0.2, 0.2}).refusal().code == "zero_variance");
}
