#include "evaluators/metrics/text/rouge_aggregate.h"

#include <algorithm>
#include <cmath>

#include "evaluators/metrics/text/numpy_random.h"

namespace llmops {
namespace {

// Linear interpolation between the neighbours of place q * (n - 1).
double quantile(const std::vector<double>& sorted, double q) {
  const double place = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(place));
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - static_cast<double>(below));
}

}  // namespace

std::vector<RougeInterval> rouge_aggregate(std::span<const std::vector<RougeScore>> scores,
                                           double confidence, std::size_t samples,
                                           std::uint32_t seed) {
  NumpyLegacyRandom random(seed);
  constexpr double RougeScore::*kParts[] = {&RougeScore::precision, &RougeScore::recall,
                                            &RougeScore::fmeasure};
  std::vector<RougeInterval> intervals;
  for (const std::vector<RougeScore>& texts : scores) {
    std::vector<RougeScore> means;
    for (std::size_t s = 0; s < samples; ++s) {
      RougeScore& mean = means.emplace_back();
      for (const std::uint32_t index : random.choice(texts.size(), texts.size()))
        for (const auto part : kParts) mean.*part += texts[index].*part;
      for (const auto part : kParts) mean.*part /= static_cast<double>(texts.size());
    }
    RougeInterval& interval = intervals.emplace_back();
    for (const auto part : kParts) {
      std::vector<double> sorted;
      for (const RougeScore& mean : means) sorted.push_back(mean.*part);
      std::ranges::sort(sorted);
      interval.low.*part = quantile(sorted, (1 - confidence) / 2);
      interval.mid.*part = quantile(sorted, 0.5);
      interval.high.*part = quantile(sorted, (1 + confidence) / 2);
    }
  }
  return intervals;
}

}  // namespace llmops
