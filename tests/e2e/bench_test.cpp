// `bench` from outside, against a server of the test.
#include <doctest/doctest.h>

#include <algorithm>

#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "evaluators/metrics/text/schema.h"
#include "tests/support/loopback_server.h"
#include "tests/support/reference.h"
#include "tests/support/run_cli.h"

using namespace llmops;
using namespace llmops::test;
using namespace std::chrono_literals;

namespace {

// Streams `tokens` tokens; pages of metrics grow with the requests.
struct Server {
  std::chrono::nanoseconds first{10ms}, gap{2ms};
  int tokens = 4;
  LoopbackServer http{[this](const Received& request) {
    if (request.path == "/metrics") {
      const auto n = std::to_string(request.number);
      return answer(200,
                    "vllm:request_queue_time_seconds_sum{engine=\"0\"} " + n +
                        "\nvllm:request_queue_time_seconds_count{engine=\"0\"} " + n +
                        "\nvllm:num_requests_running 2\n",
                    {}, "text/plain");
    }
    ChatStream chat;
    for (int i = 0; i < tokens; ++i) chat.tokens.push_back("t ");
    chat.before_first = first;
    chat.gap = gap;
    chat.input_tokens = static_cast<std::int64_t>(last_user_text(request).size() / 4);
    return chat_stream(chat);
  }};
  std::string url() const { return http.url() + "/v1"; }
};

// On a machine without free processor time the client says that it was late, and decides nothing.
bool too_busy(const CliRun& run) {
  if (run.code != 0 || run.out.find("the client itself is late") == std::string::npos) return false;
  MESSAGE("[skipped] this machine is too busy to measure: the client itself is late");
  return true;
}

Value document(const CliRun& run) {
  Result<Value> value = parse_json(run.out, "stdout");
  REQUIRE_MESSAGE(value, (run.out + run.err));
  return *std::move(value);
}

std::string problem_by_schema(const Value& document) {
  const Result<Source> schema = read_source(repository("ci/serving/bench.schema.json"));
  REQUIRE(schema);
  const Result<Schema> compiled =
      Schema::compile(*parse_json(schema->text(), "schema"), "bench.schema.json");
  REQUIRE_MESSAGE(compiled, render(compiled.problems()));
  return compiled->problem(document).value_or("");
}

}  // namespace

TEST_CASE("bench: one screen, one document, files") {
  Server server;
  const TemporaryFolder folder;
  const CliOptions here{.folder = folder.path()};
  const std::vector<std::string> usual = {"bench", "--base-url", server.url(),  "--model",
                                          "tiny",  "--requests", "30",          "--input-tokens",
                                          "100",   "--no-gpu",   "--objective", "ttft=5s"};
  const CliRun screen = run_cli(usual, here);
  CHECK(screen.code == 0);
  CHECK(screen.out.find("concurrency 1: 30 requests, 0 failed") != std::string::npos);
  CHECK(screen.out.find("goodput       100.0 %") != std::string::npos);
  CHECK(screen.out.find("vllm          queue 1000 ms") != std::string::npos);
  CHECK(screen.out.find("own error") != std::string::npos);

  std::vector<std::string> more = usual;
  more.insert(more.end(), {"--json", "--csv", "r.csv", "--vllm-json", "v.json", "--html", "r.html",
                           "--concurrency", "1,2"});
  const Value json = document(run_cli(more, here));
  CHECK(problem_by_schema(json) == "");
  CHECK(find_path(json, "/points/1/name")->string()->substr(0) == "concurrency 2");
  CHECK(find_path(json, "/points/0/figures/requests")->number() == 30);
  CHECK(find_path(json, "/points/0/figures/times/ttft_ms/p50")->number() >= 10);
  // The made prompts have the wished length by the server's own count.
  CHECK(find_path(json, "/points/0/figures/input_tokens")->number() ==
        doctest::Approx(100).epsilon(0.05));
  const Result<Source> csv = read_source(folder.path() / "r.csv");
  REQUIRE(csv);
  CHECK(std::count(csv->text().begin(), csv->text().end(), '\n') >= 61);
  const Result<Source> vllm = read_source(folder.path() / "v.json");
  REQUIRE(vllm);
  const Result<Value> saved = parse_json(vllm->text(), "v.json");
  REQUIRE(saved);
  CHECK(find_path(*saved, "completed")->number() == 30);
  CHECK(find_path(*saved, "median_ttft_ms")->number() >= 10);
  CHECK(find_path(*saved, "request_rate")->string()->substr(0) == "inf");
  CHECK(find_path(*saved, "/itls/0")->list()->size() == 3);
  CHECK(find_path(*saved, "mean_itl_ms")->number() >= 2);
  CHECK(find_path(*saved, "total_output_tokens")->number() == 120);
  const Result<Source> page = read_source(folder.path() / "r.html");
  REQUIRE(page);
  CHECK(page->text().find("Time to first token") != std::string::npos);
  CHECK(page->text().find("Throughput and latency") != std::string::npos);
  CHECK(page->text().find("<script") == std::string::npos);
  CHECK(page->text().find("style=") == std::string::npos);
}

