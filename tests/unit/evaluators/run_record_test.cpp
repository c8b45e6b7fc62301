#include "evaluators/run_record.h"

#include <doctest/doctest.h>

#include <cmath>

#include "datasets/text/json.h"
#include "datasets/text/source.h"

using namespace llmops;

TEST_CASE("run record: a header comes back as it was written") {
  RunHeader header;
  header.id = "20251121-abc";
  header.created = "2025-11-21T03:00:00Z";
  header.prompt = Object{
      {"name",    "support"},
      {"version", "2.3.1"  }
  };
  header.seed = 18446744073709551615ULL;
  header.samples_per_case = 3;
  header.measures = builtin_measures();
  header.measures.push_back({
      .name = "judge", .range = {1, 5},
           .better = Better::neither, .signature = "j|v1"
  });
  header.counts = {.cases = 7,
                   .samples = 21,
                   .made = 20,
                   .cached = 1,
                   .failed = 2,
                   .retried = 3,
                   .errors = {{"reset", 2}}};
  header.cost_usd = 0.1;
  header.complete = false;
  header.why_incomplete = "budget";
  header.warnings = {"w"};
  const Value value = to_value(header);
  const Source source("run.json", dump_json(value));  // through text: infinity must not reach it
  const Result<Value> parsed = parse_json(source);
  REQUIRE(parsed);
  Diagnostics problems;
  const RunHeader again = read_run_header(*parsed, source, problems);
  CHECK(render(problems) == "");
  CHECK(to_value(again) == value);
  CHECK(again.seed == header.seed);
  CHECK(std::isinf(again.measures.front().range.high));
  CHECK(again.measures.back().range.high == 5);
}

TEST_CASE("run record: what a header lacks") {
  const Source source(
      "run.json", R"({"seed":"x","measures":[{"name":"a","kind":"bounded"},{"kind":"grade"}]})");
  const Result<Value> parsed = parse_json(source.text(), source.file());
  REQUIRE(parsed);
  Diagnostics problems;
  read_run_header(*parsed, source, problems);
  CHECK(render(problems) ==
        "run.json: error: the run has no `schema_version`\n  = expected the key `schema_version`\n"
        "run.json: error: `seed` is x\n  = expected a whole number of at least 0\n"
        "run.json: error: the range of `a` is empty or open\n  = expected `low` below `high`\n"
        "run.json: error: a measure has no `name`\n  = expected the key `name`\n"
        "run.json: error: `kind` is `grade`\n  = expected one of: binary, bounded, positive, "
        "unbounded\n"
        "run.json: error: the range of `` is empty or open\n  = expected `low` below `high`\n");
}
