#include "ci/serving/load_cause.h"

#include <doctest/doctest.h>

#include <cmath>

#include "ci/serving/load_run.h"
#include "tests/support/made_load.h"

using namespace llmops;
using test::made_load;
using test::MadeServer;

namespace {

LatencyCause cause_of(const MadeServer& before, const MadeServer& after, int requests = 300) {
  const LoadResult a = made_load(before, requests), b = made_load(after, requests);
  const auto baseline = load_run({.id = "a"}, {&a}, {}),
             candidate = load_run({.id = "b"}, {&b}, {});
  return explain_load(*baseline, *candidate);
}

double part_of(const LatencySplit& split, std::string_view name) {
  for (const LatencyPart& part : split.parts)
    if (part.name == name) return part.ms;
  return 0;
}

double sum_of(const LatencySplit& split) {
  double sum = 0;
  for (const LatencyPart& part : split.parts) sum += part.ms;
  return sum;
}

}  // namespace

TEST_CASE("load cause: the part that was changed is the part that is named, and nothing else") {
  struct Row {
    const char* part;
    MadeServer before, after;
  };
  const MadeServer told{.tells_queue = true, .tells_prefill = true};
  const MadeServer card{.sm_mhz = 1500, .sm_mhz_free = 1500, .throttled = 0, .foreign = 0};
  const Row rows[] = {
      {"output tokens",     {},                    {.more_output = 1.5}                                                 },
      {"decode per token",  {},                    {.decode_ms = 6}                                                     },
      {"queue and fixed",   {},                    {.queue_ms = 80}                                                     },
      {"prefill per token", {},                    {.prefill_ms = 0.2}                                                  },
      {"input tokens",      {},                    {.more_input = 1.5}                                                  },
      {"cached tokens",     {.cached_share = 0.8}, {.cached_share = 0}                                                  },
      {"client",            {},                    {.client_ms = 40}                                                    },
      {"hardware clock",    {.sm_mhz = 1500},      {.sm_mhz = 1200}                                                     },
 // Half of the time at 900 MHz, yet free it would run at 1,500: throttled, not set lower.
      {"throttling",        card,                  {.sm_mhz = 1200, .sm_mhz_free = 1500, .throttled = 0.5, .foreign = 0}},
      {"hardware clock",    card,                  {.sm_mhz = 1200, .sm_mhz_free = 1200, .throttled = 0, .foreign = 0}  },
 // Throttled throughout: what it would do free, the baseline tells.
      {"throttling",        card,                  {.sm_mhz = 1200, .throttled = 1, .foreign = 0}                       },
      {"foreign process",
       card,                                       {.sm_mhz = 1500, .sm_mhz_free = 1500, .throttled = 0, .foreign = 0.3}},
      {"queue",             told,                  {.queue_ms = 80, .tells_queue = true, .tells_prefill = true}         },
      {"fixed",             told,                  {.fixed_ms = 80, .tells_queue = true, .tells_prefill = true}         },
      {"prefill per token", told,                  {.prefill_ms = 0.3, .tells_queue = true, .tells_prefill = true}      },
  };
  for (const Row& row : rows) {
    CAPTURE(row.part);
    const LatencyCause cause = cause_of(row.before, row.after);
    REQUIRE(cause.refusal == "");
    REQUIRE(cause.splits.size() == 2);
    for (const LatencySplit& split : cause.splits) {
      CAPTURE(split.quantity);
      CHECK(split.change_ms > 5);
      CHECK(std::abs(sum_of(split) - split.change_ms) <= 1e-6 * split.change_ms);
      for (const LatencyPart& part : split.parts) {
        CAPTURE(part.name);
        const double wanted = part.name == row.part ? split.change_ms : 0;
        CHECK(std::abs(part.ms - wanted) <= 0.01 * split.change_ms);
      }
      CHECK(split.sentence.find(row.part) != std::string::npos);
    }
  }
}

