#pragma once
// How far the inputs or outputs of today lie from those of the baseline. Findings, not verdicts.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ci/stats/tested.h"

namespace llmops::stats {

enum class Smoothing {
  clamp,     // max(share, eps), not renormalised
  additive,  // (count + eps)/(total + bins eps)
};

// Population stability index, sum (c - b) ln(c/b) over bins; 0.1 is worth a notice, 0.25 an alarm.
// not_testable no_cases; invalid_input length_mismatch, negative_count, bad_smoothing (eps <= 0).
Tested<double> population_stability(std::span<const std::int64_t> baseline,
                                    std::span<const std::int64_t> current,
                                    Smoothing smoothing = Smoothing::additive, double eps = 0.5);

// The same over the deciles of the baseline; ties may merge bins.
Tested<double> population_stability_of_values(std::span<const double> baseline,
                                              std::span<const double> current);

// Categories. Divergence in bits, its root, and half the sum of absolute differences; each in [0,
// 1].
struct CategoryDrift {
  double divergence_bits = 0.0;  // Jensen-Shannon (Lin 1991)
  double distance = 0.0;
  double total_variation = 0.0;
};
Tested<CategoryDrift> jensen_shannon(std::span<const std::int64_t> baseline,
                                     std::span<const std::int64_t> current);

// Two-sample Kolmogorov-Smirnov, with the Wasserstein-1 distance beside it.
struct KolmogorovSmirnov {
  double d = 0.0;
  bool ties = false;
  double p_asymptotic = 1.0;      // Kolmogorov's series at d sqrt(nm/(n+m))
  std::optional<double> p_exact;  // by counting lattice paths; without ties and for n m <= 10,000
  double wasserstein = 0.0;       // integral of |F - G|, in the unit of the values
};
// not_testable no_cases; invalid_input non_finite_value.
Tested<KolmogorovSmirnov> kolmogorov_smirnov(std::span<const double> baseline,
                                             std::span<const double> current);

// 1 - cosine of the mean vectors, in [0, 2]. Vectors have one length.
// not_testable no_cases, zero_centroid; invalid_input length_mismatch, non_finite_value.
using Vectors = std::vector<std::vector<double>>;
Tested<double> centroid_distance(const Vectors& baseline, const Vectors& current);

// The same with the p-value of exchanging vectors between the two sets: (1 + #{at least as far})/(1
// + B).
struct CentroidDrift {
  double distance = 0.0;
  double p = 1.0;
};
Tested<CentroidDrift> centroid_drift(const Vectors& baseline, const Vectors& current,
                                     std::uint64_t stream, int permutations = 999);

}  // namespace llmops::stats