TEST_CASE("bench: a slower server fails against its baseline and is told why") {
  Server server;
  const TemporaryFolder folder;
  const CliOptions here{.folder = folder.path()};
  folder.write("bench.yaml", "model: {provider: openai, base_url: '" + server.url() +
                                 "', name: tiny}\n"
                                 "workload: {input_tokens: 50, output_tokens: 8}\n"
                                 "load: {concurrency: 2, requests: 60}\n"
                                 "telemetry: {gpu: false, metrics_url: '-'}\n"
                                 "gate:\n  baseline: base.json\n  rules:\n"
                                 "    - {metric: ttft_p50, max_increase: 200%}\n"
                                 "    - {metric: error_rate, max: 20%}\n");
  const CliRun first = run_cli({"bench", "bench.yaml"}, here);
  CHECK(first.code == 2);  // no baseline yet, and nothing was asked
  CHECK(first.err.find("llmops bench ... --no-gate --save-baseline") != std::string::npos);
  CHECK(server.http.requests() == 0);
  const CliRun accepted =
      run_cli({"bench", "bench.yaml", "--no-gate", "--save-baseline", "base.json"}, here);
  CHECK_MESSAGE(accepted.code == 0, (accepted.out + accepted.err));
  const CliRun same = run_cli({"bench", "bench.yaml"}, here);
  CHECK_MESSAGE(same.code == 0, (same.out + same.err));
  server.first = 90ms;
  const CliRun slower = run_cli({"bench", "bench.yaml", "--save-baseline", "next.json"}, here);
  if (too_busy(slower)) return;
  CHECK(slower.err.find("next.json was not written: the load failed its gate") !=
        std::string::npos);
  CHECK_FALSE(std::filesystem::exists(folder.path() / "next.json"));
  CHECK_MESSAGE(slower.code == 1, (slower.out + slower.err));
  CHECK(slower.out.find("FAIL: ttft_p50") == 0);
  CHECK(slower.out.find("queue and fixed") != std::string::npos);
}

TEST_CASE("bench: two servers in turns") {
  Server fast, slow;
  slow.gap = 12ms;
  const TemporaryFolder folder;
  folder.write("bench.yaml", "model: {provider: openai, base_url: '" + slow.url() +
                                 "', name: tiny}\nagainst: {provider: openai, base_url: '" +
                                 fast.url() +
                                 "', name: tiny}\n"
                                 "workload: {input_tokens: 30}\n"
                                 "load: {concurrency: 2, requests: 12, repeat: 4}\n"
                                 "telemetry: {gpu: false, metrics_url: '-'}\n"
                                 "gate:\n  rules:\n    - {metric: tpot_p50, max_increase: 50%}\n");
  const CliRun run = run_cli({"bench", "bench.yaml"}, {.folder = folder.path()});
  if (too_busy(run)) return;
  CHECK_MESSAGE(run.code == 1, (run.out + run.err));
  CHECK(run.out.find("over 4 rounds") != std::string::npos);
  // Every time has its bounds over rounds, also where nothing gates.
  const CliRun alone = run_cli({"bench", "bench.yaml", "--no-gate", "--json", "--repeat", "2"},
                               {.folder = folder.path()});
  CHECK(alone.code == 0);
  const Value json = document(alone);
  const Value* tpot = find_path(json, "/rounds/2");
  REQUIRE(tpot != nullptr);
  CHECK(*tpot->find("metric")->string() == "tpot");
  CHECK(tpot->find("rounds")->number() == 2);
  CHECK(tpot->find("ratio")->number() > 2);
  CHECK(find_path(json, "/verdict") == nullptr);
  CHECK(find_path(json, "/comparison/metrics/tpot/candidate_mean")->number() >
        find_path(json, "/comparison/metrics/tpot/baseline_mean")->number());
  CHECK(find_path(json, "/comparison/metrics/tpot/interval") == nullptr);
  CHECK(problem_by_schema(json) == "");
}

