#include "ci/stats/gate_bounds.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "datasets/random.h"
#include "tests/unit/ci/stats/operations.h"

using namespace llmops;
using namespace llmops::stats;

namespace llmops::test {
namespace {

std::map<std::string, double> scores(const Value& in, const char* key) {
  std::map<std::string, double> by_case;
  for (const Member& score : *member(in, key).object())
    by_case.emplace(score.key, score.value.number());
  return by_case;
}

DataKind kind_of(const std::string& word) {
  if (word == "binary") return DataKind::binary;
  return word == "positive" ? DataKind::positive : DataKind::bounded;
}

// Pairs by case id as the comparison does: shared ids when they are half of the larger run or more.
Value gate_of(const Value& in) {
  const auto before = scores(in, "baseline"), after = scores(in, "candidate");
  std::vector<double> b, c;
  for (const auto& [id, score] : before)
    if (const auto other = after.find(id); other != after.end()) {
      b.push_back(score);
      c.push_back(other->second);
    }
  const auto pairs = static_cast<std::int64_t>(b.size());
  const bool paired = 2 * b.size() >= std::max(before.size(), after.size());
  if (!paired) {
    b.clear();
    c.clear();
    for (const auto& [id, score] : before) b.push_back(score);
    for (const auto& [id, score] : after) c.push_back(score);
  }
  GateQuestion q;
  q.kind = kind_of(text(in, "kind"));
  q.lowest = number_or(in, "lo", 0.0);
  q.highest = number_or(in, "hi", 1.0);
  q.higher_is_better = *member(in, "higher_better").boolean();
  q.margin = number(in, "margin");
  q.alpha = number(in, "alpha");
  return shown(paired ? paired_bounds(b, c, q) : independent_bounds(b, c, q),
               [&](const GateBounds& g) {
                 return Object{{"n_base", static_cast<std::int64_t>(before.size())},
                               {"n_cand", static_cast<std::int64_t>(after.size())},
                               {"n_pairs", pairs},
                               {"paired", paired},
                               {"method", g.method},
                               {"estimate", g.estimate},
                               {"lower", g.lower},
                               {"upper", g.upper},
                               {"margin", g.margin},
                               {"p_worse", g.p_worse},
                               {"verdict", name(decide(g.for_verdict(), q.alpha).verdict)}};
               });
}

Value two_stage_of(const Value& in) {
  return shown(two_stage(numbers(in, "d"), kind_of(text(in, "kind")), number(in, "range"),
                         number(in, "margin"), number(in, "alpha_early"),
                         number(in, "alpha_final")),
               [](const TwoStage& t) {
                 Object object{{"stage", t.early ? "early" : "final"},
                               {"stop", t.stop},
                               {"verdict", name(t.verdict)}};
                 if (t.bounds) {
                   object.add("lower", t.bounds->lower);
                   object.add("upper", t.bounds->upper);
                   object.add("p_worse", t.bounds->p_worse);
                 }
                 return object;
               });
}

}  // namespace

Operations gate_operations() { return {{"gate", gate_of}, {"gate.two_stage", two_stage_of}}; }

}  // namespace llmops::test

using namespace llmops::test;

TEST_CASE("gate bounds: reference vectors") {
  check_vectors("gate_end_to_end", gate_operations());
}

namespace {

struct Arms {
  std::vector<double> baseline, candidate;
};

Arms drawn(DataKind kind, std::size_t n, std::uint64_t seed) {
  Random random(seed);
  Arms arms;
  for (std::size_t i = 0; i < n; ++i)
    for (std::vector<double>* arm : {&arms.baseline, &arms.candidate}) {
      const double u = random.uniform();
      arm->push_back(kind == DataKind::binary ? (u < 0.7 ? 1.0 : 0.0)
                     : kind == DataKind::positive ? 50.0 + 100.0 * u
                                                  : u);
    }
  return arms;
}

Verdict verdict(const GateBounds& bounds) { return decide(bounds.for_verdict()).verdict; }

constexpr std::array kKinds{DataKind::binary, DataKind::bounded, DataKind::positive};

}  // namespace

TEST_CASE("gate bounds: swapping the runs turns the sign") {
  for (const DataKind kind : kKinds) {
    CAPTURE(static_cast<int>(kind));
    const Arms arms = drawn(kind, 60, 1);
    const GateQuestion q{.kind = kind, .margin = 0.05};
    const auto forth = paired_bounds(arms.baseline, arms.candidate, q);
    const auto back = paired_bounds(arms.candidate, arms.baseline, q);
    REQUIRE(forth);
    CHECK(forth->estimate == doctest::Approx(-back->estimate).epsilon(1e-12));
    CHECK(forth->lower == doctest::Approx(-back->upper).epsilon(1e-10));
    GateQuestion lower_is_better = q;
    lower_is_better.higher_is_better = false;
    const auto turned = paired_bounds(arms.candidate, arms.baseline, lower_is_better);
    CHECK(turned->lower == doctest::Approx(forth->lower).epsilon(1e-10));
    CHECK(turned->p_worse == doctest::Approx(forth->p_worse).epsilon(1e-10));
  }
}

