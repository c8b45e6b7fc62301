// Every transcript, replayed. LLMOPS_UPDATE=1 rewrites them.
#include <doctest/doctest.h>

#include <filesystem>

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
