#include "ci/scores_file.h"

#include <doctest/doctest.h>

#include "ci/gate/gate_file.h"
#include "ci/gate/verdict.h"
#include "tests/support/built_run.h"
#include "tests/support/golden.h"
#include "tests/support/reference.h"

using namespace llmops;

namespace {

const std::vector<Measure> kMeasures = {test::binary_measure("pass"),
                                        test::bounded_measure("judge", 1, 5)};

std::vector<CaseRow> all_rows(const RunSource& run) {
  std::vector<CaseRow> rows;
  CaseRow row;
  for (const auto stream = run.rows(); stream->next(row);) rows.push_back(row);
  return rows;
}

}  // namespace

TEST_CASE("scores file: rows in any order, several samples averaged") {
  const test::TemporaryFolder folder;
  const auto file = folder.write(
      "s.jsonl",
      R"({"case_id":"b","sample":1,"scores":{"pass":0,"judge":3},"text":"y"})"
      "\n\n"
      R"({"case_id":7,"scores":{"pass":true,"judge":null,"other":9},"group":"g","tags":{"lang":"de"},"output_tokens":12,"latency_ms":80,"cached":true})"
      "\n"
      R"({"case_id":"b","sample":0,"scores":{"pass":1,"judge":4},"text":"x","output_tokens":10})"
      "\n"
      R"({"case_id":"a","error":"timeout_total","attempts":3})"
      "\n");
  const auto opened = open_scores_file(file, kMeasures);
  REQUIRE(opened);
  const RunHeader& header = (*opened)->header();
  std::vector<std::string> names;
  for (const Measure& each : header.measures) names.push_back(each.name);
  CHECK(names ==
        std::vector<std::string>{"pass", "judge", "output_tokens", "error_rate", "coverage"});
  CHECK(header.counts.cases == 3);
  CHECK(header.counts.failed == 1);
  CHECK(header.samples_per_case == 2);
  const std::vector<CaseRow> rows = all_rows(**opened);
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].id == "7");
  CHECK(rows[0].values == std::vector<std::optional<double>>{1.0, std::nullopt, 12.0, 0.0, 0.0});
  CHECK(rows[0].group == "g");
  CHECK(rows[0].tags[0].value == "de");
  CHECK(rows[1].id == "a");
  CHECK(rows[1].failed == 1);
  CHECK(rows[1].values ==
        std::vector<std::optional<double>>{std::nullopt, std::nullopt, std::nullopt, 1.0, 0.0});
  CHECK(rows[2].values == std::vector<std::optional<double>>{0.5, 3.5, 10.0, 0.0, 1.0});
  CHECK(rows[2].variances[0] == 0.5);
  CHECK(rows[2].output.size() == 32);
}

TEST_CASE("scores file: a JSON array reads alike") {
  const test::TemporaryFolder folder;
  const auto file = folder.write("s.json",
                                 "[{\"case_id\": \"a\", \"scores\": {\"pass\": 1}},\n "
                                 "{\"case_id\": \"b\", \"scores\": {\"pass\": 0}}]");
  const auto opened = open_scores_file(file, kMeasures);
  REQUIRE(opened);
  CHECK(all_rows(**opened).size() == 2);
}

TEST_CASE("scores file: every problem with case and metric") {
  const test::TemporaryFolder folder;
  const auto file = folder.write(
      "s.jsonl", R"({"case_id":"a","scores":{"pass":NaN,"judge":3}})"
                 "\n"
                 R"({"case_id":"b","scores":{"pass":0.5,"judge":Infinity}})"
                 "\n"
                 R"({"case_id":"c","scores":{"pass":2,"judge":6}})"
                 "\n"
                 R"({"case_id":"d","scores":{"pass":"yes","judge":0}})"
                 "\n"
                 R"({"scores":{"pass":1}})"
                 "\n"
                 R"({"case_id":"e"})"
                 "\n"
                 R"({"case_id":"f","scores":{"pass":1}})"
                 "\n"
                 R"({"case_id":"f","scores":{"pass":1}})"
                 "\n"
                 R"({"case_id":"g","sample":-1,"scores":{"pass":1},"latency_ms":"fast"})"
                 "\n"
                 "{\"case_id\":\n"
                 "[1]\n");
  std::string found = test::shortened(render(open_scores_file(file, kMeasures).problems()), file);
  const auto slip =
      folder.write("slip.jsonl", R"({"case_id":"a","scores":{"passed":1,"judge":3}})");
  found += "\n" + test::shortened(render(open_scores_file(slip, kMeasures).problems()), slip);
  CHECK_GOLDEN("scores_file.txt", found);
}

TEST_CASE("scores file: the gate decides on it") {
  const test::TemporaryFolder folder;
  std::string before, after;
  for (int i = 0; i < 400; ++i) {
    const std::string head = "{\"case_id\":\"c" + std::to_string(i) + "\",\"scores\":{\"pass\":";
    before += head + (i % 4 == 0 ? "0}}\n" : "1}}\n");
    after += head + (i % 4 == 0 || i % 9 == 0 ? "0}}\n" : "1}}\n");
  }
  const auto rules =
      load_rules_file(folder.write("r.yaml",
                                   "metrics: {pass: {kind: binary}}\ngate: {rules: [{metric: pass, "
                                   "max_drop: 0.02}, {metric: error_rate, max: 1%}]}\n"));
  REQUIRE(rules);
  const auto baseline = open_scores_file(folder.write("b.jsonl", before), rules->metrics);
  const auto candidate = open_scores_file(folder.write("c.jsonl", after), rules->metrics);
  REQUIRE(baseline);
  REQUIRE(candidate);
  Comparison comparison = compare(**baseline, **candidate, rules->gate);
  const Verdict verdict = decide(rules->gate, **candidate, {}, &comparison);
  CHECK(verdict.outcome == Outcome::fail);
  CHECK(verdict.rules[1].outcome == Outcome::pass);
  CHECK(exit_status(verdict, OnInconclusive::warn) == 1);
}