TEST_CASE("gate bounds: the order of the cases does not matter") {
  for (const DataKind kind : kKinds) {
    Arms arms = drawn(kind, 60, 2);
    const GateQuestion q{.kind = kind, .margin = 0.05};
    const auto before = paired_bounds(arms.baseline, arms.candidate, q);
    std::ranges::reverse(arms.baseline);
    std::ranges::reverse(arms.candidate);
    const auto after = paired_bounds(arms.baseline, arms.candidate, q);
    CHECK(after->lower == doctest::Approx(before->lower).epsilon(1e-12));
    CHECK(after->p_worse == doctest::Approx(before->p_worse).epsilon(1e-12));
  }
}

TEST_CASE("gate bounds: adding the same to both runs changes no difference") {
  const Arms arms = drawn(DataKind::bounded, 60, 3);
  std::vector<double> b = arms.baseline, c = arms.candidate;
  for (double& x : b) x += 4.0;
  for (double& x : c) x += 4.0;
  const auto here = paired_bounds(arms.baseline, arms.candidate, {.margin = 0.05});
  const auto there = paired_bounds(b, c, {.lowest = 4.0, .highest = 5.0, .margin = 0.05});
  CHECK(there->lower == doctest::Approx(here->lower).epsilon(1e-9));
}

TEST_CASE("gate bounds: more cases narrow the interval") {
  for (const DataKind kind : kKinds) {
    double last = 1e9;
    for (const int copies : {1, 2, 4, 8}) {
      const Arms arms = drawn(kind, 40, 4);
      Arms many;
      for (int i = 0; i < copies; ++i) {
        many.baseline.insert(many.baseline.end(), arms.baseline.begin(), arms.baseline.end());
        many.candidate.insert(many.candidate.end(), arms.candidate.begin(), arms.candidate.end());
      }
      const auto bounds =
          paired_bounds(many.baseline, many.candidate, {.kind = kind, .margin = 0.05});
      CHECK(bounds->upper - bounds->lower < last);
      last = bounds->upper - bounds->lower;
    }
  }
}

TEST_CASE("gate bounds: identical runs pass once the guard allows it") {
  for (const auto& [n, expected] : {std::pair{45, Verdict::inconclusive}, {46, Verdict::pass}}) {
    const std::vector<double> scores(static_cast<std::size_t>(n), 0.8);
    const auto bounds = paired_bounds(scores, scores, {.margin = 0.05});
    CHECK(verdict(*bounds) == expected);
  }
}

TEST_CASE("gate bounds: input errors") {
  const std::array b{0.5, 1.5}, c{0.5, 0.5};
  CHECK(paired_bounds(b, c, {}).refusal().index == 1);
  CHECK(paired_bounds(c, b, {.kind = DataKind::binary}).refusal().code == "not_binary");
  CHECK(independent_bounds(c, c, {.kind = DataKind::positive}).refusal().code == "needs_pairs");
  CHECK(paired_bounds(c, c, {.margin = -1.0}).refusal().code == "bad_margin");
  CHECK(paired_bounds(c, c, {.alpha = 0.7}).refusal().code == "bad_alpha");
  CHECK(paired_bounds(c, c, {.lowest = 1.0, .highest = 1.0}).refusal().code == "bad_range");
  CHECK(paired_bounds({}, {}, {}).refusal().code == "no_cases");
}

// The promise of the gate: a candidate at the margin passes at most alpha of the time, also when the loss
// sits in a few cases; a candidate without loss is called a regression at most alpha of the time.
TEST_CASE("gate bounds: error rates in simulated runs") {
  constexpr int kRuns = 2000;
  const GateQuestion bounded{.margin = 0.025};
  const GateQuestion binary{.kind = DataKind::binary, .margin = 0.05};
  int rare_passes = 0, binary_passes = 0, false_alarms = 0;
  for (std::uint64_t run = 0; run < kRuns; ++run) {
    Random random(17, run);
    std::vector<double> b(50), c(50);
    for (std::size_t i = 0; i < b.size(); ++i) {
      b[i] = 1.0;
      c[i] = random.uniform() < 0.025 ? 0.0 : 1.0;  // breaks 2.5% of the cases: exactly the margin
    }
    rare_passes += verdict(*paired_bounds(b, c, bounded)) == Verdict::pass;

    std::vector<double> p(100), q(100), r(100);
    for (std::size_t i = 0; i < p.size(); ++i) {
      const double u = random.uniform();
      p[i] = u < 0.10 || u > 0.15 ? 1.0 : 0.0;
      q[i] = u < 0.10 ? 0.0 : 1.0;  // loses 10%, gains 5%: a loss of 5%
      r[i] = u < 0.05 ? 0.0 : u < 0.10 ? 1.0 : p[i];
    }
    binary_passes += verdict(*paired_bounds(p, q, binary)) == Verdict::pass;
    // p and r differ on 10% of the cases, half of them each way.
    for (std::size_t i = 0; i < p.size(); ++i)
      if (const double v = random.uniform(); v < 0.1) {
        p[i] = v < 0.05 ? 1.0 : 0.0;
        r[i] = 1.0 - p[i];
      } else {
        r[i] = p[i];
      }
    false_alarms += verdict(*paired_bounds(p, r, binary)) == Verdict::regression;
  }
  const double most = 0.05 * kRuns + 3.0 * std::sqrt(0.05 * 0.95 * kRuns);
  CHECK(rare_passes <= most);
  CHECK(binary_passes <= most);
  CHECK(false_alarms <= most);
  CHECK(binary_passes > 0.02 * kRuns);  // and not by never passing
}
