#include "ci/stats/length_controlled.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "ci/stats/checks.h"
#include "ci/stats/controlled_rate.h"
#include "ci/stats/distributions.h"
#include "ci/stats/moments.h"
#include "ci/stats/quantile.h"

namespace llmops::stats {
namespace {

std::optional<Refusal> check(std::span<const double> preferences, std::span<const double> longer_by,
                             std::span<const double> difficulties, double level) {
  for (const auto values : {preferences, longer_by, difficulties})
    if (auto refusal = check_finite(values)) return refusal;
  if (longer_by.size() != preferences.size() ||
      (!difficulties.empty() && difficulties.size() != preferences.size()))
    return invalid_input("length_mismatch", "the columns differ in length");
  if (!(level > 0 && level < 1))
    return invalid_input("bad_level", "the confidence level lies between 0 and 1");
  for (std::size_t i = 0; i < preferences.size(); ++i)
    if (preferences[i] < 0 || preferences[i] > 1)
      return invalid_input("out_of_range", "a preference lies between 0 and 1", i);
  if (preferences.size() < 2)
    return not_testable("fewer_than_two_cases", "there are fewer than two pairs");
  return std::nullopt;
}

}  // namespace

Tested<LengthControlled> length_controlled(std::span<const double> preferences,
                                           std::span<const double> longer_by,
                                           std::span<const double> difficulties, double level,
                                           const BootstrapOptions& options) {
  if (auto refusal = check(preferences, longer_by, difficulties, level)) return *refusal;
  const auto n = static_cast<double>(preferences.size());
  const auto deviation = [](std::span<const double> values) {
    const double centre = mean(values);
    double squares = 0;
    for (const double value : values) squares += (value - centre) * (value - centre);
    return std::sqrt(squares / static_cast<double>(values.size() - 1));
  };
  const double spread = deviation(longer_by);
  if (!(spread > 0))
    return not_testable("equal_lengths", "all answers differ in length by the same amount");

  LengthControlled result;
  result.n = static_cast<std::int64_t>(preferences.size());
  result.raw = mean(preferences);
  result.raw_se = deviation(preferences) / std::sqrt(n);
  const double z = normal_quantile(0.5 + level / 2);
  result.raw_interval = {std::max(0.0, result.raw - z * result.raw_se),
                         std::min(1.0, result.raw + z * result.raw_se)};
  std::vector<ControlledItem> items;
  std::int64_t longer_wins = 0;
  for (std::size_t i = 0; i < preferences.size(); ++i) {
    items.push_back({.preference = preferences[i],
                     .covariates = {std::tanh(longer_by[i] / spread)},
                     .difficulty = difficulties.empty() ? 0.0 : difficulties[i]});
    result.longer_share += longer_by[i] > 0 ? 1 / n : 0;
    if (std::abs(longer_by[i]) <= kLengthGap || preferences[i] == 0.5) continue;
    ++result.apart;
    if ((longer_by[i] > 0) == (preferences[i] > 0.5)) ++longer_wins;
  }
  if (const auto rate = agreement_rate(longer_wins, result.apart, level))
    result.prefers_longer = *rate;

  const bool with_difficulty = !difficulties.empty();
  const ControlledRate model(std::move(items), 1, with_difficulty);
  result.length_effect = model.effect(0);
  result.constant = model.constant();
  if (with_difficulty) result.difficulty_effect = model.difficulty_effect();
  result.controlled = model.rate();
  const std::vector<double> refits = bootstrap(
      model.size(), [&](std::span<const std::uint32_t> places) { return model.rate(places); },
      options);
  result.se = deviation(refits);
  const std::array<double, 2> alphas = {0.5 - level / 2, 0.5 + level / 2};
  if (const auto bounds = percentile_bounds(refits, alphas))
    result.interval = {(*bounds)[0], (*bounds)[1]};
  return result;
}

}  // namespace llmops::stats
