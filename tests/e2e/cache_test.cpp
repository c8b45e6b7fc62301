// The response cache, budgets, prices and parts, from outside.
#include <doctest/doctest.h>

#include <thread>

#include "datasets/text/files.h"
#include "tests/e2e/live_project.h"
#include "tests/support/loopback_server.h"

using namespace llmops;
using namespace llmops::test;

namespace {

constexpr int kCases = 12;

void write_project(const TemporaryFolder& folder, const std::string& url,
                   const std::string& more = "", const std::string& model = "m") {
  write_live_project(folder, url, kCases, "name: " + model + ", limits: {concurrency: 4}", more);
}

}  // namespace

TEST_CASE("cache: what was answered once is not asked again, and is told apart") {
  const TemporaryFolder folder;
  const LoopbackServer server([](const Received& request) { return chat_reply(request, "1"); });
  write_project(folder, server.url(), "", "gpt-4o-mini");
  const CliOptions here{.folder = folder.path()};
  const Value first = json_of(run_cli({"eval", "--json"}, here));
  CHECK(text_at(first, "/run/calls/made") == "12");
  CHECK(text_at(first, "/run/calls/cached") == "0");
  CHECK(number_at(first, "/run/cost_usd") > 0);
  CHECK(server.requests() == kCases);

  const CliRun again = run_cli({"eval", "--json", "--samples-out", "s.jsonl"}, here);
  const Value second = json_of(again);
  CHECK(again.code == 0);
  CHECK(server.requests() == kCases);
  CHECK(text_at(second, "/run/calls/made") == "0");
  CHECK(text_at(second, "/run/calls/cached") == "12");
  CHECK(number_at(second, "/run/cost_usd") == 0);
  CHECK(text_at(second, "/metrics/exact_match/mean") == "1.0");
  CHECK(find_path(second, "/latency/e2e_ms/mean") == nullptr);
  CHECK(text_at(second, "/usage/output_tokens/mean") ==
        text_at(first, "/usage/output_tokens/mean"));
  CHECK(text_at(second, "/usage/cost_usd/mean") == text_at(first, "/usage/cost_usd/mean"));
  CHECK(read_source(folder.path() / "s.jsonl")->text().find("\"cached\":true") !=
        std::string::npos);
  const CliRun shown =
      run_cli({"eval", "--markdown", "r.md", "--html", "r.html", "--junit", "j.xml"}, here);
  CHECK(shown.out.find("12 cached") != std::string::npos);
  for (const char* report : {"r.md", "r.html"})
    CHECK_MESSAGE(read_source(folder.path() / report)->text().find("from the response cache") !=
                      std::string::npos,
                  report);

  const Value stats = json_of(run_cli({"cache", "stats", "--json"}, here));
  CHECK(text_at(stats, "/entries") == "12");
  CHECK(text_at(stats, "/hits") == "24");
  CHECK(text_at(json_of(run_cli({"eval", "--dry-run", "--json"}, here)), "/cached") == "12");

  CHECK(text_at(json_of(run_cli({"eval", "--no-cache", "--json"}, here)), "/run/calls/made") ==
        "12");
  CHECK(server.requests() == 2 * kCases);
  // Another model, sampling or sample number is another question.
  run_cli({"eval", "--model", "other"}, here);
  CHECK(server.requests() == 3 * kCases);
  write_project(folder, server.url(), "samples: 2\n", "gpt-4o-mini");
  run_cli({"eval"}, here);
  CHECK(server.requests() == 4 * kCases);
  CHECK(text_at(json_of(run_cli({"cache", "clear", "--json"}, here)), "/cleared") == "36");
  run_cli({"eval"}, here);
  CHECK(server.requests() == 6 * kCases);
}

TEST_CASE("cache: a gate on times, `cache: false` and an old answer ask again") {
  const TemporaryFolder folder;
  const LoopbackServer server([](const Received& request) { return chat_reply(request, "1"); });
  const CliOptions here{.folder = folder.path()};
  for (const char* more : {"gate: {rules: [{metric: latency_p95, max: 60000}]}\n", "cache: false\n",
                           "cache: {ttl: 0s}\n"}) {
    CAPTURE(more);
    write_project(folder, server.url(), more);
    const std::int64_t before = server.requests();
    run_cli({"eval"}, here);
    run_cli({"eval", "--no-gate"}, here);
    CHECK(server.requests() - before == 2 * kCases);
    run_cli({"cache", "clear"}, here);
  }
  write_project(folder, server.url(), "cache: {tll: 1h}\n");
  const CliRun wrong = run_cli({"eval"}, here);
  CHECK(wrong.code == 2);
  CHECK(wrong.err.find("did you mean `ttl`?") != std::string::npos);
}

