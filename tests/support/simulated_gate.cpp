#include "tests/support/simulated_gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "ci/sequential.h"
#include "datasets/random.h"
#include "tests/support/built_run.h"

namespace llmops::test {
namespace {

using Kind = Simulation::Kind;

constexpr double kGrades = 4;  // range of the ordinal kind

double normal(Random& random) {
  const double u = 1 - random.uniform();
  return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * random.uniform());
}

// Values of one case in both runs.
struct Drawn {
  double before = 0, after = 0;
};

// Pass rates 0.75 and 0.75 - loss, a fifth of the cases changes sides on average.
Drawn draw_binary(Random& random, double loss) {
  const double u = random.uniform();
  const double lost = 0.1 + loss / 2, gained = 0.1 - loss / 2;
  if (u < lost) return {1, 0};
  if (u < lost + gained) return {0, 1};
  return u < 0.85 ? Drawn{1, 1} : Drawn{0, 0};
}

// Scores with rare collapses: 2.5 % of the cases of each run drop to 0.
Drawn draw_bounded(Random& random, double loss) {
  const double level = 0.55 + 0.3 * random.uniform();
  const auto noisy = [&](double mean) {
    const double collapse = random.uniform();
    return collapse < 0.025 ? 0.0 : std::clamp(mean + 0.1 * (random.uniform() - 0.5), 0.0, 1.0);
  };
  const double before = noisy(level);
  return {before, noisy(level - loss / 0.975)};
}

// Grades 1 to 5 of which half change by one.
Drawn draw_ordinal(Random& random, double loss) {
  const double before = 2 + std::floor(3 * random.uniform());
  const double u = random.uniform();
  const double lost = 0.25 + kGrades * loss / 2, gained = 0.25 - kGrades * loss / 2;
  return {before, before - (u < lost ? 1 : 0) + (u >= lost && u < lost + gained ? 1 : 0)};
}

Drawn draw_positive(Random& random, double loss) {
  const double level = std::exp(4.5 + 0.6 * normal(random));
  return {level * std::exp(0.15 * normal(random)), level * std::exp(loss + 0.15 * normal(random))};
}

Drawn draw_repeats(Random& random, double loss) {
  const double p = 0.5 + 0.4 * random.uniform();
  const auto mean_of_four = [&](double chance) {
    int passed = 0;
    for (int k = 0; k < 4; ++k) passed += random.uniform() < chance ? 1 : 0;
    return passed / 4.0;
  };
  const double before = mean_of_four(p);
  return {before, mean_of_four(p - loss)};
}

class Draw {
 public:
  Draw(const Simulation& simulation, std::uint64_t number)
      : simulation_(simulation), random_(simulation.seed, number) {}

  Drawn operator()(int index) {
    switch (simulation_.kind) {
      case Kind::binary:
        return draw_binary(random_, simulation_.loss);
      case Kind::bounded:
        return draw_bounded(random_, simulation_.loss);
      case Kind::ordinal:
        return draw_ordinal(random_, simulation_.loss);
      case Kind::unpaired:
        return {random_.uniform() < 0.75 ? 1.0 : 0.0,
                random_.uniform() < 0.75 - simulation_.loss ? 1.0 : 0.0};
      case Kind::latency:
      case Kind::positive:
        return draw_positive(random_, simulation_.loss);
      case Kind::repeats:
        return draw_repeats(random_, simulation_.loss);
      case Kind::clusters:
        break;
    }
    if (index % kClusterSize == 0)
      shift_ = 0.1 * (random_.uniform() - 0.5);  // all cases of a document move together
    Drawn drawn = draw_bounded(random_, simulation_.loss);
    drawn.after = std::clamp(drawn.after + shift_, 0.0, 1.0);
    return drawn;
  }
  static constexpr int kClusterSize = 4;

