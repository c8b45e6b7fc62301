#pragma once
// McNemar's test (1947) of equal pass rates on the same cases. Conditional on the discordant pairs
// the losses are Bin(m, 1/2). mid-p = exact - half the probability of the observed table
// (Fagerland, Lydersen & Laake 2013). worse: more losses than gains.

#include <optional>

#include "ci/stats/paired_binary.h"
#include "ci/stats/tested.h"

namespace llmops::stats {

struct ChiSquareTest {
  double statistic = 0.0;  // 1 degree of freedom
  double p = 1.0;
};

struct McNemar {
  std::int64_t n = 0;
  std::int64_t discordant = 0;  // with none, every p is 1 and the chi-square tests are absent
  double difference = 0.0;
  double exact_two_sided = 1.0, exact_worse = 1.0, exact_better = 1.0;
  double mid_two_sided = 1.0, mid_worse = 1.0, mid_better = 1.0;
  std::optional<ChiSquareTest> chi_square;
  std::optional<ChiSquareTest> chi_square_corrected;  // Edwards 1948
};

// not_testable no_cases; invalid_input negative_count.
Tested<McNemar> mcnemar(const PairedTable& table);

}  // namespace llmops::stats
