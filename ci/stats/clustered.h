#pragma once
// Cases that belong together (one document, one conversation): the cluster is the unit.
// With clusters of sizes n_g and sums S_g, N cases, G clusters and the overall mean m, the
// pseudo-values y_g = m + (S_g - m n_g) G/N have mean m and the CR1 cluster-robust standard error
// (Liang & Zeger 1986).

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ci/stats/guarded.h"
#include "ci/stats/t_test.h"
#include "ci/stats/tested.h"

namespace llmops::stats {

struct Clusters {
  std::vector<double> sums;  // S_g, in the order in which the clusters appear
  std::vector<double> sizes;
  std::size_t cases = 0;
  double mean = 0.0;
  double se_iid = 0.0;        // as if the cases were independent; 0 for one case
  double se_cr0 = 0.0;        // sqrt(sum (S_g - m n_g)^2)/N
  double se_cr1 = 0.0;        // times sqrt(G/(G-1)); 0 for one cluster
  std::optional<double> icc;  // one-way analysis of variance; absent without within degrees
  std::optional<double> design_effect;  // (se_cr1/se_iid)^2; absent for se_iid = 0 or one cluster
};
// `labels` names the cluster of each value. not_testable no_cases; invalid_input length_mismatch,
// non_finite_value.
Tested<Clusters> clusters(std::span<const double> values, std::span<const std::string> labels);

// Pseudo-values, one a cluster.
std::vector<double> pseudo_values(const Clusters& clusters);

// t with G - 1 degrees of freedom on the CR1 error. not_testable fewer_than_two_clusters,
// zero_variance.
Tested<TTest> t_clustered(const Clusters& clusters, double null_value = 0.0, double level = 0.95);

// Guarded bounds on the pseudo-values; the range is that of one difference.
Tested<Guarded> guarded_clustered(const Clusters& clusters, double range, double level = 0.95,
                                  double null_value = 0.0);

}  // namespace llmops::stats
