#pragma once
// How far two or more raters agree beyond chance. Where chance leaves no disagreement to expect,
// the coefficient is undefined, neither 1 nor 0.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ci/stats/tested.h"

namespace llmops::stats {

// Counts of two raters: row = category of the first, column = of the second; square.
using RatingTable = std::vector<std::vector<std::int64_t>>;

enum class Weights { none, linear, quadratic };

struct Agreement {
  double observed = 0.0;  // weighted share of agreement
  double expected = 0.0;  // the same under independence
};
// not_testable no_cases; invalid_input not_square, negative_count.
Tested<Agreement> agreement(const RatingTable& table, Weights weights = Weights::none);

struct Kappa {
  double kappa = 0.0;
  double se = 0.0;    // large-sample error (Fleiss, Cohen & Everitt 1969)
  Interval interval;  // two-sided at `level`, normal, not clipped
};
// Cohen 1960, weighted 1968. not_testable undefined_no_expected_disagreement too.
Tested<Kappa> kappa(const RatingTable& table, Weights weights = Weights::none, double level = 0.95);

// Gwet's AC1 (2008).
Tested<double> gwet_ac1(const RatingTable& table);

// Agreement of a judge with labels: share and Wilson interval.
struct AgreementRate {
  double rate = 0.0;
  Interval interval;
};
Tested<AgreementRate> agreement_rate(std::int64_t agree, std::int64_t n, double level = 0.95);

// Krippendorff's alpha (2011): any number of raters, gaps allowed. A unit holds one entry a rater.
enum class Measurement { nominal, ordinal, interval, ratio };
using Unit = std::vector<std::optional<double>>;
// not_testable no_pairs (no unit has two ratings), undefined_no_expected_disagreement.
Tested<double> krippendorff_alpha(std::span<const Unit> units, Measurement measurement);

}  // namespace llmops::stats
