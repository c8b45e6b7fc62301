// --traces and --otlp: every call is told, with everything but its texts, and never the key.
#include <doctest/doctest.h>
#include <signal.h>

#include <mutex>
#include <set>

#include "datasets/text/files.h"
#include "tests/e2e/live_project.h"
#include "tests/support/loopback_server.h"

using namespace llmops;
using namespace llmops::test;
using namespace std::chrono_literals;

namespace {

std::vector<Value> lines_of(const std::filesystem::path& file) {
  std::vector<Value> lines;
  const Result<Source> source = read_source(file);
  REQUIRE(source);
  std::string_view rest = source->text();
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    Result<Value> line = parse_json(rest.substr(0, end), "traces");
    REQUIRE(line);
    lines.push_back(*std::move(line));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return lines;
}

// The attributes of a span, by key, as text.
std::string attribute(const Value& span, std::string_view key) {
  const Value* attributes = span.find("attributes");
  for (const Value& each : *attributes->list())
    if (to_text(*each.find("key")) == key)
      return to_text(each.find("value")->object()->begin()->value);
  return "(absent)";
}

}  // namespace

TEST_CASE("traces: a line a call, with the fields of the record and no texts") {
  bool first = true;
  const LoopbackServer server([&](const Received& request) -> Reply {
    if (last_user_text(request) == "q1" && std::exchange(first, false)) return answer(503, "{}");
    if (last_user_text(request) == "q2")
      return answer(400,
                    "{\"error\":{\"message\":\"bad " + request.header("authorization") + "\"}}");
    return chat_reply(request, "the answer");
  });
  const TemporaryFolder folder;
  write_live_project(folder, server.url(), 4,
                     "name: gpt-4o, api_key_env: TEST_LLMOPS_KEY, retries: {base: 1ms}, "
                     "parameters: {temperature: 0.5}",
                     "feature: refunds\ngate: {rules: [{metric: error_rate, max: 90%}]}\n");
  const CliOptions options{.folder = folder.path(),
                           .environment = {{"TEST_LLMOPS_KEY", "sk-trace-6262626262"}}};
  const CliRun run = run_cli({"eval", "--json", "--traces", "t.jsonl"}, options);
  CAPTURE(run.err);
  const std::vector<Value> lines = lines_of(folder.path() / "t.jsonl");
  REQUIRE(lines.size() == 4);
  std::set<std::string> spans;
  for (const Value& line : lines) {
    CAPTURE(dump_json(line));
    spans.insert(text_at(line, "span_id"));
    CHECK(text_at(line, "trace_id").size() == 32);
    CHECK(text_at(line, "trace_id") == text_at(lines[0], "trace_id"));
    CHECK(text_at(line, "run") == text_at(json_of(run), "/run/id"));
    CHECK(text_at(line, "time").size() == std::string("2025-01-01T00:00:00.000Z").size());
    CHECK(text_at(line, "feature") == "refunds");
    CHECK(text_at(line, "purpose") == "model");
    CHECK(text_at(line, "model") == "gpt-4o");
    CHECK(text_at(line, "/prompt/name") == "q");
    CHECK(text_at(line, "/prompt/sha256").size() == 64);
    CHECK(text_at(line, "/parameters/temperature") == "0.5");
    if (text_at(line, "case_id") == "c2") {
      CHECK(text_at(line, "error") == "bad_request");
      continue;
    }
    CHECK(text_at(line, "model_answered") == "tiny");
    CHECK(text_at(line, "input_tokens") == "7");
    CHECK(text_at(line, "output_tokens") == "2");
    CHECK(text_at(line, "finish_reason") == "stop");
    CHECK(number_at(line, "ttft_ms") > 0);
    CHECK(number_at(line, "latency_ms") >= number_at(line, "ttft_ms"));
    CHECK(number_at(line, "cost_usd") == doctest::Approx(7 * 2.5e-6 + 2 * 10e-6));
    CHECK(text_at(line, "attempts") == (text_at(line, "case_id") == "c1" ? "2" : "1"));
    if (text_at(line, "case_id") == "c1") CHECK(text_at(line, "/faults/0") == "overloaded");
  }
  CHECK(spans.size() == 4);
  const std::string text = read_source(folder.path() / "t.jsonl")->text();
  CHECK(text.find("sk-trace") == std::string::npos);
  CHECK(text.find("the answer") == std::string::npos);
  // The file grows; cached answers say so.
  run_cli({"eval", "--json", "--traces", "t.jsonl"}, options);
  const std::vector<Value> more = lines_of(folder.path() / "t.jsonl");
  CHECK(more.size() == 8);
  std::size_t cached = 0;
  for (const Value& line : more) cached += text_at(line, "cached") == "true" ? 1 : 0;
  CHECK(cached == 3);
}

