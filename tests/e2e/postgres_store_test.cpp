// The store on a PostgreSQL server: what a team shares, with the same outcomes as the embedded one.
#include <doctest/doctest.h>
#include <signal.h>

#include <cstdio>
#include <thread>

#include "datasets/text/files.h"
#include "evaluators/store/run_lock.h"
#include "evaluators/store/side_calls.h"
#include "tests/e2e/live_project.h"
#include "tests/support/loopback_server.h"
#include "tests/support/postgres_server.h"

using namespace llmops;
using namespace llmops::test;

namespace {

constexpr int kCases = 700;  // more than the rows that are fetched at once
constexpr const char* kPassword = "pw-7f3a91";

struct Team {
  const PostgresServer& database;
  TemporaryFolder folder = {};
  LoopbackServer server{[](const Received& request) {
                          const std::string question = last_user_text(request);
                          const bool right = question.back() % 3 != 0;
                          return answer_after(std::chrono::milliseconds(10), 200,
                                              chat_json(right ? "1" : "no", 1, 1));
                        },
                        {.keep_log = true}};
  mutable std::string printed = {};  // by all commands

  Team(const PostgresServer& of) : database(of) {
    write_live_project(folder, server.url(), kCases,
                       "name: gpt-4o-mini, stream: false, limits: {concurrency: 16}",
                       "gate: {rules: [{metric: exact_match, min: 0.2}]}\n");
  }
  std::string address() const { return database.address(kPassword); }
  CliRun run(std::vector<std::string> command, bool shared = true,
             std::vector<CliOptions::Signal> signals = {}) const {
    if (shared) command.insert(command.end(), {"--store", address()});
    CliRun done = run_cli(command, {.folder = folder.path(), .signals = std::move(signals)});
    printed += done.out + done.err;
    return done;
  }
  std::string samples() const {
    std::string all;
    std::string line;
    const Result<Source> lines = read_source(folder.path() / "s.jsonl");
    REQUIRE(lines);
    std::string_view rest = lines->text();
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      const Value sample = *parse_json(rest.substr(0, end), "s.jsonl");
      for (const char* key : {"case_id", "sample", "text", "scores", "output_tokens"})
        all += to_text(*sample.find(key)) + " ";
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return all;
  }
};

void same_as_embedded(const Team& team) {
  const Value embedded =
      json_of(team.run({"eval", "--json", "--no-cache", "--samples-out", "s.jsonl"}, false));
  const std::string samples = team.samples();
  const CliRun run = team.run({"eval", "--json", "--samples-out", "s.jsonl"});
  CAPTURE(run.err);
  const Value shared = json_of(run);
  CHECK(run.code == 0);
  CHECK(team.samples() == samples);
  for (const char* path : {"/metrics", "/usage/output_tokens", "/verdict", "/run/calls"})
    CHECK(text_at(shared, path) == text_at(embedded, path));

  const std::string id = text_at(shared, "/run/id");
  const Value listed = json_of(team.run({"runs", "list", "--json"}));
  CHECK(text_at(listed, "/runs/0/id") == id);
  CHECK(text_at(json_of(team.run({"gate", id.substr(0, 20), "--json"})), "/verdict/outcome") ==
        "pass");
  CHECK(team.run({"baseline", "set", "last", "b.json"}).code == 0);
  CHECK(team.run({"report", "last", "--html", "r.html", "--csv", "r.csv"}).code == 0);
  const std::string page = read_source(team.folder.path() / "r.html")->text();
  CHECK(page.find(kPassword) == std::string::npos);

  // All of it is in the team's response cache now.
  const int asked = team.server.requests();
  const Value again = json_of(team.run({"eval", "--json", "--samples-out", "s.jsonl"}));
  CHECK(team.server.requests() == asked);
  CHECK(text_at(again, "/run/calls/cached") == std::to_string(kCases));
  CHECK(team.samples() == samples);
  CHECK(text_at(json_of(team.run({"cache", "stats", "--json"})), "/entries") ==
        std::to_string(kCases));
  CHECK(team.run({"runs", "compare", id, "last"}).code == 0);
  CHECK(team.run({"cache", "clear"}).out.find("forgot 700 answers") != std::string::npos);
}

void outlives_a_kill(const Team& team) {
  const auto newest = [&] {
    return text_at(json_of(team.run({"runs", "list", "--json"})), "/runs/0/id");
  };
  const std::string earlier = newest();
  const int before = team.server.requests();
  const std::vector<std::string> command = {"eval", "--no-cache", "--json"};
  // 700 answers of 10 ms each, 16 at once, take longer than that.
  const CliRun killed = team.run(command, true,
                                 {
                                     {std::chrono::milliseconds(300), SIGKILL}
  });
  REQUIRE(killed.code != 0);
  const std::string id = newest();
  if (id == earlier) return;  // killed before its run had begun
  {
    const std::optional<RunLock> lock = RunLock::take(team.address(), id);
    REQUIRE(lock);
    const CliRun refused = team.run({"eval", "--no-cache", "--resume", id});
    CHECK(refused.code == 2);
    CHECK(refused.err.find("another process") != std::string::npos);
  }
  const CliRun resumed =
      team.run({"eval", "--no-cache", "--json", "--resume", id, "--samples-out", "s.jsonl"});
  CAPTURE(resumed.err);
  CHECK(resumed.code == 0);
  CHECK(text_at(json_of(resumed), "/run/samples") == std::to_string(kCases));
  // Answers on their way and those of one unfinished transaction are asked again, no others.
  CHECK(team.server.requests() - before <= kCases + 200);
}

void shards_at_once(const Team& team) {
  constexpr int kParts = 3;
  std::vector<CliRun> runs(kParts);
  std::vector<std::thread> threads;
  for (int i = 0; i < kParts; ++i)
    threads.emplace_back([&, i] {
      runs[i] = run_cli({"eval", "--no-cache", "--json", "--shard", std::to_string(i + 1) + "/3",
                         "--store", team.address()},
                        {.folder = team.folder.path()});
    });
  for (std::thread& thread : threads) thread.join();
  std::vector<std::string> merge = {"runs", "merge", "--json"};
  for (const CliRun& run : runs) {
    CAPTURE(run.err);
    CHECK(run.code == 0);
    merge.push_back(text_at(json_of(run), "/run/id"));
  }
  const CliRun merged = team.run(merge);
  CAPTURE(merged.err);
  CHECK(merged.code == 0);
  CHECK(text_at(json_of(merged), "/run/samples") == std::to_string(kCases));
  const CliRun elsewhere = team.run({"runs", "merge", ".llmops"}, true);
  CHECK(elsewhere.code == 2);
}

void judges_are_kept(const Team& team) {
  const std::string id = text_at(json_of(team.run({"runs", "list", "--json"})), "/runs/0/id");
  SideCall call{.evaluator = "rubric", .model = "judge", .key = "k1", .sample = {}};
  call.sample.text = "{\"score\": 5}";
  call.sample.usage = {.input = 10, .output = 2, .cached = {}, .reasoning = {}};
  call.sample.cost_usd = 0.125;
  const SideCall calls[] = {call};
  {
    SideCalls own(team.address(), id, std::chrono::hours(1), true);
    CHECK_FALSE(own.find("k1"));
    own.add(calls);
    const auto found = own.find("k1");
    REQUIRE(found);
    CHECK(found->own);
    CHECK(found->sample.text == call.sample.text);
    CHECK(found->sample.cost_usd == 0.125);
  }
  SideCalls none(team.address(), "", std::chrono::hours(1), true);
  const auto found = none.find("k1");
  REQUIRE(found);
  CHECK_FALSE(found->own);
  const std::vector<SideUse> uses = side_uses(team.address(), id);
  REQUIRE(uses.size() == 1);
  CHECK(uses[0].answered == 1);
  CHECK(uses[0].input_tokens == 10);
  CHECK(uses[0].cost_usd == 0.125);
}

void old_runs_go(const Team& team) {
  const CliRun gone = team.run({"runs", "gc", "--keep", "1", "--json"});
  CAPTURE(gone.err);
  CHECK(gone.code == 0);
  CHECK(json_of(team.run({"runs", "list", "--json"})).find("runs")->list()->size() == 1);
  CHECK(team.run({"runs", "show", "last"}).code == 0);
}

}  // namespace

