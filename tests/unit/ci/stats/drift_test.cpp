#include "ci/stats/drift.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "ci/stats/change_point.h"
#include "ci/stats/latency_split.h"
#include "datasets/random.h"
#include "tests/unit/ci/stats/operations.h"

using namespace llmops;
using namespace llmops::stats;

namespace llmops::test {
namespace {

std::vector<std::int64_t> counts(const Value& in, const char* key) {
  std::vector<std::int64_t> list;
  for (const Value& count : *member(in, key).list()) list.push_back(*count.integer());
  return list;
}

Vectors vectors(const Value& in, const char* key) {
  Vectors list;
  for (const Value& vector : *member(in, key).list()) list.push_back(numbers(vector));
  return list;
}

std::vector<LatencyFactors> cases(const Value& in, const char* key) {
  std::vector<LatencyFactors> list;
  for (const Value& one : *member(in, key).list()) {
    list.emplace_back();
    for (std::size_t i = 0; i < kLatencyFactors; ++i)
      list.back()[i] = number(one, kLatencyFactorNames[i]);
  }
  return list;
}

Value shown_split(const LatencySplit& s) {
  Object parts;
  for (std::size_t i = 0; i < kLatencyFactors; ++i)
    parts.add(std::string(kLatencyFactorNames[i]), s.contribution[i]);
  return Object{{"baseline", s.baseline},
                {"candidate", s.candidate},
                {"delta", s.change},
                {"contribution", parts}};
}

Value optional_index(const std::optional<std::size_t>& index) {
  return index ? Value(static_cast<std::int64_t>(*index)) : Value();
}

}  // namespace

Operations drift_operations() {
  return {
      {"drift.psi",
       [](const Value& in) {
         const Smoothing smoothing =
             text(in, "smoothing") == "clamp" ? Smoothing::clamp : Smoothing::additive;
         return shown(population_stability(counts(in, "baseline_counts"),
                                           counts(in, "current_counts"), smoothing,
                                           number(in, "eps")),
                      [](double psi) { return psi; });
       }},
      {"drift.jensen_shannon",
       [](const Value& in) {
         return shown(
             jensen_shannon(counts(in, "baseline_counts"), counts(in, "current_counts")),
             [](const CategoryDrift& d) {
               return Object{{"js_divergence_bits", d.divergence_bits},
                             {"js_distance", d.distance},
                             {"total_variation", d.total_variation}};
             });
       }},
      {"drift.ks",
       [](const Value& in) {
         const std::vector<double> b = numbers(in, "baseline"), c = numbers(in, "current");
         return shown(kolmogorov_smirnov(b, c), [&](const KolmogorovSmirnov& k) {
           return Object{{"n", static_cast<std::int64_t>(b.size())},
                         {"m", static_cast<std::int64_t>(c.size())},
                         {"d", k.d},
                         {"ties", k.ties},
                         {"p_asymptotic", k.p_asymptotic},
                         {"p_exact", optional(k.p_exact)},
                         {"wasserstein1", k.wasserstein}};
         });
       }},
      {"drift.centroid_cosine",
       [](const Value& in) {
         const auto d = centroid_distance(vectors(in, "baseline"), vectors(in, "current"));
         if (!d) return refused(d.refusal());
         return Value(Object{{"cosine_distance", *d}});
       }},
      {"change_point.scan",
       [](const Value& in) {
         return shown(energy_scan(numbers(in, "x")), [](const EnergyScan& s) {
           return Object{{"scan", list_of(s.statistic)},
                         {"split", optional_index(s.split)},
                         {"max", s.largest},
                         {"p_student", optional(s.p_student)}};
         });
       }},
      {"change_point.cusum",
       [](const Value& in) {
         return shown(cusum(numbers(in, "x")), [](const Cusum& c) {
           return Object{{"path", list_of(c.path)},
                         {"argmax_after", static_cast<std::int64_t>(c.largest_after)},
                         {"range", c.range}};
         });
       }},
      {"latency.shapley",
       [](const Value& in) {
         const auto b = cases(in, "baseline"), c = cases(in, "candidate");
         return Object{{"mean", shown(split_mean_latency(b, c), shown_split)},
                       {"p95", shown(split_latency_quantile(b, c, 0.95), shown_split)}};
       }},
      {"latency.ratio_of_medians",
       [](const Value& in) {
         return shown(ratio_of_medians(numbers(in, "baseline"), numbers(in, "candidate")),
                      [](const LatencyRatio& r) {
                        return Object{{"ratio", r.ratio},
                                      {"mean_log_ratio", optional(r.mean_log_ratio)}};
                      });
       }},
  };
}

}  // namespace llmops::test

