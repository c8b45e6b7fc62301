#include <doctest/doctest.h>

#include <cmath>

#include "tests/support/metric.h"

using namespace llmops;
using namespace llmops::test;

TEST_CASE("classification: the label of an output") {
  struct Row {
    const char* why;
    const char* options;
    const char* output;
    const char* reference;
    double score;
  };
  const Row rows[] = {
      {"the label alone",        "{labels: [spam, ham]}",                     "spam",              "spam",     1},
      {"case and marks",         "{labels: [spam, ham]}",                     "**Spam**.",         "spam",     1},
      {"case, where it counts",  "{labels: [spam, ham], ignore_case: false}", "Spam",              "spam",     0},
      {"inside a sentence",      "{labels: [spam, ham]}",                     "I would say: ham!", "ham",      1},
      {"two labels are none",    "{labels: [spam, ham]}",                     "spam or ham",       "spam",     0},
      {"no label",               "{labels: [spam, ham]}",                     "hamster",           "ham",      0},
      {"a label inside another", "{labels: [spam, not spam]}",                "This is not spam",  "not spam", 1},
      {"an own pattern",         "{labels: [a, b], extract: 'label=(\\w+)'}", "a b label=b",       "b",        1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(score_one(*make_metric("classification", row.options), row.output, {row.reference}) ==
          row.score);
  }
  CHECK(measure(*make_metric("classification", "{labels: [a, b]}"), "a", {"c"}).why ==
        "the reference is no label: c");
  CHECK(metric_problems("classification", "{}").find("has no `labels`") != std::string::npos);
  CHECK(metric_problems("classification", "{labels: [a]}").find("two labels at least") !=
        std::string::npos);
}

TEST_CASE("classification: figures of the set") {
  // wanted a: 3 right, 1 taken for b; wanted b: 1 right, 1 without an answer; c is never there.
  const auto metric = make_metric("classification", "{labels: [a, b, c]}");
  std::vector<double> sums(12, 0.0);
  const std::pair<const char*, const char*> samples[] = {
      {"a", "a"},
      {"a", "a"},
      {"a", "a"},
      {"b", "a"},
      {"b", "b"},
      {"?", "b"}
  };
  for (const auto& sample : samples) {
    const auto counts = measure(*metric, sample.first, {sample.second}).counts;
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += counts.at(i);
  }
  const auto figures = metric->corpus(sums);
  const double f1_a = 2.0 * 3 / (4 + 3);
  const double f1_b = 2.0 * 1 / (2 + 2);
  CHECK(*figures.at(0) == doctest::Approx(4.0 / 6));
  CHECK(*figures.at(1) == doctest::Approx((f1_a + f1_b) / 2));
  CHECK(*figures.at(2) == doctest::Approx((4 * f1_a + 2 * f1_b) / 6));
  // s = 6, c = 4; wanted (4, 2, 0), given (3, 2, 0) and 1 of no label.
  CHECK(*figures.at(3) ==
        doctest::Approx((4.0 * 6 - (4 * 3 + 2 * 2)) / std::sqrt((36.0 - 14) * (36 - 20))));
  CHECK_FALSE(metric->columns().at(1).headline.has_value());
}

TEST_CASE("classification: a correlation with one label only is none") {
  const auto metric = make_metric("classification", "{labels: [a, b]}");
  const auto figures = metric->corpus(measure(*metric, "a", {"a"}).counts);
  CHECK(*figures.at(0) == 1.0);
  CHECK_FALSE(figures.at(3).has_value());
}
