#include <doctest/doctest.h>

#include "tests/support/metric.h"

using namespace llmops;
using namespace llmops::test;

TEST_CASE("pii: what is found, counted and never shown") {
  const auto metric = make_metric("pii");
  struct Row {
    const char* why;
    const char* output;
    double found, count;
  };
  // Numbers that pass their checksums and belong to nobody.
  const Row rows[] = {
      {"nothing",                    "The order has 3 items.",                       0, 0},
      {"a card",                     "pay with 4539 1488 0343 6467 now",             1, 1},
      {"a digit off: no card",       "pay with 4539 1488 0343 6468 now",             0, 0},
      {"an IBAN",                    "to GB29 NWBK 6016 1331 9268 19",               1, 1},
      {"mail and telephone",         "ask jane.roe@acme-corp.io or +49 170 8342716", 1, 2},
      {"a social security number",   "SSN 512-44-7781",                              1, 1},
      {"an example address is none", "ask jane@example.com",                         0, 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const Measurement measured = measure(*metric, row.output);
    CHECK(measured.values.at(0) == row.found);
    CHECK(measured.values.at(1) == row.count);
    CHECK(measured.note.find("0343 6467") == std::string::npos);
    CHECK(measured.note.find("roe@acme") == std::string::npos);
    CHECK(measured.note.find("7781") == std::string::npos);
  }
}

TEST_CASE("pii: kinds, what is allowed, what the case gave") {
  const std::string output = "ask jane.roe@acme-corp.io or +49 170 8342716";
  CHECK(measure(*make_metric("pii", "{kinds: phone}"), output).values.at(1) == 1.0);
  CHECK(measure(*make_metric("pii", "{kinds: [card, iban]}"), output).values.at(1) == 0.0);
  CHECK(measure(*make_metric("pii", "{allow: '@acme-corp\\.io$'}"), output).values.at(1) == 1.0);
  Case row;
  row.variables.add("question", "My number is +491708342716. Whom do I ask?");
  Sample sample;
  sample.text = output;
  CHECK(make_metric("pii", "{allow_given: true}")->score(row, sample).values.at(1) == 1.0);
  CHECK(make_metric("pii")->score(row, sample).values.at(1) == 2.0);
  CHECK(make_metric("pii", "{kinds: phone}")->signature() ==
        "pii|kinds:phone|allow:none|given:counts|version:1");
  const std::string problem = metric_problems("pii", "{kinds: cards}");
  CHECK(problem.find("unknown kind `cards`") != std::string::npos);
  CHECK(problem.find("did you mean `card`") != std::string::npos);
  CHECK(metric_problems("pii", "{allow: '('}") != "");
}
