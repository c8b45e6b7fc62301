// A server that fails in every way: nothing hangs, nothing is paid twice, every fault is counted.
#include <doctest/doctest.h>
#include <signal.h>

#include <map>
#include <mutex>
#include <thread>

#include "datasets/random.h"
#include "datasets/text/files.h"
#include "evaluators/store/store.h"
#include "tests/e2e/live_project.h"
#include "tests/support/loopback_server.h"

using namespace llmops;
using namespace llmops::test;
using namespace std::chrono_literals;

namespace {

constexpr Step::Action kCut = Step::Action::close;
constexpr Step::Action kReset = Step::Action::reset;
constexpr Step::Action kStall = Step::Action::stall;

// Ten ways to fail, and the class that each is counted as.
struct Fault {
  const char* counted_as;
  Reply (*reply)();
};
const Fault kFaults[] = {
    {"rate_limited",
     [] { return answer(429, R"({"error":{"message":"slow down"}})", {"retry-after-ms: 5"}); }     },
    {"server_error",           [] { return answer(500, R"({"error":{"message":"crash"}})"); }      },
    {"overloaded",             [] { return answer(529, R"({"error":{"message":"busy"}})"); }       },
    {"reset",                  [] { return Reply(); }                                              },
    {"truncated",
     [] { return stream({{role_event()}, {text_event("half")}, {"", 0ns, kCut}}); }                },
    {"reset",
     [] { return stream({{role_event()}, {text_event("half")}, {"", 0ns, kReset}}); }              },
    {"error_in_stream",
     [] {
       return stream({{text_event("half")}, {"data: {\"error\":{\"message\":\"lost\"}}\n\n"}});
     }                                                                                             },
    {"wrong_content_type",     [] { return answer(200, "<html>gateway</html>", {}, "text/html"); } },
    {"bad_json",               [] { return answer(200, "{\"choices\":["); }                        },
    {"timeout_first_token",    [] { return stream({{role_event()}, {"", 0ns, kStall}}); }          },
};

}  // namespace

TEST_CASE("faults: of 2,000 calls 30 % of the attempts fail in ten ways, and all are answered once") {
  constexpr int kCalls = 2000;
  Random random(7);
  std::map<std::string, int> answered;             // question -> whole answers; server's thread
  std::map<std::string, std::int64_t> counted;     // class -> attempts
  std::int64_t attempts = 0;
  const TemporaryFolder folder;
  {
    const LoopbackServer server([&](const Received& request) {
      ++attempts;
      if (random.uniform() < 0.3) {
        const Fault& fault = kFaults[random.below(std::size(kFaults))];
        ++counted[fault.counted_as];
        return fault.reply();
      }
      ++answered[last_user_text(request)];
      return chat_reply(request, "1");
    });
    write_live_project(folder, server.url(), kCalls,
                       "name: m, limits: {concurrency: 64}, timeout: {first_token: 500ms}, "
                       "retries: {max: 20, base: 1ms, cap: 20ms}");
    const CliRun run = run_cli({"eval", "--json"}, {.folder = folder.path()});
    CAPTURE(run.err);
    CHECK(run.code == 0);
    const Value document = json_of(run);
    CHECK(text_at(document, "/run/samples") == "2000");
    CHECK(text_at(document, "/metrics/exact_match/n") == "2000");
    CHECK(text_at(document, "/metrics/exact_match/mean") == "1.0");
    CHECK(text_at(document, "/run/calls/failed") == "0");
    CHECK(text_at(document, "/run/calls/made") == std::to_string(attempts));
    CHECK(text_at(document, "/run/calls/retried") == std::to_string(attempts - kCalls));
    CHECK(answered.size() == kCalls);
    for (const auto& [question, times] : answered) {
      CAPTURE(question);
      CHECK(times == 1);
    }
    std::int64_t faults = 0;
    for (const auto& [kind, times] : counted) {
      faults += times;
      CAPTURE(kind);
      CHECK(text_at(document, ("/run/faults/" + kind).c_str()) == std::to_string(times));
    }
    CHECK(find_path(document, "/run/faults")->object()->size() == counted.size());
    CHECK(faults == attempts - kCalls);
    CHECK(static_cast<double>(faults) > 0.27 * static_cast<double>(attempts));
  }
  const CliRun shown = run_cli({"runs", "show", "last"}, {.folder = folder.path()});
  CHECK(shown.out.find("failed attempts, those that a retry mended too: ") != std::string::npos);
}

