#include "cli/bench/screen.h"

#include <doctest/doctest.h>

using namespace llmops;

TEST_CASE("bench screen: a line says what happens now") {
  TimeHistogram ttft, tpot;
  for (int i = 0; i < 20; ++i) ttft.add(41);
  for (int i = 0; i < 20; ++i) tpot.add(10);
  const LoadSecond second{.done = 8, .output_tokens = 810};
  LoadTick tick{.at_s = 12,
                .done = 120,
                .failed = 2,
                .in_flight = 8,
                .wanted = 500,
                .last = &second,
                .ttft = &ttft,
                .tpot = &tpot};
  CHECK(bench_line("concurrency 8", tick) ==
        "concurrency 8  120/500  8 in flight  2 failed  ttft p50 41 p95 41 ms  tpot p50 9.99 p95 "
        "9.99 "
        "ms  8 req/s  810 tok/s  ETA 38 s");
  tick.wanted = 0;
  tick.wanted_s = 60;
  tick.waiting = 3;
  tick.cooling = true;
  CHECK(bench_line("rate 4/s", tick)
            .starts_with("rate 4/s  cooling down  120 done  8 in flight  3 waiting  2 failed"));
}
