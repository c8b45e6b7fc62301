#include "ci/stats/distributions.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/support/stat_vectors.h"

using namespace llmops;
using namespace llmops::stats;
using namespace llmops::test;

TEST_CASE("distributions: reference vectors") {
  const auto one = [](double (*f)(double), const char* x) {
    return [=](const Value& in) { return Value(f(number(in, x))); };
  };
  const auto student = [](double (*f)(double, double), const char* x) {
    return [=](const Value& in) { return Value(f(number(in, x), number(in, "df"))); };
  };
  const auto noncentral = [](double (*f)(double, double, double)) {
    return [=](const Value& in) {
      return Value(f(number(in, "t"), number(in, "df"), number(in, "nc")));
    };
  };
  const auto binomial = [](double (*f)(std::int64_t, std::int64_t, double)) {
    return [=](const Value& in) {
      return Value(f(integer(in, "k"), integer(in, "n"), number(in, "p")));
    };
  };
  const auto beta = [](double (*f)(double, double, double), const char* x) {
    return
        [=](const Value& in) { return Value(f(number(in, x), number(in, "a"), number(in, "b"))); };
  };
  check_vectors("distributions", {{"normal.cdf", one(&normal_cdf, "x")},
                                  {"normal.sf", one(&normal_sf, "x")},
                                  {"normal.ppf", one(&normal_quantile, "p")},
                                  {"normal.isf", one(&normal_isf, "q")},
                                  {"t.cdf", student(&t_cdf, "t")},
                                  {"t.sf", student(&t_sf, "t")},
                                  {"t.ppf", student(&t_quantile, "p")},
                                  {"t.isf", student(&t_isf, "q")},
                                  {"nct.cdf", noncentral(&noncentral_t_cdf)},
                                  {"nct.sf", noncentral(&noncentral_t_sf)},
                                  {"binomial.cdf", binomial(&binomial_cdf)},
                                  {"binomial.sf", binomial(&binomial_sf)},
                                  {"chi2.sf", student(&chi_square_sf, "x")},
                                  {"beta.cdf", beta(&beta_cdf, "x")},
                                  {"beta.ppf", beta(&beta_quantile, "p")}});
}

TEST_CASE("distributions: values that a formula gives") {
  const double third = 1.0 / 3.0;
  CHECK(t_cdf(1.0, 1.0) == doctest::Approx(0.75).epsilon(1e-14));  // Cauchy
  CHECK(t_sf(1e200, 1.0) == doctest::Approx(1e-200 / std::acos(-1.0)).epsilon(1e-12));
  CHECK(t_sf(2.0, 2.0) == doctest::Approx(0.5 - 1.0 / std::sqrt(6.0)).epsilon(1e-13));
  CHECK(binomial_cdf(0, 10, third) == doctest::Approx(std::pow(1.0 - third, 10)).epsilon(1e-13));
  CHECK(binomial_sf(9, 10, third) == doctest::Approx(std::pow(third, 10)).epsilon(1e-13));
  CHECK(binomial_sf(-1, 3, 0.5) == 1.0);
  CHECK(binomial_cdf(3, 3, 0.5) == 1.0);
  CHECK(chi_square_sf(2.0, 2.0) == doctest::Approx(std::exp(-1.0)).epsilon(1e-14));
  CHECK(beta_quantile(0.25, 1.0, 1.0) == doctest::Approx(0.25));
  CHECK(noncentral_t_cdf(1.3, 7.0, 0.0) == doctest::Approx(t_cdf(1.3, 7.0)).epsilon(1e-12));
}

TEST_CASE("distributions: tails are inverse to each other and never cut off") {
  for (const double q : {1e-300, 1e-100, 1e-16, 1e-5, 0.3}) {
    CAPTURE(q);
    CHECK(normal_sf(normal_isf(q)) == doctest::Approx(q).epsilon(1e-10));
    for (const double df : {1.0, 2.5, 30.0, 1e4}) {
      CAPTURE(df);
      CHECK(t_sf(t_isf(q, df), df) == doctest::Approx(q).epsilon(1e-10));
    }
  }
}
