#include "ci/stats/length_controlled.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "datasets/random.h"

using namespace llmops;
using namespace llmops::stats;
using doctest::Approx;

namespace {

struct Pairs {
  std::vector<double> preferences, longer_by, difficulties;
};

// Verdicts drawn with logit P = a tanh(longer_by/sd) + b difficulty + c.
Pairs drawn(int n, double a, double b, double c, double shift, std::uint64_t seed) {
  Random random(seed, 1);
  Pairs pairs;
  std::vector<double> normal;
  for (int i = 0; i < n; ++i) {
    const double u = random.uniform(), v = random.uniform();
    const double g = std::sqrt(-2 * std::log(1 - u)) * std::cos(6.283185307179586 * v);
    pairs.longer_by.push_back(std::round(200 * g + shift));
    pairs.difficulties.push_back(2 * random.uniform() - 1);
  }
  double mean = 0, squares = 0;
  for (const double x : pairs.longer_by) mean += x / n;
  for (const double x : pairs.longer_by) squares += (x - mean) * (x - mean);
  const double sd = std::sqrt(squares / (n - 1));
  for (int i = 0; i < n; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const double logit = a * std::tanh(pairs.longer_by[at] / sd) + b * pairs.difficulties[at] + c;
    pairs.preferences.push_back(random.uniform() < 1 / (1 + std::exp(-logit)) ? 1 : 0);
  }
  return pairs;
}

}  // namespace

TEST_CASE("length_controlled: the fit finds what the verdicts were drawn from") {
  const Pairs pairs = drawn(20000, 1.2, 0, 0.4, 150, 3);
  const auto found =
      length_controlled(pairs.preferences, pairs.longer_by, {}, 0.95, {.resamples = 99});
  REQUIRE(found);
  CHECK(found->length_effect == Approx(1.2).epsilon(0.08));
  CHECK(found->constant == Approx(0.4).epsilon(0.12));
  CHECK(found->controlled == Approx(1 / (1 + std::exp(-0.4))).epsilon(0.02));
  CHECK(found->raw > found->controlled + 0.08);  // the longer answers had helped
  CHECK(found->prefers_longer->rate > 0.6);
  CHECK(found->longer_share == Approx(0.77).epsilon(0.03));
}

TEST_CASE("length_controlled: difficulties of the items are a third term") {
  const Pairs pairs = drawn(20000, 0.8, 1.5, -0.2, 0, 5);
  const auto found = length_controlled(pairs.preferences, pairs.longer_by, pairs.difficulties, 0.95,
                                       {.resamples = 49});
  REQUIRE(found);
  CHECK(found->length_effect == Approx(0.8).epsilon(0.12));
  CHECK(*found->difficulty_effect == Approx(1.5).epsilon(0.08));
  CHECK(found->constant == Approx(-0.2).epsilon(0.35));
}

TEST_CASE(
    "length_controlled: a judge who always prefers the longer answer says nothing at equal "
    "length") {
  // Answers of equal quality, half of them longer by chance; and a model that writes long ones.
  for (const double shift : {0.0, 100.0}) {
    CAPTURE(shift);
    Pairs pairs = drawn(400, 0, 0, 0, shift, 9);
    for (std::size_t i = 0; i < pairs.longer_by.size(); ++i)
      pairs.preferences[i] = pairs.longer_by[i] > 0 ? 1 : pairs.longer_by[i] < 0 ? 0 : 0.5;
    const auto found =
        length_controlled(pairs.preferences, pairs.longer_by, {}, 0.95, {.resamples = 199});
    REQUIRE(found);
    CHECK(found->prefers_longer->rate == 1);
    CHECK(found->length_effect > 5);
    if (shift > 0) CHECK(found->raw > 0.6);
    CHECK(found->interval.lower <= 0.5);
    CHECK(found->interval.upper >= 0.5);
  }
}

TEST_CASE("length_controlled: soft labels count as they are; a swap of the models mirrors it") {
  const std::vector<double> preferences = {0.9, 0.2, 0.7, 0.5, 0.6, 0.1};
  const std::vector<double> longer_by = {100, -50, 20, 0, 80, -120};
  const auto found = length_controlled(preferences, longer_by, {}, 0.95, {.resamples = 99});
  std::vector<double> other, shorter_by;
  for (std::size_t i = 0; i < preferences.size(); ++i) {
    other.push_back(1 - preferences[i]);
    shorter_by.push_back(-longer_by[i]);
  }
  const auto mirrored = length_controlled(other, shorter_by, {}, 0.95, {.resamples = 99});
  REQUIRE(found);
  REQUIRE(mirrored);
  CHECK(found->raw == Approx(0.5));
  CHECK(mirrored->controlled == Approx(1 - found->controlled));
  CHECK(mirrored->length_effect == Approx(found->length_effect));
}

TEST_CASE("length_controlled: what it refuses") {
  const std::vector<double> three = {1, 0, 1}, lengths = {5, 5, 5}, two = {1, 2};
  struct Row {
    std::vector<double> preferences, longer_by;
    std::string_view code;
  };
  const Row rows[] = {
      {three,     lengths,   "equal_lengths"       },
      {{1},       {3},       "fewer_than_two_cases"},
      {three,     two,       "length_mismatch"     },
      {{2, 0, 1}, {1, 2, 3}, "out_of_range"        },
  };
  for (const Row& row : rows) {
    const auto found = length_controlled(row.preferences, row.longer_by);
    REQUIRE_FALSE(found);
    CHECK(found.refusal().code == row.code);
  }
}
