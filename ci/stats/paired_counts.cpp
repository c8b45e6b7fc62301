// Swapped sums are the baseline's sums and those of the differences of the swapped rows, so a
// trial adds up one table, not two.
#include "ci/stats/paired_counts.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "ci/stats/bootstrap.h"
#include "ci/stats/checks.h"
#include "datasets/parallel.h"
#include "datasets/random.h"

namespace llmops::stats {
namespace {

constexpr double kTie = 1e-12;  // of the larger figure: rounding of sums in another order

std::vector<double> sums_of(const CountRows& rows) {
  std::vector<double> sums(rows.width, 0.0);
  for (std::size_t i = 0; i < rows.numbers.size(); ++i) sums[i % rows.width] += rows.numbers[i];
  return sums;
}

std::vector<double> sums_of(const CountRows& rows, std::span<const std::uint32_t> indices) {
  std::vector<double> sums(rows.width, 0.0);
  for (const std::uint32_t row : indices) {
    const double* numbers = rows.numbers.data() + std::size_t{row} * rows.width;
    for (std::size_t k = 0; k < rows.width; ++k) sums[k] += numbers[k];
  }
  return sums;
}

// How many trials differ at least as much as the systems do.
std::int64_t extreme_trials(const CountRows& baseline, const CountRows& candidate,
                            const FigureOfCounts& figure, double observed, double tie,
                            const PairedCountsOptions& options) {
  const std::size_t width = baseline.width;
  const std::vector<double> own = sums_of(baseline), other = sums_of(candidate);
  std::vector<double> differences(baseline.numbers.size());
  for (std::size_t i = 0; i < differences.size(); ++i)
    differences[i] = candidate.numbers[i] - baseline.numbers[i];
  const std::uint64_t stream = stream_of(options.seed, "counts", "randomization");
  std::vector<char> extreme(static_cast<std::size_t>(options.resamples), 0);
  const auto trial = [&](std::size_t t) {
    Random random(stream, t);
    std::vector<double> a = own, b = other;
    for (std::size_t from = 0; from < baseline.rows(); from += 64) {
      std::uint64_t swaps = random.next();
      if (baseline.rows() - from < 64) swaps &= (std::uint64_t{1} << (baseline.rows() - from)) - 1;
      for (; swaps != 0; swaps &= swaps - 1) {
        const std::size_t row = from + static_cast<std::size_t>(std::countr_zero(swaps));
        for (std::size_t k = 0; k < width; ++k) {
          a[k] += differences[row * width + k];
          b[k] -= differences[row * width + k];
        }
      }
    }
    extreme[t] = std::abs(figure(a) - figure(b)) >= observed - tie ? 1 : 0;
  };
  parallel_for(extreme.size(), trial);
  return std::ranges::count(extreme, 1);
}

}  // namespace

Tested<PairedCounts> paired_counts(const CountRows& baseline, const CountRows& candidate,
                                   const FigureOfCounts& figure,
                                   const PairedCountsOptions& options) {
  if (auto refusal = check_level(options.level)) return *refusal;
  if (options.resamples < 1)
    return invalid_input("bad_resamples", "the number of resamples is at least 1");
  if (baseline.width != candidate.width || baseline.rows() != candidate.rows())
    return invalid_input("length_mismatch", "both systems need counts for the same rows");
  if (baseline.rows() == 0) return no_cases();

  PairedCounts result;
  result.baseline = figure(sums_of(baseline));
  result.candidate = figure(sums_of(candidate));
  result.difference = result.candidate - result.baseline;
  const double tie = kTie * std::max({1.0, std::abs(result.baseline), std::abs(result.candidate)});
  result.p_two_sided = monte_carlo_p(
      extreme_trials(baseline, candidate, figure, std::abs(result.difference), tie, options),
      options.resamples);

  const std::vector<double> resampled = bootstrap(
      baseline.rows(),
      [&](std::span<const std::uint32_t> indices) {
        return figure(sums_of(candidate, indices)) - figure(sums_of(baseline, indices));
      },
      {.stream = stream_of(options.seed, "counts", "bootstrap"), .resamples = options.resamples});
  const double tail = (1.0 - options.level) / 2;
  const double levels[] = {tail, 1.0 - tail};
  const Tested<std::vector<double>> bounds = percentile_bounds(resampled, levels);
  if (!bounds) return bounds.refusal();
  result.interval = {(*bounds)[0], (*bounds)[1]};
  return result;
}

}  // namespace llmops::stats
