#include <doctest/doctest.h>

#include "tests/e2e/live_project.h"
#include "tests/support/loopback_server.h"

using namespace llmops;
using namespace llmops::test;
using namespace std::chrono_literals;

TEST_CASE("progress: elsewhere than on a terminal a plain line every ten seconds") {
  const LoopbackServer server(
      [](const Received&) { return answer_after(500ms, 200, chat_json("1", 1, 5)); });
  const TemporaryFolder folder;
  write_live_project(folder, server.url(), 24, "name: m, limits: {concurrency: 1}");
  const CliRun run = run_cli({"eval"}, {.folder = folder.path()});
  CAPTURE(run.err);
  CHECK(run.code == 0);
  CHECK(run.err.find('\x1b') == std::string::npos);
  const std::size_t line = run.err.find("/24 samples  1 in flight  ");
  REQUIRE(line != std::string::npos);
  CHECK(run.err.find("/24 samples", line + 1) == std::string::npos);
  CHECK(run_cli({"eval", "--no-cache", "--quiet"}, {.folder = folder.path()}).err.empty());
}
