// `eval` from outside: what is refused, what is resumed, what a run leaves behind.
#include <doctest/doctest.h>
#include <signal.h>

#include <atomic>

#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "tests/support/loopback_server.h"
#include "tests/support/metric.h"
#include "tests/support/reference.h"
#include "tests/support/run_cli.h"

using namespace llmops;
using namespace llmops::test;

namespace {

constexpr const char* kCases =
    "{\"id\": \"a\", \"question\": \"one\", \"answer\": \"1\"}\n"
    "{\"id\": \"b\", \"question\": \"two\", \"answer\": \"2\"}\n"
    "{\"id\": \"c\", \"question\": \"three\", \"answer\": \"3\"}\n";

std::string suite(const std::string& model, const std::string& more = "") {
  return "prompt: {name: q, version: \"1.0.0\", user: \"{{ question }}\"}\n"
         "dataset: {path: cases.jsonl, fields: {reference: answer}}\n"
         "model: " +
         model + "\nevaluators: [exact_match]\n" + more;
}

Value json_of(const std::string& text) {
  Result<Value> value = parse_json(text, "stdout");
  REQUIRE_MESSAGE(value, text);
  return *std::move(value);
}

std::string text_at(const Value& document, const char* path) {
  const Value* found = find_path(document, path);
  return found == nullptr ? "(absent)" : to_text(*found);
}

constexpr const char* kReplay =
    "{provider: replay, path: r.jsonl, match: id, output: output, name: r}";

}  // namespace

TEST_CASE("eval: wrong input is refused whole, and nothing is written") {
  const TemporaryFolder folder;
  folder.write("cases.jsonl", "{\"id\": \"a\", \"question\": \"one\"}\n{\"id\": \"a\"}\nnope\n");
  folder.write("suite.yaml",
               suite("{provider: reply}", "gate: {rules: [{metric: exact_mach, min: 2}]}\n"));
  const CliRun run = run_cli({"eval", "suite.yaml"}, {.folder = folder.path()});
  CHECK(run.code == 2);
  CHECK(run.out.empty());
  CHECK(run.err.find("did you mean `exact_match`?") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(folder.path() / ".llmops"));

  folder.write("suite.yaml", suite("{provider: reply}"));
  const CliRun all = run_cli({"eval", "suite.yaml", "--json"}, {.folder = folder.path()});
  CHECK(all.code == 2);
  CHECK(all.err.find("did you mean `replay`?") != std::string::npos);
  CHECK(all.err.find("cases.jsonl:2") != std::string::npos);  // the id again, and no question
  CHECK(all.err.find("cases.jsonl:3:") != std::string::npos);
  CHECK(find_path(json_of(all.out), "/errors/0/what") != nullptr);
  CHECK_FALSE(std::filesystem::exists(folder.path() / ".llmops"));
}

TEST_CASE("eval: a comparison without a baseline is an input error that says what to do") {
  const TemporaryFolder folder;
  folder.write("cases.jsonl", kCases);
  folder.write("r.jsonl", "{\"id\": \"a\", \"output\": \"1\"}\n");
  const std::string rules = "  rules: [{metric: exact_match, max_drop: 0.1}]\n";
  folder.write("suite.yaml", suite(kReplay, "gate:\n" + rules));
  const CliRun none = run_cli({"eval", "suite.yaml"}, {.folder = folder.path()});
  CHECK(none.code == 2);
  CHECK(none.err.find("baseline set") != std::string::npos);
  folder.write("suite.yaml", suite(kReplay, "gate:\n  baseline: b.json\n" + rules));
  const CliRun missing = run_cli({"eval", "suite.yaml"}, {.folder = folder.path()});
  CHECK(missing.code == 2);
  CHECK(missing.err.find("baseline set") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(folder.path() / ".llmops"));
}

