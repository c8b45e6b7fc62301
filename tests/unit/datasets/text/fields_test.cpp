#include "datasets/text/fields.h"

#include <doctest/doctest.h>

#include "datasets/text/yaml.h"

using namespace llmops;

TEST_CASE("fields: every problem of a file at once, each with place and cure") {
  const Source source("s.yaml", "name: x\ntemprature: 0.2\nretries: many\nstream: 1\n");
  const Result<Value> value = parse_yaml(source);
  REQUIRE(value);
  Diagnostics problems;
  Fields fields(*value, source, problems, "the suite");
  CHECK(fields.text("name") == "x");
  CHECK(fields.number("temperature") == std::nullopt);
  CHECK(fields.integer("retries") == std::nullopt);
  CHECK(fields.boolean("stream") == std::nullopt);
  fields.finish();
  CHECK(render(problems) ==
        "s.yaml:3:10: error: `retries` is \"many\"\n"
        " 3 | retries: many\n"
        "   |          ^^^^ expected a whole number\n"
        "s.yaml:4:9: error: `stream` is 1\n"
        " 4 | stream: 1\n"
        "   |         ^ expected true or false\n"
        "s.yaml:2:1: error: unknown key `temprature`\n"
        " 2 | temprature: 0.2\n"
        "   | ^^^^^^^^^^ expected one of: name, retries, stream, temperature\n"
        "  = help: did you mean `temperature`?\n");
}
