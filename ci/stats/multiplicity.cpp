#include "ci/stats/multiplicity.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "ci/stats/checks.h"

namespace llmops::stats {

Tested<std::vector<double>> adjust(std::span<const double> p, Adjustment method) {
  if (auto refusal = check_finite(p)) return *refusal;
  for (std::size_t i = 0; i < p.size(); ++i)
    if (p[i] < 0.0 || p[i] > 1.0)
      return invalid_input("p_out_of_range",
                           "p-value " + std::to_string(i + 1) + " lies outside 0 to 1", i);

  const std::size_t m = p.size();
  const auto size = static_cast<double>(m);
  std::vector<std::size_t> order(m);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });

  double harmonic = 0.0;
  for (std::size_t i = m; i > 0; --i) harmonic += 1.0 / static_cast<double>(i);

  std::vector<double> adjusted(m);
  const auto factor = [&](std::size_t rank) {  // rank counts from 1, smallest p first
    const auto r = static_cast<double>(rank);
    switch (method) {
      case Adjustment::bonferroni:
        return size;
      case Adjustment::holm:
      case Adjustment::hochberg:
        return size - r + 1.0;
      case Adjustment::bh:
        return size / r;
      case Adjustment::by:
        return size * harmonic / r;
    }
    return size;
  };

  const bool step_down = method == Adjustment::holm || method == Adjustment::bonferroni;
  double reached = step_down ? 0.0 : 1.0;
  for (std::size_t step = 0; step < m; ++step) {
    const std::size_t rank = step_down ? step + 1 : m - step;
    const std::size_t i = order[rank - 1];
    const double raised = std::min(1.0, factor(rank) * p[i]);
    reached = step_down ? std::max(reached, raised) : std::min(reached, raised);
    adjusted[i] = reached;
  }
  return adjusted;
}

Tested<std::vector<std::optional<double>>> adjust(std::span<const std::optional<double>> p,
                                                  Adjustment method) {
  std::vector<double> family;
  for (const std::optional<double>& value : p)
    if (value) family.push_back(*value);
  const Tested<std::vector<double>> adjusted = adjust(family, method);
  if (!adjusted) return adjusted.refusal();
  std::vector<std::optional<double>> result(p.size());
  std::size_t next = 0;
  for (std::size_t i = 0; i < p.size(); ++i)
    if (p[i]) result[i] = (*adjusted)[next++];
  return result;
}

}  // namespace llmops::stats
