#pragma once
// Two systems over the same rows whose figure comes from summed counts and is no mean of rows
// (BLEU, chrF, TER): is one better?

#include <cstdint>
#include <functional>
#include <span>

#include "ci/stats/resampling.h"
#include "ci/stats/tested.h"

namespace llmops::stats {

// Counts of one system, `width` numbers a row, row by row.
struct CountRows {
  std::span<const double> numbers;
  std::size_t width = 0;
  std::size_t rows() const { return width == 0 ? 0 : numbers.size() / width; }
};

// The figure of summed counts; called from several threads at once.
using FigureOfCounts = std::function<double(std::span<const double> sums)>;

struct PairedCountsOptions {
  std::uint64_t seed = 1;
  int resamples = kResamples;
  double level = 0.95;  // of the interval
};

struct PairedCounts {
  double baseline = 0.0, candidate = 0.0;  // figures of all rows
  double difference = 0.0;                 // candidate - baseline
  // Approximate randomization (Noreen 1989; Riezler and Maxwell 2005): the systems change places in
  // each row by a fair coin. A difference as large as the observed one counts as extreme, so equal
  // systems give 1.
  double p_two_sided = 1.0;
  Interval interval;  // of the difference: percentiles over resampled rows, the same for both
};

// The same for any number of threads. not_testable no_cases; invalid_input length_mismatch,
// bad_level, bad_resamples.
Tested<PairedCounts> paired_counts(const CountRows& baseline, const CountRows& candidate,
                                   const FigureOfCounts& figure,
                                   const PairedCountsOptions& options = {});

}  // namespace llmops::stats
