#include "evaluators/providers/usage_shares.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace llmops {
namespace {

std::vector<std::int64_t> shares(std::int64_t whole, std::span<const double> weights) {
  const std::size_t count = weights.size();
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<std::int64_t> parts(count);
  std::vector<double> rest(count);
  std::int64_t left = whole;
  for (std::size_t i = 0; i < count; ++i) {
    const double weight = sum > 0 ? weights[i] / sum : 1.0 / static_cast<double>(count);
    const double exact = static_cast<double>(whole) * weight;
    parts[i] = static_cast<std::int64_t>(std::floor(exact));
    rest[i] = exact - std::floor(exact);
    left -= parts[i];
  }
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return rest[a] > rest[b]; });
  for (std::size_t i = 0; left > 0 && count > 0; i = (i + 1) % count, --left) ++parts[order[i]];
  for (std::size_t i = count; left < 0 && i-- > 0;) {  // where `exact` was rounded up
    if (parts[order[i]] == 0) continue;
    --parts[order[i]];
    ++left;
  }
  return parts;
}

}  // namespace

std::vector<Usage> usage_shares(const Usage& whole, std::span<const double> lengths) {
  std::vector<Usage> all(lengths.size());
  const std::vector<double> equal(lengths.size(), 1.0);
  const auto divide = [&](std::optional<std::int64_t> Usage::*field,
                          std::span<const double> weights) {
    if (!(whole.*field)) return;
    const std::vector<std::int64_t> parts = shares(*(whole.*field), weights);
    for (std::size_t i = 0; i < all.size(); ++i) all[i].*field = parts[i];
  };
  divide(&Usage::input, equal);
  divide(&Usage::cached, equal);
  divide(&Usage::output, lengths);
  divide(&Usage::reasoning, lengths);
  return all;
}

}  // namespace llmops
