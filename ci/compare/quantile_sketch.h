#pragma once
// Quantiles of a stream in bounded memory: exact up to 2^18 values, from then on a histogram whose
// cells are 0.1 % wide relative to their values (the upper bits of the number itself).

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace llmops {

class QuantileSketch {
 public:
  static constexpr std::size_t kExact = std::size_t{1} << 18;

  void add(double value);  // finite
  std::int64_t count() const { return count_; }
  bool exact() const { return cells_.empty(); }
  // Every value, in order of arrival; only while `exact`.
  const std::vector<double>& values() const { return values_; }
  // Type 7. Sorts what it holds. nullopt without values.
  std::optional<double> quantile(double p);

 private:
  struct Cell {
    std::int64_t count = 0;
    double sum = 0;
  };
  void count_in_cell(double value);
  double value_at(std::int64_t rank) const;  // 0-based, of the histogram

  std::int64_t count_ = 0;
  std::vector<double> values_, sorted_;
  std::map<std::int64_t, Cell> cells_;
};

}  // namespace llmops
