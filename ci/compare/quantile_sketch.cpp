#include "ci/compare/quantile_sketch.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "ci/stats/quantile.h"

namespace llmops {
namespace {

// Sign, exponent and the first 10 bits of the fraction: cells of at most 2^-10 of their value, in
// the order of the numbers.
std::int64_t cell_of(double value) {
  const auto bits = static_cast<std::int64_t>(std::bit_cast<std::uint64_t>(std::abs(value)) >> 42);
  return value < 0 ? -bits : bits;
}

}  // namespace

void QuantileSketch::add(double value) {
  ++count_;
  if (exact() && values_.size() < kExact) {
    values_.push_back(value);
    return;
  }
  if (exact()) {
    for (const double each : values_) count_in_cell(each);
    values_ = {};
  }
  count_in_cell(value);
}

void QuantileSketch::count_in_cell(double value) {
  Cell& cell = cells_[cell_of(value)];
  ++cell.count;
  cell.sum += value;
}

double QuantileSketch::value_at(std::int64_t rank) const {
  for (const auto& [key, cell] : cells_) {
    if (rank < cell.count) return cell.sum / static_cast<double>(cell.count);
    rank -= cell.count;
  }
  return cells_.rbegin()->second.sum / static_cast<double>(cells_.rbegin()->second.count);
}

std::optional<double> QuantileSketch::quantile(double p) {
  if (count_ == 0) return std::nullopt;
  if (exact()) {
    if (sorted_.size() != values_.size()) {
      sorted_ = values_;
      std::ranges::sort(sorted_);
    }
    return stats::quantile_sorted(sorted_, p);
  }
  const double at = p * static_cast<double>(count_ - 1);
  const auto below = static_cast<std::int64_t>(std::floor(at));
  const double low = value_at(below), high = value_at(std::min(below + 1, count_ - 1));
  return low + (at - static_cast<double>(below)) * (high - low);
}

}  // namespace llmops
