#include <doctest/doctest.h>

#include "datasets/text/json.h"
#include "tests/support/metric.h"

using namespace llmops;
using namespace llmops::test;

namespace {

// One case: what was wanted and what was called, both as JSON.
Measurement called(const Metric& metric, const char* wanted, const char* made) {
  Case row;
  row.variables.add("expected_tool_calls", *parse_json(wanted, "wanted"));
  Sample sample;
  sample.tool_calls = *parse_json(made, "made");
  return metric.score(row, sample);
}

}  // namespace

TEST_CASE("tool_calls: names, arguments, order") {
  struct Row {
    const char* why;
    const char* options;
    const char* wanted;
    const char* made;
    std::vector<double> values;  // all, precision, recall, names
    const char* note;
  };
  const Row rows[] = {
      {"the same",
       "",                                                                   R"([{"name":"f","arguments":{"a":1}}])",
       R"([{"id":"1","name":"f","arguments":"{\"a\":1}"}])",                                                                                                                      {1, 1, 1, 1},
       ""                                                                                                                                                                                               },
      {"1.0 is 1, keys in any order",
       "",                                                                   R"([{"name":"f","arguments":{"a":1,"b":2}}])",
       R"([{"name":"f","arguments":"{\"b\":2.0,\"a\":1.0}"}])",                                                                                                                   {1, 1, 1, 1},
       ""                                                                                                                                                                                               },
      {"another argument",
       "",                                                                   R"([{"name":"f","arguments":{"a":1}}])",
       R"([{"name":"f","arguments":{"a":2}}])",                                                                                                                                   {0, 0, 0, 1},
       "`f` was called otherwise: /a: 2 in place of 1"                                                                                                                                                  },
      {"within the tolerance",
       "{tolerance: 0.5}",                                                   R"([{"name":"f","arguments":{"a":1}}])",
       R"([{"name":"f","arguments":{"a":1.5}}])",                                                                                                                                 {1, 1, 1, 1},
       ""                                                                                                                                                                                               },
      {"one argument more",
       "",                                                                   R"([{"name":"f","arguments":{"a":1}}])",
       R"([{"name":"f","arguments":{"a":1,"b":2}}])",                                                                                                                             {0, 0, 0, 1},
       "`f` was called otherwise: the document: has `b`, which is not wanted"                                                                                                                           },
      {"one more that does not matter",
       "{ignore_extra: true}",                                               R"([{"name":"f","arguments":{"a":1}}])",
       R"([{"name":"f","arguments":{"a":1,"b":2}}])",                                                                                                                             {1, 1, 1, 1},
       ""                                                                                                                                                                                               },
      {"a name alone: arguments do not matter",
       "",                                                                   R"(["f"])",
       R"([{"name":"f","arguments":{"a":1}}])",                                                                                                                                   {1, 1, 1, 1},
       ""                                                                                                                                                                                               },
      {"no arguments are an empty mapping",
       "",                                                                   R"([{"name":"f","arguments":{}}])",
       R"([{"name":"f","arguments":""}])",                                                                                                                                        {1, 1, 1, 1},
       ""                                                                                                                                                                                               },
      {"arguments that are no JSON",
       "",                                                                   R"([{"name":"f","arguments":{"a":1}}])",
       R"([{"name":"f","arguments":"{\"a\":"}])",                                                                                                                                 {0, 0, 0, 1},
       "`f` was called otherwise: the document: \"{\\\"a\\\":\" in place of {\"a\":1}"                                                                                                                  },
      {"chat completion's own form",
       "",                                                                   R"([{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}])",
       R"([{"name":"f","arguments":{"a":1}}])",                                                                                                                                   {1, 1, 1, 1},
       ""                                                                                                                                                                                               },
      {"exact: another order",
       "",                                                                   R"(["f","g"])",
       R"(["g","f"])",                                                                                                                                                            {0, 0, 0, 0},
       "`f` was not called where it was wanted"                                                                                                                                                         },
      {"exact: one more",
       "",                                                                   R"(["f"])",
       R"(["f","g"])",                                                                                                                                                            {0, 0.5, 1, 1},
       "`g` was called and not wanted"                                                                                                                                                                  },
      {"in order: others between",
       "{order: in_order}",                                                  R"(["f","g"])",
       R"(["f","x","g"])",                                                                                                                                                        {1, 2.0 / 3, 1, 1},
       ""                                                                                                                                                                                               },
      {"in order: turned",
       "{order: in_order}",                                                  R"(["f","g"])",
       R"(["g","f"])",                                                                                                                                                            {0, 0.5, 0.5, 0.5},
       "`f` was not called where it was wanted"                                                                                                                                                         },
      {"any order: turned",                            "{order: any_order}", R"(["f","g"])",                                                                      R"(["g","f"])", {1, 1, 1, 1},       ""},
      {"any order: each call counts once",
       "{order: any_order}",                                                 R"(["f","f"])",
       R"(["f","g"])",                                                                                                                                                            {0, 0.5, 0.5, 0.5},
       "`f` was not called"                                                                                                                                                                             },
 // Greedy would give the first call to the wish without arguments and leave the second unmet.
      {"any order: a best matching, not a greedy one",
       "{order: any_order}",                                                 R"(["f",{"name":"f","arguments":{"a":1}}])",
       R"([{"name":"f","arguments":{"a":1}},{"name":"f","arguments":{"a":2}}])",                                                                                                  {1, 1, 1, 1},
       ""                                                                                                                                                                                               },
      {"none wanted, none made",                       "",                   "[]",                                                                                "[]",           {1, 1, 1, 1},       ""},
      {"none wanted, one made",
       "",                                                                   "[]",
       R"(["f"])",                                                                                                                                                                {0, 0, 1, 1},
       "`f` was called and not wanted"                                                                                                                                                                  },
      {"wanted, none made",
       "",                                                                   R"(["f"])",
       "[]",                                                                                                                                                                      {0, 0, 0, 0},
       "`f` was not called where it was wanted"                                                                                                                                                         },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const auto metric = make_metric("tool_calls", row.options);
    const Measurement measured = called(*metric, row.wanted, row.made);
    REQUIRE(measured.values.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
      CAPTURE(i);
      CHECK(measured.values[i].value() == doctest::Approx(row.values[i]));
    }
    CHECK(measured.note == row.note);
  }
}

