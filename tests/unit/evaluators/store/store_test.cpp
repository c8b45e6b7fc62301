#include "evaluators/store/store.h"

#include <doctest/doctest.h>

#include "evaluators/recorder.h"
#include "tests/support/reference.h"

using namespace llmops;

namespace {

std::vector<Evaluator> evaluators() {
  const Source source("suite.yaml", "");
  Diagnostics problems;
  const Value list(List{"exact_match"});
  std::vector<Evaluator> read = read_evaluators(list, source, problems);
  REQUIRE(problems.empty());
  return read;
}

std::shared_ptr<const Case> a_case(const std::string& id, const std::string& reference) {
  auto row = std::make_shared<Case>();
  row->id = id;
  row->variables.add("question", "q-" + id);
  row->references = {reference};
  row->tags = {
      {"lang", "de"}
  };
  row->group = "g";
  return row;
}

Sample a_sample(const std::string& text, int number = 0) {
  Sample sample;
  sample.text = text;
  sample.number = number;
  sample.usage.output = 7;
  sample.timing.latency_ms = 12.5;
  return sample;
}

Sample a_failure(ErrorClass kind) {
  Sample sample;
  sample.error = {kind, "why"};
  return sample;
}

}  // namespace

TEST_CASE("store: what a run recorded is read back case by case, sorted by id") {
  const test::TemporaryFolder folder;
  Store store(folder.path());
  const std::vector<Evaluator> metrics = evaluators();
  RunHeader header;
  header.measures = run_measures(metrics);
  store.begin_run(header, Object{
                              {"suite", "s"}
  });
  {
    Recorder recorder(store, header.id, metrics);
    recorder.add(a_case("b", "yes"), a_sample("yes"));
    recorder.add(a_case("a", "yes"), a_sample("no"));
    recorder.add(a_case("c", "yes"), a_failure(ErrorClass::no_recording));
    recorder.finish();
    CHECK(recorder.errors() == std::map<std::string, std::int64_t>{
                                   {"no_recording", 1}
    });
  }
  const auto rows = store.open_run(header)->rows();
  CaseRow row;
  REQUIRE(rows->next(row));
  CHECK(row.id == "a");
  CHECK(row.group == "g");
  REQUIRE(row.tags.size() == 1);
  CHECK(row.tags[0].value == "de");
  CHECK(row.values[0] == 0.0);
  REQUIRE(rows->next(row));
  CHECK(row.id == "b");
  CHECK(row.values[0] == 1.0);
  CHECK(row.values[2] == 7.0);   // output_tokens
  CHECK(row.values[5] == 12.5);  // latency
  REQUIRE(rows->next(row));
  CHECK(row.id == "c");
  CHECK(row.failed == 1);
  CHECK(row.values[0] == std::nullopt);  // a failed call is no zero
  CHECK(row.values[9] == 1.0);           // error_rate
  CHECK(row.values[10] == 0.0);          // coverage
  CHECK_FALSE(rows->next(row));

  const RunCounts counts = store.count(header.id);
  CHECK(counts.cases == 3);
  CHECK(counts.failed == 1);
  CHECK(store.has_call(header.id, "a", 0));
  CHECK_FALSE(store.has_call(header.id, "a", 1));
  store.drop_failed_calls(header.id);
  CHECK_FALSE(store.has_call(header.id, "c", 0));
}

TEST_CASE("store: the samples of a case are averaged, their spread is kept") {
  const test::TemporaryFolder folder;
  Store store(folder.path());
  const std::vector<Evaluator> metrics = evaluators();
  RunHeader header;
  header.measures = run_measures(metrics);
  store.begin_run(header, {});
  Recorder recorder(store, header.id, metrics);
  const auto row = a_case("a", "yes");
  recorder.add(row, a_sample("yes", 0));
  recorder.add(row, a_sample("no", 1));
  recorder.finish();
  CaseRow found;
  const auto rows = store.open_run(header)->rows();
  REQUIRE(rows->next(found));
  CHECK(found.samples == 2);
  CHECK(found.values[0] == 0.5);
  CHECK(found.variances[0] == 0.5);
}

TEST_CASE("store: answers that were never scored are scored on resume") {
  const test::TemporaryFolder folder;
  Store store(folder.path());
  const std::vector<Evaluator> metrics = evaluators();
  RunHeader header;
  header.measures = run_measures(metrics);
  store.begin_run(header, {});
  const CallRecord call{.row = a_case("a", "yes"), .sample = a_sample("yes"), .content = "x"};
  store.add(header.id, {}, {&call, 1});
  // A killed run has said nothing of its end: what is stored of it is counted all the same.
  CHECK(store.find_run("last")->header.counts.cases == 1);
  CHECK(store.runs().at(0).header.counts.samples == 1);
  CHECK(store.find_run("last")->header.why_incomplete == "the run has not ended");
  store.score_unscored(header.id, metrics);
  CaseRow row;
  REQUIRE(store.open_run(header)->rows()->next(row));
  CHECK(row.values[0] == 1.0);
}

TEST_CASE("store: runs are found by id, unique prefix and `last`") {
  const test::TemporaryFolder folder;
  Store store(folder.path());
  CHECK(store.find_run("last").problems()[0].what == "no run is stored yet");
  RunHeader first, second;
  store.begin_run(first, {});
  store.begin_run(second, {});
  REQUIRE(store.find_run("last"));
  CHECK(store.find_run("last")->header.id == second.id);
  CHECK(store.find_run(first.id)->header.id == first.id);
  CHECK(store.find_run("2").problems()[0].what == "`2` begins the name of several runs");
  CHECK(store.find_run("zz").problems()[0].what == "no stored run is called `zz`");
  CHECK(store.runs().size() == 2);
}
