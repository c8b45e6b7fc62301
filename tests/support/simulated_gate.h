#pragma once
// Pairs of runs drawn at random and gated as a user's would be: how often each verdict falls.

#include <cstdint>
#include <string>

#include "ci/gate/verdict.h"

namespace llmops::test {

struct Simulation {
  // unpaired: pass/fail, no case in both runs. latency: the p95 of a time.
  enum class Kind {
    binary,
    bounded,
    ordinal,
    positive,
    repeats,
    clusters,
    unpaired,
    latency
  } kind = Kind::binary;
  int cases = 100;
  int metrics = 1;
  double loss = 0;  // true mean loss of the candidate, as a share of the scale (positive, latency:
                    // of the logarithm)
  double margin = 0.05;  // of the rules, as a share of the scale (positive, latency: a share)
  int runs = 400;
  std::uint64_t seed = 1;
};

struct Shares {
  double passed = 0, failed = 0;
};

Shares simulate(const Simulation& simulation);

// Share of sequential runs that stopped early with that verdict, looked at after every case.
Shares simulate_sequential(const Simulation& simulation);

// The same runs to their end: where no verdict came early, the ordinary one with what is left of
// alpha.
Shares simulate_sequential_to_end(const Simulation& simulation);

// Three Monte-Carlo standard errors of a share near `p`.
double monte_carlo_error(double p, int runs);

std::string name(Simulation::Kind kind);

}  // namespace llmops::test