using namespace llmops::test;

TEST_CASE("drift: reference vectors") { check_vectors("drift", drift_operations()); }
TEST_CASE("change point: reference vectors") { check_vectors("change_point", drift_operations()); }
TEST_CASE("latency split: reference vectors") {
  check_vectors("latency_decomposition", drift_operations());
}

TEST_CASE("drift: by hand") {
  const std::array<std::int64_t, 2> b{50, 50}, c{75, 25};
  CHECK(*population_stability(b, c, Smoothing::clamp, 1e-4) ==
        doctest::Approx(0.25 * std::log(3.0)).epsilon(1e-14));
  CHECK(jensen_shannon(b, b)->divergence_bits == 0.0);
  CHECK(jensen_shannon(b, c)->total_variation == 0.25);
  const auto ks = kolmogorov_smirnov(std::array{1.0, 2.0}, std::array{3.0, 4.0});
  CHECK(ks->d == 1.0);
  CHECK(*ks->p_exact == doctest::Approx(1.0 / 3.0).epsilon(1e-14));  // 2 of the 6 orders
  CHECK(ks->wasserstein == 2.0);
}

TEST_CASE("drift: deciles notice a shift and not a shuffle") {
  Random random(5);
  std::vector<double> baseline(2000), same(2000), shifted(2000);
  for (double& x : baseline) x = random.uniform();
  for (double& x : same) x = random.uniform();
  for (double& x : shifted) x = random.uniform() + 0.3;
  CHECK(*population_stability_of_values(baseline, same) < 0.05);
  CHECK(*population_stability_of_values(baseline, shifted) > 0.25);
  CHECK(*population_stability_of_values(std::vector<double>(50, 1.0),
                                        std::vector<double>(50, 1.0)) == doctest::Approx(0.0));
}

TEST_CASE("drift: centroids that moved are told from noise") {
  Random random(9);
  const auto cloud = [&](double shift) {
    Vectors set;
    for (int i = 0; i < 40; ++i)
      set.push_back({1.0 + random.uniform(), shift + random.uniform(), random.uniform()});
    return set;
  };
  const Vectors b = cloud(0.0), same = cloud(0.0), moved = cloud(1.0);
  CHECK(centroid_drift(b, moved, 1)->p == doctest::Approx(0.001));
  CHECK(centroid_drift(b, same, 1)->p > 0.02);
  CHECK(centroid_distance({{1.0, -1.0}, {-1.0, 1.0}}, {{1.0, 0.0}}).refusal().code ==
        "zero_centroid");
}

TEST_CASE("change point: two levels are found, noise is left alone") {
  Random random(4);
  std::vector<double> history;
  for (int i = 0; i < 40; ++i) history.push_back(0.8 + 0.02 * random.uniform());
  const auto quiet = change_points(history);
  REQUIRE(quiet);
  CHECK(quiet->empty());
  for (int i = 0; i < 25; ++i) history.push_back(0.7 + 0.02 * random.uniform());
  const auto found = change_points(history);
  REQUIRE(found->size() == 1);
  CHECK(found->front().index == 40);
  CHECK(found->front().p == doctest::Approx(0.001));
  CHECK(*found->front().relative_change == doctest::Approx(-0.123).epsilon(0.03));
  CHECK(found->front().difference->upper < -0.09);
  CHECK(change_points(std::array{1.0}).refusal().code == "fewer_than_two_points");
  CHECK(change_points(std::vector<double>(20, 0.5))->empty());
}

TEST_CASE("latency split: two factors by hand, and the parts add up") {
  // tokens (m1-m0)(c0+c1)/2, speed (c1-c0)(m0+m1)/2 with m = output tokens - 1
  const std::array<LatencyFactors, 1> b{LatencyFactors{0, 0, 0, 0, 101, 10}},
      c{LatencyFactors{0, 0, 0, 0, 201, 12}};
  const auto s = split_mean_latency(b, c);
  CHECK(s->contribution[4] == doctest::Approx(100.0 * 11.0));
  CHECK(s->contribution[5] == doctest::Approx(2.0 * 150.0));
  CHECK(s->change == doctest::Approx(1400.0));
  CHECK(split_mean_latency(b, {}).refusal().code == "length_mismatch");
  CHECK(ratio_of_medians(std::array{2.0, 4.0}, std::array{6.0})->ratio == 2.0);
}
