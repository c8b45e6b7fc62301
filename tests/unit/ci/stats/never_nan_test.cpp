#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

#include "datasets/text/json.h"
#include "tests/unit/ci/stats/operations.h"

using namespace llmops;
using namespace llmops::test;

namespace {

constexpr double kHuge = 1e308, kTiny = 5e-324;

const std::vector<std::vector<double>>& odd_samples() {
  static const std::vector<std::vector<double>> samples{
      {          },
      {           0.0          },
      {        1.0       },
      {      -1.0,         1.0},
      {     0.0,           0.0, 0.0},
      {                  0.0,           1.0},
      {                  1.0,        1.0, 1.0, 0.0},
      {              kHuge,       -kHuge},
      {kHuge,       kHuge, kHuge},
      {               kTiny,           -kTiny, 0.0},
      { 1e-300,        2e-300, 4e-300},
      {                 1.0,1.0 + 1e-15, 1.0},
      { 1e15,         1e15 + 1.0, 1e15 + 2.0},
      {1e-8,           1.0, -1.0, 0.5, 0.25},
      {                0.1, 0.2, 0.3, 0.3, 0.2, 0.1, 0.7, 0.9},
      {          NAN,1.0},
      {   1.0,       INFINITY},
  };
  return samples;
}

Object question(const std::vector<double>& first, const std::vector<double>& second, double level,
                double range) {
  Object input{
      {"level",      level     },
      {"alpha",      0.05      },
      {"mu0",        0.0       },
      {"range",      range     },
      {"lo",         -range    },
      {"hi",         range     },
      {"margin",     range / 20},
      {"p",          0.95      },
      {"m",          0.3       },
      {"correction", true      },
      {"zero",       "pratt"   },
      {"theta",      0.1       },
      {"se",         0.1       },
      {"lam",        Value()   },
      {"smoothing",  "additive"},
      {"eps",        0.5       }
  };
  const auto list = [](const std::vector<double>& values) {
    List all;
    for (const double x : values)
      all.push_back(std::isnan(x) ? Value("NaN") : std::isinf(x) ? Value("Infinity") : Value(x));
    return all;
  };
  for (const char* key : {"x", "d", "baseline", "yhat", "resamples", "t_resamples"})
    input.add(key, list(first));
  for (const char* key : {"y", "candidate", "current", "yhat_unlabeled", "jackknife"})
    input.add(key, list(second));
  input.add("alphas", List{0.05, 0.5, 0.95});
  return input;
}

// Number of operations whose answer is no JSON, by what they were asked.
void check_finite_answers(const Operations& operations, const Object& input,
                          const std::string& method) {
  Object asked = input;
  asked.add("method", method);
  for (const std::string name : {"describe",
                           "quantile",
                           "t.paired",
                           "t.one_sample",
                           "t.welch",
                           "t.student",
                           "guarded",
                           "guarded.mean",
                           "skew_corrected",
                           "guarded_independent",
                           "wilcoxon",
                           "mann_whitney",
                           "hodges_lehmann_paired",
                           "effect.independent",
                           "effect.paired",
                           "tost.paired",
                           "pearson",
                           "spearman",
                           "kendall_tau_b",
                           "bootstrap.bca",
                           "bootstrap.studentized",
                           "ratio_of_sums",
                           "log_ratio",
                           "sequential.gate",
                           "sequential.eb_cs",
                           "sequential.hedged_log_wealth",
                           "drift.ks",
                           "change_point.scan",
                           "change_point.cusum",
                           "latency.ratio_of_medians",
                           "ppi.mean"}) {
    const auto operation = operations.find(name);
    REQUIRE(operation != operations.end());
    CAPTURE(name);
    CAPTURE(dump_json(asked));
    try {
      dump_json(operation->second(asked, Value()));
    } catch (const std::logic_error&) {
      FAIL_CHECK("the answer holds a number that is not finite");
    }
  }
}

}  // namespace

TEST_CASE("statistics: whatever goes in, no NaN comes out") {
  const Operations operations = all_operations();
  for (const auto& first : odd_samples())
    for (const auto& second : odd_samples())
      for (const auto& [level, range] : {
               std::pair{0.95,      1.0  },
               {1e-6,      kHuge},
               {1 - 1e-12, 2e15 }
      })
        for (const char* method : {"exact", "approx"})
          check_finite_answers(operations, question(first, second, level, range), method);
}
