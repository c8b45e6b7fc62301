#include "datasets/stats.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "datasets/text/json.h"
#include "tests/support/reference.h"

using namespace llmops;

TEST_CASE("stats: quantiles of lengths are exact for short texts and within 1% for long ones") {
  Lengths none;
  CHECK(none.quantile(0.5) == 0);
  Lengths small;
  for (std::uint64_t i = 1; i <= 100; ++i) small.add(i);
  CHECK(small.quantile(0.5) == 50);
  CHECK(small.quantile(0.95) == 95);
  CHECK(small.quantile(0.0) == 1);
  CHECK(small.quantile(1.0) == 100);
  CHECK(small.mean() == doctest::Approx(50.5));
  for (std::uint64_t length = 1; length < 2'000'000'000; length = length * 3 / 2 + 1) {
    CAPTURE(length);
    Lengths one;
    one.add(length);
    one.add(length * 10);
    const double error =
        std::abs(static_cast<double>(one.quantile(0.5)) - static_cast<double>(length));
    CHECK(error <= 0.01 * static_cast<double>(length));
    CHECK(one.quantile(1.0) == length * 10);
  }
}

TEST_CASE("stats: what a set holds") {
  const test::TemporaryFolder folder;
  DatasetSpec spec;
  spec.path =
      folder.write("d.jsonl",
                   "{\"id\":1,\"q\":\"é?\",\"reference\":[\"a\",\"bcd\"],\"tags\":{\"lang\":\"en\"}"
                   ",\"group\":\"g\",\"weight\":2}\n"
                   "{\"id\":2,\"q\":\"\",\"reference\":null,\"tags\":[\"hard\"],\"group\":\"g\"}\n"
                   "{\"id\":3,\"q\":7,\"context\":\"p\",\"tags\":{\"lang\":\"de\"}}\n");
  spec.shown = "d.jsonl";
  const Result<DatasetStats> stats = dataset_stats(spec);
  REQUIRE(stats);
  Value value = to_value(*stats);
  value.object()->erase("sha256");
  CHECK(
      dump_json(value) ==
      R"({"path":"d.jsonl","cases":3,"with_reference":1,"references":2,)"
      R"("reference_length":{"min":1,"mean":2.0,"p50":1,"p95":3,"max":3},"with_context":1,"grouped":2,"groups":1,"largest_group":2,"weight":4.0,)"
      R"("tags":{"hard":{"true":1},"lang":{"de":1,"en":1}},"columns":[)"
      R"({"name":"id","rows":3,"nulls":0,"empty":0,"kinds":{"number":3},"distinct":3},)"
      R"({"name":"q","rows":3,"nulls":0,"empty":1,"kinds":{"number":1,"text":2},"distinct":3,"length":{"min":0,"mean":1.0,"p50":0,"p95":2,"max":2}},)"
      R"({"name":"reference","rows":2,"nulls":1,"empty":0,"kinds":{"list":1},"distinct":1},)"
      R"({"name":"tags","rows":3,"nulls":0,"empty":0,"kinds":{"list":1,"mapping":2},"distinct":3},)"
      R"({"name":"group","rows":2,"nulls":0,"empty":0,"kinds":{"text":2},"distinct":1,"length":{"min":1,"mean":1.0,"p50":1,"p95":1,"max":1}},)"
      R"({"name":"weight","rows":1,"nulls":0,"empty":0,"kinds":{"number":1},"distinct":1},)"
      R"({"name":"context","rows":1,"nulls":0,"empty":0,"kinds":{"text":1},"distinct":1,"length":{"min":1,"mean":1.0,"p50":1,"p95":1,"max":1}}]})");
}

TEST_CASE("stats: distinct values are counted up to ten thousand") {
  const test::TemporaryFolder folder;
  std::string text = "n\n";
  for (int i = 0; i < 10'050; ++i) text += fmt::format("{}\n", i);
  DatasetSpec spec;
  spec.path = folder.write("d.csv", text);
  const Result<DatasetStats> stats = dataset_stats(spec);
  REQUIRE(stats);
  CHECK(stats->columns.at(0).distinct == 10'000);
  CHECK(stats->columns.at(0).more_distinct);
}

TEST_CASE("stats: a set that does not load") {
  DatasetSpec spec;
  spec.path = "/nowhere.jsonl";
  CHECK_FALSE(dataset_stats(spec));
}
