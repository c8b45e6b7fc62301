#pragma once
// Where the level of a history of runs changed. Energy statistic of Matteson & James (2014) for one
// split: t(tau) = nm/(n+m) (2 mean|X-Y| - mean|X-X'| - mean|Y-Y'|), means over all pairs, a value
// with itself too.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ci/stats/tested.h"

namespace llmops::stats {

struct EnergyScan {
  std::vector<double> statistic;  // [i]: left part of i + 1 points
  std::optional<std::size_t>
      split;  // first point of the right part, first maximum; absent if all equal
  double largest = 0.0;
  // Pooled t test at the split, two-sided. The split was chosen by the data: it is no p-value of a
  // change.
  std::optional<double> p_student;
};
// not_testable fewer_than_two_points; invalid_input non_finite_value. Time n^2.
Tested<EnergyScan> energy_scan(std::span<const double> values);

struct Cusum {
  std::vector<double> path;       // sums of deviations from the mean
  std::size_t largest_after = 0;  // number of points after which |path| is largest, first maximum
  double range = 0.0;             // largest minus smallest
};
Tested<Cusum> cusum(std::span<const double> values);

struct ChangePoint {
  std::size_t index = 0;  // first point of the new level
  double p = 1.0;         // of the permutations within the segment
  double mean_before = 0.0, mean_after = 0.0;
  std::optional<double> relative_change;  // absent for mean_before = 0
  std::optional<Interval> difference;     // Welch, two-sided; absent where it is undefined
};
struct ChangePointOptions {
  std::size_t least_points = 3;  // on each side
  int permutations = 999;
  double alpha = 0.01;
  double level = 0.95;
  std::uint64_t stream = 1;  // seed of the permutations
};
// Accepts the best split of a segment where its permutation p is at most alpha, then looks at both
// halves. In ascending order; the same result on every machine.
Tested<std::vector<ChangePoint>> change_points(std::span<const double> values,
                                               const ChangePointOptions& options = {});

}  // namespace llmops::stats
