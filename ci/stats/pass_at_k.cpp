#include "ci/stats/pass_at_k.h"

#include "ci/stats/checks.h"
#include "ci/stats/moments.h"

namespace llmops::stats {
namespace {

// C(a, k)/C(n, k) as a product of k ratios.
double share(std::int64_t a, std::int64_t n, std::int64_t k) {
  if (a < k) return 0.0;
  double product = 1.0;
  for (std::int64_t i = 0; i < k; ++i)
    product *= static_cast<double>(a - i) / static_cast<double>(n - i);
  return product;
}

}  // namespace

Tested<PassAtK> pass_at_k(std::int64_t n, std::int64_t c, std::int64_t k) {
  if (n < 0 || c < 0) return invalid_input("negative_count", "a count is never negative");
  if (c > n) return invalid_input("c_exceeds_n", "more answers are correct than there are");
  if (k < 1) return invalid_input("bad_k", "k is at least 1");
  if (n == 0) return no_cases();
  if (k > n) return not_testable("k_exceeds_n", "there are fewer answers than k");
  return PassAtK{1.0 - share(n - c, n, k), share(c, n, k)};
}

Tested<PassAtK> mean_pass_at_k(std::span<const std::pair<std::int64_t, std::int64_t>> problems,
                               std::int64_t k) {
  if (problems.empty()) return no_cases();
  MeanPass any, all;
  for (const auto& [n, c] : problems) {
    const Tested<PassAtK> one = pass_at_k(n, c, k);
    if (!one) return one.refusal();
    any.add(one->any);
    all.add(one->all);
  }
  return PassAtK{any.mean(), all.mean()};
}

}  // namespace llmops::stats
