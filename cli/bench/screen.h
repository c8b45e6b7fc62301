#pragma once
// The live line of a load on a terminal, a plain line every ten seconds elsewhere, nothing with
// --quiet.

#include <string>

#include "cli/console.h"
#include "evaluators/load/driver.h"

namespace llmops {

class BenchScreen {
 public:
  BenchScreen(Console& console, std::string name);
  ~BenchScreen();
  BenchScreen(const BenchScreen&) = delete;
  BenchScreen& operator=(const BenchScreen&) = delete;

  void show(const LoadTick& tick);

 private:
  Console& console_;
  std::string name_;
  double last_shown_s_ = 0;
  bool live_shown_ = false;
};

// "concurrency 8  120/500  8 in flight  ttft p50 41 p95 80 ms  tpot p50 9.8 p95 12 ms  8 req/s  810
// tok/s  ETA 12 s"
std::string bench_line(const std::string& name, const LoadTick& tick);

}  // namespace llmops
