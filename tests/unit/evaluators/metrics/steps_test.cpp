#include <doctest/doctest.h>

#include "datasets/text/json.h"
#include "tests/support/metric.h"

using namespace llmops;
using namespace llmops::test;

TEST_CASE("steps: of the agent, else the tool calls") {
  const auto metric = make_metric("steps");
  CHECK(metric->columns().at(0).better == Better::lower);
  Sample sample;
  CHECK(metric->score(Case{}, sample).values.at(0) == 0.0);
  sample.tool_calls = *parse_json(R"(["f","g"])", "calls");
  CHECK(metric->score(Case{}, sample).values.at(0) == 2.0);
  sample.steps = *parse_json(R"(["think","f","g"])", "steps");
  CHECK(metric->score(Case{}, sample).values.at(0) == 3.0);
}