TEST_CASE("eval: a run that was cut short is stored, and --resume asks only for what is missing") {
  const TemporaryFolder folder;
  folder.write("cases.jsonl", kCases);
  std::atomic<bool> broken = true;
  const LoopbackServer server([&](const Received& request) {
    const std::string question = last_user_text(request);
    if (broken && question != "one")
      return answer(401, R"({"error":{"message":"no such key","type":"invalid_request_error"}})");
    return chat_reply(request, question == "one" ? "1" : question == "two" ? "2" : "3");
  });
  folder.write("suite.yaml", suite("{provider: openai, base_url: " + server.url() +
                                       "/v1, name: m, limits: {concurrency: 1}}",
                                   "gate: {rules: [{metric: exact_match, min: 0.1}]}\n"));
  const CliOptions here{.folder = folder.path()};
  const CliRun cut = run_cli({"eval", "suite.yaml", "--json"}, here);
  CAPTURE(cut.err);
  CHECK(cut.code == 3);
  CHECK(text_at(json_of(cut.out), "/verdict/outcome") == "incomplete");
  CHECK(cut.err.find("--resume") != std::string::npos);
  const CliRun refused = run_cli({"baseline", "set", "last", "b.json"}, here);
  CHECK(refused.code == 2);
  CHECK_FALSE(std::filesystem::exists(folder.path() / "b.json"));

  broken = false;
  const std::int64_t before = server.requests();
  const CliRun resumed = run_cli({"eval", "suite.yaml", "--resume", "last", "--json"}, here);
  CAPTURE(resumed.err);
  CHECK(resumed.code == 0);
  CHECK(server.requests() - before == 2);  // "one" was paid for already
  CHECK(text_at(json_of(resumed.out), "/metrics/exact_match/mean") == "1.0");
  CHECK(text_at(json_of(resumed.out), "/run/id") == text_at(json_of(cut.out), "/run/id"));
  CHECK(run_cli({"eval", "suite.yaml", "--resume", "last"}, here).code == 2);  // it is complete
}

TEST_CASE("eval: the key reaches the server and nothing else") {
  const TemporaryFolder folder;
  folder.write("cases.jsonl", kCases);
  const LoopbackServer server([](const Received& request) {
    // A server that gives the key back in its error must not make us write it.
    if (last_user_text(request) == "two")
      return answer(400,
                    "{\"error\":{\"message\":\"bad: " + request.header("authorization") + "\"}}");
    return chat_reply(request, "1");
  });
  folder.write("suite.yaml", suite("{provider: openai, base_url: " + server.url() +
                                   "/v1, name: m, api_key_env: TEST_LLMOPS_KEY}"));
  const std::string key = "sk-test-4242424242424242";
  const CliRun run = run_cli({"eval", "suite.yaml", "--json", "--html", "r.html", "--samples-out",
                              "s.jsonl", "--junit", "j.xml"},
                             {.folder = folder.path(), .environment = {{"TEST_LLMOPS_KEY", key}}});
  REQUIRE(server.requests() >= 3);
  CHECK(server.log().front().header("authorization") == "Bearer " + key);
  CHECK((run.out + run.err).find(key) == std::string::npos);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
    if (!entry.is_regular_file()) continue;
    CAPTURE(entry.path());
    CHECK(read_source(entry.path())->text().find(key) == std::string::npos);
  }
  const CliRun without = run_cli({"eval", "suite.yaml"}, {.folder = folder.path()});
  CHECK(without.code == 2);
  CHECK(without.err.find("TEST_LLMOPS_KEY") != std::string::npos);
}

TEST_CASE("eval: no way to end a run shows the key") {
  const std::string key = "sk-test-7373737373737373";
  struct Row {
    const char* why;
    const char* answer;  // "" : none
    std::vector<std::string> more;
    int signal;
  };
  const Row rows[] = {
      {"the server refuses the key", "401", {},                         0      },
      {"the key comes back as text", "200", {"--csv", "r.csv"},         0      },
      {"aborted",                    "",    {},                         SIGABRT},
      {"segmentation fault",         "",    {},                         SIGSEGV},
      {"interrupted twice over",     "",    {"--max-time", "300ms"},    SIGINT },
      {"the store is no folder",     "200", {"--store", "cases.jsonl"}, 0      },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const TemporaryFolder folder;
    folder.write("cases.jsonl", kCases);
    const LoopbackServer server([&](const Received& request) -> Reply {
      const std::string given = request.header("authorization");
      if (*row.answer == '\0')
        return std::make_shared<const Steps>(Steps{
            {"", {}, Step::Action::stall}
        });
      if (std::string(row.answer) == "401")
        return answer(401, "{\"error\":{\"message\":\"no such key: " + given + "\"}}");
      return chat_reply(request, "your key is " + given);
    });
    folder.write("suite.yaml", suite("{provider: openai, base_url: " + server.url() +
                                     "/v1, name: m, api_key_env: TEST_LLMOPS_KEY}"));
    std::vector<std::string> arguments = {"eval",    "suite.yaml", "--json",
                                          "--html",  "r.html",     "--samples-out",
                                          "s.jsonl", "--markdown", "r.md"};
    arguments.insert(arguments.end(), row.more.begin(), row.more.end());
    CliOptions options{.folder = folder.path(), .environment = {{"TEST_LLMOPS_KEY", key}}};
    if (row.signal != 0)
      options.signals = {
          {std::chrono::milliseconds(200), row.signal}
      };
    const CliRun run = run_cli(arguments, options);
    CHECK((run.out + run.err).find(key) == std::string::npos);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
      if (!entry.is_regular_file() || entry.path().filename().string().starts_with("core"))
        continue;
      CAPTURE(entry.path());
      CHECK(read_source(entry.path())->text().find(key) == std::string::npos);
    }
  }
}