TEST_CASE("bench: the screen on a terminal has a line for each thing, and leaves none behind") {
  Server server;
  server.first = 40ms;
  server.tokens = 20;
  const TemporaryFolder folder;
  const std::string command =
      "llmops bench --base-url " + server.url() +
      " --model tiny --input-tokens 20 --rate 20 --duration 1200ms --no-gpu --metrics-url -";
  CliOptions here{.folder = folder.path(), .environment = {{"TERM", "xterm"}}};
  const CliRun run = run_program({"script", "-qec", command, "/dev/null"}, here);
  CHECK(run.code == 0);
  for (const char* line : {"rate 20/s", "answered/s", "in flight ", "ttft       p50",
                           "tpot       p50", "output tokens/s", "errors     0"}) {
    CAPTURE(line);
    CHECK(run.out.find(line) != std::string::npos);
  }
  // Four frames a second at most, and the last one, which wipes them.
  std::size_t frames = 0;
  for (std::size_t at = 0; (at = run.out.find("\x1b[?7l", at)) != std::string::npos; ++at) ++frames;
  CHECK(frames >= 2);
  CHECK(frames <= 11);  // the last answers take their time, too
  const std::size_t last = run.out.rfind("\x1b[?7h");
  REQUIRE(last != std::string::npos);
  CHECK(run.out.find("\x1b", last + 1) == std::string::npos);
  CHECK(run.out.find("requests, 0 failed", last) != std::string::npos);
  // Quiet on the same terminal: the answer alone.
  const CliRun quiet = run_program({"script", "-qec", command + " --quiet", "/dev/null"}, here);
  CHECK(quiet.out.find('\x1b') == std::string::npos);
}

TEST_CASE("bench: ShareGPT's answers say how long theirs are to be; Ollama tells its times") {
  const TemporaryFolder folder;
  folder.write(
      "s.json",
      R"([{"conversations":[{"from":"human","value":"hi there"},{"from":"gpt","value":"one two three four five six"}]}])");
  LoopbackServer ollama([](const Received& request) -> Reply {
    if (request.path != "/api/chat") return answer(404, "{}");
    return std::make_shared<const Steps>(Steps{
        {chunked_head(200, "application/x-ndjson") +
         http_chunk(R"({"model":"tiny","message":{"role":"assistant","content":"a"},"done":false})"
                    "\n")},
        {http_chunk(R"({"message":{"content":"b"},"done":false})"
                    "\n"),
         5ms},
        {http_chunk(R"({"message":{"content":""},"done":true,"done_reason":"stop",)"
                    R"("total_duration":9000000,"load_duration":1000000,"prompt_eval_count":5,)"
                    R"("prompt_eval_duration":2000000,"eval_count":2,"eval_duration":4000000})"
                    "\n") +
         std::string(kLastChunk)             }
    });
  });
  const CliRun run =
      run_cli({"bench", "--provider", "ollama", "--base-url", ollama.url(), "--model", "tiny",
               "--dataset", "s.json", "--requests", "5", "--no-gpu", "--json", "--csv", "r.csv"},
              {.folder = folder.path()});
  const Value json = document(run);
  CHECK(run.code == 0);
  CHECK(find_path(json, "/points/0/figures/times/server_queue_ms/p50")->number() == 3);
  CHECK(find_path(json, "/points/0/figures/times/server_prefill_ms/p50")->number() == 2);
  CHECK(find_path(json, "/points/0/figures/times/server_decode_ms/p50")->number() == 4);
  CHECK(find_path(json, "/points/0/figures/output_tokens_off")->number() > 1);
  std::string last;  // question; pages are asked for behind it
  for (const Received& request : ollama.log())
    if (request.path == "/api/chat") last = request.body;
  const Result<Value> body = parse_json(last, "body");
  REQUIRE(body);
  const double asked = find_path(*body, "/options/num_predict")->number();
  CHECK(asked >= 5);
  CHECK(asked <= 12);
  const Result<Source> csv = read_source(folder.path() / "r.csv");
  REQUIRE(csv);
  CHECK(csv->text().find("3.000,2.000,4.000\n") != std::string::npos);
}

