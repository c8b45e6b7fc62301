#include <doctest/doctest.h>

#include "evaluators/metrics/text/assertion.h"
#include "tests/support/metric.h"

using namespace llmops;
using namespace llmops::test;

namespace {

Measurement check(const Metric& metric, const std::string& output, Object columns) {
  Case row;
  row.variables = std::move(columns);
  Sample sample;
  sample.text = output;
  return metric.score(row, sample);
}

std::optional<double> one(const std::string& expected, const std::string& output) {
  const auto metric = make_metric("expected");
  const Measurement found = check(*metric, output,
                                  {
                                      {"__expected", expected}
  });
  return found.values.front();
}

}  // namespace

TEST_CASE("expected: each kind of check") {
  struct Row {
    const char* expected;
    const char* output;
    std::optional<double> score;
  };
  const Row rows[] = {
      {"Paris",                            "Paris",                              1.0         },
      {"Paris",                            "It is Paris",                        0.0         },
      {"Note: this is the answer",         "Note: this is the answer",           1.0         },
      {"equals: Paris",                    "Paris",                              1.0         },
      {"contains: Paris",                  "It is Paris.",                       1.0         },
      {"contains: paris",                  "It is Paris.",                       0.0         },
      {"icontains:paris",                  "It is Paris.",                       1.0         },
      {"not-contains: Paris",              "It is Paris.",                       0.0         },
      {"not-contains: Rome",               "It is Paris.",                       1.0         },
      {"contains-any: Rome, Paris",        "It is Paris.",                       1.0         },
      {"contains-all: Rome, Paris",        "It is Paris.",                       0.0         },
      {"icontains-all: PARIS, it",         "It is Paris.",                       1.0         },
      {"starts-with: It",                  "It is Paris.",                       1.0         },
      {"regex: \\d{4}",                    "in 1867",                            1.0         },
      {"not-regex: \\d{4}",                "in 1867",                            0.0         },
      {"is-json",                          "{\"a\": 1}",                         1.0         },
      {"is-json",                          "no",                                 0.0         },
      {"not-is-json",                      "no",                                 1.0         },
      {"is-json: {\"required\": [\"a\"]}", "{\"a\": 1}",                         1.0         },
      {"is-json: {\"required\": [\"b\"]}", "{\"a\": 1}",                         0.0         },
      {"is-xml",                           "<a/>",                               1.0         },
      {"is-sql",                           "SELECT 1",                           1.0         },
      {"is-refusal",                       "I'm sorry, I can't help with that.", 1.0         },
      {"levenshtein(2): kitten",           "kitte",                              1.0         },
      {"levenshtein(2): kitten",           "sitting",                            0.0         },
      {"levenshtein: kitten",              "sitting",                            1.0         },
      {"rouge-n(0.6): a b c",              "a b x",                              1.0         },
      {"rouge-n: a b c",                   "a b x",                              0.0         },
      {"f1(0.5): red fox",                 "fox",                                1.0         },
      {"bleu(0.9): a b c d",               "a b c d",                            1.0         },
      {"numeric: 5,600",                   "about 5600 km",                      1.0         },
      {"numeric(1): 5600",                 "5601",                               1.0         },
      {"word-count: 3",                    "one two three",                      1.0         },
      {"word-count: 3",                    "one two three four",                 0.0         },
      {"llm-rubric: is it kind?",          "yes",                                std::nullopt},
      {"similar(0.8): hello",              "hello",                              std::nullopt},
      {"javascript: output.length > 1",    "ab",                                 std::nullopt},
      {"regex: (",                         "(",                                  std::nullopt},
      {"contains:",                        "x",                                  std::nullopt},
  };
  for (const Row& row : rows) {
    CAPTURE(row.expected);
    CAPTURE(row.output);
    CHECK(one(row.expected, row.output) == row.score);
  }
}

TEST_CASE("expected: several columns, a list, a threshold") {
  const auto metric = make_metric("expected");
  const Measurement half = check(*metric, "It is Paris.",
                                 {
                                     {"__expected1",  "contains: Paris"},
                                     {"__expected2",  "contains: Rome" },
                                     {"__expected3",  ""               },
                                     {"__expectedly", "contains: Oslo" }
  });
  CHECK(half.values.front() == 0.0);
  CHECK(half.values.at(1) == 0.5);
  CHECK(half.note == "fails `contains: Rome`");
  const Measurement enough =
      check(*metric, "It is Paris.",
            {
                {"__expected",  List{"contains: Paris", "contains: Rome"}},
                {"__threshold", "0.5"                                    }
  });
  CHECK(enough.values.front() == 1.0);
  CHECK(check(*metric, "x",
              {
                  {"__expected", ""}
  })
            .why == "the case has no check in `__expected`");
  const Measurement unknown = check(*metric, "x",
                                    {
                                        {"__expected1", "x"             },
                                        {"__expected2", "llm-rubric: ok"}
  });
  CHECK(unknown.why == "`llm-rubric: ok`: `llm-rubric` is no check that `expected` can do");
}

TEST_CASE("expected: `similar` is decided by the metric that is named") {
  const auto metric = make_metric("expected", "{similar: {levenshtein: {lowercase: true}}}");
  CHECK(check(*metric, "HELLO",
              {
                  {"__expected", "similar(0.9): hello"}
  })
            .values.front() == 1.0);
  CHECK(check(*metric, "HELP",
              {
                  {"__expected", "similar: hello"}
  })
            .values.front() == 0.0);
  CHECK(metric_problems("expected", "{similar: levenstein}").find("did you mean `levenshtein`") !=
        std::string::npos);
}

TEST_CASE("expected: parts of a check") {
  const Assertion found = parse_assertion("  not-similar( 0.85 ) :  some text: with a colon ");
  CHECK(found.type == "similar");
  CHECK(found.negate);
  CHECK(found.threshold == 0.85);
  CHECK(found.value == "some text: with a colon");
  for (const char* text :
       {"similar(x): y", "contains", "https://example.org", "levenshtein(1", "is_json", ""})
    CHECK(parse_assertion(text).type == "equals");
  CHECK(comma_separated(" a, ,b ,") == std::vector<std::string>{"a", "b"});
}
