#include "ci/stats/change_point.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "ci/stats/checks.h"
#include "ci/stats/moments.h"
#include "ci/stats/t_test.h"
#include "datasets/random.h"

namespace llmops::stats {
namespace {

Refusal fewer_than_two_points() {
  return not_testable("fewer_than_two_points", "a change needs at least two points");
}

// Moves one point at a time from the right to the left part and keeps the three sums of distances.
std::vector<double> scan(std::span<const double> x) {
  const std::size_t size = x.size();
  double within_left = 0.0, within_right = 0.0, across = 0.0;  // over unordered pairs
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t j = i + 1; j < size; ++j) within_right += std::abs(x[i] - x[j]);
  std::vector<double> statistic;
  for (std::size_t moved = 0; moved + 1 < size; ++moved) {
    double to_left = 0.0, to_right = 0.0;
    for (std::size_t i = 0; i < moved; ++i) to_left += std::abs(x[moved] - x[i]);
    for (std::size_t i = moved + 1; i < size; ++i) to_right += std::abs(x[moved] - x[i]);
    within_left += to_left;
    within_right -= to_right;
    across += to_right - to_left;
    const auto n = static_cast<double>(moved + 1), m = static_cast<double>(size - moved - 1);
    statistic.push_back(
        n * m / (n + m) *
        (2.0 * across / (n * m) - 2.0 * within_left / (n * n) - 2.0 * within_right / (m * m)));
  }
  return statistic;
}

// Position and value of the first maximum among the splits that leave `least` points on each side.
// What exceeds the best so far by rounding only is no new maximum.
std::pair<std::size_t, double> best_split(const std::vector<double>& statistic, std::size_t least) {
  std::size_t best = least - 1;
  for (std::size_t i = best; i + least <= statistic.size(); ++i)
    if (statistic[i] > statistic[best] * (1.0 + 1e-12)) best = i;
  return {best + 1, statistic[best]};
}

}  // namespace

Tested<EnergyScan> energy_scan(std::span<const double> values) {
  if (auto refusal = check_finite(values)) return *refusal;
  if (values.size() < 2) return fewer_than_two_points();
  EnergyScan r;
  if (moments(values).constant()) {
    r.statistic.assign(values.size() - 1, 0.0);
    return r;
  }
  r.statistic = scan(values);
  for (const double t : r.statistic)
    if (auto refusal = check_results({t})) return *refusal;
  const auto [split, largest] = best_split(r.statistic, 1);
  r.split = split;
  r.largest = largest;
  const auto test = t_student(values.first(split), values.subspan(split));
  if (test) r.p_student = test->p_two_sided;
  return r;
}

Tested<Cusum> cusum(std::span<const double> values) {
  if (auto refusal = check_finite(values)) return *refusal;
  if (values.size() < 2) return fewer_than_two_points();
  const double centre = mean(values);
  Cusum r;
  Sum sum;
  double low = 0.0, high = 0.0;
  for (const double x : values) {
    sum.add(x - centre);
    r.path.push_back(sum.value());
    low = std::min(low, sum.value());
    high = std::max(high, sum.value());
    if (std::abs(r.path.back()) > std::abs(r.path[r.largest_after == 0 ? 0 : r.largest_after - 1]))
      r.largest_after = r.path.size();
  }
  if (r.largest_after == 0) r.largest_after = 1;
  r.range = high - low;
  if (auto refusal = check_results({r.range})) return *refusal;
  return r;
}

namespace {

class Search {
 public:
  Search(std::span<const double> values, const ChangePointOptions& options)
      : values_(values), options_(options) {}

  std::vector<ChangePoint> run() {
    look(0, values_.size());
    std::ranges::sort(found_, {}, &ChangePoint::index);
    return std::move(found_);
  }

 private:
  void look(std::size_t begin, std::size_t end) {
    const std::size_t least = std::max<std::size_t>(1, options_.least_points);
    if (end - begin < 2 * least) return;
    const std::span<const double> segment = values_.subspan(begin, end - begin);
    if (moments(segment).constant()) return;
    const auto [split, largest] = best_split(scan(segment), least);
    const double p = permutation_p(segment, largest, least, begin);
    if (p > options_.alpha) return;
    found_.push_back(described(begin, begin + split, end, p));
    look(begin, begin + split);
    look(begin + split, end);
  }

  double permutation_p(std::span<const double> segment, double largest, std::size_t least,
                       std::size_t begin) const {
    Random random(options_.stream, begin * values_.size() + segment.size());
    std::vector<double> shuffled(segment.begin(), segment.end());
    int extreme = 0;
    for (int r = 0; r < options_.permutations; ++r) {
      for (std::size_t i = shuffled.size(); i > 1; --i)
        std::swap(shuffled[i - 1], shuffled[random.below(i)]);
      if (best_split(scan(shuffled), least).second >= largest * (1.0 - 1e-12)) ++extreme;
    }
    return (1.0 + extreme) / (1.0 + options_.permutations);
  }

  ChangePoint described(std::size_t begin, std::size_t index, std::size_t end, double p) const {
    const std::span<const double> before = values_.subspan(begin, index - begin);
    const std::span<const double> after = values_.subspan(index, end - index);
    ChangePoint c;
    c.index = index;
    c.p = p;
    c.mean_before = mean(before);
    c.mean_after = mean(after);
    if (c.mean_before != 0.0)
      c.relative_change = (c.mean_after - c.mean_before) / std::abs(c.mean_before);
    if (const auto test = t_welch(before, after, options_.level)) c.difference = test->interval;
    return c;
  }

  std::span<const double> values_;
  ChangePointOptions options_;
  std::vector<ChangePoint> found_;
};

}  // namespace

Tested<std::vector<ChangePoint>> change_points(std::span<const double> values,
                                               const ChangePointOptions& options) {
  if (auto refusal = check_finite(values)) return *refusal;
  if (auto refusal = check_alpha(options.alpha)) return *refusal;
  if (auto refusal = check_level(options.level)) return *refusal;
  if (values.size() < 2) return fewer_than_two_points();
  return Search(values, options).run();
}

}  // namespace llmops::stats
