#include "evaluators/load/time_histogram.h"

#include <algorithm>
#include <cmath>

namespace llmops {
namespace {

constexpr double kLeast = 1e-3;  // a microsecond; what is below lies in the first cell
constexpr double kStep = 0.009950330853168083;  // ln(1.01)
constexpr std::size_t kMost = 3700;             // up to 3e3 hours

}  // namespace

void TimeHistogram::add(double value, std::int64_t times) {
  if (!(value >= 0) || times <= 0) return;
  const std::size_t cell =
      value <= kLeast
          ? 0
          : std::min(kMost - 1, static_cast<std::size_t>(std::log(value / kLeast) / kStep) + 1);
  if (cell >= cells_.size()) cells_.resize(cell + 1);
  cells_[cell] += times;
  count_ += times;
  sum_ += value * static_cast<double>(times);
  largest_ = std::max(largest_, value);
}

std::optional<double> TimeHistogram::quantile(double p) const {
  if (count_ == 0) return std::nullopt;
  const auto rank = static_cast<std::int64_t>(std::ceil(p * static_cast<double>(count_)));
  std::int64_t below = 0;
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    below += cells_[i];
    if (below < rank) continue;
    if (i == 0) return std::min(kLeast, largest_);
    return std::min(largest_, kLeast * std::exp((static_cast<double>(i) - 0.5) * kStep));
  }
  return largest_;
}

void TimeHistogram::merge(const TimeHistogram& other) {
  if (other.cells_.size() > cells_.size()) cells_.resize(other.cells_.size());
  for (std::size_t i = 0; i < other.cells_.size(); ++i) cells_[i] += other.cells_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  largest_ = std::max(largest_, other.largest_);
}

}  // namespace llmops
