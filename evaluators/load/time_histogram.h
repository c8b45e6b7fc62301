#pragma once
// Counts of positive times in cells that are 1 % wide relative to their values: any number of them
// in at most 3,700 cells.

#include <cstdint>
#include <optional>
#include <vector>

namespace llmops {

class TimeHistogram {
 public:
  void add(double value, std::int64_t times = 1);  // milliseconds, >= 0
  std::int64_t count() const { return count_; }
  double sum() const { return sum_; }
  double largest() const { return largest_; }
  // The middle of the cell that holds the quantile (nearest rank), 0 < p <= 1; nullopt when empty.
  std::optional<double> quantile(double p) const;
  void merge(const TimeHistogram& other);

 private:
  std::vector<std::int64_t> cells_;
  std::int64_t count_ = 0;
  double sum_ = 0, largest_ = 0;
};

}  // namespace llmops
