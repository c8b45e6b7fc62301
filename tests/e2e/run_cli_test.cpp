// The helper that all end-to-end tests stand on.
#include <doctest/doctest.h>

#include "tests/support/reference.h"
#include "tests/support/run_cli.h"

using namespace llmops::test;

TEST_CASE("run_program: hands over input, gives back both outputs and the exit code") {
  const TemporaryFolder folder;
  const CliRun run = run_program(
      {"sh", "-c", "cat; echo problem >&2; echo $WORD; exit 3"},
      {.folder = folder.path(), .environment = {{"WORD", "given"}}, .input = "asked\n"});
  CHECK(run.out == "asked\ngiven\n");
  CHECK(run.err == "problem\n");
  CHECK(run.code == 3);
  CHECK_FALSE(run.timed_out);
}

TEST_CASE("run_program: more output than a pipe holds, input that nobody reads") {
  const TemporaryFolder folder;
  const CliRun run = run_program({"sh", "-c", "head -c 3000000 /dev/zero"},
                                 {.folder = folder.path(), .input = std::string(1'000'000, 'x')});
  CHECK(run.out.size() == 3'000'000);
  CHECK(run.code == 0);
}

TEST_CASE("run_program: what hangs is ended, its children too") {
  const TemporaryFolder folder;
  const CliRun run = run_program({"sh", "-c", "sleep 600 & wait"},
                                 {.folder = folder.path(), .limit = std::chrono::seconds(1)});
  CHECK(run.timed_out);
  CHECK(run.code == 128 + 9);
}

TEST_CASE("llmops --version") {
  const TemporaryFolder folder;
  const CliRun run = run_cli({"--version"}, {.folder = folder.path()});
  CHECK(run.code == 0);
  CHECK(run.out.starts_with("llmops "));
  CHECK(run.err.empty());
}
