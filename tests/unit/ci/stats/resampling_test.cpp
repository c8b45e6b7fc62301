#include "ci/stats/resampling.h"

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "ci/stats/bootstrap.h"
#include "ci/stats/permutation.h"
#include "ci/stats/t_test.h"
#include "datasets/random.h"
#include "tests/unit/ci/stats/operations.h"

using namespace llmops;
using namespace llmops::stats;

namespace llmops::test {
namespace {

std::string hexadecimal(std::uint64_t x) {
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(x));
  return digits.data();
}

template <class Draw>
Operation draws(Draw draw) {
  return [draw](const Value& in) {
    const std::uint64_t seed = std::stoull(text(in, "seed"), nullptr, 16);
    Random random(seed);
    std::uint64_t state = seed;
    List list;
    for (std::int64_t i = integer(in, "count"); i > 0; --i) list.push_back(draw(random, state, in));
    return list;
  };
}

Value shown_bca(const Bca& b) {
  if (!b.z0)
    return Object{
        {"prop_less", b.prop_less}
    };
  return Object{
      {"prop_less",  b.prop_less               },
      {"z0",         *b.z0                     },
      {"a",          b.acceleration            },
      {"alphas_adj", list_of(b.adjusted_levels)},
      {"bounds",     list_of(b.bounds)         }
  };
}

Value mean_from_indices(const Value& in) {
  const std::vector<double> x = numbers(in, "x"), alphas = numbers(in, "alphas");
  const double theta = mean(x);
  std::vector<double> resamples, jackknife;
  for (const Value& indices : *member(in, "indices").list()) {
    std::vector<double> drawn;
    for (const double i : numbers(indices)) drawn.push_back(x[static_cast<std::size_t>(i)]);
    resamples.push_back(mean(drawn));
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    std::vector<double> rest = x;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
    jackknife.push_back(mean(rest));
  }
  Object object = *shown(bca(theta, resamples, jackknife, alphas), shown_bca).object();
  object.add("percentile", list_of(*percentile_bounds(resamples, alphas)));
  object.add("basic", list_of(*basic_bounds(theta, resamples, alphas)));
  return object;
}

Value sign_flip_of(const Value& in) {
  return shown(sign_flip_exact(numbers(in, "d")), [](const SignFlip& s) {
    return Object{
        {"n",               s.n                          },
        {"p_greater",       s.p_greater                  },
        {"p_less",          s.p_less                     },
        {"p_two_sided",     s.p_two_sided                },
        {"count_greater",   s.counts->greater.decimal()  },
        {"count_less",      s.counts->less.decimal()     },
        {"count_two_sided", s.counts->two_sided.decimal()},
        {"total",           s.counts->total.decimal()    }
    };
  });
}

}  // namespace

Operations resampling_operations() {
  return {
      {"splitmix64",                                        draws([](Random&,              std::uint64_t& state, const Value&) {
         return Value(hexadecimal(splitmix64(state)));
       })},
      {"xoshiro256ss",                                           draws([](Random& random,                                                                        std::uint64_t&, const Value&) {
         return Value(hexadecimal(random.next()));
       })},
      {"xoshiro256ss.below",draws([](Random& random,std::uint64_t&, const Value& in) {
         return Value(
             static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(integer(in, "n")))));
       })},
      {"xoshiro256ss.uniform",
       draws([](Random& random,                                                             std::uint64_t&, const Value&) { return Value(random.uniform()); })},
      {"sign_flip.exact",                                     sign_flip_of                                                                                                                                },
      {"monte_carlo_p",
       [](const Value& in) {
         return Value(monte_carlo_p(integer(in, "extreme"), integer(in, "resamples")));
       }                                                           },
      {"bootstrap.mean_from_indices", mean_from_indices                             },
      {"bootstrap.bca",
       [](const Value& in) {
         return shown(bca(number(in, "theta"), numbers(in, "resamples"), numbers(in, "jackknife"),
                          numbers(in, "alphas")),
                      shown_bca);
       }},
      {"bootstrap.studentized",
       [](const Value& in) {
         return shown(studentized_bounds(number(in, "theta"), number(in, "se"),
                                         numbers(in, "t_resamples"), numbers(in, "alphas")),
                      list_of);
       }                    },
  };
}

}  // namespace llmops::test

using namespace llmops::test;

TEST_CASE("random: reference vectors") { check_vectors("rng", resampling_operations()); }
TEST_CASE("sign flip: reference vectors") { check_vectors("sign_flip", resampling_operations()); }
TEST_CASE("bootstrap: reference vectors") { check_vectors("bootstrap", resampling_operations()); }

namespace {

std::vector<double> noise(std::size_t n, double shift) {
  Random random(7);
  std::vector<double> d(n);
  for (double& x : d) x = random.uniform() - 0.5 + shift;
  return d;
}

// Runs `body` on one thread and on many; both results.
template <class Body>
auto on_one_and_many(Body body) {
  auto one = [&] {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, 1);
    return body();
  }();
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, 4);
  return std::pair{one, body()};
}

}  // namespace

TEST_CASE("random: the first words of splitmix64 from seed 0") {
  std::uint64_t state = 0;
  CHECK(splitmix64(state) == 0xe220a8397b1dcdafULL);
  CHECK(splitmix64(state) == 0x6e789e6aa1b965f4ULL);
  CHECK(Random(0).next() == 0x99ec5f36cb75f2b4ULL);
}

