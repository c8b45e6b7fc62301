#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "ci/stats/binomial_interval.h"
#include "ci/stats/mcnemar.h"
#include "ci/stats/paired_binary.h"
#include "ci/stats/two_proportions.h"
#include "tests/unit/ci/stats/operations.h"

using namespace llmops;
using namespace llmops::stats;

namespace llmops::test {
namespace {

PairedTable table_of(const Value& in) {
  const List& t = *member(in, "table").list();
  return {*t[0].integer(), *t[1].integer(), *t[2].integer(), *t[3].integer()};
}

Value shown_mcnemar(const McNemar& m) {
  Object object{{"n", m.n},
                {"discordant", m.discordant},
                {"diff", m.difference},
                {"p_exact_two_sided", m.exact_two_sided},
                {"p_exact_worse", m.exact_worse},
                {"p_exact_better", m.exact_better},
                {"p_mid_two_sided", m.mid_two_sided},
                {"p_mid_worse", m.mid_worse},
                {"p_mid_better", m.mid_better}};
  if (m.chi_square) {
    object.add("chi2", m.chi_square->statistic);
    object.add("p_chi2", m.chi_square->p);
  }
  if (m.chi_square_corrected) {
    object.add("chi2_cc", m.chi_square_corrected->statistic);
    object.add("p_chi2_cc", m.chi_square_corrected->p);
  }
  return object;
}

Value paired_binary(const Value& in) {
  const PairedTable table = table_of(in);
  const double level = number(in, "level");
  const auto score = tango(table, level), bounds = tango_bounds(table, level),
             hybrid = newcombe_paired(table, level), plain = newcombe_paired(table, level, false),
             wald = bonett_price(table, level);
  return Object{{"diff", table.difference()},         {"score_lo", score->lower},
                {"score_hi", score->upper},           {"score_lower_bound", bounds->lower},
                {"score_upper_bound", bounds->upper}, {"newcombe_lo", hybrid->lower},
                {"newcombe_hi", hybrid->upper},       {"newcombe_no_cc_lo", plain->lower},
                {"newcombe_no_cc_hi", plain->upper},  {"bonett_price_lo", wald->lower},
                {"bonett_price_hi", wald->upper}};
}

Value binomial_ci(const Value& in) {
  const std::string method = text(in, "method");
  const auto interval = method == "wilson"            ? wilson
                        : method == "clopper_pearson" ? clopper_pearson
                        : method == "jeffreys"        ? jeffreys
                                                      : agresti_coull;
  return shown(interval(integer(in, "k"), integer(in, "n"), number(in, "level")),
               [](const Interval& i) {
                 return Object{{"lo", i.lower}, {"hi", i.upper}};
               });
}

Value two_proportions(const Value& in) {
  const Proportion b{integer(in, "k_base"), integer(in, "n_base")};
  const Proportion c{integer(in, "k_cand"), integer(in, "n_cand")};
  const double level = number(in, "level");
  const auto hybrid = newcombe(b, c, level), wald = agresti_caffo(b, c, level);
  const Value z = shown(pooled_z(b, c), [](const ZTest& t) {
    return Object{{"z", t.z},
                  {"p_two_sided", t.p_two_sided},
                  {"p_less", t.p_less},
                  {"p_greater", t.p_greater}};
  });
  return Object{{"diff", c.rate() - b.rate()},     {"newcombe_lo", hybrid->lower},
                {"newcombe_hi", hybrid->upper},    {"agresti_caffo_lo", wald->lower},
                {"agresti_caffo_hi", wald->upper}, {"z_test", z}};
}

}  // namespace

Operations binary_operations() {
  return {
      {"mcnemar", [](const Value& in) { return shown(mcnemar(table_of(in)), shown_mcnemar); }},
      {"paired_binary", paired_binary},
      {"score_test_noninferiority",
       [](const Value& in) {
         return shown(tango_noninferiority(table_of(in), number(in, "margin")),
                      [](const ScoreTest& t) {
                        return Object{{"z", t.z}, {"p", t.p}};
                      });
       }},
      {"binomial_ci", binomial_ci},
      {"upper_bound_clopper_pearson",
       [](const Value& in) {
         return shown(
             clopper_pearson_upper(integer(in, "k"), integer(in, "n"), number(in, "alpha")),
             [](double bound) { return bound; });
       }},
      {"two_proportions", two_proportions},
  };
}

}  // namespace llmops::test

using namespace llmops::test;

TEST_CASE("mcnemar: reference vectors") { check_vectors("mcnemar", binary_operations()); }
TEST_CASE("paired binary: reference vectors") {
  check_vectors("paired_binary_ci", binary_operations());
}
TEST_CASE("binomial interval: reference vectors") {
  check_vectors("binomial_ci", binary_operations());
}
TEST_CASE("two proportions: reference vectors") {
  check_vectors("two_proportions", binary_operations());
}

// Agresti, Categorical Data Analysis: approval of the prime minister, 1600 persons asked twice.
TEST_CASE("mcnemar: Agresti's approval ratings") {
  const PairedTable table{794, 150, 86, 570};
  const auto m = mcnemar(table);
  REQUIRE(m);
  CHECK(m->difference == doctest::Approx(-0.04));
  CHECK(m->chi_square->statistic == doctest::Approx(64.0 * 64.0 / 236.0).epsilon(1e-14));
  CHECK(m->exact_worse < 2.5e-5);
}

