#include "evaluators/runner/adaptive_limit.h"

#include <doctest/doctest.h>

using namespace llmops;
using namespace std::chrono_literals;

namespace {

// So many clean answers with `in_flight` calls at the most.
void answers(AdaptiveLimit& limit, int count, int in_flight, Clock::time_point now) {
  for (int i = 0; i < count; ++i) {
    limit.on_sent(in_flight);
    limit.on_success(now);
  }
}

}  // namespace

TEST_CASE("adaptive limit: doubles until the first cut, then creeps") {
  AdaptiveLimit limit({.start = 20, .low = 1, .high = 100});
  const Clock::time_point now{};
  answers(limit, 20, 20, now);
  CHECK(limit.limit() == 40);
  answers(limit, 40, 32, now);  // 80 % of it is enough
  CHECK(limit.limit() == 80);
  answers(limit, 80, 80, now);
  CHECK(limit.limit() == 100);
  limit.on_too_many(now, std::nullopt);
  CHECK(limit.limit() == 80);
  limit.on_too_many(now + 1s, std::nullopt);  // the same burst
  CHECK(limit.limit() == 80);
  answers(limit, 500, 80, now + 10s);  // of the time before the cut
  CHECK(limit.limit() == 80);
  answers(limit, 80, 80, now + 16s);
  CHECK(limit.limit() == 85);
  limit.on_too_many(now + 20s, 60s);
  CHECK(limit.limit() == 68);
  limit.on_too_many(now + 70s, std::nullopt);  // still what the server asked for
  CHECK(limit.limit() == 68);
  answers(limit, 68, 68, now + 81s);
  CHECK(limit.limit() == 75);
}

TEST_CASE("adaptive limit: an unused limit does not grow, a fault stops growth but does not cut") {
  AdaptiveLimit limit({.start = 20, .low = 1, .high = 100});
  const Clock::time_point now{};
  answers(limit, 20, 15, now);
  CHECK(limit.limit() == 20);
  limit.on_fault();
  answers(limit, 20, 20, now);
  CHECK(limit.limit() == 20);
  answers(limit, 20, 20, now);
  CHECK(limit.limit() == 40);
}

TEST_CASE("adaptive limit: never below one, and back from there") {
  AdaptiveLimit limit({.start = 2, .low = 1, .high = 2});
  Clock::time_point now{};
  for (int i = 0; i < 5; ++i) limit.on_too_many(now += 20s, std::nullopt);
  CHECK(limit.limit() == 1);
  answers(limit, 4, 1, now + 20s);
  CHECK(limit.limit() == 2);
}