TEST_CASE("eval: several prompts make a matrix, one document and one file each") {
  const TemporaryFolder folder;
  folder.write("cases.jsonl", kCases);
  folder.write("r.jsonl",
               "{\"id\": \"a\", \"output\": \"1\"}\n{\"id\": \"b\", \"output\": \"2\"}\n{\"id\": "
               "\"c\", \"output\": \"x\"}\n");
  std::string text = suite(kReplay);
  text.replace(0, text.find('\n'),
               "prompt: [{name: q, version: \"1.0.0\", user: \"{{ question }}\"}, "
               "{name: q, version: \"1.1.0\", user: \"{{ question }}?\"}]");
  folder.write("suite.yaml", text);
  const CliRun run =
      run_cli({"eval", "suite.yaml", "--json", "--junit", "j.xml"}, {.folder = folder.path()});
  CAPTURE(run.err);
  CHECK(run.code == 0);
  const Value document = json_of(run.out);
  CHECK(text_at(document, "/matrix/0/prompt/version") == "1.0.0");
  CHECK(text_at(document, "/matrix/1/prompt/version") == "1.1.0");
  CHECK(std::filesystem::exists(folder.path() / "j-q-1.1.0-r.xml"));
}

TEST_CASE("the command line: what is unknown is named with its nearest") {
  const TemporaryFolder folder;
  const CliOptions here{.folder = folder.path()};
  const CliRun option = run_cli({"eval", "--concurency", "3"}, here);
  CHECK(option.code == 2);
  CHECK(option.err.find("did you mean `--concurrency`?") != std::string::npos);
  const CliRun command = run_cli({"evla"}, here);
  CHECK(command.code == 2);
  CHECK(command.err.find("did you mean `eval`?") != std::string::npos);
  CHECK(run_cli({"--version"}, here).out.find("llmops ") == 0);
  CHECK(run_cli({"--help"}, here).code == 0);
  CHECK(run_cli({"eval", "--help"}, here).out.find("Exit codes:") != std::string::npos);
}

TEST_CASE("eval --sequential: stops once the verdict is certain, and says what was saved") {
  const TemporaryFolder folder;
  std::string cases, good;
  for (int i = 0; i < 600; ++i) {
    const std::string id = "c" + std::to_string(i);
    cases += "{\"id\": \"" + id + "\", \"question\": \"q\", \"answer\": \"1\"}\n";
    good += "{\"id\": \"" + id + "\", \"output\": \"1\"}\n";
  }
  folder.write("cases.jsonl", cases);
  folder.write("r.jsonl", good);
  folder.write(
      "suite.yaml",
      suite(kReplay,
            "gate:\n  baseline: b.json\n  rules: [{metric: exact_match, max_drop: 0.05}]\n"));
  const CliOptions here{.folder = folder.path()};
  CHECK(run_cli({"eval", "suite.yaml", "--sequential", "--no-gate"}, here).code == 2);
  REQUIRE(run_cli({"eval", "suite.yaml", "--no-gate", "--quiet"}, here).code == 0);
  REQUIRE(run_cli({"baseline", "set", "last", "b.json"}, here).code == 0);

  // One call after the other: replay would have answered all before the first is scored.
  const LoopbackServer server([](const Received& request) {
    return answer_after(std::chrono::milliseconds(2), 200,
                        chat_json(last_user_text(request) == "q" ? "0" : "1", 1, 1));
  });
  folder.write(
      "live.yaml",
      suite("{provider: openai, base_url: " + server.url() +
                "/v1, name: m, stream: false, limits: {concurrency: 2}}",
            "gate:\n  baseline: b.json\n  rules: [{metric: exact_match, max_drop: 0.05}]\n"));
  const CliRun run = run_cli({"eval", "live.yaml", "--sequential", "--json"}, here);
  CAPTURE(run.err);
  CHECK(run.code == 1);
  CHECK(run.err.find("stopped early: the verdict was certain after ") != std::string::npos);
  CHECK(text_at(json_of(run.out), "/verdict/outcome") == "fail");
  CHECK(server.requests() < 500);
  CHECK(run_cli({"baseline", "set", "last", "b2.json"}, here).code == 2);

  // Where all cases were asked, the ordinary verdict with the rest of alpha.
  folder.write("r.jsonl", good);
  const CliRun same = run_cli({"eval", "suite.yaml", "--sequential", "--json"}, here);
  CAPTURE(same.err);
  CHECK(same.code == 0);
  CHECK(text_at(json_of(same.out), "/verdict/outcome") == "pass");
}

