#include "ci/stats/ratios.h"

#include <doctest/doctest.h>

#include <array>

#include "ci/stats/quantile_interval.h"
#include "tests/unit/ci/stats/operations.h"

using namespace llmops;
using namespace llmops::stats;

namespace llmops::test {
namespace {

Value rank(const std::optional<std::int64_t>& r) { return r ? Value(*r) : Value(); }

Value quantile_ci(const Value& in) {
  const auto ranks = quantile_ranks(integer(in, "n"), number(in, "p"), number(in, "level"));
  if (!ranks) return refused(ranks.refusal());
  Object object{{"lower_rank", rank(ranks->lower)},
                {"upper_rank", rank(ranks->upper)},
                {"coverage", ranks->coverage}};
  if (in.find("x") != nullptr) {
    const auto interval = quantile_interval(numbers(in, "x"), number(in, "p"), number(in, "level"));
    object.add("estimate", interval->estimate);
    object.add("lo", interval->lower ? Value(*interval->lower) : Value("-Infinity"));
    object.add("hi", interval->upper ? Value(*interval->upper) : Value("Infinity"));
  }
  return object;
}

}  // namespace

Operations ratio_operations() {
  return {
      {"ratio_of_sums",
       [](const Value& in) {
         return shown(
             ratio_of_sums(numbers(in, "baseline"), numbers(in, "candidate"), number(in, "level")),
             [](const RatioOfSums& r) {
               return Object{{"n", static_cast<std::int64_t>(r.n)},
                             {"ratio", r.ratio},
                             {"se", r.se},
                             {"ci_lo", r.interval.lower},
                             {"ci_hi", r.interval.upper},
                             {"lower_bound", r.lower_bound},
                             {"upper_bound", r.upper_bound}};
             });
       }},
      {"log_ratio",
       [](const Value& in) {
         return shown(
             log_ratio(numbers(in, "baseline"), numbers(in, "candidate"), number(in, "level")),
             [](const LogRatio& r) {
               return Object{{"n", static_cast<std::int64_t>(r.log.used.n)},
                             {"mean_log_ratio", r.log.mean},
                             {"geometric_mean_ratio", r.geometric_mean_ratio},
                             {"lower_log", r.log.lower},
                             {"upper_log", r.log.upper},
                             {"lower_ratio", r.lower_ratio},
                             {"upper_ratio", r.upper_ratio},
                             {"p_less", r.log.p_less},
                             {"p_greater", r.log.p_greater}};
             });
       }},
      {"quantile_ci", quantile_ci},
  };
}

}  // namespace llmops::test

using namespace llmops::test;

TEST_CASE("ratios: reference vectors") { check_vectors("ratios", ratio_operations()); }
TEST_CASE("quantile interval: reference vectors") {
  check_vectors("quantile_ci", ratio_operations());
}

TEST_CASE("ratios: a bill that doubles") {
  const std::array before{100.0, 200.0, 300.0}, after{200.0, 400.0, 600.0};
  const auto bill = ratio_of_sums(before, after);
  REQUIRE(bill);
  CHECK(bill->ratio == 2.0);
  CHECK(bill->se == 0.0);
  CHECK(log_ratio(before, after).refusal().code == "zero_variance");
  CHECK(log_ratio(before, std::array{1.0, 0.0, 2.0}).refusal().code == "value_not_positive");
  CHECK(ratio_of_sums(std::array{0.0, 0.0}, std::array{1.0, 2.0}).refusal().code ==
        "zero_baseline");
}

TEST_CASE("ratios: geometric mean by hand") {
  const auto r = log_ratio(std::array{1.0, 1.0, 1.0}, std::array{1.0, 2.0, 4.0});
  REQUIRE(r);
  CHECK(r->geometric_mean_ratio == doctest::Approx(2.0).epsilon(1e-14));
  CHECK(r->lower_ratio * r->upper_ratio == doctest::Approx(4.0).epsilon(1e-13));  // no skewness
}

TEST_CASE("quantile interval: the median of 100, from tables") {
  const auto ranks = quantile_ranks(100, 0.5, 0.95);
  CHECK(ranks->lower == 40);
  CHECK(ranks->upper == 61);
  CHECK(ranks->coverage == doctest::Approx(0.9648).epsilon(1e-4));
  CHECK_FALSE(quantile_ranks(5, 0.5, 0.95)->lower);
  CHECK(quantile_ranks(6, 0.5, 0.95)->lower == 1);
}
