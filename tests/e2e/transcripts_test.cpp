// Every transcript, replayed. LLMOPS_UPDATE=1 rewrites them.
#include <doctest/doctest.h>

#include <filesystem>

#include "cli/command.h"
#include "datasets/text/files.h"
#include "tests/support/golden.h"
#include "tests/support/reference.h"
#include "tests/support/transcript.h"

using namespace llmops;
using namespace llmops::test;
namespace fs = std::filesystem;

TEST_CASE("transcripts: the program prints what they hold") {
  int replayed = 0;
  for (const auto& entry : fs::directory_iterator(repository("tests/e2e/transcripts"))) {
    if (entry.path().extension() != ".txt") continue;
    CAPTURE(entry.path().filename().string());
    const Result<Source> source = read_source(entry.path());
    REQUIRE(source);
    const std::string now = replay_transcript(source->text());
    if (update_wanted())
      write_atomically(entry.path(), now);
    else
      CHECK(now == source->text());
    ++replayed;
  }
  CHECK(replayed > 0);
}

TEST_CASE("transcripts: the README shows what the program prints") {
  const Result<Source> readme = read_source(repository("README.md"));
  const Result<Source> transcript =
      read_source(repository("tests/e2e/transcripts/sample_project.txt"));
  REQUIRE(readme);
  REQUIRE(transcript);
  const std::string& text = readme->text();
  const std::string fence = "```console\n";
  const std::size_t from = text.find(fence);
  REQUIRE(from != std::string::npos);
  const std::size_t begin = from + fence.size();
  const std::string screen = text.substr(begin, text.find("```", begin) - begin);
  CHECK_MESSAGE(transcript->text().find(screen) != std::string::npos, screen);
}

TEST_CASE("README: names every command") {
  const Result<Source> readme = read_source(repository("README.md"));
  REQUIRE(readme);
  for (const CommandInfo* command : commands()) {
    CAPTURE(command->name);
    CHECK(readme->text().find("| `llmops " + std::string(command->name)) != std::string::npos);
  }
}
