#include <doctest/doctest.h>

#include "tests/support/metric.h"

using namespace llmops;
using namespace llmops::test;

TEST_CASE("secrets: keys in outputs, by their shapes, never shown") {
  const auto metric = make_metric("secrets");
  // Put together here, so that no scanner takes this file for a leak.
  const std::string tail = "aB3dE6gH9jK2mN5pQ8sT1vW4xY7zaB3dE6gH9j";
  const std::string leak = "Use gh" + std::string("p_") + tail + " for it.";
  const Measurement measured = measure(*metric, leak);
  CHECK(measured.values.at(0) == 1.0);
  CHECK(measured.values.at(1) == 1.0);
  CHECK(measured.note.find("a GitHub token") == 0);
  CHECK(measured.note.find(tail.substr(0, 12)) == std::string::npos);
  CHECK(measure(*metric, "Use your own API key (sk-your-key-here).").values.at(0) == 0.0);
  // Personal data is the other metric's.
  CHECK(measure(*metric, "ask jane.roe@acme-corp.io").values.at(0) == 0.0);
  CHECK(measure(*make_metric("secrets", "{kinds: stripe}"), leak).values.at(0) == 0.0);
}
