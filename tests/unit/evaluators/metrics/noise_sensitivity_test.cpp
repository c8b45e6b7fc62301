#include <doctest/doctest.h>

#include "tests/support/judged.h"
#include "tests/support/metric.h"

using namespace llmops;
using namespace llmops::test;

// Four statements of the answer. The reference says the first alone, so three
// are wrong. Passage 1 is relevant (it says a statement of the reference) and
// says 1 and 2; passage 2 is not, and says 2 and 3. Statement 4 stands nowhere.
TEST_CASE("noise_sensitivity: by hand") {
  const Asked one = asked("x", {"p", "q"}, "r");
  ScriptedJudge judge({statements({"a", "b", "c", "d"}), statements({"s", "t"}),
                       verdicts("ynnn"),  // against the reference
                       verdicts("yynn"),
                       verdicts("yn"),                      // passage 1: answer, reference
                       verdicts("nyyn"), verdicts("nn")});  // passage 2
  const auto metric = make_metric("noise_sensitivity");
  const Measurement measured = judged(*metric, judge, one.row, one.sample);
  CHECK(measured.why == "");
  CHECK(measured.values.at(0).value() == doctest::Approx(0.25));  // statement 2
  CHECK(measured.values.at(1).value() == doctest::Approx(0.25));  // statement 3
  CHECK(metric->columns().at(0).better == Better::lower);

  ScriptedJudge silent({statements({}), statements({"s"})});
  CHECK(judged(*metric, silent, one.row, one.sample).why == "the answer states nothing");
}
