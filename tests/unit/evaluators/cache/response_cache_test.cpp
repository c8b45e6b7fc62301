#include "evaluators/cache/response_cache.h"

#include <doctest/doctest.h>

#include "evaluators/store/run_lock.h"
#include "evaluators/store/database.h"
#include "evaluators/store/store.h"
#include "tests/support/asking.h"
#include "tests/support/reference.h"

using namespace llmops;
using namespace llmops::test;

namespace {

ModelSpec a_model(std::string name) {
  ModelSpec model;
  model.provider = "openai";
  model.name = std::move(name);
  model.identity = Object{
      {"provider", "openai"  },
      {"name",     model.name}
  };
  return model;
}

std::string key(const ModelSpec& model, const std::shared_ptr<const Request>& request) {
  return CacheKeys(model).key(*request);
}

CallRecord a_call(const std::string& id, const std::string& text, std::string cache_key) {
  CallRecord call;
  auto row = std::make_shared<Case>();
  row->id = id;
  call.row = std::move(row);
  call.sample.text = text;
  call.sample.usage.output = 3;
  call.sample.cost_usd = 0.25;
  call.sample.timing.latency_ms = 100;
  call.cache_key = std::move(cache_key);
  return call;
}

}  // namespace

TEST_CASE("cache: the key holds everything that is asked, and nothing else") {
  const ModelSpec model = a_model("m");
  const std::string one = key(model, question("a", "hello"));
  CHECK(one.size() == 32);
  CHECK(key(model, question("b", "hello")) == one);  // another case that asks the same
  CHECK(key(model, question("a", "hello!")) != one);
  CHECK(key(model, question("a", "hello", 1)) != one);  // the second sample is another answer
  CHECK(key(a_model("n"), question("a", "hello")) != one);
  ModelSpec slow = a_model("m");
  slow.timeout.total = std::chrono::seconds(1);
  slow.key_variable = "KEY";
  CHECK(key(slow, question("a", "hello")) == one);
  // One object for many requests gives the same keys.
  CacheKeys keys(model);
  keys.key(*question("a", "something else that is longer"));
  CHECK(keys.key(*question("a", "hello")) == one);
}

TEST_CASE("cache: an answer is found again until its time is over, and is told apart") {
  const TemporaryFolder folder;
  Store store(folder.path());
  RunHeader header;
  store.begin_run(header, {});
  const CallRecord call = a_call("a", "yes", "k1");
  store.add(header.id, {}, {&call, 1});

  ResponseCache cache(folder.path(), std::chrono::hours(1));
  CHECK_FALSE(cache.find("k2"));
  const std::optional<Sample> found = cache.find("k1");
  REQUIRE(found);
  CHECK(found->text == "yes");
  CHECK(found->cached);
  CHECK(found->attempts == 0);
  CHECK(found->usage.output == 3);
  CHECK(found->cost_usd == 0.25);
  CHECK_FALSE(found->timing.latency_ms);
  CHECK_FALSE(ResponseCache(folder.path(), std::chrono::seconds(-5)).find("k1"));  // too old

  CallRecord again = a_call("a", "yes", "");
  again.sample = *found;
  RunHeader second;
  store.begin_run(second, {});
  store.add(second.id, {}, {&again, 1});
  CHECK(store.cost(second.id) == 0.0);
  CHECK(store.count(second.id).cached == 1);
  CHECK(store.count(second.id).made == 0);
  CHECK(cache.stats().entries == 1);
  CHECK(cache.stats().hits == 1);
  CHECK(cache.stats().saved_usd == 0.25);

  CHECK(cache.clear(std::chrono::hours(1)) == 0);
  CHECK(cache.clear(std::chrono::seconds(0)) == 1);
  CHECK_FALSE(cache.find("k1"));
  CHECK(store.count(header.id).samples == 1);  // the run keeps its answer
}

TEST_CASE("cache: failures, cached answers and those of a fallback are not kept") {
  Sample sample;
  CHECK(worth_caching(sample));
  sample.fallback = 1;
  CHECK_FALSE(worth_caching(sample));
  sample.fallback = 0;
  sample.cached = true;
  CHECK_FALSE(worth_caching(sample));
  sample.cached = false;
  sample.error.kind = ErrorClass::reset;
  CHECK_FALSE(worth_caching(sample));
}

TEST_CASE("run lock: one at a time, and free again at its end") {
  const TemporaryFolder folder;
  {
    const std::optional<RunLock> first = RunLock::take(folder.path(), "r");
    REQUIRE(first);
    CHECK_FALSE(RunLock::take(folder.path(), "r"));
    CHECK(RunLock::take(folder.path(), "other"));
  }
  CHECK(RunLock::take(folder.path(), "r"));
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("store: faults and attempts are counted, those of dropped calls too") {
  const TemporaryFolder folder;
  Store store(folder.path());
  RunHeader header;
  store.begin_run(header, {});
  CallRecord mended = a_call("a", "yes", "");
  mended.sample.attempts = 3;
  mended.sample.faults = {ErrorClass::rate_limited, ErrorClass::reset};
  CallRecord failed = a_call("b", "", "");
  failed.sample.attempts = 2;
  failed.sample.faults = {ErrorClass::reset, ErrorClass::reset};
  failed.sample.error.kind = ErrorClass::reset;
  const CallRecord calls[] = {mended, failed};
  store.add(header.id, {}, calls);
  const auto check = [&](std::int64_t retried) {
    const RunCounts counts = store.count(header.id);
    CHECK(counts.made == 5);
    CHECK(counts.retried == retried);
    REQUIRE(counts.faults.size() == 2);
    CHECK(counts.faults[0] == std::pair<std::string, std::int64_t>{"reset", 3});
    CHECK(counts.faults[1] == std::pair<std::string, std::int64_t>{"rate_limited", 1});
    CHECK(store.cost(header.id) == 0.5);
  };
  check(3);
  store.drop_failed_calls(header.id);
  check(4);
}

TEST_CASE("store: one of the first version is brought up to date") {
  const TemporaryFolder folder;
  {
    Database old(folder.path());
    old.execute(R"(
CREATE TABLE runs(
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, header TEXT NOT NULL, spec TEXT NOT NULL, verdict TEXT);
CREATE TABLE calls(
  number INTEGER PRIMARY KEY, run INTEGER NOT NULL, case_id TEXT NOT NULL, sample INTEGER NOT NULL,
  content TEXT NOT NULL, row TEXT, answer TEXT NOT NULL, error TEXT,
  input_tokens INTEGER, output_tokens INTEGER, cached_tokens INTEGER, reasoning_tokens INTEGER, cost_usd REAL,
  latency_ms REAL, ttft_ms REAL, tpot_ms REAL, itl_ms REAL, cached INTEGER NOT NULL, output TEXT NOT NULL);
CREATE UNIQUE INDEX calls_by_case ON calls(run, case_id, sample);
CREATE TABLE scores(call INTEGER PRIMARY KEY, scores TEXT NOT NULL, notes TEXT);
INSERT INTO runs VALUES(1, 'r', '{}', '{}', NULL);
INSERT INTO calls VALUES(1, 1, 'a', 0, 'c', '{}', '{"text":"x","attempts":4}', NULL,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 'o');
PRAGMA user_version=1;)");
  }
  const Store store(folder.path());
  CHECK(store.count("r").samples == 1);
  CHECK(store.count("r").made == 4);
  CHECK(ResponseCache(folder.path(), std::chrono::hours(1)).stats().entries == 0);
}
