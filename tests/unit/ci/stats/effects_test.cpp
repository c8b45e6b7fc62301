#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "ci/stats/correlation.h"
#include "ci/stats/effect_size.h"
#include "ci/stats/tost.h"
#include "tests/unit/ci/stats/operations.h"

using namespace llmops;
using namespace llmops::stats;

namespace llmops::test {

Operations effect_operations() {
  return {
      {"effect.independent",
       [](const Value& in) {
         return shown(independent_effects(numbers(in, "baseline"), numbers(in, "candidate")),
                      [](const IndependentEffects& e) {
                        return Object{{"cohens_d", optional(e.cohens_d)},
                                      {"hedges_g", optional(e.hedges_g)},
                                      {"hedges_g_approx", optional(e.hedges_g_approx)},
                                      {"glass_delta", optional(e.glass_delta)},
                                      {"cliffs_delta", e.cliffs_delta},
                                      {"vargha_delaney_a", e.vargha_delaney_a}};
                      });
       }},
      {"effect.paired",
       [](const Value& in) {
         return shown(paired_effects(numbers(in, "baseline"), numbers(in, "candidate")),
                      [](const PairedEffects& e) {
                        return Object{{"dz", optional(e.dz)},     {"gz", optional(e.gz)},
                                      {"d_av", optional(e.d_av)}, {"wins", e.wins},
                                      {"losses", e.losses},       {"ties", e.ties}};
                      });
       }},
      {"effect.cohens_h",
       [](const Value& in) {
         return shown(cohens_h(number(in, "p_base"), number(in, "p_cand")),
                      [](double h) { return h; });
       }},
      {"tost.paired",
       [](const Value& in) {
         return shown(tost_paired(numbers(in, "baseline"), numbers(in, "candidate"),
                                  number(in, "margin"), number(in, "alpha")),
                      [](const Tost& t) {
                        return Object{{"t_noninferior", t.t_noninferior},
                                      {"p_noninferior", t.p_noninferior},
                                      {"t_not_superior", t.t_not_superior},
                                      {"p_not_superior", t.p_not_superior},
                                      {"p_tost", t.p_equivalent},
                                      {"ci_lo", t.interval.lower},
                                      {"ci_hi", t.interval.upper}};
                      });
       }},
      {"pearson",
       [](const Value& in) {
         const std::vector<double> x = numbers(in, "x");
         return shown(pearson(x, numbers(in, "y"), number(in, "level")), [&](const Correlation& c) {
           Object object{{"n", static_cast<std::int64_t>(x.size())},
                         {"r", c.r},
                         {"p_two_sided", optional(c.p_two_sided)}};
           if (c.interval) {
             object.add("ci_lo", c.interval->lower);
             object.add("ci_hi", c.interval->upper);
           }
           return object;
         });
       }},
      {"spearman",
       [](const Value& in) {
         return shown(spearman(numbers(in, "x"), numbers(in, "y")), [](const Correlation& c) {
           return Object{{"rho", c.r}, {"p_two_sided", optional(c.p_two_sided)}};
         });
       }},
      {"kendall_tau_b",
       [](const Value& in) {
         return shown(kendall(numbers(in, "x"), numbers(in, "y")), [](const Kendall& k) {
           return Object{{"tau_b", k.tau_b},
                         {"concordant", k.concordant},
                         {"discordant", k.discordant},
                         {"z", optional(k.z)},
                         {"p_two_sided", optional(k.p_two_sided)}};
         });
       }},
  };
}

}  // namespace llmops::test

using namespace llmops::test;

TEST_CASE("effect size: reference vectors") { check_vectors("effect_size", effect_operations()); }
TEST_CASE("tost: reference vectors") { check_vectors("tost", effect_operations()); }
TEST_CASE("correlation: reference vectors") { check_vectors("correlation", effect_operations()); }

TEST_CASE("effect size: by hand") {
  const std::array b{1.0, 2.0, 3.0}, c{2.0, 3.0, 4.0};
  const auto e = independent_effects(b, c);
  CHECK(*e->cohens_d == doctest::Approx(1.0));
  CHECK(*e->hedges_g_approx == doctest::Approx(1.0 - 3.0 / 15.0));
  CHECK(e->cliffs_delta == doctest::Approx(5.0 / 9.0));  // 6 above, 1 below, 2 ties
  const auto p = paired_effects(b, c);
  CHECK_FALSE(p->dz);  // constant shift
  CHECK(*p->d_av == doctest::Approx(1.0));
  CHECK(p->wins == 3);
  CHECK(*cohens_h(0.0, 1.0) == doctest::Approx(std::acos(-1.0)));
}

TEST_CASE("tost: equivalence needs both tests") {
  const std::array b{0.50, 0.52, 0.49, 0.51, 0.50, 0.48}, c{0.51, 0.51, 0.50, 0.50, 0.51, 0.48};
  const auto narrow = tost_paired(b, c, 0.001), wide = tost_paired(b, c, 0.05);
  CHECK(wide->p_equivalent < 0.001);
  CHECK(narrow->p_equivalent > 0.2);
  CHECK(tost_paired(b, c, -0.1).refusal().code == "bad_margin");
  // A bound of the 1 - 2 alpha interval is the margin at which the test just holds.
  CHECK(tost_paired(b, c, -wide->interval.lower)->p_noninferior ==
        doctest::Approx(0.05).epsilon(1e-9));
}

// Anscombe 1973, first data set: r = 0.816 to three digits.
TEST_CASE("correlation: Anscombe's quartet") {
  const std::array x{10.0, 8.0, 13.0, 9.0, 11.0, 14.0, 6.0, 4.0, 12.0, 7.0, 5.0};
  const std::array y{8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68};
  const auto r = pearson(x, y);
  CHECK(r->r == doctest::Approx(0.81642).epsilon(1e-5));
  CHECK(*r->p_two_sided == doctest::Approx(0.00217).epsilon(1e-2));
  CHECK(spearman(x, x)->r == 1.0);
  CHECK(*spearman(x, x)->p_two_sided == 0.0);
  CHECK(kendall(x, x)->tau_b == doctest::Approx(1.0));
}
