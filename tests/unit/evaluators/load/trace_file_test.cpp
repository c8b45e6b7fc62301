#include "evaluators/load/trace_file.h"

#include <doctest/doctest.h>

#include <optional>

#include "tests/support/reference.h"

using namespace llmops;

TEST_CASE("trace: times from zero, lengths by the names of known traces") {
  const test::TemporaryFolder folder;
  const auto mooncake = folder.write(
      "m.jsonl",
      "{\"timestamp\": 3000, \"input_length\": 6758, \"output_length\": 500, \"hash_ids\": [0]}\n"
      "{\"timestamp\": 4500, \"input_length\": 12, \"output_length\": 0}\n");
  const auto trace = read_trace(mooncake, {.unit_s = 1e-3, .speed = 2});
  REQUIRE(trace);
  CHECK(trace->times_s == std::vector<double>{0, 0.75});
  REQUIRE(trace->lengths.size() == 2);
  CHECK(trace->lengths[0].input == 6758);
  CHECK(trace->lengths[0].output == 500);
  CHECK(trace->lengths[1].output == 0);
  const auto plain = read_trace(folder.write("t.csv", "t\n0.5\n0.5\n2\n"), {});
  REQUIRE(plain);
  CHECK(plain->times_s == std::vector<double>{0, 0, 1.5});
  CHECK(plain->lengths.empty());
}

TEST_CASE("trace: dates as Azure writes them, lengths as Azure and BurstGPT name them") {
  const test::TemporaryFolder folder;
  const auto azure = read_trace(folder.write("a.csv",
                                             "TIMESTAMP,ContextTokens,GeneratedTokens\n"
                                             "2023-11-16 18:17:03.9799600,4808,10\n"
                                             "2023-11-16 18:17:04.0319600,3180,8\n"),
                                {.unit_s = 1e-3, .speed = 2});  // dates need no unit
  REQUIRE(azure);
  REQUIRE(azure->times_s.size() == 2);
  CHECK(azure->times_s[1] == doctest::Approx(0.026).epsilon(1e-5));
  CHECK(azure->lengths[0].input == 4808);
  CHECK(azure->lengths[1].output == 8);
  const auto burst = read_trace(
      folder.write("b.csv", "Timestamp,Model,Request tokens,Response tokens\n5,ChatGPT,472,18\n"),
      {});
  REQUIRE(burst);
  CHECK(burst->lengths[0].input == 472);
  CHECK(burst->lengths[0].output == 18);
  const auto mixed = read_trace(folder.write("m.csv", "t\n2023-11-16 18:17:03\n99999999999\n"), {});
  REQUIRE_FALSE(mixed);
  CHECK(mixed.problems().front().what == "the record has no time");
  CHECK_FALSE(read_trace(folder.write("i.csv", "t\n1\ninf\n"), {}));
}

TEST_CASE("trace: what is a date and what is none") {
  struct Row {
    const char* text;
    std::optional<double> seconds;
  };
  const Row rows[] = {
      {"2020-01-01 00:00:00",              0.0            },
      {"2020-03-01T00:00:00Z",             60 * 86400.0   },
      {"2024-05-10 00:00:00.009930+00:00", 137462400.00993},
      {"2020-01-01T02:30:00.5+02:30",      0.5            },
      {"2019-12-31 19:00:00-0500",         0.0            },
      {"2020-01-01",                       std::nullopt   },
      {"2020-02-30 00:00:00",              std::nullopt   },
      {"2020-01-01 24:00:00",              std::nullopt   },
      {"2020-01-01 00:00:00 UTC",          std::nullopt   },
      {"2020-01-01 00:00:00+",             std::nullopt   },
      {"now",                              std::nullopt   },
      {"",                                 std::nullopt   },
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto seconds = date_seconds(row.text);
    REQUIRE(seconds.has_value() == row.seconds.has_value());
    if (seconds) CHECK(*seconds == doctest::Approx(*row.seconds).epsilon(1e-12));
  }
}

TEST_CASE("trace: what is wrong has its line") {
  const test::TemporaryFolder folder;
  const auto back = read_trace(folder.write("b.csv", "timestamp\n2\n1\n"), {});
  REQUIRE_FALSE(back);
  CHECK(back.problems().front().what == "the time lies before that of the record above");
  CHECK(back.problems().front().line == 3);
  const auto none = read_trace(folder.write("n.csv", "when\n2\n"), {});
  REQUIRE_FALSE(none);
  CHECK(none.problems().front().what == "the record has no time");
  CHECK_FALSE(read_trace(folder.path() / "absent.csv", {}));
}
