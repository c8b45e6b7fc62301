#include "tests/e2e/kill_runs.h"

using namespace llmops::test;

TEST_CASE("kill -9: 200 runs of 300 calls, killed at random moments and resumed") {
  const KillFigures figures = kill_and_resume(200, 12, std::chrono::milliseconds(250));
  CHECK(figures.killed >= 100);
  CHECK(figures.stored > 5000);
  MESSAGE(figures.killed << " killed, " << figures.stored << " answers kept, " << figures.on_the_way
                         << " on their way and asked again, the oldest sent " << figures.oldest_ms
                         << " ms before its kill");
}
