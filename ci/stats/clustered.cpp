#include "ci/stats/clustered.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "ci/stats/checks.h"
#include "ci/stats/moments.h"

namespace llmops::stats {
namespace {

// ANOVA estimate of the intra-class correlation (Donner 1986): (MSB - MSW)/(MSB + (n0 - 1) MSW).
std::optional<double> intra_class(const Clusters& c, double total_squares) {
  const auto cases = static_cast<double>(c.cases);
  const auto groups = static_cast<double>(c.sums.size());
  if (c.sums.size() < 2 || c.cases <= c.sums.size()) return std::nullopt;
  double between = 0.0, squares_of_sizes = 0.0;
  for (std::size_t g = 0; g < c.sums.size(); ++g) {
    const double deviation = c.sums[g] / c.sizes[g] - c.mean;
    between += c.sizes[g] * deviation * deviation;
    squares_of_sizes += c.sizes[g] * c.sizes[g];
  }
  const double msb = between / (groups - 1.0);
  const double msw = std::max(0.0, total_squares - between) / (cases - groups);
  const double size = (cases - squares_of_sizes / cases) / (groups - 1.0);
  const double scale = msb + (size - 1.0) * msw;
  if (scale <= 0.0) return std::nullopt;
  return (msb - msw) / scale;
}

}  // namespace

Tested<Clusters> clusters(std::span<const double> values, std::span<const std::string> labels) {
  if (values.size() != labels.size())
    return invalid_input("length_mismatch", "every value needs the name of its cluster");
  if (auto refusal = check_finite(values)) return *refusal;
  if (values.empty()) return no_cases();
  Clusters c;
  const Moments m = moments(values);
  c.cases = m.n;
  c.mean = m.mean;
  const auto cases = static_cast<double>(c.cases);
  c.se_iid = m.sd / std::sqrt(cases);
  std::unordered_map<std::string, std::size_t> index;
  std::vector<Sum> sums;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto [place, fresh] = index.emplace(labels[i], sums.size());
    if (fresh) {
      sums.emplace_back();
      c.sizes.push_back(0.0);
    }
    sums[place->second].add(values[i]);
    c.sizes[place->second] += 1.0;
  }
  Sum squares;
  for (std::size_t g = 0; g < sums.size(); ++g) {
    c.sums.push_back(sums[g].value());
    const double deviation = c.sums[g] - c.mean * c.sizes[g];
    squares.add(deviation * deviation);
  }
  const auto groups = static_cast<double>(c.sums.size());
  c.se_cr0 = std::sqrt(squares.value()) / cases;
  if (c.sums.size() >= 2) c.se_cr1 = c.se_cr0 * std::sqrt(groups / (groups - 1.0));
  c.icc = intra_class(c, m.sd * m.sd * (cases - 1.0));
  if (c.sums.size() >= 2 && !m.constant())
    c.design_effect = (c.se_cr1 / c.se_iid) * (c.se_cr1 / c.se_iid);
  return c;
}

std::vector<double> pseudo_values(const Clusters& c) {
  const double scale = static_cast<double>(c.sums.size()) / static_cast<double>(c.cases);
  std::vector<double> y(c.sums.size());
  for (std::size_t g = 0; g < y.size(); ++g)
    y[g] = c.mean + (c.sums[g] - c.mean * c.sizes[g]) * scale;
  return y;
}

Tested<TTest> t_clustered(const Clusters& c, double null_value, double level) {
  if (auto refusal = check_level(level)) return *refusal;
  if (c.sums.size() < 2)
    return not_testable("fewer_than_two_clusters", "a spread needs at least two clusters");
  if (moments(pseudo_values(c)).constant()) return zero_variance();
  return t_from_error(c.mean, c.se_cr1, static_cast<double>(c.sums.size() - 1), null_value, level);
}

Tested<Guarded> guarded_clustered(const Clusters& c, double range, double level,
                                  double null_value) {
  return guarded_unchecked(moments(pseudo_values(c)), range, level, null_value);
}

}  // namespace llmops::stats
