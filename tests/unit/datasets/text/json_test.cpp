#include "datasets/text/json.h"

#include <doctest/doctest.h>

using namespace llmops;

TEST_CASE("json: what is read is written again") {
  for (const char* text : {R"({"a":[1,2.5,"x\n\"y\"",null,true],"b":{}})", "[]", "-7", R"("é\u0001")", "1e+300"}) {
    CAPTURE(text);
    const Result<Value> value = parse_json(text, "t.json");
    REQUIRE(value);
    CHECK(dump_json(*value) == text);
  }
}

TEST_CASE("json: a problem says where it stands") {
  const Result<Value> value = parse_json("{\"a\": 1,\n \"b\": nope}", "t.json");
  REQUIRE_FALSE(value);
  CHECK(render(value.problems()) ==
        "t.json:2:7: error: not valid JSON: unexpected `nope`\n"
        " 2 |  \"b\": nope}\n"
        "   |       ^ expected a value\n");
}

TEST_CASE("json: hostile nesting is refused") {
  const Result<Value> value = parse_json(std::string(100000, '['), "t.json");
  REQUIRE_FALSE(value);
  CHECK(value.problems()[0].what == "not valid JSON: nested deeper than 200 levels");
}