TEST_CASE("mcnemar: coins") {
  const auto m = mcnemar({.both = 3, .losses = 5, .gains = 0, .neither = 2});
  CHECK(m->exact_worse == doctest::Approx(1.0 / 32.0).epsilon(1e-14));
  CHECK(m->exact_two_sided == doctest::Approx(2.0 / 32.0).epsilon(1e-14));
  CHECK(m->mid_worse == doctest::Approx(0.5 / 32.0).epsilon(1e-14));
  CHECK(m->exact_better == 1.0);
  CHECK_FALSE(mcnemar({.both = 4})->chi_square);
  CHECK(mcnemar({.both = 4})->mid_worse == 1.0);
  CHECK(mcnemar({}).refusal().code == "no_cases");
}

TEST_CASE("mcnemar: the table of two runs") {
  const auto table =
      paired_table(std::array{1.0, 1.0, 0.0, 0.0, 1.0}, std::array{1.0, 0.0, 1.0, 0.0, 1.0});
  REQUIRE(table);
  CHECK(table->both == 2);
  CHECK(table->losses == 1);
  CHECK(table->gains == 1);
  CHECK(table->neither == 1);
  const auto grades = paired_table(std::array{1.0, 0.0}, std::array{1.0, 0.5});
  CHECK(grades.refusal().code == "not_binary");
  CHECK(grades.refusal().index == 1);
}

// Tango 1998 and Newcombe 1998 print these intervals for Miyanaga's lens data (43, 0, 1, 0).
TEST_CASE("tango: the lens data") {
  const auto interval = tango({.both = 43, .losses = 0, .gains = 1, .neither = 0});
  REQUIRE(interval);
  CHECK(interval->lower == doctest::Approx(-0.0602).epsilon(0.01));
  CHECK(interval->upper == doctest::Approx(0.118).epsilon(0.01));
}

TEST_CASE("tango: swapping the runs mirrors the interval, everything lost gives -1") {
  const PairedTable table{40, 7, 3, 10}, turned{40, 3, 7, 10};
  CHECK(tango(table)->lower == doctest::Approx(-tango(turned)->upper).epsilon(1e-12));
  CHECK(tango_bounds({.losses = 8})->lower == -1.0);
  CHECK(tango_bounds({.gains = 8})->upper == 1.0);
  // All tables without discordant pairs are alike: z^2/(n + z^2).
  const double z2 = 1.6448536269514722 * 1.6448536269514722;
  CHECK(tango_bounds({.both = 50})->upper == doctest::Approx(z2 / (50.0 + z2)).epsilon(1e-9));
}

TEST_CASE("tango: bound and test decide alike") {
  const PairedTable table{30, 6, 2, 12};
  const double margin = -tango_bounds(table)->lower;
  CHECK(tango_noninferiority(table, margin)->p == doctest::Approx(0.05).epsilon(1e-9));
}

// Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I.
TEST_CASE("binomial interval: Newcombe's examples") {
  const auto w = wilson(81, 263);
  CHECK(w->lower == doctest::Approx(0.2553).epsilon(2e-4));
  CHECK(w->upper == doctest::Approx(0.3662).epsilon(2e-4));
  const auto c = clopper_pearson(81, 263);
  CHECK(c->lower == doctest::Approx(0.2527).epsilon(2e-4));
  CHECK(c->upper == doctest::Approx(0.3676).epsilon(2e-4));
  CHECK(clopper_pearson(0, 20)->upper == doctest::Approx(0.1684).epsilon(4e-4));
  CHECK(wilson(0, 20)->lower == 0.0);
}

TEST_CASE("binomial interval: no error in 299 cases shows less than 1%") {
  CHECK(*clopper_pearson_upper(0, 299) < 0.01);
  CHECK(*clopper_pearson_upper(0, 298) > 0.01);
  CHECK(*clopper_pearson_lower(299, 299) == doctest::Approx(std::pow(0.05, 1.0 / 299.0)));
  CHECK(*binomial_p_less(0, 299, 0.01) == doctest::Approx(std::pow(0.99, 299)).epsilon(1e-12));
  CHECK(*binomial_p_greater(299, 299, 0.99) == doctest::Approx(std::pow(0.99, 299)).epsilon(1e-12));
}

// Newcombe 1998, "Interval estimation for the difference between independent proportions", example
// (a).
TEST_CASE("two proportions: Newcombe's 56/70 against 48/80") {
  const auto interval = newcombe({48, 80}, {56, 70});
  CHECK(interval->lower == doctest::Approx(0.0524).epsilon(1e-3));
  CHECK(interval->upper == doctest::Approx(0.3339).epsilon(1e-3));
  CHECK(newcombe_bounds({48, 80}, {56, 70}, 0.975)->lower ==
        doctest::Approx(interval->lower).epsilon(1e-12));
  CHECK(pooled_z({0, 10}, {0, 10}).refusal().code == "zero_variance");
}
