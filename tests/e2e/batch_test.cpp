// `eval --batch` against a server with batches: half the price, nothing asked twice, found again.
#include <doctest/doctest.h>
#include <signal.h>

#include <mutex>

#include "datasets/text/files.h"
#include "tests/e2e/live_project.h"
#include "tests/support/fake_batches.h"

using namespace llmops;
using namespace llmops::test;
using namespace std::chrono_literals;

namespace {

// A server with batches; questions that end in 7 are refused by the model.
struct Server {
  std::mutex mutex;  // of `batches`
  FakeBatches batches{[](const std::string& body) -> std::pair<int, std::string> {
    Received request;
    request.body = body;
    if (last_user_text(request).ends_with("7"))
      return {400, R"({"error":{"message":"not that one","type":"invalid_request_error"}})"};
    return {200, chat_json("1", 1'000'000, 1'000'000)};
  }};
  std::function<Reply(const Received&)> before = [](const Received&) { return Reply(); };
  LoopbackServer server{[this](const Received& request) -> Reply {
    const std::lock_guard lock(mutex);
    if (Reply other = before(request)) return other;
    Reply reply = batches.reply(request);
    return reply ? reply : chat_reply(request, "1");
  }};
};

constexpr const char* kModel =
    "name: m, price: {input: 2, output: 4}, api_key_env: TEST_LLMOPS_KEY";

CliOptions in(const TemporaryFolder& folder) {
  return {.folder = folder.path(), .environment = {{"TEST_LLMOPS_KEY", "sk-batch-5151515151"}}};
}

}  // namespace

TEST_CASE("batch: half the price, no times, failures among the answers") {
  Server server;
  server.batches.unanswered = 1;
  const TemporaryFolder folder;
  write_live_project(folder, server.server.url(), 20, kModel,
                     "gate: {rules: [{metric: error_rate, max: 50%}]}\n");
  const CliRun run = run_cli({"eval", "--batch", "--json", "--samples-out", "s.jsonl"}, in(folder));
  CAPTURE(run.err);
  const Value document = json_of(run);
  CHECK(text_at(document, "/run/samples") == "20");
  CHECK(text_at(document, "/run/calls/failed") == "3");  // q7, q17, and q19 without a line
  CHECK(text_at(document, "/metrics/exact_match/mean") == "1.0");
  CHECK(number_at(document, "/run/cost_usd") == doctest::Approx(17 * 3.0));  // half of 2 + 4
  CHECK(find_path(document, "/latency/e2e_ms/mean") == nullptr);
  CHECK(run.err.find("batch batch_0 of 20 calls is with the server") != std::string::npos);
  CHECK(server.batches.batches() == 1);
  const std::string samples = read_source(folder.path() / "s.jsonl")->text();
  CHECK(samples.find("\"error\":\"bad_request\"") != std::string::npos);
  for (const Received& request : server.server.log()) {
    CHECK(request.header("authorization") == "Bearer sk-batch-5151515151");
    CHECK(request.path != "/v1/chat/completions");
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path()))
    if (entry.is_regular_file())
      CHECK(read_source(entry.path())->text().find("sk-batch") == std::string::npos);
  // What was answered is in the response cache; the rest is asked again, without a batch of 20.
  const CliRun again = run_cli({"eval", "--batch", "--json"}, in(folder));
  CHECK(text_at(json_of(again), "/run/calls/cached") == "17");
}

TEST_CASE("batch: a run that is interrupted or killed finds its batch again") {
  for (const int signal : {SIGINT, SIGKILL}) {
    CAPTURE(signal);
    Server server;
    server.batches.looks = 1'000'000;
    const TemporaryFolder folder;
    write_live_project(folder, server.server.url(), 30, kModel);
    // Until one lives long enough to send its batch.
    for (auto after = 500ms; server.batches.batches() == 0; after *= 2) {
      CliOptions options = in(folder);
      options.signals = {
          {after, signal}
      };
      const CliRun cut = run_cli({"eval", "--batch", "--json"}, options);
      CAPTURE(cut.err);
      if (signal != SIGINT || server.batches.batches() == 0) continue;
      CHECK(cut.code == 3);
      CHECK(cut.err.find("--resume") != std::string::npos);
    }
    REQUIRE(server.batches.batches() == 1);
    const CliRun without = run_cli({"eval", "--resume", "last"}, in(folder));
    CHECK(without.code == 2);
    CHECK(without.err.find("add --batch") != std::string::npos);
    {
      const std::lock_guard lock(server.mutex);
      server.batches.looks = 0;
    }
    const CliRun rest = run_cli({"eval", "--batch", "--resume", "last", "--json"}, in(folder));
    CAPTURE(rest.err);
    CHECK(rest.err.find("batch batch_0 of 30 calls is found again") != std::string::npos);
    CHECK(text_at(json_of(rest), "/run/samples") == "30");
    CHECK(server.batches.batches() == 1);
    for (const auto& asked : server.batches.asked()) CHECK(asked.second == 1);
  }
}

