#include <doctest/doctest.h>

#include "tests/support/metric.h"

using namespace llmops::test;

TEST_CASE("gleu: n-grams of the side that has more") {
  struct Row {
    const char* why;
    const char* options;
    const char* output;
    std::vector<std::string> references;
    double score;
  };
  const Row rows[] = {
      {"equal",             "",                  "a b c d e", {"a b c d e"}, 1.0    },
      {"one order",         "{max_order: 1}",    "a b",       {"a c d"},     1.0 / 3},
      {"orders are summed", "{max_order: 2}",    "a b",       {"a b c"},     3.0 / 5},
      {"best reference",    "{max_order: 1}",    "a",         {"b", "a"},    1.0    },
      {"nothing",           "",                  "",          {"a"},         0.0    },
      {"case",              "{lowercase: true}", "A",         {"a"},         1.0    },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(score_one(*make_metric("gleu", row.options), row.output, row.references) ==
          doctest::Approx(row.score));
  }
  CHECK(measure(*make_metric("gleu"), "a").why == "the case has no reference");
}

TEST_CASE("gleu: the set's figure is the share of sums, not the mean") {
  const auto metric = make_metric("gleu", "{max_order: 1}");
  const auto first = measure(*metric, "a", {"a"}).counts;
  const auto second = measure(*metric, "x y z", {"a b c"}).counts;
  CHECK(*metric->corpus(std::vector<double>{first[0] + second[0], first[1] + second[1]}).at(0) ==
        doctest::Approx(0.25));
  CHECK(metric_problems("gleu", "{min_order: 3, max_order: 2}").find("above `max_order`") !=
        std::string::npos);
}
