#include "evaluators/telemetry/hardware.h"

#include <doctest/doctest.h>

using namespace llmops;

TEST_CASE("hardware: the fingerprint is the same each time and names the cores") {
  const Object first = hardware_fingerprint();
  CHECK(first == hardware_fingerprint());
  REQUIRE(first.find("cores") != nullptr);
  CHECK(first.find("cores")->number() >= 1);
}
