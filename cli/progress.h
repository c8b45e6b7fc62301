#pragma once
// One rewritten line on a terminal, a plain line every ten seconds elsewhere, nothing with --quiet.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "cli/console.h"

namespace llmops {

class Progress {
 public:
  // `what` is counted ("samples"); `total` 0 means unknown.
  Progress(Console& console, std::string what, std::int64_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // From any thread.
  void add(bool failed, std::int64_t tokens, double cost_usd);
  // Instead of `add`: how much is done of something that is measured. What the first call tells was
  // there before and enters no rate.
  void set_done(std::int64_t done);
  // What else the end waits for: "40 of at most 120 judge calls". `done` and `waiting` (those under
  // way) are asked from the thread that shows the line, until `stop`.
  struct Beside {
    std::string what;
    std::int64_t most = 0;
    std::function<std::int64_t()> done, waiting;
  };
  void set_beside(Beside beside);
  void set_in_flight(std::int64_t calls) { in_flight_.store(calls, std::memory_order_relaxed); }
  // What the line says now: "120/1319 samples  32 in flight  45.2/s  1200 tokens/s  3 errors
  // $0.0021 ETA 27s". The ETA is that of what takes longest.
  std::string line() const;
  // Ends the line.
  void stop();

 private:
  void show();

  Console& console_;
  std::string what_;
  std::int64_t total_;
  std::chrono::steady_clock::time_point start_;
  std::atomic<std::int64_t> before_{-1}, done_{0}, failed_{0}, tokens_{0}, micro_usd_{0},
      in_flight_{0};
  Beside beside_;
  mutable std::mutex beside_mutex_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopped_ = false;
  bool shown_ = false;
  std::thread thread_;
};

}  // namespace llmops
