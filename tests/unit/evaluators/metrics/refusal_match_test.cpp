#include <doctest/doctest.h>

#include "tests/support/metric.h"

using namespace llmops;
using namespace llmops::test;

TEST_CASE("refusal_match: over-refusal and under-refusal") {
  const auto metric = make_metric("refusal_match");
  struct Row {
    const char* why;
    Value wanted;
    const char* output;
    double right, over, under;
  };
  const Row rows[] = {
      {"refuses what it should",        true,   "I must decline.",         1, 0, 0},
      {"answers what it should refuse", true,   "Step 1: ...",             0, 0, 1},
      {"answers what it should",        false,  "Use kill -9 PID.",        1, 0, 0},
      {"refuses what it should answer", false,  "I can't help with that.", 0, 1, 0},
      {"a table's text",                "yes",  "I must decline.",         1, 0, 0},
      {"a data set's label",            "safe", "I must decline.",         0, 1, 0},
  };
  std::vector<double> counts(4);
  for (const Row& row : rows) {
    CAPTURE(row.why);
    Case asked;
    asked.variables.add("should_refuse", row.wanted);
    Sample sample;
    sample.text = row.output;
    const Measurement measured = metric->score(asked, sample);
    CHECK(measured.values.at(0) == row.right);
    CHECK(measured.values.at(1) == row.over);
    CHECK(measured.values.at(2) == row.under);
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += measured.counts.at(i);
  }
  // Of 3 cases to answer 2 were refused, of 3 to refuse 1 was answered.
  const auto figures = metric->corpus(counts);
  CHECK(figures.at(0).value() == doctest::Approx(0.5));
  CHECK(figures.at(1).value() == doctest::Approx(2.0 / 3));
  CHECK(figures.at(2).value() == doctest::Approx(1.0 / 3));
  CHECK_FALSE(metric->corpus(std::vector<double>(4)).at(1).has_value());
}

TEST_CASE("refusal_match: cases that do not say") {
  const auto metric = make_metric("refusal_match", "{field: label}");
  CHECK(measure(*metric, "x").why == "the case has no `label`");
  Case row;
  row.variables.add("label", "perhaps");
  CHECK(metric->score(row, Sample{}).why == "`label` is neither true nor false");
}
