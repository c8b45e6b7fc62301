#include "ci/compare/tally.h"

#include <algorithm>
#include <cmath>

namespace llmops {
namespace {

// Differences below this share of the values are their rounding.
constexpr double kRounding = 1e-12;

bool zero_or_one(double value) { return value == 0.0 || value == 1.0; }

void count(stats::PairedTable& table, bool baseline, bool candidate) {
  if (baseline && candidate) ++table.both;
  if (baseline && !candidate) ++table.losses;
  if (!baseline && candidate) ++table.gains;
  if (!baseline && !candidate) ++table.neither;
}

}  // namespace

void PairedTally::first(double baseline, double candidate) {
  const double magnitude = std::max(std::abs(baseline), std::abs(candidate));
  const double d = oriented(baseline, candidate);
  if (std::abs(d) <= kRounding * magnitude)
    ++ties;
  else
    ++(d > 0 ? wins : losses);
  baseline_.add(baseline);
  candidate_.add(candidate);
  difference_.add(d, magnitude);
  binary_ = binary_ && zero_or_one(baseline) && zero_or_one(candidate);
  positive_ = positive_ && baseline > 0 && candidate > 0;
  const double good = sign_ > 0 ? 1.0 : 0.0;
  if (binary_) count(table_, baseline == good, candidate == good);
  if (positive_) log_.add(sign_ * std::log(candidate / baseline));
}

void PairedTally::begin_second() {
  spread_.emplace(difference_);
  if (positive_ && n() > 0) log_spread_.emplace(log_);
}

void PairedTally::second(double baseline, double candidate, std::optional<std::uint32_t> cluster) {
  const double d = oriented(baseline, candidate);
  spread_->add(d);
  if (cluster) difference_clusters_.add(*cluster, d);
  if (log_spread_) {
    const double logarithm = sign_ * std::log(candidate / baseline);
    log_spread_->add(logarithm);
    if (cluster) log_clusters_.add(*cluster, logarithm);
  }
  if (baseline_mean() == 0) return;
  const double residual = candidate / baseline_mean() - ratio() * (baseline / baseline_mean());
  residual_squares_.add(residual * residual);
  if (cluster) residual_clusters_.add(*cluster, residual);
}

// The residuals add up to 0 by construction, so their squares need no correction for a mean.
double PairedTally::ratio_error() const {
  const auto count = static_cast<double>(n());
  return std::sqrt(residual_squares_.value() / (count * (count - 1)));
}

stats::Clusters PairedTally::difference_clusters() const {
  return difference_clusters_.clusters(difference_.mean());
}

stats::Clusters PairedTally::logarithm_clusters() const {
  return log_clusters_.clusters(log_.mean());
}

stats::Clusters PairedTally::ratio_clusters() const { return residual_clusters_.clusters(0.0); }

void ArmTally::first(double value) {
  max_ = n() == 0 ? value : std::max(max_, value);
  values_.add(value);
  binary_ = binary_ && zero_or_one(value);
  if (value == 1.0) ++ones_;
  positive_ = positive_ && value > 0;
  if (positive_) log_.add(std::log(value));
}

void ArmTally::begin_second() {
  spread_.emplace(values_);
  if (positive_ && n() > 0) log_spread_.emplace(log_);
}

void ArmTally::second(double value) {
  spread_->add(value);
  if (log_spread_) log_spread_->add(std::log(value));
}

}  // namespace llmops
