// `llmops doctor` against servers with one ailment each.
#include <doctest/doctest.h>

#include "tests/e2e/live_project.h"
#include "tests/support/loopback_server.h"

using namespace llmops;
using namespace llmops::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* kModels = R"({"object": "list", "data": [{"id": "tiny"}, {"id": "large"}]})";

LoopbackServer server_with(std::function<Reply(const Received&)> chat,
                           const std::vector<std::string>& headers = {}) {
  return LoopbackServer([chat, headers](const Received& request) {
    if (request.path == "/v1/models") return answer(200, kModels, headers);
    return chat(request);
  });
}

Reply healthy(const Received& request) {
  return chat_stream({
      .tokens = {"one", " two", " three"},
        .input_tokens = 9
  });
  static_cast<void>(request);
}

CliRun doctor(const LoopbackServer& server, const TemporaryFolder& folder,
              const std::string& model = "tiny", const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {"doctor", "--base-url", server.url() + "/v1", "--model",
                                        model};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_cli(arguments, {.folder = folder.path()});
}

bool says(const CliRun& run, const char* text) { return run.out.find(text) != std::string::npos; }

}  // namespace

TEST_CASE("doctor: a sound server") {
  const TemporaryFolder folder;
  const LoopbackServer server = server_with(&healthy);
  const CliRun run = doctor(server, folder);
  CHECK_MESSAGE(run.code == 0, run.out);
  for (const char* line :
       {"ok       key", "ok       endpoint", "the server has tiny", "ok       answer",
        "ok       streaming", "counts tokens: 9 in", "nothing stands in the way of a run"})
    CHECK_MESSAGE(says(run, line), run.out);
  const Value document = json_of(doctor(server, folder, "tiny", {"--json"}));
  CHECK(text_at(document, "/sound") == "true");
  CHECK(text_at(document, "/models/0/checks/0/check") == "key");
}

TEST_CASE("doctor: --no-call asks the model nothing") {
  const TemporaryFolder folder;
  const LoopbackServer server = server_with(&healthy);
  const CliRun run = doctor(server, folder, "tiny", {"--no-call"});
  CHECK(run.code == 0);
  CHECK(says(run, "nothing was asked"));
  CHECK(server.requests() == 1);
}

TEST_CASE("doctor: each ailment has its sentence and its cure") {
  const TemporaryFolder folder;
  SUBCASE("no server") {
    std::string url;
    {
      const LoopbackServer gone = server_with(&healthy);
      url = gone.url();
    }
    const CliRun run = run_cli({"doctor", "--base-url", url + "/v1", "--model", "tiny"},
                               {.folder = folder.path()});
    CHECK(run.code == 2);
    CHECK(says(run, "problem  endpoint"));
    CHECK(says(run, "= help: "));
  }
  SUBCASE("the key is refused, and never shown") {
    const LoopbackServer server([](const Received&) {
      return answer(401,
                    R"({"error": {"message": "Incorrect API key provided: sk-very-secret-1"}})");
    });
    const CliRun run =
        run_cli({"doctor", "--base-url", server.url() + "/v1", "--model", "tiny", "--api-key-env",
                 "MY_KEY"},
                {.folder = folder.path(), .environment = {{"MY_KEY", "sk-very-secret-1"}}});
    CHECK(run.code == 2);
    CHECK(says(run, "problem  endpoint"));
    CHECK((run.out + run.err).find("sk-very-secret-1") == std::string::npos);
    CHECK(server.log().at(0).header("authorization") == "Bearer sk-very-secret-1");
  }
  SUBCASE("the key is not set") {
    const LoopbackServer server = server_with(&healthy);
    const CliRun run = doctor(server, folder, "tiny", {"--api-key-env", "NO_SUCH_KEY"});
    CHECK(run.code == 2);
    CHECK(run.err.find("`NO_SUCH_KEY` is not set") != std::string::npos);
    CHECK(server.requests() == 0);
  }
  SUBCASE("another model's name") {
    const LoopbackServer server = server_with(&healthy);
    const CliRun run = doctor(server, folder, "tyni");
    CHECK(run.code == 2);
    CHECK(says(run, "does not list `tyni`"));
    CHECK(says(run, "did you mean `tiny`?"));
  }
  SUBCASE("a clock that is off") {
    const LoopbackServer server = server_with(&healthy, {"Date: Sat, 01 Jan 2000 00:00:00 GMT"});
    const CliRun run = doctor(server, folder);
    CHECK(run.code == 0);
    CHECK(says(run, "warning  clock"));
    CHECK(says(run, "ahead of the server's"));
  }
  SUBCASE("no stream, no usage") {
    const LoopbackServer server = server_with([](const Received&) {
      return answer(200,
                    R"({"choices": [{"message": {"content": "one"}, "finish_reason": "stop"}]})");
    });
    const CliRun run = doctor(server, folder);
    CHECK(run.code == 0);
    CHECK(says(run, "warning  streaming"));
    CHECK(says(run, "warning  usage"));
  }
  SUBCASE("the answer fails") {
    const LoopbackServer server = server_with([](const Received&) {
      return answer(400, R"({"error": {"message": "model is \u001b[31mloading"}})");
    });
    const CliRun run = doctor(server, folder);
    CHECK(run.code == 2);
    CHECK(says(run, "problem  answer     bad_request"));
    CHECK(run.out.find('\x1b') == std::string::npos);
  }
}

TEST_CASE("doctor: a suite by replay needs nothing") {
  const TemporaryFolder folder;
  REQUIRE(run_cli({"init"}, {.folder = folder.path()}).code == 0);
  const CliRun run = run_cli({"doctor"}, {.folder = folder.path()});
  CHECK_MESSAGE(run.code == 0, (run.out + run.err));
  CHECK(says(run, "the recording can be read"));
}