TEST_CASE("store: every command takes the same places, and no folder is named like an address") {
  const TemporaryFolder folder;
  folder.write("cases.jsonl", kCases);
  folder.write("r.jsonl", "{\"id\": \"a\", \"output\": \"1\"}\n");
  folder.write("suite.yaml", suite(kReplay));
  folder.write("p.yaml", "name: q\nversion: \"1.0.0\"\nuser: hello\n");
  const std::vector<std::string> commands[] = {
      {"eval", "suite.yaml"},
      {"plan", "suite.yaml"},
      {"diff", "p.yaml", "p.yaml", "--suite", "suite.yaml"},
      {"judge", "calibrate", "cases.jsonl", "--suite", "suite.yaml"},
      {"gate", "last"},
      {"report", "last"},
      {"runs", "list"},
      {"cache", "stats"},
      {"baseline", "set", "last", "b.json"},
  };
  for (std::vector<std::string> command : commands) {
    CAPTURE(command[0]);
    command.insert(command.end(), {"--store", "mysql://db.example/llmops"});
    const CliRun other = run_cli(command, {.folder = folder.path()});
    CAPTURE(other.err);
    CHECK(other.code == 2);
    CHECK(other.err.find("there is no store for `mysql` addresses") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(folder.path() / "mysql:"));
    if (command[0] == "judge") continue;  // its suite has no judge, which is said first
    command.back() = "postgres://127.0.0.1:1/llmops";  // nobody listens there
    const CliRun nobody = run_cli(command, {.folder = folder.path()});
    CAPTURE(nobody.err);
    CHECK(nobody.code == 3);
    CHECK(nobody.err.find("postgres://127.0.0.1:1/llmops: connection to server") !=
          std::string::npos);
    CHECK_FALSE(std::filesystem::exists(folder.path() / "postgres:"));
  }
}

TEST_CASE("eval: a limit that nothing ever reaches is none") {
  const TemporaryFolder folder;
  folder.write("cases.jsonl", kCases);
  folder.write("suite.yaml", suite(kReplay));
  for (const char* amount : {"nan", "inf", "-1", "1,50", "two"}) {
    CAPTURE(amount);
    const CliRun run =
        run_cli({"eval", "suite.yaml", "--max-cost=" + std::string(amount)}, {.folder = folder.path()});
    CHECK(run.code == 2);
    CHECK(run.err.find("expected USD, 0 or more") != std::string::npos);
  }
}