TEST_CASE("postgres store: a team's runs, cache and judges, resumed, merged and swept") {
  std::string why;
  const std::unique_ptr<PostgresServer> database = PostgresServer::start(why);
  if (database == nullptr) {
    std::printf("[skipped] %s\n", why.c_str());
    return;
  }
  const Team team(*database);
  const CliRun empty = team.run({"runs", "list"});
  CHECK(empty.code == 2);
  CHECK(empty.err.find("no runs are stored in postgresql://llmops@/postgres") != std::string::npos);
  same_as_embedded(team);
  outlives_a_kill(team);
  shards_at_once(team);
  judges_are_kept(team);
  old_runs_go(team);
  CHECK(team.printed.find(kPassword) == std::string::npos);
}

TEST_CASE("postgres store: no server, other addresses") {
  const TemporaryFolder folder;
  const CliOptions here{.folder = folder.path()};
  const CliRun nobody = run_cli(
      {"runs", "list", "--store", "postgresql://me:secret-4711@127.0.0.1:1/x?connect_timeout=2"},
      here);
  CAPTURE(nobody.err);
  CHECK(nobody.code != 0);
  CHECK(nobody.err.find("postgresql://me@127.0.0.1:1/x") != std::string::npos);
  CHECK(nobody.err.find("secret-4711") == std::string::npos);
  const CliRun other = run_cli({"runs", "list", "--store", "mysql://h/x"}, here);
  CHECK(other.code == 2);
  CHECK(other.err.find("expected a folder or postgresql://") != std::string::npos);
}