TEST_CASE("batch: a run that dies while the server makes its batch finds it by its mark") {
  Server server;
  bool lose = true;
  const TemporaryFolder folder;
  write_live_project(folder, server.server.url(), 10, kModel);
  server.before = [&](const Received& request) -> Reply {
    if (!lose || request.path != "/v1/batches" || request.method != "POST") return nullptr;
    lose = false;
    server.batches.reply(request);  // it is made, and the answer is lost
    return std::make_shared<const Steps>(Steps{
        {"", 0ns, Step::Action::reset}
    });
  };
  const CliRun cut = run_cli({"eval", "--batch"}, in(folder));
  CAPTURE(cut.err);
  CHECK(cut.code == 3);
  CHECK(server.batches.batches() == 1);  // not made a second time on the chance
  const CliRun rest = run_cli({"eval", "--batch", "--resume", "last", "--json"}, in(folder));
  CAPTURE(rest.err);
  CHECK(text_at(json_of(rest), "/run/samples") == "10");
  CHECK(server.batches.batches() == 1);
}

TEST_CASE("batch: what cannot be, is said") {
  struct Row {
    const char* why;
    const char* model;
    const char* more;
    int code;
    const char* said;
  };
  const Row rows[] = {
      {"a rule on times",              "name: m",                  "gate: {rules: [{metric: latency_p95, max: 3}]}\n", 2,
       "the gate has rules on times"                                                                                                      },
      {"another provider",             "name: m, record: r.jsonl", "",                                                 2, "has no batches"},
      {"the server refuses the batch", "name: m",                  "",                                                 3,
       "batch batch_0 was refused: too many lines"                                                                                        },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    Server server;
    server.batches.refusal = "too many lines";
    const TemporaryFolder folder;
    write_live_project(folder, server.server.url(), 3, row.model, row.more);
    const CliRun run = run_cli({"eval", "--batch"}, {.folder = folder.path()});
    CHECK(run.code == row.code);
    CAPTURE(run.err);
    CHECK(run.err.find(row.said) != std::string::npos);
  }
  // A server without batches, and one that wants another key.
  for (const auto& [status, said] : {
           std::pair{404, "the server may have no batches: ask without --batch"},
           std::pair{401, "the server wants a key"                             }
  }) {
    Server server;
    server.before = [&](const Received&) {
      return answer(status, R"({"error":{"message":"no"}})");
    };
    const TemporaryFolder folder;
    write_live_project(folder, server.server.url(), 3, "name: m");
    const CliRun run = run_cli({"eval", "--batch"}, {.folder = folder.path()});
    CAPTURE(run.err);
    CHECK(run.code == 3);
    CHECK(run.err.find(said) != std::string::npos);
    CHECK(server.server.requests() == 1);
  }
}

TEST_CASE("batch: a budget bounds what is sent, --dry-run tells half the price") {
  Server server;
  const TemporaryFolder folder;
  write_live_project(folder, server.server.url(), 20,
                     "name: m, price: {input: 0, output: 2000000}, parameters: {max_tokens: 1}");
  const CliRun run =
      run_cli({"eval", "--batch", "--max-cost", "5", "--json"}, {.folder = folder.path()});
  CAPTURE(run.err);
  CHECK(run.code == 3);
  CHECK(server.batches.asked().size() == 5);  // a dollar each
  const CliRun whole = run_cli({"eval", "--dry-run", "--no-cache"}, {.folder = folder.path()});
  const CliRun half =
      run_cli({"eval", "--dry-run", "--no-cache", "--batch"}, {.folder = folder.path()});
  CAPTURE(whole.out);
  CAPTURE(half.out);
  CHECK(half.out.find("0.5 of it by batch") != std::string::npos);
}

namespace {

// A server with message batches. Questions that end in 7 are errors, in 8 expired.
struct MessageServer {
  std::mutex mutex;  // of `batches`
  FakeMessageBatches batches{[](const std::string& params) -> std::string {
    CHECK(params.find("\"max_tokens\":") != std::string::npos);
    if (params.find("\"stream\":true") != std::string::npos) return R"({"type":"unasked"})";
    if (params.find("7\"") != std::string::npos)
      return R"({"type":"errored","error":{"type":"error","error":)"
             R"({"type":"invalid_request_error","message":"not that one"}}})";
    if (params.find("8\"") != std::string::npos) return R"({"type":"expired"})";
    return R"({"type":"succeeded","message":{"id":"msg_1","type":"message","role":"assistant",)"
           R"("model":"claude","content":[{"type":"text","text":"1"}],"stop_reason":"end_turn",)"
           R"("usage":{"input_tokens":1000000,"output_tokens":1000000}}})";
  }};
  std::function<Reply(const Received&)> before = [](const Received&) { return Reply(); };
  LoopbackServer server{[this](const Received& request) -> Reply {
    const std::lock_guard lock(mutex);
    if (Reply other = before(request)) return other;
    return batches.reply(request);
  }};