 private:
  const Simulation& simulation_;
  Random random_;
  double shift_ = 0;
};

struct Pair {
  BuiltRun before, after;
};

Measure measure_of(Kind kind, const std::string& name) {
  switch (kind) {
    case Kind::positive:
      return positive_measure(name);
    case Kind::latency:
      return positive_measure(name, "ms");
    case Kind::binary:
    case Kind::repeats:
    case Kind::unpaired:
      return binary_measure(name);
    case Kind::ordinal:
      return bounded_measure(name, 1, 1 + kGrades);
    case Kind::bounded:
    case Kind::clusters:
      break;
  }
  return bounded_measure(name);
}

Pair draw_runs(const Simulation& simulation, std::uint64_t number) {
  std::vector<Measure> measures;
  for (int m = 0; m < simulation.metrics; ++m) {
    const std::string name = fmt::format("m{}", m);
    measures.push_back(measure_of(simulation.kind, name));
  }
  Pair runs{BuiltRun(measures), BuiltRun(measures)};
  std::vector<Draw> draws;
  for (int m = 0; m < simulation.metrics; ++m)
    draws.emplace_back(simulation, number * 64 + static_cast<std::uint64_t>(m));
  for (int i = 0; i < simulation.cases; ++i) {
    std::vector<std::optional<double>> before, after;
    for (Draw& draw : draws) {
      const Drawn drawn = draw(i);
      before.emplace_back(drawn.before);
      after.emplace_back(drawn.after);
    }
    for (auto* side : {&runs.before, &runs.after}) {
      const bool first = side == &runs.before;
      const char* prefix = simulation.kind == Kind::unpaired && !first ? "d" : "c";
      CaseRow& row = side->add(fmt::format("{}{:06}", prefix, i), first ? before : after);
      if (simulation.kind == Kind::clusters) row.group = std::to_string(i / Draw::kClusterSize);
    }
  }
  return runs;
}

GateSpec gate_of(const Simulation& simulation) {
  GateSpec gate;
  for (int m = 0; m < simulation.metrics; ++m) {
    const bool positive = simulation.kind == Kind::positive || simulation.kind == Kind::latency;
    Rule rule{.text = fmt::format("m{}", m), .metric = fmt::format("m{}", m), .statistic = "mean"};
    rule.kind = positive ? RuleKind::max_increase : RuleKind::max_drop;
    rule.amount = simulation.margin * (simulation.kind == Kind::ordinal ? kGrades : 1);
    if (simulation.kind == Kind::latency) rule.statistic = "p95";
    rule.relative = positive;
    gate.rules.push_back(std::move(rule));
  }
  return gate;
}

Shares shares(int passed, int failed, int runs) {
  return {static_cast<double>(passed) / runs, static_cast<double>(failed) / runs};
}

}  // namespace

Shares simulate(const Simulation& simulation) {
  const GateSpec gate = gate_of(simulation);
  int passed = 0, failed = 0;
  for (int run = 0; run < simulation.runs; ++run) {
    const Pair runs = draw_runs(simulation, static_cast<std::uint64_t>(run));
    Comparison comparison = compare(runs.before, runs.after, gate);
    const Outcome outcome = decide(gate, runs.after, {}, &comparison).outcome;
    passed += outcome == Outcome::pass ? 1 : 0;
    failed += outcome == Outcome::fail ? 1 : 0;
  }
  return shares(passed, failed, simulation.runs);
}

namespace {

Shares sequential(const Simulation& simulation, bool to_end) {
  const GateSpec gate = gate_of(simulation);
  int passed = 0, failed = 0;
  for (int run = 0; run < simulation.runs; ++run) {
    Pair runs = draw_runs(simulation, static_cast<std::uint64_t>(run));
    auto followed =
        SequentialVerdict::make(gate, runs.before.header(), runs.after.header(), simulation.cases);
    for (std::size_t i = 0; i < runs.after.change_rows().size() && !followed->decided(); ++i)
      followed->add(static_cast<std::int64_t>(i), &runs.before.change_rows()[i],
                    runs.after.change_rows()[i]);
    Outcome outcome = Outcome::inconclusive;
    if (followed->decided()) {
      outcome = followed->verdict().outcome;
    } else if (to_end) {
      const GateSpec rest = followed->final_gate();
      Comparison comparison = compare(runs.before, runs.after, rest);
      outcome = decide(rest, runs.after, {}, &comparison).outcome;
    }
    passed += outcome == Outcome::pass ? 1 : 0;
    failed += outcome == Outcome::fail ? 1 : 0;
  }
  return shares(passed, failed, simulation.runs);
}

}  // namespace

Shares simulate_sequential(const Simulation& simulation) { return sequential(simulation, false); }

Shares simulate_sequential_to_end(const Simulation& simulation) {
  return sequential(simulation, true);
}

double monte_carlo_error(double p, int runs) { return 3 * std::sqrt(p * (1 - p) / runs); }

std::string name(Simulation::Kind kind) {
  switch (kind) {
    case Kind::binary:
      return "binary";
    case Kind::bounded:
      return "bounded";
    case Kind::ordinal:
      return "ordinal";
    case Kind::unpaired:
      return "unpaired";
    case Kind::latency:
      return "latency p95";
    case Kind::positive:
      return "positive";
    case Kind::repeats:
      return "repeats";
    case Kind::clusters:
      break;
  }
  return "clusters";
}

}  // namespace llmops::test