TEST_CASE("money: the table's prices, their limit, and a model that nobody has priced") {
  const TemporaryFolder folder;
  const LoopbackServer server([](const Received& request) {  // 1,000,000 tokens in, 3 out
    return answer(200, chat_json(last_user_text(request), 1'000'000, 3));
  });
  const CliOptions here{.folder = folder.path()};
  write_project(folder, server.url(), "cache: false\n", "gpt-4o-mini");
  // 0.15 USD a call, four at once: the limit is kept although the first four are in flight.
  const CliRun cut = run_cli({"eval", "--max-cost", "1", "--json"}, here);
  const Value document = json_of(cut);
  CHECK(cut.code == 3);
  CHECK(number_at(document, "/run/cost_usd") <= 1.0);
  CHECK(number_at(document, "/run/cost_usd") >= 0.6);
  CHECK(cut.err.find("max-cost") != std::string::npos);
  CHECK(to_text(*find_path(document, "/warnings")).find("the built-in prices of 20") !=
        std::string::npos);
  const std::int64_t asked = server.requests();
  const CliRun resumed = run_cli({"eval", "--resume", "last", "--json"}, here);
  CHECK(resumed.code == 0);
  CHECK(server.requests() == kCases);
  CHECK(asked < kCases);
  CHECK(number_at(json_of(resumed), "/run/cost_usd") == doctest::Approx(12 * 0.1500018));

  const CliRun tokens = run_cli({"eval", "--max-tokens", "5500000", "--json"}, here);
  CHECK(tokens.code == 3);
  CHECK(number_at(json_of(tokens), "/usage/input_tokens/total") <= 5.5e6);

  write_project(folder, server.url());
  const std::int64_t before = server.requests();
  const CliRun unknown = run_cli({"eval", "--max-cost", "1"}, here);
  CHECK(unknown.code == 2);
  CHECK(unknown.err.find("nothing says what `m` costs") != std::string::npos);
  CHECK(server.requests() == before);

  folder.write("prices.yaml", "as_of: \"2026-05-01\"\nmodels:\n  m: {input: 1, output: 1}\n");
  write_project(folder, server.url(), "prices: prices.yaml\n");
  const Value dry = json_of(run_cli({"eval", "--dry-run", "--json", "--max-cost", "1"}, here));
  CHECK(text_at(dry, "/cells/0/prices_from").find("prices.yaml of 2026-05-01") !=
        std::string::npos);
  CHECK(number_at(dry, "/cells/0/cost_usd") > 0);
  CHECK(text_at(dry, "/calls") == "12");
  CHECK(server.requests() == before);
}

TEST_CASE("shards: parts in stores of their own become one run that is gated once") {
  const TemporaryFolder folder;
  const LoopbackServer server([](const Received& request) { return chat_reply(request, "1"); });
  write_project(folder, server.url(), "gate: {rules: [{metric: exact_match, min: 0.5}]}\n");
  const CliOptions here{.folder = folder.path()};
  const Value whole = json_of(run_cli({"eval", "--json", "--no-cache"}, here));
  for (const char* part : {"1", "2", "3"}) {
    const CliRun run = run_cli({"eval", "--no-cache", "--json", "--shard", std::string(part) + "/3",
                                "--store", std::string("part") + part},
                               here);
    CAPTURE(run.err);
    CHECK(run.code == 0);
    CHECK(text_at(json_of(run), "/run/samples") == "4");
    CHECK(find_path(json_of(run), "/verdict/rules/0") == nullptr);
  }
  CHECK(server.requests() == 2 * kCases);
  const CliRun short_of = run_cli({"runs", "merge", "part1", "part3"}, here);
  CHECK(short_of.code == 2);
  CHECK(short_of.err.find("part 2 of 3 is missing") != std::string::npos);
  CHECK(run_cli({"runs", "merge", "part1", "part2", "part2"}, here).code == 2);

  const CliRun merged = run_cli({"runs", "merge", "part1", "part2", "part3", "--json"}, here);
  CAPTURE(merged.err);
  CHECK(merged.code == 0);
  const Value document = json_of(merged);
  CHECK(text_at(document, "/verdict/outcome") == "pass");
  CHECK(text_at(document, "/run/samples") == "12");
  CHECK(text_at(document, "/run/calls/made") == "12");
  for (const char* path : {"/metrics/exact_match", "/usage/output_tokens"})
    CHECK(text_at(document, path) == text_at(whole, path));
  CHECK(run_cli({"baseline", "set", "last", "b.json"}, here).code == 0);
  const CliRun part = run_cli({"baseline", "set", "last", "c.json", "--store", "part1"}, here);
  CHECK(part.code == 2);
  CHECK(part.err.find("runs merge") != std::string::npos);
}

TEST_CASE("store: several processes write to one store at the same time") {
  const TemporaryFolder folder;
  const LoopbackServer server([](const Received& request) { return chat_reply(request, "1"); });
  write_project(folder, server.url(), "cache: false\n");
  const CliOptions here{.folder = folder.path()};
  constexpr int kProcesses = 6;
  std::vector<CliRun> runs(kProcesses);
  std::vector<std::thread> threads;
  for (int i = 0; i < kProcesses; ++i)
    threads.emplace_back([&, i] {
      runs[static_cast<std::size_t>(i)] = run_cli({"eval", "--json", "--concurrency", "1"}, here);
    });
  for (std::thread& thread : threads) thread.join();
  for (const CliRun& run : runs) {
    CAPTURE(run.err);
    CHECK(run.code == 0);
    CHECK(text_at(json_of(run), "/run/samples") == "12");
    CHECK(text_at(json_of(run), "/metrics/exact_match/mean") == "1.0");
  }
  CHECK(server.requests() == kProcesses * kCases);
  const Value list = json_of(run_cli({"runs", "list", "--json"}, here));
  CHECK(find_path(list, "/runs")->list()->size() == kProcesses);
}
