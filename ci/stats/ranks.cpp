#include "ci/stats/ranks.h"

#include <algorithm>
#include <numeric>

namespace llmops::stats {

double Ranks::tie_term() const {
  double term = 0.0;
  for (const std::int64_t t : ties) {
    const auto size = static_cast<double>(t);
    term += size * (size * size - 1.0);
  }
  return term;
}

Ranks mid_ranks(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  Ranks result;
  result.ranks.resize(values.size());
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin + 1;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    const double rank = static_cast<double>(begin + 1 + end) / 2.0;
    for (std::size_t i = begin; i < end; ++i) result.ranks[order[i]] = rank;
    result.ties.push_back(static_cast<std::int64_t>(end - begin));
    begin = end;
  }
  return result;
}

}  // namespace llmops::stats
