// Causes that a server was given, found from outside; a stall that an open loop must show.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <atomic>
#include <cmath>

#include "datasets/text/json.h"
#include "tests/support/loopback_server.h"
#include "tests/support/reference.h"
#include "tests/support/run_cli.h"

using namespace llmops;
using namespace llmops::test;
using namespace std::chrono_literals;

namespace {

struct Planted {
  int tokens = 10;
  std::chrono::nanoseconds gap{6ms}, fixed{10ms}, queue{0}, per_token{100us};
  double cached = 0;  // share of the input
};

// A server with these times, whose metrics page tells the queue.
class PlantedServer {
 public:
  explicit PlantedServer(const Planted& planted)
      : planted_(planted), http_([this](const Received& request) { return reply(request); }) {}
  std::string url() const { return http_.url() + "/v1"; }

 private:
  Reply reply(const Received& request) {
    if (request.path == "/metrics") {
      const double waited =
          static_cast<double>(asked_) * std::chrono::duration<double>(planted_.queue).count();
      return answer(200,
                    fmt::format("vllm:request_queue_time_seconds_sum {}\n"
                                "vllm:request_queue_time_seconds_count {}\n",
                                waited, asked_.load()),
                    {}, "text/plain");
    }
    if (!request.path.ends_with("/chat/completions")) return answer(404, "{}");
    ++asked_;
    const auto input = static_cast<std::int64_t>(last_user_text(request).size() / 4);
    const auto cached = static_cast<std::int64_t>(planted_.cached * static_cast<double>(input));
    ChatStream chat;
    for (int i = 0; i < planted_.tokens; ++i) chat.tokens.emplace_back("t ");
    chat.before_first = planted_.queue + planted_.fixed + (input - cached) * planted_.per_token;
    chat.gap = planted_.gap;
    Steps pieces = chat_pieces(chat);
    pieces[pieces.size() - 2].bytes = usage_event(input, planted_.tokens, cached);
    return stream(pieces);
  }

  const Planted planted_;
  std::atomic<std::int64_t> asked_{0};
  LoopbackServer http_;
};

Value document(const CliRun& run) {
  Result<Value> value = parse_json(run.out, "stdout");
  REQUIRE_MESSAGE(value, (run.out + run.err));
  return *std::move(value);
}

}  // namespace

TEST_CASE("bench: a planted cause is the one that is named, and the parts add up") {
  struct Row {
    const char* part;
    Planted before, after;
  };
  const Row rows[] = {
      {"output tokens",    {},              {.tokens = 20} },
      {"decode per token", {},              {.gap = 14ms}  },
      {"queue",            {},              {.queue = 80ms}},
      {"cached tokens",    {.cached = 0.9}, {.cached = 0}  },
  };
  for (const Row& row : rows) {
    CAPTURE(row.part);
    PlantedServer before(row.before), after(row.after);
    const TemporaryFolder folder;
    const CliRun run =
        run_cli({"bench", "--base-url", after.url(), "--against", before.url(), "--model", "tiny",
                 "--input-tokens", "600", "--input-stddev", "200", "--concurrency", "4",
                 "--requests", "40", "--repeat", "2", "--no-gpu", "--json"},
                {.folder = folder.path(), .limit = 110s});
    const Value json = document(run);
    CHECK(run.code == 0);  // nothing gates
    const Value* split = find_path(json, "/latency_cause/splits/0");
    REQUIRE(split != nullptr);
    const double change = find_path(*split, "change_ms")->number();
    CAPTURE(dump_json(*split));
    CHECK(change > 30);
    double sum = 0, largest = 0;
    std::string named;
    for (const Member& part : *find_path(*split, "parts_ms")->object()) {
      sum += part.value.number();
      if (std::abs(part.value.number()) <= std::abs(largest)) continue;
      largest = part.value.number();
      named = part.key;
    }
    CHECK(std::abs(sum - change) <= 0.01 * change);
    CHECK(named == row.part);
    CHECK(largest > 0.7 * change);
  }
}

