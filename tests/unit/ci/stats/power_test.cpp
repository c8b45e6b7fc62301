#include "ci/stats/power.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/unit/ci/stats/operations.h"

using namespace llmops;
using namespace llmops::stats;

namespace llmops::test {
namespace {

Sides sides_of(const Value& in) {
  return text(in, "alternative") == "two_sided" ? Sides::two : Sides::one;
}

ProportionMethod method_of(const Value& in) {
  const std::string method = text(in, "method");
  if (method == "arcsine") return ProportionMethod::arcsine;
  if (method == "pooled") return ProportionMethod::pooled;
  if (method == "unpooled") return ProportionMethod::unpooled;
  return ProportionMethod::fleiss_cc;
}

Value plain(const Tested<double>& value) {
  return shown(value, [](double x) { return x; });
}
Value plain(const Tested<std::int64_t>& value) {
  return shown(value, [](std::int64_t x) { return x; });
}
Value size(const Tested<SampleSize>& value) {
  return shown(value, [](const SampleSize& s) { return Object{{"n_real", s.real}, {"n", s.n}}; });
}

}  // namespace

Operations power_operations() {
  return {
      {"power.t_paired",
       [](const Value& in) {
         return plain(
             power_t_paired(number(in, "dz"), number(in, "n"), number(in, "alpha"), sides_of(in)));
       }},
      {"power.t_two_sample",
       [](const Value& in) {
         return plain(power_t_two_sample(number(in, "d"), number(in, "n_base"),
                                         number(in, "n_cand"), number(in, "alpha"), sides_of(in)));
       }},
      {"sample_size.t_paired",
       [](const Value& in) {
         return plain(cases_t_paired(number(in, "dz"), number(in, "power"), number(in, "alpha"),
                                     sides_of(in)));
       }},
      {"sample_size.two_proportions",
       [](const Value& in) {
         return size(cases_two_proportions(number(in, "p_base"), number(in, "p_cand"),
                                           method_of(in), number(in, "power"), number(in, "alpha"),
                                           sides_of(in)));
       }},
      {"power.two_proportions",
       [](const Value& in) {
         return plain(power_two_proportions(number(in, "p_base"), number(in, "p_cand"),
                                            number(in, "n"), method_of(in), number(in, "alpha"),
                                            sides_of(in)));
       }},
      {"sample_size.mcnemar",
       [](const Value& in) {
         return size(cases_mcnemar(number(in, "discordance"), number(in, "delta"),
                                   number(in, "power"), number(in, "alpha"), sides_of(in)));
       }},
      {"sample_size.noninferiority_paired",
       [](const Value& in) {
         return size(cases_noninferiority(number(in, "sd_diff"), number(in, "margin"),
                                          number(in, "true_diff"), number(in, "power"),
                                          number(in, "alpha")));
       }},
      {"sample_size.certify_identical",
       [](const Value& in) {
         return plain(cases_certify_identical(number(in, "range"), number(in, "margin"),
                                              number(in, "alpha")));
       }},
      {"repeats.optimal",
       [](const Value& in, const Value& expected) {
         const double between = number(in, "between_variance");
         const double within = number(in, "within_variance");
         return shown(
             optimal_repeats(between, within, number(in, "cost_per_case"),
                             number(in, "cost_per_repeat")),
             [&](double k) {
               List errors;
               for (const Value& point : *member(expected, "se_at").list())
                 errors.push_back(Object{{"n", integer(point, "n")},
                                         {"k", integer(point, "k")},
                                         {"se", se_with_repeats(between, within, number(point, "n"),
                                                                number(point, "k"))}});
               return Object{{"k_real", k}, {"se_at", errors}};
             });
       }},
  };
}

}  // namespace llmops::test

using namespace llmops::test;

TEST_CASE("power: reference vectors") { check_vectors("power", power_operations()); }

// Cohen 1988 and the design's check values.
TEST_CASE("power: published plans") {
  CHECK(cases_two_proportions(0.65, 0.72)->n == 690);
  CHECK(cases_mcnemar(0.15, 0.07)->n == 238);
  CHECK(*cases_t_paired(0.5) == 34);
  CHECK(*power_t_two_sample(0.5, 64, 64) == doctest::Approx(0.8015).epsilon(1e-4));
  CHECK(cases_noninferiority(0.2, 0.02)->n == 619);
  for (const auto& plan :
       {std::pair{0.10, 23}, {0.05, 46}, {0.03, 77}, {0.02, 116}, {0.01, 233}}) {
    const double margin = plan.first;
    CAPTURE(margin);
    CHECK(*cases_certify_identical(1.0, margin) == plan.second);
    CHECK(*cases_certify_identical(4.0, 4.0 * margin) == plan.second);
  }
  CHECK(*cases_to_pass(0.01, 1.0, 0.05) == 46);
}

TEST_CASE("power: the detectable effect is what the power says") {
  const auto effect = detectable_effect(0.3, 80);
  REQUIRE(effect);
  CHECK(*power_t_paired(*effect / 0.3, 80) == doctest::Approx(0.8).epsilon(1e-9));
  CHECK(*effect == doctest::Approx((1.959964 + 0.841621) * 0.3 / std::sqrt(80.0)).epsilon(0.02));
  CHECK(*detectable_effect(0.3, 320) < *effect);
  CHECK(*detectable_effect(0.0, 80) == 0.0);
}

TEST_CASE("power: large plans stay finite") {
  CHECK(*power_t_paired(0.001, 1e7) == doctest::Approx(0.8854).epsilon(1e-3));
  CHECK(*power_t_paired(1.0, 1e6) == doctest::Approx(1.0));
  CHECK(*cases_t_paired(0.001) == doctest::Approx(7848883).epsilon(1e-4));
  CHECK(cases_t_paired(0.0).refusal().code == "zero_effect");
  CHECK(cases_two_proportions(0.5, 0.5).refusal().code == "zero_effect");
  CHECK(cases_noninferiority(0.2, 0.02, -0.03).refusal().code == "zero_effect");
}

TEST_CASE("power: repeats against cases") {
  CHECK(*optimal_repeats(0.01, 0.16, 5.0, 1.0) == doctest::Approx(std::sqrt(80.0)));
  CHECK(*repeats_for_error(0.04, 0.09, 100, 0.03) == 2);
  CHECK(repeats_for_error(0.04, 0.09, 100, 0.02).refusal().code == "more_cases_needed");
  CHECK(optimal_repeats(0.0, 0.1, 1.0, 1.0).refusal().code == "no_between_variance");
}
