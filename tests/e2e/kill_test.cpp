#include "tests/e2e/kill_runs.h"

using namespace llmops::test;

TEST_CASE("kill -9: a resumed run asks only for what is missing and equals the undisturbed one") {
  const KillFigures figures = kill_and_resume(5, 11, std::chrono::milliseconds(250));
  CHECK(figures.killed >= 2);
  CHECK(figures.stored > 0);
}