TEST_CASE("watchdog: no fault of the server holds a run past its deadline") {
  struct Row {
    const char* why;
    Reply reply;
  };
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
  Steps trickle = {{chunked_head()}, {http_chunk(role_event())}};
  for (int i = 0; i < 2000; ++i) trickle.push_back({http_chunk(text_event("x")), 20ms});
  Steps drops = {{head + "Content-Length: 100000\r\n\r\n"}};
  for (int i = 0; i < 2000; ++i) drops.push_back({" ", 20ms});
  Steps comments = {{chunked_head()}};
  for (int i = 0; i < 2000; ++i) comments.push_back({http_chunk(": still here\n\n"), 20ms});
  const auto steps = [](Steps all) { return std::make_shared<const Steps>(std::move(all)); };
  const Row rows[] = {
      {"says nothing",                steps({{"", 0ns, kStall}})                                 },
      {"stops within the headers",    steps({{"HTTP/1.1 200 OK\r\nContent-"}, {"", 0ns, kStall}})},
      {"stops after the headers",     steps({{head + "Content-Length: 9\r\n\r\n"}, {"", 0ns, kStall}})},
      {"stops within the body",
       steps({{head + "Content-Length: 9\r\n\r\n{\"a"}, {"", 0ns, kStall}})                      },
      {"stops within a chunk",        steps({{chunked_head() + "ff\r\nda"}, {"", 0ns, kStall}})  },
      {"a stream that stops",         stream({{role_event()}, {text_event("x")}, {"", 0ns, kStall}})},
      {"a stream without an end",     steps(trickle)                                             },
      {"a body drop by drop",         steps(drops)                                               },
      {"comments without an end",     steps(comments)                                            },
      {"finished, but never closed",
       stream({{text_event("x")}, {finish_event()}, {"", 0ns, kStall}})                          },
      {"come back in an hour",        answer(429, "{}", {"retry-after: 3600"})                   },
      {"always busy",                 answer(503, "{}")                                          },
      {"always closed",               nullptr                                                    },
      {"redirects to itself",         answer(302, "", {"Location: /v1/chat/completions"})        },
      {"informational without an end", steps({{"HTTP/1.1 100 Continue\r\n\r\n"}, {"", 0ns, kStall}})},
      {"no HTTP",                     steps({{"220 mail ready\r\n"}, {"", 0ns, kStall}})         },
  };
  std::vector<std::thread> threads;
  std::vector<CliRun> runs(std::size(rows));
  for (std::size_t i = 0; i < std::size(rows); ++i)
    threads.emplace_back([&, i] {
      const LoopbackServer server([&](const Received&) { return rows[i].reply; });
      const TemporaryFolder folder;
      write_live_project(folder, server.url(), 6,
                         "name: m, limits: {concurrency: 4}, retries: {max: 1000, cap: 1s}, "
                         "timeout: {connect: 1h, first_token: 1h, between_tokens: 1h, total: 1h}");
      runs[i] = run_cli({"eval", "--max-time", "1500ms", "--json"},
                        {.folder = folder.path(), .limit = 30s});
    });
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    CAPTURE(rows[i].why);
    CAPTURE(runs[i].err);
    CHECK_FALSE(runs[i].timed_out);
    // A redirect or a text that is no HTTP fails at once; such a run is incomplete, too.
    CHECK((runs[i].code == 3 || std::string(rows[i].why) == "finished, but never closed"));
  }
}

TEST_CASE("watchdog: a name server that never answers does not hold the program") {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  MESSAGE("[skipped] a sanitizer's runtime must be the first library");
#else
  const TemporaryFolder folder;
  write_live_project(folder, "http://nowhere.test", 3,
                     "name: m, timeout: {connect: 1h, total: 1h}");
  const CliRun run =
      run_cli({"eval", "--max-time", "500ms"},
              {.folder = folder.path(), .environment = {{"LD_PRELOAD", LLMOPS_SLOW_RESOLVER}}, .limit = 20s});
  CAPTURE(run.err);
  CHECK_FALSE(run.timed_out);
  CHECK(run.code == 3);
#endif
}

