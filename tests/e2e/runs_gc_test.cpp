// `runs gc`: old runs go, the rest of the store stays as it was.
#include <doctest/doctest.h>

#include "evaluators/store/batch_journal.h"
#include "evaluators/store/run_lock.h"
#include "tests/e2e/live_project.h"
#include "tests/support/loopback_server.h"

using namespace llmops;
using namespace llmops::test;

TEST_CASE("runs gc: drops the oldest, keeps what is new, at work or in a batch") {
  const TemporaryFolder folder;
  const LoopbackServer server([](const Received& request) { return chat_reply(request, "1"); });
  write_live_project(folder, server.url(), 12, "name: m, limits: {concurrency: 4}", "");
  const CliOptions here{.folder = folder.path()};
  std::vector<std::string> ids;  // oldest first
  for (int i = 0; i < 5; ++i) {
    const Value run = json_of(run_cli({"eval", "--json", "--no-cache"}, here));
    ids.push_back(text_at(run, "/run/id"));
  }
  const Value kept = json_of(run_cli({"runs", "show", ids[4], "--json"}, here));

  for (const std::vector<std::string>& wrong :
       {std::vector<std::string>{"runs", "gc"}, {"runs", "gc", "--older-than", "old"}}) {
    const CliRun refused = run_cli(wrong, here);
    CHECK(refused.code == 2);
    CHECK(refused.err.find("expected") != std::string::npos);
  }

  // None is that old.
  CHECK(text_at(json_of(run_cli({"runs", "gc", "--older-than", "1d", "--json"}, here)), "/kept") ==
        "5");

  const std::filesystem::path store = folder.path() / ".llmops";
  BatchJournal batches(store, ids[1]);
  const std::string calls[] = {"c1"};
  const std::int64_t batch = batches.begin(calls);
  {
    const std::optional<RunLock> lock = RunLock::take(store, ids[0]);
    const std::vector<std::string> command = {"runs", "gc", "--keep", "2", "--json", "--dry-run"};
    const Value would = json_of(run_cli(command, here));
    CHECK(text_at(would, "/dropped/0/id") == ids[2]);
    CHECK(text_at(would, "/kept") == "4");
    CHECK(json_of(run_cli({"runs", "list", "--json"}, here)).find("runs")->list()->size() == 5);

    const Value done = json_of(run_cli({"runs", "gc", "--keep", "2", "--json"}, here));
    CHECK(done.find("dropped")->list()->size() == 1);
    CHECK(text_at(done, "/dropped/0/id") == ids[2]);
    CHECK(text_at(done, "/calls") == "12");
    CHECK(done.find("in_use")->list()->size() == 2);
  }
  CHECK(run_cli({"runs", "show", ids[2]}, here).code == 2);
  batches.forget(batch);
  const CliRun rest = run_cli({"runs", "gc", "--keep", "1"}, here);
  CHECK(rest.code == 0);
  CHECK(rest.out.find("3 runs with 36 calls went, 1 stay") != std::string::npos);
  CHECK(json_of(run_cli({"runs", "show", ids[4], "--json"}, here)) == kept);
}

TEST_CASE("runs gc: the response cache forgets what went with its run, and only that") {
  const TemporaryFolder folder;
  const LoopbackServer server([](const Received& request) { return chat_reply(request, "1"); });
  write_live_project(folder, server.url(), 12, "name: m, limits: {concurrency: 4}", "");
  const CliOptions here{.folder = folder.path()};
  json_of(run_cli({"eval", "--json"}, here));
  json_of(run_cli({"eval", "--json"}, here));  // from the cache
  CHECK(server.requests() == 12);
  CHECK(run_cli({"runs", "gc", "--keep", "1"}, here).code == 0);
  CHECK(text_at(json_of(run_cli({"cache", "stats", "--json"}, here)), "/entries") == "0");
  // The run that stays has its own copy of the answers.
  CHECK(run_cli({"report", "last", "--csv", "r.csv"}, here).code == 0);
  json_of(run_cli({"eval", "--json"}, here));
  CHECK(server.requests() == 24);
}