TEST_CASE("resampling: streams differ by seed, metric and purpose") {
  CHECK(stream_of(1, "rouge", "bootstrap") == stream_of(1, "rouge", "bootstrap"));
  CHECK(stream_of(1, "rouge", "bootstrap") != stream_of(2, "rouge", "bootstrap"));
  CHECK(stream_of(1, "rouge", "bootstrap") != stream_of(1, "rouge", "flips"));
  CHECK(stream_of(1, "ab", "c") != stream_of(1, "a", "bc"));
  CHECK(too_close(0.051, 0.05, 9999));
  CHECK_FALSE(too_close(0.2, 0.05, 9999));
}

TEST_CASE("sign flip: by hand") {
  const auto three = sign_flip(std::array{1.0, 1.0, 1.0});
  CHECK(three->method == FlipMethod::convolution);
  CHECK(three->p_greater == 0.125);
  CHECK(three->p_two_sided == 0.25);
  const auto irrational = sign_flip(std::array{std::sqrt(2.0), std::sqrt(3.0), 0.0});
  CHECK(irrational->method == FlipMethod::enumeration);
  CHECK(irrational->p_greater == 0.25);
  CHECK(irrational->counts->total.decimal() == "8");
  CHECK(sign_flip(std::array{0.0, 0.0})->p_two_sided == 1.0);
  CHECK(sign_flip(std::array{0.1, -0.3, 0.2})->method == FlipMethod::convolution);
}

TEST_CASE("sign flip: enumeration and convolution count alike") {
  // Grades in tenths, and the same with a share of rounding that no step divides.
  const std::array grades{0.1, -0.3, 0.2, 0.7, 0.1, -0.1, 0.4};
  std::vector<double> odd(grades.begin(), grades.end());
  for (double& x : odd) x *= 1.0 + 1e-10 * x;
  const auto a = sign_flip_exact(grades), b = sign_flip_exact(odd);
  CHECK(a->method == FlipMethod::convolution);
  CHECK(a->p_less == doctest::Approx(b->p_less).epsilon(0.02));
}

TEST_CASE("sign flip: far tails of a convolution keep their digits") {
  const std::vector<double> ones(1000, 1.0);
  const auto r = sign_flip(ones);
  CHECK(r->p_greater == doctest::Approx(std::ldexp(1.0, -1000)).epsilon(1e-12));
  CHECK_FALSE(r->counts);
}

TEST_CASE("sign flip: Monte Carlo is near the exact p and the same on any number of threads") {
  const std::vector<double> d = noise(18, 0.1);
  const auto exact = sign_flip_exact(d);
  REQUIRE(exact);
  FlipOptions options{.stream = 3, .resamples = 50000, .alpha = 0.0};
  const auto [one, many] = on_one_and_many([&] { return *sign_flip_monte_carlo(d, options); });
  CHECK(one.p_two_sided == many.p_two_sided);
  CHECK(one.p_less == many.p_less);
  CHECK(one.p_two_sided == doctest::Approx(exact->p_two_sided).epsilon(0.05));
  CHECK(sign_flip(noise(300, 0.1))->method == FlipMethod::monte_carlo);
}

TEST_CASE("sign flip: a p near alpha is looked at with more resamples") {
  const std::vector<double> d = noise(400, 0.033);
  const auto r = sign_flip_monte_carlo(d, {.stream = 3, .resamples = 999, .alpha = 0.05});
  const double p = t_one_sample(d)->p_two_sided;
  CAPTURE(p);
  CHECK(r->p_two_sided == doctest::Approx(p).epsilon(0.2));
  CHECK(r->resamples == kManyResamples);
  CHECK(sign_flip_monte_carlo(d, {.resamples = 0}).refusal().code == "bad_resamples");
}

TEST_CASE("bootstrap: the interval of a mean is near the t interval on many cases") {
  const std::vector<double> d = noise(500, 0.1);
  const auto [one, many] = on_one_and_many([&] { return *bootstrap_mean(d); });
  CHECK(one.interval.lower == many.interval.lower);
  CHECK(one.interval.upper == many.interval.upper);
  const auto t = t_one_sample(d);
  CHECK(one.interval.lower == doctest::Approx(t->interval.lower).epsilon(0.03));
  CHECK(one.interval.upper == doctest::Approx(t->interval.upper).epsilon(0.03));
  CHECK(one.bias_corrected);
}

TEST_CASE("bootstrap: every case is drawn equally often") {
  for (const std::size_t n : {2U, 3U, 5U, 7U}) {
    CAPTURE(n);
    std::vector<double> counts(n);
    bootstrap(n, [](std::span<const std::uint32_t>) { return 0.0; }, {.resamples = 1});
    const auto sums =
        bootstrap(n,
                  [&](std::span<const std::uint32_t> indices) {
                    return static_cast<double>(std::accumulate(indices.begin(), indices.end(), 0U));
                  },
                  {.resamples = 20000});
    const double expected = static_cast<double>(n) * (static_cast<double>(n) - 1.0) / 2.0;
    CHECK(mean(sums) == doctest::Approx(expected).epsilon(0.02));
  }
}

TEST_CASE("bootstrap: constant data and one-sided resamples") {
  const auto constant = bootstrap_mean(std::array{0.5, 0.5, 0.5});
  CHECK(constant->interval.lower == 0.5);
  CHECK(constant->interval.upper == 0.5);
  const auto one_sided = bca(1.0, std::array{0.1, 0.2}, std::array{0.1, 0.3}, std::array{0.5});
  CHECK_FALSE(one_sided->z0);
  CHECK(one_sided->bounds[0] == doctest::Approx(0.15));
  CHECK(bootstrap_mean(std::array{1.0}).refusal().code == "fewer_than_two_cases");
}
