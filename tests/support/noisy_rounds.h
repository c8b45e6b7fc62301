#pragma once
// Interleaved blocks of two servers on a noisy machine.

#include <cstdint>
#include <vector>

#include "evaluators/load/driver.h"

namespace llmops::test {

struct NoisyMachine {
  double drift = 0.10;    // standard deviation of the machine's speed over the hours
  double memory = 0.9;    // of the drift, from block to block
  double block = 0.02;    // of each block by itself
  double request = 0.10;  // of each request
  double tail = 0.05;     // share of the requests that take four times as long
};

struct NoisyRounds {
  std::vector<LoadResult> baseline, candidate;  // two blocks of each a round, A B B A
};

// `slower`: the candidate's decode time over the baseline's.
NoisyRounds noisy_rounds(const NoisyMachine& machine, int rounds, int requests, double slower,
                         std::uint64_t seed);

}  // namespace llmops::test
