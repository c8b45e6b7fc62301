#include "evaluators/runner/circuit_breaker.h"

#include <doctest/doctest.h>

using namespace llmops;
using namespace std::chrono_literals;
using State = CircuitBreaker::State;

namespace {

constexpr RetryPolicy kPolicy{.max = 3, .base = 100ms, .cap = 250ms};

void open(CircuitBreaker& breaker, Clock::time_point now) {
  for (std::uint64_t i = 0; i < 10; ++i) breaker.on_fault(i % 5 + 1, now);
}

}  // namespace

TEST_CASE("circuit breaker: opens on ten faults of five calls in a row") {
  CircuitBreaker breaker(kPolicy);
  const Clock::time_point now{};
  for (int i = 0; i < 100; ++i) breaker.on_fault(7, now);  // one call that the server cannot stand
  CHECK(breaker.state() == State::closed);
  for (std::uint64_t i = 1; i < 5; ++i) breaker.on_fault(i, now);
  CHECK(breaker.state() == State::open);

  CircuitBreaker mixed(kPolicy);
  for (std::uint64_t i = 0; i < 1000; ++i) {
    mixed.on_fault(i, now);
    if (i % 9 == 0) mixed.on_success();
  }
  CHECK(mixed.state() == State::closed);
}

TEST_CASE("circuit breaker: one probe at a time, twice the wait after each, then down") {
  CircuitBreaker breaker(kPolicy);
  Clock::time_point now{};
  open(breaker, now);
  CHECK(breaker.wait(now) == 100ms);
  CHECK(breaker.wait(now + 40ms) == 60ms);
  const std::chrono::milliseconds waits[] = {200ms, 250ms, 250ms};
  std::uint64_t call = 20;
  for (const auto wait : waits) {
    now += breaker.wait(now);
    CHECK(breaker.wait(now).count() == 0);
    breaker.on_sent(++call);
    CHECK(breaker.state() == State::half_open);
    CHECK(breaker.wait(now) == std::chrono::nanoseconds::max());
    breaker.on_fault(3, now);  // a call that was under way all the time
    CHECK(breaker.state() == State::half_open);
    breaker.on_fault(call, now);
    CHECK(breaker.state() == State::open);
    CHECK(breaker.wait(now) == wait);
  }
  now += 250ms;
  breaker.on_sent(++call);
  breaker.on_fault(call, now);
  CHECK(breaker.state() == State::down);
}

TEST_CASE("circuit breaker: an answered probe closes it") {
  CircuitBreaker breaker(kPolicy);
  const Clock::time_point now{};
  open(breaker, now);
  breaker.on_sent(8);
  breaker.on_no_verdict(8);  // cancelled: the next call probes
  CHECK(breaker.wait(now + 100ms).count() == 0);
  breaker.on_sent(9);
  breaker.on_success();
  CHECK(breaker.state() == State::closed);
  CHECK(breaker.wait(now).count() == 0);
}
