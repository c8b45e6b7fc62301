#pragma once
// n answers to a problem, c of them correct: chances of k answers drawn without replacement.

#include <cstdint>
#include <span>
#include <utility>

#include "ci/stats/tested.h"

namespace llmops::stats {

struct PassAtK {
  double any = 0.0;  // pass@k = 1 - C(n-c, k)/C(n, k) (Chen et al. 2021)
  double all = 0.0;  // pass^k = C(c, k)/C(n, k)
};

// not_testable no_cases, k_exceeds_n; invalid_input negative_count, c_exceeds_n, bad_k (k < 1).
Tested<PassAtK> pass_at_k(std::int64_t n, std::int64_t c, std::int64_t k);

// Mean over problems, each given as (n, c); any problem with n < k makes it not testable.
Tested<PassAtK> mean_pass_at_k(std::span<const std::pair<std::int64_t, std::int64_t>> problems,
                               std::int64_t k);

}  // namespace llmops::stats
