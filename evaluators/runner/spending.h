#pragma once
#include <atomic>
#include <cstdint>

namespace llmops {

// What a run has used so far, the model under test and all judges together.
struct Spending {
  std::atomic<double> cost_usd{0};
  std::atomic<std::int64_t> tokens{0};

  void add(double cost, std::int64_t more_tokens) {
    double before = cost_usd.load();
    while (!cost_usd.compare_exchange_weak(before, before + cost)) {
    }
    tokens += more_tokens;
  }
};

}  // namespace llmops