TEST_CASE("bench: a sweep finds a rate that keeps the objective") {
  Server server;
  const TemporaryFolder folder;
  folder.write("bench.yaml", "model: {provider: openai, base_url: '" + server.url() +
                                 "', name: tiny}\n"
                                 "workload: {input_tokens: 30}\n"
                                 "load: {sweep: true, stage: 1.2s, most_in_flight: 1}\n"
                                 "objectives: {ttft: 150ms}\n"
                                 "telemetry: {gpu: false, metrics_url: '-'}\n");
  const CliRun run = run_cli({"bench", "bench.yaml", "--json"},
                             {.folder = folder.path(), .limit = std::chrono::seconds(110)});
  const Value json = document(run);
  CHECK(run.code == 0);
  // One request at a time, of about 20 ms: at most 60 a second.
  CHECK(find_path(json, "best_rate")->number() > 5);
  CHECK(find_path(json, "best_rate")->number() < 90);
}

TEST_CASE("bench: a trace gives arrivals and lengths; a cool-down adds nothing to the figures") {
  Server server;
  const TemporaryFolder folder;
  std::string trace;
  for (int i = 0; i < 20; ++i)
    trace += "{\"timestamp\": " + std::to_string(20 * i) +
             ", \"input_length\": " + std::to_string(i % 2 == 0 ? 100 : 300) +
             ", \"output_length\": 4}\n";
  folder.write("trace.jsonl", trace);
  const CliRun run = run_cli({"bench", "--base-url", server.url(), "--model", "tiny", "--trace",
                              "trace.jsonl", "--trace-unit", "ms", "--no-gpu", "--json"},
                             {.folder = folder.path()});
  const Value json = document(run);
  CHECK(run.code == 0);
  CHECK(find_path(json, "/points/0/name")->string()->substr(0) == "trace");
  CHECK(find_path(json, "/points/0/figures/requests")->number() == 20);
  CHECK(find_path(json, "/points/0/figures/input_tokens")->number() ==
        doctest::Approx(200).epsilon(0.05));
  const Value cooled = document(run_cli(
      {"bench", "--base-url", server.url(), "--model", "tiny", "--requests", "10", "--concurrency",
       "2", "--cool-down", "2s", "--no-gpu", "--input-tokens", "20", "--json"},
      {.folder = folder.path()}));
  CHECK(find_path(cooled, "/points/0/figures/requests")->number() == 10);
}

TEST_CASE("bench: the client measures itself") {
  const TemporaryFolder folder;
  const CliRun run =
      run_cli({"bench", "--self-test", "--concurrency", "8", "--json"}, {.folder = folder.path()});
  const Value json = document(run);
  CHECK(run.code == 0);
  CHECK(find_path(json, "/self_test/0/streams")->number() == 8);
  CHECK(find_path(json, "/self_test/0/tokens")->number() == 480);
  CHECK(find_path(json, "/self_test/0/failed")->number() == 0);
  CHECK(find_path(json, "/self_test/0/ttft_error_ms/p50")->number() > 0);
  CHECK(find_path(json, "/self_test/0/cpu_us_per_token")->number() > 0);
}

TEST_CASE("bench: what is wrong is told before anything is asked") {
  const TemporaryFolder folder;
  const CliOptions here{.folder = folder.path()};
  CHECK(run_cli({"bench"}, here).err.find("no server is named") != std::string::npos);
  const CliRun both = run_cli(
      {"bench", "--base-url", "http://127.0.0.1:1/v1", "--concurrency", "1", "--rate", "2"}, here);
  CHECK(both.code == 2);
  CHECK(both.err.find("both a concurrency and a rate are given") != std::string::npos);
  const CliRun nobody =
      run_cli({"bench", "--base-url", "http://127.0.0.1:1/v1", "--model", "x"}, here);
  CHECK(nobody.code == 2);
  CHECK(nobody.err.find("did not answer the first request") != std::string::npos);
  folder.write("b.yaml",
               "model: {provider: openai, base_url: 'http://127.0.0.1:1/v1', name: x}\n"
               "load: {concurency: 3}\n");
  CHECK(run_cli({"bench", "b.yaml"}, here).err.find("did you mean `concurrency`?") !=
        std::string::npos);
}