TEST_CASE("eval: `n` asks for several samples with one call, and what is paid adds up") {
  const LoopbackServer server([](const Received& request) {
    const Result<Value> body = parse_json(request.body, "request");
    const int count = static_cast<int>(body->find("n")->number());
    std::string choices;
    for (int i = 0; i < count; ++i)
      choices += (i > 0 ? ",{\"index\":" : "{\"index\":") + std::to_string(i) +
                 ",\"message\":{\"content\":\"" + std::to_string(i + 1) +
                 "\"},\"finish_reason\":\"stop\"}";
    return answer(200, "{\"choices\":[" + choices +
                           "],\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":" +
                           std::to_string(10 * count) + "}}");
  });
  const TemporaryFolder folder;
  folder.write("cases.jsonl", kCases);
  const std::string model = "{provider: openai, base_url: " + server.url() +
                            "/v1, name: m, stream: false, parameters: {n: 3}, "
                            "price: {input: 1, output: 10}}";
  folder.write("suite.yaml", suite(model, "samples: 3\n"));
  for (const std::vector<std::string>& asking :
       {std::vector<std::string>{"eval", "suite.yaml", "--dry-run", "--json"},
        std::vector<std::string>{"plan", "suite.yaml", "--json"}})
    CHECK(text_at(json_of(run_cli(asking, {.folder = folder.path()}).out), "/calls") == "3");
  const CliRun run = run_cli({"eval", "suite.yaml", "--json"}, {.folder = folder.path()});
  CAPTURE(run.err);
  CHECK(run.code == 0);
  const Value document = json_of(run.out);
  CHECK(server.requests() == 3);
  CHECK(text_at(document, "/run/samples") == "9");
  CHECK(text_at(document, "/run/calls/made") == "3");
  CHECK(text_at(document, "/run/calls/retried") == "0");
  CHECK(find_path(document, "/run/cost_usd")->number() ==
        doctest::Approx(3 * (100 * 1 + 30 * 10) / 1e6));
  CHECK(find_path(document, "/metrics/exact_match/mean")->number() == doctest::Approx(1.0 / 3));
  CHECK(find_path(document, "/latency/e2e_ms/mean") == nullptr);
  // All of it is in the response cache.
  const CliRun again = run_cli({"eval", "suite.yaml", "--json"}, {.folder = folder.path()});
  CHECK(text_at(json_of(again.out), "/run/calls/cached") == "9");
  CHECK(server.requests() == 3);

  const std::pair<std::string, const char*> refused[] = {
      {suite(model),                                                                                  "write `samples: 3` in the suite"},
      {suite(model, "samples: 3\ngate: {rules: [{metric: latency_p95, max: 5}]}\n"), "the gate has rules on times"    },
  };
  for (const auto& [text, said] : refused) {
    folder.write("suite.yaml", text);
    const CliRun wrong = run_cli({"eval", "suite.yaml"}, {.folder = folder.path()});
    CHECK(wrong.code == 2);
    CHECK(wrong.err.find(said) != std::string::npos);
  }
  CHECK(server.requests() == 3);
}

TEST_CASE("eval: checks in the dataset that nothing reads are named") {
  const TemporaryFolder folder;
  folder.write("t.csv", "q,__expected\nCapital of France?,contains: Paris\n2+2?,equals: 4\n");
  folder.write("r.jsonl",
               "{\"q\": \"Capital of France?\", \"out\": \"It is Paris.\"}\n"
               "{\"q\": \"2+2?\", \"out\": \"5\"}\n");
  const auto suite = [&](const std::string& evaluator) {
    std::string text = "prompt: {name: p, version: 1.0.0, user: \"{{ q }}\"}\ndataset: t.csv\n";
    text += "model: {provider: replay, path: r.jsonl, match: q, output: out, name: r}\n";
    folder.write("llmops.yaml", text + "evaluators: [" + evaluator + "]\n");
  };
  constexpr const char* kUnread = "t.csv has checks in its column `__expected`, and nothing reads";
  suite("length");
  for (const char* command : {"eval", "lint"}) {
    const CliRun unread = run_cli({command, "llmops.yaml"}, {.folder = folder.path()});
    CHECK_MESSAGE((unread.out + unread.err).find(kUnread) != std::string::npos, unread.err);
  }
  suite("expected");
  const CliRun read = run_cli({"eval", "--json"}, {.folder = folder.path()});
  CHECK(read.err.find(kUnread) == std::string::npos);
  const Result<Value> document = parse_json(read.out, "eval");
  REQUIRE(document);
  CHECK(at(at(at(*document, "metrics"), "expected"), "mean").number() == 0.5);

  suite("expected]\ngate:\n  rules: [{metric: exectd, min: 0.5}");
  const CliRun unknown = run_cli({"eval"}, {.folder = folder.path()});
  CHECK(unknown.code == 2);
  const std::size_t first = unknown.err.find("coverage");
  CHECK(first != std::string::npos);
  CHECK(unknown.err.find("coverage", first + 1) == std::string::npos);  // each name once
}
