#include "ci/stats/t_test.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "tests/unit/ci/stats/operations.h"

using namespace llmops;
using namespace llmops::stats;

namespace llmops::test {
namespace {

Object shown_test(const TTest& t) {
  return {
      {"mean",        t.mean          },
      {"se",          t.se            },
      {"t",           t.t             },
      {"df",          t.df            },
      {"p_two_sided", t.p_two_sided   },
      {"p_less",      t.p_less        },
      {"p_greater",   t.p_greater     },
      {"ci_lo",       t.interval.lower},
      {"ci_hi",       t.interval.upper},
      {"lower_bound", t.lower_bound   },
      {"upper_bound", t.upper_bound   }
  };
}

Value one_sample(const Moments& m, const Tested<TTest>& test) {
  if (!test) {
    Object shown = *refused(test.refusal()).object();
    if (m.n > 0 && std::isfinite(m.mean)) shown.add("mean", m.mean);
    return shown;
  }
  Object shown = shown_test(*test);
  shown.add("n", static_cast<std::int64_t>(m.n));
  shown.add("sd", m.sd);
  return shown;
}

using TwoArmTest = Tested<TTest> (*)(std::span<const double>, std::span<const double>, double);

Operation two_arms(TwoArmTest test) {
  return [test](const Value& in) {
    const std::vector<double> b = numbers(in, "baseline"), c = numbers(in, "candidate");
    return shown(test(b, c, number(in, "level")), [&](const TTest& t) {
      Object object = shown_test(t);
      object.add("n_base", static_cast<std::int64_t>(b.size()));
      object.add("n_cand", static_cast<std::int64_t>(c.size()));
      object.add("mean_base", mean(b));
      object.add("mean_cand", mean(c));
      object.add("sd_base", moments(b).sd);
      object.add("sd_cand", moments(c).sd);
      return object;
    });
  };
}

}  // namespace

Operations t_test_operations() {
  return {
      {"t.paired",
       [](const Value& in) -> Value {
         const auto m = paired_moments(numbers(in, "baseline"), numbers(in, "candidate"));
         if (!m) return refused(m.refusal());
         return one_sample(*m, t_paired(numbers(in, "baseline"), numbers(in, "candidate"),
                                        number_or(in, "mu0", 0.0), number(in, "level")));
       }                                     },
      {"t.one_sample",
       [](const Value& in) {
         const std::vector<double> x = numbers(in, "x");
         return one_sample(moments(x), t_one_sample(x, number(in, "mu0"), number(in, "level")));
       }                                     },
      {"t.welch",        two_arms(&t_welch)  },
      {"t.student",      two_arms(&t_student)},
      {"t.from_summary",
       [](const Value& in) {
         Moments m;
         m.n = static_cast<std::size_t>(integer(in, "n"));
         m.mean = number(in, "mean");
         m.sd = number(in, "sd");
         return one_sample(m, t_one_sample(m, number(in, "mu0"), number(in, "level")));
       }                                     },
  };
}

}  // namespace llmops::test

using namespace llmops::test;

TEST_CASE("t test: reference vectors") { check_vectors("t_tests", t_test_operations()); }

// Student 1908, "The probable error of a mean": hours of sleep gained by ten patients under two
// drugs.
TEST_CASE("t test: Student's sleep data") {
  const std::array first{0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
  const std::array second{1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};
  const auto paired = t_paired(first, second);
  REQUIRE(paired);
  CHECK(paired->mean == doctest::Approx(1.58).epsilon(1e-12));
  CHECK(paired->t == doctest::Approx(4.0621).epsilon(1e-4));
  CHECK(paired->df == 9.0);
  CHECK(paired->p_two_sided == doctest::Approx(0.002833).epsilon(1e-3));
  CHECK(paired->interval.lower == doctest::Approx(0.7001142).epsilon(1e-6));
  CHECK(paired->interval.upper == doctest::Approx(2.4598858).epsilon(1e-6));

  const auto welch = t_welch(first, second);
  REQUIRE(welch);
  CHECK(welch->t == doctest::Approx(1.8608).epsilon(1e-4));
  CHECK(welch->df == doctest::Approx(17.776).epsilon(1e-4));
  CHECK(welch->p_two_sided == doctest::Approx(0.07939).epsilon(1e-3));

  const auto student = t_student(first, second);
  REQUIRE(student);
  CHECK(student->df == 18.0);
  CHECK(student->p_two_sided == doctest::Approx(0.07919).epsilon(1e-3));
}

TEST_CASE("t test: swapping the runs turns the sign and the sides") {
  const std::array a{0.2, 0.5, 0.9, 0.4, 0.7}, b{0.3, 0.4, 0.95, 0.8, 0.6};
  const auto forth = t_paired(a, b), back = t_paired(b, a);
  CHECK(forth->t == doctest::Approx(-back->t).epsilon(1e-14));
  CHECK(forth->p_less == doctest::Approx(back->p_greater).epsilon(1e-14));
  CHECK(forth->interval.lower == doctest::Approx(-back->interval.upper).epsilon(1e-14));
}

TEST_CASE("t test: what cannot be tested says why") {
  const std::vector<double> one{0.5}, two{0.5, 0.7}, same{0.4, 0.4};
  CHECK(t_one_sample(std::span<const double>()).refusal().code == "no_cases");
  CHECK(t_one_sample(one).refusal().code == "fewer_than_two_cases");
  CHECK(t_one_sample(same).refusal().code == "zero_variance");
  CHECK(t_paired(one, two).refusal().code == "length_mismatch");
  CHECK(t_welch(same, same).refusal().code == "zero_variance");
  CHECK(t_welch(same, two));
  CHECK(t_one_sample(two, 0.0, 1.0).refusal().code == "bad_level");
}