TEST_CASE("otlp: spans of the GenAI conventions reach a collector, with its header") {
  std::mutex mutex;
  std::vector<Value> spans;
  std::vector<std::string> heads;
  int refused = 0;
  const LoopbackServer collector([&](const Received& request) {
    const std::lock_guard lock(mutex);
    if (++refused == 1) return answer(503, "{}", {"retry-after-ms: 1"});
    heads.push_back(request.method + " " + request.path + " " + request.header("content-type") +
                    " " + request.header("x-team"));
    const Result<Value> body = parse_json(request.body, "otlp");
    for (const Value& each : *find_path(*body, "/resourceSpans/0/scopeSpans/0/spans")->list())
      spans.push_back(each);
    CHECK(attribute(*find_path(*body, "/resourceSpans/0/resource"), "service.name") == "llmops");
    return answer(200, "{}");
  });
  const LoopbackServer server([](const Received& request) -> Reply {
    if (last_user_text(request) == "q2") return answer(400, R"({"error":{"message":"bad"}})");
    return chat_reply(request, "fine");
  });
  const TemporaryFolder folder;
  write_live_project(folder, server.url(), 5, "name: m, parameters: {max_tokens: 9, stop: ['x']}",
                     "feature: refunds\ngate: {rules: [{metric: error_rate, max: 90%}]}\n");
  const CliRun run =
      run_cli({"eval", "--json", "--otlp", collector.url()},
              {.folder = folder.path(),
               .environment = {{"OTEL_EXPORTER_OTLP_HEADERS", "x-team=blue%20team,empty"}}});
  CAPTURE(run.err);
  REQUIRE(spans.size() == 6);  // the run's, and one a call
  CHECK(heads.at(0) == "POST /v1/traces application/json blue team");
  std::string root;
  for (const Value& span : spans)
    if (text_at(span, "name") == "llmops eval") root = text_at(span, "spanId");
  CHECK(root.size() == 16);
  for (const Value& span : spans) {
    CAPTURE(dump_json(span));
    CHECK(text_at(span, "traceId").size() == 32);
    CHECK(text_at(span, "startTimeUnixNano") <= text_at(span, "endTimeUnixNano"));
    CHECK(text_at(span, "startTimeUnixNano").size() == 19);
    CHECK(find_path(span, "startTimeUnixNano")->is_string());
    if (text_at(span, "name") == "llmops eval") continue;
    CHECK(text_at(span, "name") == "chat m");
    CHECK(text_at(span, "kind") == "3");
    CHECK(text_at(span, "parentSpanId") == root);
    CHECK(attribute(span, "gen_ai.operation.name") == "chat");
    CHECK(attribute(span, "gen_ai.provider.name") == "openai");
    CHECK(attribute(span, "gen_ai.request.max_tokens") == "9");
    CHECK(attribute(span, "server.address") == "127.0.0.1");
    CHECK(attribute(span, "server.port") == std::to_string(server.port()));
    CHECK(attribute(span, "llmops.feature") == "refunds");
    if (attribute(span, "llmops.case.id") == "c2") {
      CHECK(text_at(span, "/status/code") == "2");
      CHECK(attribute(span, "error.type") == "bad_request");
    } else {
      CHECK(attribute(span, "gen_ai.usage.input_tokens") == "7");
      CHECK(attribute(span, "gen_ai.response.finish_reasons") ==
            R"({"values":[{"stringValue":"stop"}]})");
    }
  }
}