TEST_CASE("bench: a card that was slower, throttled or shared is told from a slower build") {
  // What the card of the driver in tests/support tells, and how much slower its tokens come.
  struct Card {
    std::string mhz = "1500", reasons = "0", foreign = "0";
    std::chrono::nanoseconds gap{8ms};
  };
  struct Row {
    const char* part;
    Card after;
  };
  const Row rows[] = {
      {"hardware clock",   {.mhz = "1000", .gap = 12ms}                },
      {"throttling",       {.mhz = "1000", .reasons = "4", .gap = 12ms}},
      {"foreign process",  {.foreign = "33", .gap = 12ms}              },
      {"decode per token", {.gap = 12ms}                               },
  };
  const TemporaryFolder folder;
  const auto run = [&](const Card& card, const std::vector<std::string>& more) {
    PlantedServer server({.tokens = 20, .gap = card.gap});
    std::vector<std::string> command = {
        "bench",         "--base-url", server.url(), "--model", "tiny",  "--input-tokens", "300",
        "--concurrency", "2",          "--requests", "30",      "--gpu", "--json"};
    command.insert(command.end(), more.begin(), more.end());
    return run_cli(command, {
                                .folder = folder.path(),
                                .environment = {{"LLMOPS_NVML", LLMOPS_FAKE_NVML},
                                                {"FAKE_NVML_SM_MHZ", card.mhz},
                                                {"FAKE_NVML_REASONS", card.reasons},
                                                {"FAKE_NVML_FOREIGN", card.foreign}},
                                .limit = 110s
    });
  };
  CHECK(run({}, {"--save-baseline", "base.json"}).code == 0);
  for (const Row& row : rows) {
    CAPTURE(row.part);
    const Value json = document(run(row.after, {"--baseline", "base.json"}));
    const Value* split = find_path(json, "/latency_cause/splits/0");
    REQUIRE(split != nullptr);
    CAPTURE(dump_json(*split));
    const double change = find_path(*split, "change_ms")->number();
    CHECK(change > 40);
    double sum = 0;
    for (const Member& part : *find_path(*split, "parts_ms")->object()) {
      sum += part.value.number();
      if (part.key == row.part) CHECK(part.value.number() > 0.7 * change);
    }
    CHECK(std::abs(sum - change) <= 0.01 * change);
  }
}

TEST_CASE("bench: a server that stalls for two seconds shows it in the p99 of an open loop") {
  std::atomic<bool> begun{false};
  std::chrono::steady_clock::time_point start;
  LoopbackServer server([&](const Received& request) -> Reply {
    if (!request.path.ends_with("/chat/completions")) return answer(404, "{}");
    ChatStream chat;
    chat.tokens = {"a ", "b "};
    if (last_user_text(request).size() > 900) {  // of the load, not of the first look
      if (!begun.exchange(true)) start = request.at;
      const auto from = start + 1s, to = start + 3s;
      if (request.at >= from && request.at < to) chat.before_first = to - request.at;
    }
    return chat_stream(chat);
  });
  const TemporaryFolder folder;
  const CliRun run = run_cli({"bench", "--base-url", server.url() + "/v1", "--model", "tiny",
                              "--input-tokens", "1200", "--rate", "100", "--arrivals", "constant",
                              "--duration", "10s", "--most-in-flight", "4", "--no-gpu", "--json"},
                             {.folder = folder.path(), .limit = 110s});
  const Value json = document(run);
  // 200 of 1,000 requests were due during the stall; only four were on the wire.
  CHECK(find_path(json, "/points/0/figures/times/ttft_ms/p99")->number() > 1700);
  CHECK(find_path(json, "/points/0/figures/times/ttft_ms/p90")->number() > 500);
  CHECK(find_path(json, "/points/0/figures/times/service_ttft_ms/p90")->number() < 500);
}
