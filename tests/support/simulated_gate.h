#pragma once
// Pairs of runs drawn at random and gated as a user's would be: how often each verdict falls.

#include <cstdint>
#include <string>

#include "ci/gate/verdict.h"

namespace llmops::test {

struct Simulation {
  enum class Kind { binary, bounded, positive, repeats, clusters } kind = Kind::binary;
  int cases = 100;
  int metrics = 1;
  double loss = 0;       // true mean loss of the candidate (positive kind: of the logarithm)
  double margin = 0.05;  // of the rules (positive kind: a share)
  int runs = 400;
  std::uint64_t seed = 1;
};

struct Shares {
  double passed = 0, failed = 0;
};

Shares simulate(const Simulation& simulation);

// Share of sequential runs that stopped early with that verdict, looked at after every case.
Shares simulate_sequential(const Simulation& simulation);

// Three Monte-Carlo standard errors of a share near `p`.
double monte_carlo_error(double p, int runs);

std::string name(Simulation::Kind kind);

}  // namespace llmops::test