TEST_CASE("otlp: a collector that is not there costs a note and no run") {
  const LoopbackServer server([](const Received& request) { return chat_reply(request, "1"); });
  const TemporaryFolder folder;
  write_live_project(folder, server.url(), 3, "name: m");
  const CliRun run = run_cli({"eval", "--otlp", "http://127.0.0.1:1"}, {.folder = folder.path()});
  CHECK(run.code == 0);
  CHECK(run.err.find("4 spans did not reach http://127.0.0.1:1/v1/traces: ") != std::string::npos);
  const CliRun wrong = run_cli({"eval", "--otlp", "collector:4318", "--traces", "no/t.jsonl"},
                               {.folder = folder.path()});
  CHECK(wrong.code == 2);
  CHECK(wrong.err.find("--otlp is `collector:4318`") != std::string::npos);
  CHECK(wrong.err.find("--traces names a file in a folder that is not there") != std::string::npos);
}

TEST_CASE("otlp: the collector's key is nowhere, however the run ends") {
  const std::string key = "otlp-key-8484848484";
  struct Row {
    const char* why;
    int status;  // of the collector, which repeats the key; 0: it says nothing
    int signal;
  };
  const Row rows[] = {
      {"taken",              200, 0      },
      {"refused",            401, 0      },
      {"not ready",          503, 0      },
      {"aborted",            0,   SIGABRT},
      {"segmentation fault", 0,   SIGSEGV},
      {"interrupted",        200, SIGINT },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const LoopbackServer collector([&](const Received& request) -> Reply {
      if (row.status == 0)
        return std::make_shared<const Steps>(Steps{
            {"", 0ns, Step::Action::stall}
        });
      const std::string given = request.header("authorization");
      return answer(row.status, "{\"error\":{\"message\":\"you sent " + given + ", that is " +
                                    given.substr(given.find(' ') + 1) + "\"}}");
    });
    const LoopbackServer server([&](const Received& request) -> Reply {
      if (row.signal != 0)
        return std::make_shared<const Steps>(Steps{
            {"", 0ns, Step::Action::stall}
        });
      return chat_reply(request, "1");
    });
    const TemporaryFolder folder;
    write_live_project(folder, server.url(), 3, "name: m, record: rec.jsonl");
    CliOptions options{.folder = folder.path(),
                       .environment = {{"OTEL_EXPORTER_OTLP_HEADERS",
                                        "authorization=Bearer%20" + key + ",x-key=" + key}}};
    if (row.signal != 0)
      options.signals = {
          {300ms, row.signal}
      };
    const std::string login = "http://team:" + key + "@" + collector.url().substr(7);
    const CliRun run = run_cli(
        {"eval", "--json", "--max-time", "1s", "--otlp",
         row.status == 503 ? login : collector.url(), "--traces", "t.jsonl", "--html", "r.html",
         "--junit", "j.xml", "--markdown", "r.md", "--csv", "r.csv", "--samples-out", "s.jsonl"},
        options);
    CAPTURE(run.err);
    CHECK((run.out + run.err).find(key) == std::string::npos);
    if (row.status == 401)
      CHECK(run.err.find("spans did not reach " + collector.url() + "/v1/traces: ") !=
            std::string::npos);
    int files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
      if (!entry.is_regular_file() || entry.path().filename().string().starts_with("core"))
        continue;
      CAPTURE(entry.path());
      ++files;
      CHECK(read_source(entry.path())->text().find(key) == std::string::npos);
    }
    CHECK(files >= 4);
  }
}

TEST_CASE("budget: one for all cells of a matrix") {
  const LoopbackServer server([](const Received&) { return chat_answer("1", 0, 1'000'000); });
  const TemporaryFolder folder;
  write_live_project(folder, server.url(), 20, "name: m");
  const std::string model = "{provider: openai, base_url: " + server.url() +
                            "/v1, price: {input: 0, output: 1}, parameters: {max_tokens: 1000000}, "
                            "limits: {concurrency: 1}, name: ";
  folder.write("llmops.yaml",
               "prompt: {name: q, version: \"1.0.0\", user: \"{{ question }}\"}\n"
               "dataset: {path: cases.jsonl, fields: {reference: answer}}\n"
               "models: [" +
                   model + "a}, " + model + "b}]\nevaluators: [exact_match]\n");
  const CliRun run = run_cli({"eval", "--max-cost", "30", "--json"}, {.folder = folder.path()});
  CAPTURE(run.err);
  CHECK(run.code == 3);
  CHECK(server.requests() == 30);
}
