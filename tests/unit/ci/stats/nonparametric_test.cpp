#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "ci/stats/mann_whitney.h"
#include "ci/stats/ranks.h"
#include "ci/stats/wilcoxon.h"
#include "tests/unit/ci/stats/operations.h"

using namespace llmops;
using namespace llmops::stats;

namespace llmops::test {
namespace {

bool continuity_of(const Value& in) {
  const Value* found = in.find("correction");
  return found != nullptr && found->boolean() != nullptr && *found->boolean();
}

Value wilcoxon_of(const Value& in) {
  const std::string zero = text(in, "zero");
  const ZeroRule rule = zero == "wilcox"  ? ZeroRule::wilcox
                        : zero == "pratt" ? ZeroRule::pratt
                                          : ZeroRule::zsplit;
  const RankMethod method =
      text(in, "method") == "exact" ? RankMethod::exact : RankMethod::approximate;
  return shown(wilcoxon(numbers(in, "d"), rule, method, continuity_of(in)), [](const Wilcoxon& w) {
    return Object{
        {"n",           w.n          },
        {"n_zero",      w.zeros      },
        {"w_plus",      w.w_plus     },
        {"w_minus",     w.w_minus    },
        {"z",           optional(w.z)},
        {"p_two_sided", w.p_two_sided},
        {"p_less",      w.p_less     },
        {"p_greater",   w.p_greater  }
    };
  });
}

Value mann_whitney_of(const Value& in) {
  const std::vector<double> b = numbers(in, "baseline"), c = numbers(in, "candidate");
  const RankMethod method =
      text(in, "method") == "exact" ? RankMethod::exact : RankMethod::approximate;
  return shown(mann_whitney(b, c, method, continuity_of(in)), [&](const MannWhitney& m) {
    return Object{
        {"n_base",           static_cast<std::int64_t>(b.size())},
        {"n_cand",           static_cast<std::int64_t>(c.size())},
        {"u_cand",           m.u_candidate                      },
        {"u_base",           m.u_baseline                       },
        {"cliffs_delta",     m.cliffs_delta                     },
        {"prob_superiority", m.probability_of_superiority       },
        {"z",                optional(m.z)                      },
        {"p_two_sided",      m.p_two_sided                      },
        {"p_less",           m.p_less                           },
        {"p_greater",        m.p_greater                        }
    };
  });
}

}  // namespace

Operations nonparametric_operations() {
  return {
      {"wilcoxon",              wilcoxon_of    },
      {"mann_whitney",          mann_whitney_of},
      {"hodges_lehmann_paired",
       [](const Value& in) {
         return shown(hodges_lehmann(numbers(in, "d")), [](double x) { return x; });
       }                                       },
  };
}

}  // namespace llmops::test

using namespace llmops::test;

TEST_CASE("wilcoxon: reference vectors") { check_vectors("wilcoxon", nonparametric_operations()); }
TEST_CASE("mann-whitney: reference vectors") {
  check_vectors("mann_whitney", nonparametric_operations());
}

TEST_CASE("ranks: ties share the mean rank") {
  const Ranks r = mid_ranks(std::array{3.0, 1.0, 3.0, 2.0, 3.0});
  CHECK(r.ranks == std::vector<double>{4.0, 1.0, 4.0, 2.0, 4.0});
  CHECK(r.tie_term() == 24.0);
}

TEST_CASE("wilcoxon: five gains of five, by counting signs") {
  const auto w = wilcoxon(std::array{0.1, 0.2, 0.3, 0.4, 0.5});
  REQUIRE(w);
  CHECK(w->w_plus == 15.0);
  CHECK(w->p_greater == doctest::Approx(1.0 / 32.0).epsilon(1e-14));
  CHECK(w->p_two_sided == doctest::Approx(2.0 / 32.0).epsilon(1e-14));
  CHECK(w->p_less == 1.0);
  CHECK_FALSE(w->z);
}

TEST_CASE("wilcoxon: exact and approximate agree on many cases") {
  std::vector<double> d;
  for (int i = 1; i <= 50; ++i) d.push_back((i % 3 == 0 ? -1.0 : 1.0) * std::sqrt(i));
  const auto exact = wilcoxon(d, ZeroRule::pratt, RankMethod::exact);
  const auto normal = wilcoxon(d, ZeroRule::pratt, RankMethod::approximate);
  CHECK(normal->p_two_sided == doctest::Approx(exact->p_two_sided).epsilon(0.03));
}

TEST_CASE("wilcoxon: refusals") {
  CHECK(wilcoxon(std::array{0.0, 0.0}).refusal().code == "all_differences_zero");
  CHECK(wilcoxon(std::array{0.0, 1.0}, ZeroRule::zsplit, RankMethod::exact).refusal().code ==
        "bad_method");
  CHECK(*hodges_lehmann(std::array{1.0, 2.0, 6.0}) == 2.75);
}

TEST_CASE("mann-whitney: complete separation of three and three") {
  const auto m = mann_whitney(std::array{1.0, 2.0, 3.0}, std::array{4.0, 5.0, 6.0});
  REQUIRE(m);
  CHECK(m->u_candidate == 9.0);
  CHECK(m->cliffs_delta == 1.0);
  CHECK(m->p_greater == doctest::Approx(1.0 / 20.0).epsilon(1e-14));
  const auto back = mann_whitney(std::array{4.0, 5.0, 6.0}, std::array{1.0, 2.0, 3.0});
  CHECK(back->p_less == m->p_greater);
}