  void write_project(const TemporaryFolder& folder, int cases, const std::string& more = "") const {
    write_live_project(folder, server.url(), cases);
    folder.write("llmops.yaml",
                 "prompt: {name: q, version: \"1.0.0\", user: \"{{ question }}\"}\n"
                 "dataset: {path: cases.jsonl, fields: {reference: answer}}\n"
                 "model: {provider: anthropic, base_url: " +
                     server.url() +
                     "/v1, name: m, price: {input: 2, output: 4}, api_key_env: TEST_LLMOPS_KEY" +
                     more + "}\nevaluators: [exact_match]\n" +
                     "gate: {rules: [{metric: error_rate, max: 50%}]}\n");
  }
};

}  // namespace

TEST_CASE("batch: anthropic's message batches, half the price, failures among the answers") {
  MessageServer server;
  const TemporaryFolder folder;
  server.write_project(
      folder, 20,
      ", fallback: [{provider: anthropic, base_url: " + server.server.url() + "/v1, name: other}]");
  const CliRun run = run_cli({"eval", "--batch", "--json", "--samples-out", "s.jsonl"}, in(folder));
  CAPTURE(run.err);
  const Value document = json_of(run);
  CHECK(text_at(document, "/run/samples") == "20");
  CHECK(text_at(document, "/run/calls/failed") == "4");
  CHECK(text_at(document, "/run/faults/bad_request") == "2");
  CHECK(text_at(document, "/run/faults/timeout_total") == "2");
  CHECK(text_at(document, "/metrics/exact_match/mean") == "1.0");
  CHECK(number_at(document, "/run/cost_usd") == doctest::Approx(16 * 3.0));  // half of 2 + 4
  CHECK(run.err.find("--batch: `fallback` of the model has no effect in a batch") !=
        std::string::npos);
  CHECK(run.err.find("batch msgbatch_0 of 20 calls is with the server") != std::string::npos);
  CHECK(server.batches.batches() == 1);
  for (const Received& request : server.server.log()) {
    CHECK(request.header("x-api-key") == "sk-batch-5151515151");
    CHECK(request.header("anthropic-version") == "2023-06-01");
    CHECK(request.path.starts_with("/v1/messages/batches"));
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path()))
    if (entry.is_regular_file())
      CHECK(read_source(entry.path())->text().find("sk-batch") == std::string::npos);
  const CliRun again = run_cli({"eval", "--batch", "--json"}, in(folder));
  CHECK(text_at(json_of(again), "/run/calls/cached") == "16");
}

TEST_CASE("batch: a message batch whose making was not heard of is known by its answers") {
  MessageServer server;
  bool lose = true;
  const TemporaryFolder folder;
  server.write_project(folder, 6);
  server.before = [&](const Received& request) -> Reply {
    if (!lose || request.method != "POST") return nullptr;
    lose = false;
    server.batches.reply(request);  // it is made, and the answer is lost
    // Another run's, of the same size and newer.
    Received other = request;
    other.body = "{\"requests\":[";
    for (int i = 0; i < 6; ++i)
      other.body += (i > 0 ? "," : "") + std::string("{\"custom_id\":\"other") + std::to_string(i) +
                    "\",\"params\":{\"max_tokens\":1}}";
    other.body += "]}";
    server.batches.reply(other);
    return std::make_shared<const Steps>(Steps{
        {"", 0ns, Step::Action::reset}
    });
  };
  const CliRun cut = run_cli({"eval", "--batch"}, in(folder));
  CAPTURE(cut.err);
  CHECK(cut.code == 3);
  CHECK(server.batches.batches() == 2);  // not made a second time on the chance
  const CliRun rest = run_cli({"eval", "--batch", "--resume", "last", "--json"}, in(folder));
  CAPTURE(rest.err);
  CHECK(text_at(json_of(rest), "/run/samples") == "6");
  CHECK(rest.err.find("batch msgbatch_0 of 6 calls is found again") != std::string::npos);
  CHECK(server.batches.batches() == 2);
  // What a resumed run had from its batch is in the response cache all the same.
  const CliRun again = run_cli({"eval", "--batch", "--json"}, in(folder));
  CHECK(text_at(json_of(again), "/run/calls/cached") == "6");
  CHECK(server.batches.batches() == 2);
}
