// All latencies of a side are sorted once. A resample gives each round a number of copies, and its
// quantile is found by walking the sorted list and adding up copies: no sorting again.
#include "ci/stats/latency_rounds.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "ci/stats/checks.h"
#include "ci/stats/distributions.h"
#include "ci/stats/moments.h"
#include "ci/stats/quantile.h"
#include "ci/stats/resampling.h"

namespace llmops::stats {
namespace {

constexpr double kCorrelated = 0.2;
constexpr std::size_t kBlock = 10;
constexpr std::size_t kLeastRuns = 5;

class Side {
 public:
  void add(double latency, std::uint32_t round) { sorted_.push_back({latency, round}); }
  void sort() {
    std::ranges::sort(sorted_,
                      [](const Entry& a, const Entry& b) { return a.latency < b.latency; });
  }
  std::int64_t size() const { return static_cast<std::int64_t>(sorted_.size()); }

  // Type-7 quantile of the sample in which round r occurs copies[r] times.
  double quantile(double p, std::span<const std::uint32_t> copies) const {
    std::uint64_t total = 0;
    for (const Entry& entry : sorted_) total += copies[entry.round];
    if (total == 0) return 0.0;
    const double h = p * static_cast<double>(total - 1);
    const auto below = static_cast<std::uint64_t>(h);
    const std::uint64_t above = std::min(below + 1, total - 1);
    std::uint64_t passed = 0;
    double at_below = 0.0;
    bool found = false;
    for (const Entry& entry : sorted_) {
      passed += copies[entry.round];
      if (!found && passed > below) {
        at_below = entry.latency;
        found = true;
      }
      if (passed > above) return std::lerp(at_below, entry.latency, h - static_cast<double>(below));
    }
    return sorted_.back().latency;
  }

