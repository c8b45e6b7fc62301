#include "evaluators/load/trace_file.h"

#include <doctest/doctest.h>

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
