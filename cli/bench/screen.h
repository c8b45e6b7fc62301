#pragma once
// What a load does right now: a few lines on a terminal, redrawn four times a second at most; a
// plain line every ten seconds elsewhere; nothing with --quiet.

#include <string>

#include "cli/console.h"
#include "evaluators/load/driver.h"

namespace llmops {

class BenchScreen {
 public:
  BenchScreen(Console& console, std::string name);
  ~BenchScreen();  // wipes the lines
  BenchScreen(const BenchScreen&) = delete;
  BenchScreen& operator=(const BenchScreen&) = delete;

  // Called on the thread that stamps what arrives, so it never waits for a slow terminal: a frame
  // that it would not take at once is left out.
  void show(const LoadTick& tick);

 private:
  Console& console_;
  std::string name_;
  double last_shown_s_ = 0;
  int lines_ = 0;  // that stand on the terminal
};

// "concurrency 8  120/500  8 in flight  ttft p50 41 p95 80 ms  tpot p50 9.8 p95 12 ms  8 req/s  810
// tok/s  ETA 12 s"
std::string bench_line(const std::string& name, const LoadTick& tick);

// The same with percentiles and kinds of errors, one thing a line, each ended by a line break.
std::string bench_frame(const std::string& name, const LoadTick& tick);

// What a terminal is sent to have `frame` in place of the `before` lines above the cursor. No line
// wraps, however narrow the terminal is, so that the next frame finds them all.
std::string redrawn(const std::string& frame, int before);

}  // namespace llmops