 private:
  struct Entry {
    double latency;
    std::uint32_t round;
  };
  std::vector<Entry> sorted_;
};

std::optional<Refusal> check(std::span<const double> latencies) {
  if (auto refusal = check_finite(latencies)) return refusal;
  for (std::size_t i = 0; i < latencies.size(); ++i)
    if (latencies[i] <= 0.0) return invalid_input("value_not_positive", "a latency is above 0", i);
  return std::nullopt;
}

std::optional<Refusal> check(const Side& baseline, const Side& candidate, double p, double level,
                             const BootstrapOptions& options) {
  if (auto refusal = check_level(level)) return refusal;
  if (!(p > 0.0 && p < 1.0))
    return invalid_input("bad_probability", "a quantile's probability lies between 0 and 1");
  if (options.resamples < 1)
    return invalid_input("bad_resamples", "a bootstrap needs at least one resample");
  const std::int64_t fewest = std::min(baseline.size(), candidate.size());
  if (fewest == 0) return no_cases();
  if (const std::int64_t least = least_latencies(p); fewest < least)
    return not_testable("too_few_observations", "this quantile needs " + std::to_string(least) +
                                                    " latencies on each side, there are " +
                                                    std::to_string(fewest));
  return std::nullopt;
}

LatencyBounds bounds_of(double ratio, const std::vector<double>& log_ratios, double level) {
  const std::vector<double> sorted = sorted_copy(log_ratios);
  LatencyBounds b;
  b.ratio = ratio;
  b.lower = std::exp(quantile_sorted(sorted, 1.0 - level));
  b.upper = std::exp(quantile_sorted(sorted, level));
  b.interval = {std::exp(quantile_sorted(sorted, 0.025)), std::exp(quantile_sorted(sorted, 0.975))};
  b.log_se = moments(log_ratios).sd;
  return b;
}

// Lag-1 autocorrelation of the rounds' differences of mean logarithms.
std::optional<double> autocorrelation(std::span<const LatencyRound> rounds) {
  const auto mean_log = [](const std::vector<double>& latencies) {
    MeanPass pass;
    for (const double x : latencies) pass.add(std::log(x));
    return pass.mean();
  };
  std::vector<double> ratios;
  for (const LatencyRound& round : rounds)
    ratios.push_back(mean_log(round.candidate) - mean_log(round.baseline));
  const Moments m = moments(ratios);
  if (ratios.size() < 3 || m.constant()) return std::nullopt;
  Sum products;
  for (std::size_t i = 1; i < ratios.size(); ++i)
    products.add((ratios[i] - m.mean) * (ratios[i - 1] - m.mean));
  return products.value() / (m.sd * m.sd * static_cast<double>(ratios.size() - 1));
}

}  // namespace

std::int64_t least_latencies(double p) {
  if (p <= 0.5) return 20;
  if (p <= 0.9) return 60;
  return p <= 0.95 ? 100 : 300;
}

Tested<LatencyBounds> interleaved_latency(std::span<const LatencyRound> rounds, double p,
                                          double level, const BootstrapOptions& options) {
  Side baseline, candidate;
  for (std::size_t r = 0; r < rounds.size(); ++r)
    for (const auto& [side, latencies] : {
             std::pair{&baseline,  &rounds[r].baseline },
             std::pair{&candidate, &rounds[r].candidate}
    }) {
      if (auto refusal = check(*latencies)) {
        refusal->index = r;
        return *refusal;
      }
      for (const double x : *latencies) side->add(x, static_cast<std::uint32_t>(r));
    }
  if (auto refusal = check(baseline, candidate, p, level, options)) return *refusal;
  if (rounds.size() < 2)
    return not_testable("fewer_than_two_rounds", "a spread needs at least two rounds");
  baseline.sort();
  candidate.sort();

  const std::optional<double> correlation = autocorrelation(rounds);
  const bool blocks = correlation && *correlation > kCorrelated;
  const std::size_t length = blocks ? std::min(kBlock, rounds.size() / 2) : 1;
  const std::size_t draws = (rounds.size() + length - 1) / length;
  const auto log_ratio = [&](std::span<const std::uint32_t> copies) {
    return std::log(candidate.quantile(p, copies) / baseline.quantile(p, copies));
  };
  const std::vector<double> log_ratios = bootstrap(
      rounds.size(),
      [&](std::span<const std::uint32_t> indices) {
        std::vector<std::uint32_t> copies(rounds.size());
        std::size_t taken = 0;
        for (std::size_t d = 0; d < draws; ++d)
          for (std::size_t i = 0; i < length && taken < rounds.size(); ++i, ++taken)
            ++copies[(indices[d] + i) % rounds.size()];
        return log_ratio(copies);
      },
      options);
  LatencyBounds b = bounds_of(std::exp(log_ratio(std::vector<std::uint32_t>(rounds.size(), 1))),
                              log_ratios, level);
  b.autocorrelation = correlation;
  b.blocks = blocks;
  b.n_baseline = baseline.size();
  b.n_candidate = candidate.size();
  return b;
}

Tested<LatencyBounds> stored_latency(std::span<const double> before, std::span<const double> now,
                                     double p, double level, const BootstrapOptions& options) {
  for (const auto latencies : {before, now})
    if (auto refusal = check(latencies)) return *refusal;
  Side baseline, candidate;
  for (std::size_t i = 0; i < before.size(); ++i)
    baseline.add(before[i], static_cast<std::uint32_t>(i));
  for (std::size_t i = 0; i < now.size(); ++i) candidate.add(now[i], static_cast<std::uint32_t>(i));
  if (auto refusal = check(baseline, candidate, p, level, options)) return *refusal;
  baseline.sort();
  candidate.sort();

  const auto log_quantiles = [&](const Side& side, std::size_t size, std::string_view name) {
    BootstrapOptions own = options;
    own.stream = stream_of(options.stream, name, "latency");
    return bootstrap(
        size,
        [&](std::span<const std::uint32_t> indices) {
          std::vector<std::uint32_t> copies(size);
          for (const std::uint32_t i : indices) ++copies[i];
          return std::log(side.quantile(p, copies));
        },
        own);
  };
  std::vector<double> log_ratios = log_quantiles(candidate, now.size(), "candidate");
  const std::vector<double> base = log_quantiles(baseline, before.size(), "baseline");
  for (std::size_t r = 0; r < log_ratios.size(); ++r) log_ratios[r] -= base[r];
  LatencyBounds b =
      bounds_of(quantile_sorted(sorted_copy(now), p) / quantile_sorted(sorted_copy(before), p),
                log_ratios, level);
  b.n_baseline = baseline.size();
  b.n_candidate = candidate.size();
  return b;
}

Tested<LatencyBounds> with_run_variance(const LatencyBounds& bounds,
                                        std::span<const double> log_quantiles, double level) {
  if (auto refusal = check_level(level)) return *refusal;
  if (auto refusal = check_finite(log_quantiles)) return *refusal;
  if (log_quantiles.size() < kLeastRuns)
    return not_testable("too_few_runs", "the variance between runs needs at least 5 accepted runs");
  const double df = static_cast<double>(log_quantiles.size()) - 1.0;
  const double se = std::sqrt(bounds.log_se * bounds.log_se + 2.0 * variance(log_quantiles));
  const double centre = std::log(bounds.ratio);
  const double one_sided = t_isf(1.0 - level, df) * se, two_sided = t_isf(0.025, df) * se;
  LatencyBounds b = bounds;
  b.log_se = se;
  b.lower = std::exp(centre - one_sided);
  b.upper = std::exp(centre + one_sided);
  b.interval = {std::exp(centre - two_sided), std::exp(centre + two_sided)};
  return b;
}

Decision decide_latency(const LatencyBounds& bounds, double margin, LatencyDesign design) {
  Decision d;
  const double limit = 1.0 + margin;
  const double worse_beyond = design == LatencyDesign::stored ? limit : 1.0;
  if (bounds.upper < limit)
    d.verdict = Verdict::pass;
  else if (bounds.lower > worse_beyond)
    d.verdict = Verdict::regression;
  else
    d.verdict = margin > 0.0 ? Verdict::inconclusive : Verdict::no_regression_detected;
  d.real_loss_within_margin = d.verdict == Verdict::pass && bounds.lower > 1.0;
  d.loss_exceeds_margin = margin > 0.0 && bounds.lower > limit;
  d.improvement = bounds.upper < 1.0;
  return d;
}

}  // namespace llmops::stats