TEST_CASE("Ctrl-C: once keeps everything and says how to go on, twice leaves now") {
  struct Row {
    const char* why;
    std::chrono::milliseconds second;  // signal, after the first; 0: none
    std::chrono::milliseconds answer_takes;
    int cases, at_once;
    bool twice;
  };
  const Row rows[] = {
      {"once",                                    0ms,   15ms,  200, 2, false},
      {"once, to the process and to its group",   1ms,   15ms,  200, 2, false},
      {"twice",                                   100ms, 400ms, 40,  8, true },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const LoopbackServer server([&](const Received&) {
      return answer_after(row.answer_takes, 200, chat_json("1", 1, 1));
    });
    const TemporaryFolder folder;
    write_live_project(folder, server.url(), row.cases,
                       "name: m, limits: {concurrency: " + std::to_string(row.at_once) + "}");
    CliOptions options{.folder = folder.path(), .limit = 20s};
    options.signals = {
        {600ms, SIGINT}
    };
    if (row.second.count() > 0) options.signals.push_back({600ms + row.second, SIGINT});
    const CliRun cut = run_cli({"eval", "--json"}, options);
    CAPTURE(cut.err);
    if (!row.twice && cut.signalled.size() == 2 && cut.signalled[1] - cut.signalled[0] > 40ms) {
      MESSAGE("[skipped] the machine is too busy to send two signals at the same time");
      continue;
    }
    CHECK(cut.code == 3);
    const std::int64_t asked = server.requests();
    CHECK(asked < row.cases);
    std::int64_t stored = 0;
    {
      const Store store(folder.path() / ".llmops");
      stored = store.count(store.find_run("last")->header.id).samples;
    }
    CHECK(cut.err.find("--resume") != std::string::npos);
    if (row.twice)
      CHECK(cut.err.find("left at once") != std::string::npos);
    else
      CHECK(text_at(json_of(cut), "/run/why_incomplete") == "interrupted");
    const CliRun rest =
        run_cli({"eval", "--resume", "last", "--json"}, {.folder = folder.path(), .limit = 60s});
    CAPTURE(rest.err);
    CHECK(rest.code == 0);
    CHECK(text_at(json_of(rest), "/run/samples") == std::to_string(row.cases));
    // What was stored is not asked for again. Once keeps every answer; twice drops what is in
    // flight, and the server may hear of the last of it only now.
    const std::int64_t again = server.requests() - asked;
    CHECK(again >= row.cases - stored);
    CHECK(again <= row.cases - stored + (row.twice ? row.at_once : 0));
    if (!row.twice) CHECK(stored == asked);
  }
}

TEST_CASE("Ctrl-C: a server that says nothing does not keep the program") {
  const LoopbackServer server(
      [](const Received&) { return std::make_shared<const Steps>(Steps{{"", 0ns, kStall}}); });
  const TemporaryFolder folder;
  write_live_project(folder, server.url(), 20);
  const CliRun run = run_cli({"eval"}, {.folder = folder.path(), .limit = 20s, .signals = {{500ms, SIGTERM}}});
  CAPTURE(run.err);
  CHECK_FALSE(run.timed_out);
  CHECK(run.code == 3);
}

TEST_CASE("resume: one process at a time works on a run") {
  const LoopbackServer server([](const Received&) {
    return answer_after(100ms, 200, chat_json("1", 1, 1));
  });
  const TemporaryFolder folder;
  write_live_project(folder, server.url(), 40, "name: m, limits: {concurrency: 2}");
  const CliOptions here{.folder = folder.path()};
  CHECK(run_cli({"eval", "--max-time", "500ms"}, here).code == 3);
  CliRun first;
  std::thread thread([&] { first = run_cli({"eval", "--resume", "last"}, here); });
  while (std::filesystem::directory_iterator(folder.path() / ".llmops") !=
             std::filesystem::directory_iterator() &&
         [&] {
           for (const auto& entry : std::filesystem::directory_iterator(folder.path() / ".llmops"))
             if (entry.path().extension() == ".lock") return false;
           return true;
         }())
    std::this_thread::sleep_for(5ms);
  const CliRun second = run_cli({"eval", "--resume", "last"}, here);
  thread.join();
  CHECK(first.code == 0);
  CHECK(second.code == 2);
  CHECK(second.err.find("another process is working on run") != std::string::npos);
}

TEST_CASE("progress: one line on a terminal, nothing with --quiet") {
  const LoopbackServer server([](const Received&) {
    return answer_after(60ms, 200, chat_json("1", 1, 5));
  });
  const TemporaryFolder folder;
  write_live_project(folder, server.url(), 25, "name: gpt-4o, limits: {concurrency: 1}", "cache: false\n");
  const CliOptions terminal{.folder = folder.path(), .environment = {{"TERM", "xterm"}}};
  const CliRun live = run_program({"script", "-qec", "llmops eval", "/dev/null"}, terminal);
  CAPTURE(live.out);
  CHECK(live.code == 0);
  CHECK(live.out.find("\r\x1b[K") != std::string::npos);
  for (const char* part : {"/25 samples", "1 in flight", "tokens/s", "$0.00", "ETA "})
    CHECK_MESSAGE(live.out.find(part) != std::string::npos, part);
  const CliRun quiet = run_program({"script", "-qec", "llmops eval --quiet", "/dev/null"}, terminal);
  CHECK(quiet.out.find("samples") == std::string::npos);
  CHECK(run_cli({"eval"}, {.folder = folder.path()}).err.find("ETA") == std::string::npos);
}