TEST_CASE("tool_calls: where the wanted calls stand, and where the made ones do") {
  const auto metric = make_metric("tool_calls", "{field: wish}");
  Sample sample;
  sample.steps = *parse_json(R"(["think",{"thought":"hm"},{"tool":"f","input":{"a":1}}])", "steps");
  Case row;
  CHECK(metric->score(row, sample).why ==
        "the case has no list of wanted calls in `wish` and none as its reference");
  row.references = {"plain text", R"([{"action":"think"},{"name":"f","args":{"a":1}}])"};
  CHECK(metric->score(row, sample).values.at(0) == 1.0);
  row.variables.add("wish", R"(["f"])");  // a list as text; the column comes before the reference
  CHECK(metric->score(row, sample).values.at(0) == 0.0);
  sample.tool_calls = *parse_json(R"([{"name":"f","arguments":"{}"}])", "calls");
  CHECK(metric->score(row, sample).values.at(0) == 1.0);  // calls come before steps
  CHECK(metric_problems("tool_calls", "{order: exat}").find("did you mean `exact`") !=
        std::string::npos);
}

TEST_CASE("tool_calls: thousands of calls that all look alike are matched in bounded time") {
  std::string many = "[";
  for (int i = 0; i < 1500; ++i) many += (i == 0 ? "\"f\"" : ",\"f\"");
  many += "]";
  for (const char* order : {"{order: in_order}", "{order: any_order}"})
    CHECK(called(*make_metric("tool_calls", order), many.c_str(), many.c_str()).values.at(0) ==
          1.0);
}
