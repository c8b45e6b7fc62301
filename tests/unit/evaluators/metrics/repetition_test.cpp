#include <doctest/doctest.h>

#include "tests/support/metric.h"

using namespace llmops::test;

TEST_CASE("repetition: n-grams that were there before") {
  struct Row {
    const char* why;
    const char* options;
    const char* output;
    double repetition, distinct_1, distinct_2;
  };
  const Row rows[] = {
      {"all different",        "{n: 2}", "a b c d",         0,           1,       1      },
      {"a loop",               "{n: 2}", "a b a b a b",     1 - 2.0 / 5, 2.0 / 6, 2.0 / 5},
      {"case does not matter", "{n: 1}", "A a",             0.5,         0.5,     1      },
      {"four at a time",       "",       "a b c d a b c d", 1 - 4.0 / 5, 0.5,     4.0 / 7},
      {"too short to repeat",  "",       "a",               0,           1,       1      },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const auto values = measure(*make_metric("repetition", row.options), row.output).values;
    CHECK(*values.at(0) == doctest::Approx(row.repetition));
    CHECK(*values.at(1) == doctest::Approx(row.distinct_1));
    CHECK(*values.at(2) == doctest::Approx(row.distinct_2));
  }
  CHECK(measure(*make_metric("repetition"), " ").why == "the output has no words");
}
