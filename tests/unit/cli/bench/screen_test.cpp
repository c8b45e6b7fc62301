#include "cli/bench/screen.h"

#include <doctest/doctest.h>

using namespace llmops;

namespace {

struct Now {
  TimeHistogram ttft, tpot;
  LoadSecond second{.sent = 9, .done = 8, .output_tokens = 810};
  std::map<ErrorClass, std::int64_t> errors{
      {ErrorClass::server_error,        1},
      {ErrorClass::timeout_first_token, 1}
  };
  LoadTick tick;

  Now() {
    for (int i = 0; i < 20; ++i) ttft.add(41);
    for (int i = 0; i < 20; ++i) tpot.add(10);
    tick = {.at_s = 13,
            .done = 125,
            .failed = 2,
            .in_flight = 8,
            .measured_done = 120,
            .measured_s = 12,
            .wanted = 500,
            .last = &second,
            .errors = &errors,
            .ttft = &ttft,
            .tpot = &tpot};
  }
};

}  // namespace

TEST_CASE("bench screen: a line says what happens now") {
  Now now;
  CHECK(bench_line("concurrency 8", now.tick) ==
        "concurrency 8  120/500  8 in flight  2 failed  ttft p50 41 p95 41 ms  tpot p50 9.99 p95 "
        "9.99 ms  8 req/s  810 tok/s  ETA 38 s");
  now.tick.wanted = 0;
  now.tick.wanted_s = 60;
  now.tick.waiting = 3;
  now.tick.cooling = true;
  CHECK(bench_line("rate 4/s", now.tick)
            .starts_with("rate 4/s  cooling down  12/60 s  8 in flight  3 waiting  2 failed"));
}

TEST_CASE("bench screen: a frame has rate, in flight, percentiles, tokens and kinds of errors") {
  Now now;
  CHECK(bench_frame("concurrency 8", now.tick) ==
        "concurrency 8  120/500  ETA 38 s\n"
        "  rate       9 sent/s, 8 answered/s\n"
        "  in flight  8\n"
        "  ttft       p50 41       p95 41       p99 41       ms\n"
        "  tpot       p50 9.99     p95 9.99     p99 9.99     ms\n"
        "  tokens     810 output tokens/s\n"
        "  errors     2 (1.6 %): timeout_first_token 1, server_error 1\n");
  // Before the first answer there is nothing to tell, and nothing is made up.
  const LoadTick none{.at_s = 0.3, .warming = true, .in_flight = 4, .waiting = 2, .wanted_s = 60};
  CHECK(bench_frame("rate 4/s", none) ==
        "rate 4/s  warming up  0/60 s\n"
        "  rate       -\n"
        "  in flight  4, 2 due and waiting\n"
        "  ttft       -\n"
        "  tpot       -\n"
        "  tokens     -\n"
        "  errors     0\n");
}

TEST_CASE("bench screen: a frame takes the place of the one before") {
  CHECK(redrawn("a\nb\n", 0) == "\x1b[?7la\x1b[K\r\nb\x1b[K\r\n\x1b[J\x1b[?7h");
  CHECK(redrawn("a\n", 2) == "\x1b[?7l\r\x1b[2Aa\x1b[K\r\n\x1b[J\x1b[?7h");
  CHECK(redrawn("", 3) == "\x1b[?7l\r\x1b[3A\x1b[J\x1b[?7h");
}
