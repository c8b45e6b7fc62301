#pragma once
// What the formulas need to know of one measure, gathered while the rows stream by twice: first
// counts and means, then spreads around those means. Memory does not grow with the cases.

#include <cstdint>
#include <optional>

#include "ci/compare/cluster_sums.h"
#include "ci/stats/moments.h"
#include "ci/stats/paired_binary.h"

namespace llmops {

// Values of the same cases in both runs. `sign` is 1 where more is better, else -1; differences and
// logarithms of ratios are oriented by it: positive = candidate better.
class PairedTally {
 public:
  explicit PairedTally(double sign = 1.0) : sign_(sign) {}

  void first(double baseline, double candidate);
  void begin_second();
  // `cluster`: where cases belong together, on every call or on none.
  void second(double baseline, double candidate, std::optional<std::uint32_t> cluster = {});

  std::int64_t n() const { return static_cast<std::int64_t>(difference_.count()); }
  double sign() const { return sign_; }
  double oriented(double baseline, double candidate) const {
    return sign_ * (candidate - baseline);
  }
  double baseline_mean() const { return baseline_.mean(); }
  double candidate_mean() const { return candidate_.mean(); }
  bool binary() const { return binary_; }      // every value is 0 or 1
  bool positive() const { return positive_; }  // every value is above 0

  // Oriented: a gain is a case that got better.
  const stats::PairedTable& table() const { return table_; }
  std::int64_t wins = 0, losses = 0, ties = 0;

  // After the second pass.
  stats::Moments difference() const { return spread_->moments(); }
  stats::Moments logarithm() const { return log_spread_->moments(); }  // of the ratio; `positive`
  // R = sum of candidate / sum of baseline and its error by linearisation (stats/ratios.h). The
  // baseline's mean is not 0.
  double ratio() const { return candidate_mean() / baseline_mean(); }
  double ratio_error() const;

  bool clustered() const { return !difference_clusters_.empty(); }
  stats::Clusters difference_clusters() const;
  stats::Clusters logarithm_clusters() const;  // where `positive`
  stats::Clusters ratio_clusters() const;      // of (candidate - R baseline)/mean of the baseline

 private:
  double sign_;
  bool binary_ = true, positive_ = true;
  stats::PairedTable table_;
  stats::MeanPass baseline_, candidate_, difference_, log_;
  std::optional<stats::SpreadPass> spread_, log_spread_;
  stats::Sum residual_squares_;  // of (candidate - R baseline)/mean of the baseline
  ClusterSums difference_clusters_, log_clusters_, residual_clusters_;
};

// Values of one run.
class ArmTally {
 public:
  void first(double value);
  void begin_second();
  void second(double value);

  std::int64_t n() const { return static_cast<std::int64_t>(values_.count()); }
  double mean() const { return values_.mean(); }
  bool binary() const { return binary_; }
  bool positive() const { return positive_; }
  std::int64_t ones() const { return ones_; }
  double max() const { return max_; }

  stats::Moments moments() const { return spread_->moments(); }
  stats::Moments logarithm() const { return log_spread_->moments(); }  // where `positive`

 private:
  bool binary_ = true, positive_ = true;
  std::int64_t ones_ = 0;
  double max_ = 0;
  stats::MeanPass values_, log_;
  std::optional<stats::SpreadPass> spread_, log_spread_;
};

}  // namespace llmops