TEST_CASE("load cause: two causes at once are told apart, noise and all") {
  const LatencyCause cause =
      cause_of({.noise = 0.1, .seed = 1},
               {.decode_ms = 7, .more_output = 1.5, .noise = 0.1, .seed = 2}, 600);
  REQUIRE_FALSE(cause.splits.empty());
  const LatencySplit& split = cause.splits.front();
  // Mean output 59 tokens: half of the changed tokens at either speed.
  CHECK(part_of(split, "output tokens") == doctest::Approx(30 * 6).epsilon(0.1));
  CHECK(part_of(split, "decode per token") == doctest::Approx(74 * 2).epsilon(0.1));
  CHECK(sum_of(split) == doctest::Approx(split.change_ms).epsilon(1e-6));
}

TEST_CASE("load cause: a clock that fell explains no more than decoding slowed down") {
  // The clock fell by a fifth, yet tokens take as long: decoding waits for memory.
  const LatencyCause cause =
      cause_of({.sm_mhz = 1500}, {.prefill_ms = 0.08, .decode_ms = 4, .sm_mhz = 1200, .noise = 0});
  REQUIRE_FALSE(cause.splits.empty());
  CHECK(std::abs(part_of(cause.splits.front(), "hardware clock")) < 1e-6);
}

TEST_CASE("load cause: clock, throttling and a foreign process at once, each with its share") {
  const MadeServer before{.sm_mhz = 1500, .sm_mhz_free = 1500, .throttled = 0, .foreign = 0};
  const MadeServer after{.sm_mhz = 1000, .sm_mhz_free = 1250, .throttled = 0.7, .foreign = 0.2};
  const LatencyCause cause = cause_of(before, after);
  REQUIRE_FALSE(cause.splits.empty());
  const LatencySplit& split = cause.splits.front();
  // Tokens take 1.2 x 1.25 x 1.25 as long: the equal factors have equal shares, the smaller less.
  CHECK(part_of(split, "throttling") ==
        doctest::Approx(part_of(split, "foreign process")).epsilon(1e-3));
  CHECK(part_of(split, "hardware clock") < part_of(split, "throttling"));
  CHECK(part_of(split, "hardware clock") > 0.25 * split.change_ms);
  CHECK(std::abs(part_of(split, "decode per token")) < 0.01 * split.change_ms);
  CHECK(sum_of(split) == doctest::Approx(split.change_ms).epsilon(1e-9));
  // A card that tells nothing of others or of throttling has no such parts.
  const LatencyCause clocks = cause_of({.sm_mhz = 1500}, {.sm_mhz = 1200});
  for (const LatencyPart& part : clocks.splits.front().parts) {
    CHECK(part.name != "throttling");
    CHECK(part.name != "foreign process");
  }
}

TEST_CASE("load cause: a foreign process that only holds memory explains nothing") {
  const LatencyCause cause = cause_of({.foreign = 0}, {.decode_ms = 6, .foreign = 0.0});
  REQUIRE_FALSE(cause.splits.empty());
  CHECK(part_of(cause.splits.front(), "foreign process") == 0);
  CHECK(part_of(cause.splits.front(), "decode per token") ==
        doctest::Approx(cause.splits.front().change_ms).epsilon(0.01));
}

TEST_CASE("load cause: what is missing is said") {
  const LoadResult some = made_load({}, 30);
  const auto run = load_run({.id = "a"}, {&some}, {});
  const LoadResult none;
  const auto empty = load_run({.id = "b"}, {&none}, {});
  CHECK(explain_load(*run, *empty).refusal == "no request has tokens and times in both runs");
  // Equal lengths: nothing tells what an input token costs.
  LoadResult equal = some;
  for (LoadRecord& record : equal.records) record.input = 100;
  const auto flat = load_run({.id = "c"}, {&equal}, {});
  const LatencyCause cause = explain_load(*flat, *flat);
  CHECK_FALSE(cause.prefill_known);
  CHECK(cause.splits.front().change_ms == 0);
}
